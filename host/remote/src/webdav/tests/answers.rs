//! What statuses mean, and the sizes of Nextcloud's parts.

use crate::error::Kind;
use crate::webdav::answers::{explanation, refused};
use crate::webdav::chunks::part_size;

#[test]
fn every_status_says_what_to_do() {
    for (status, kind, expected) in [
        (401, Kind::Denied, "app password"),
        (403, Kind::Denied, "rights"),
        (404, Kind::NotFound, "`path`"),
        (405, Kind::Unsupported, "not a WebDAV address"),
        (409, Kind::NotFound, "folder is missing"),
        (412, Kind::Exists, "exists"),
        (413, Kind::Invalid, "client_max_body_size"),
        (418, Kind::Invalid, "418"),
        (423, Kind::Unclear, "locked"),
        (429, Kind::Interrupted, "busy"),
        (500, Kind::Interrupted, "log"),
        (504, Kind::Unclear, "proxy"),
        (507, Kind::NoSpace, "quota"),
    ] {
        let error = refused("cannot list x", status, None);
        assert_eq!(error.kind, kind, "{status}");
        assert!(error.message.contains(expected) && error.message.starts_with("cannot list x: "), "{error}");
        assert!(error.message.contains(&status.to_string()), "{error}");
    }
}

#[test]
fn a_redirect_names_the_address_and_no_secret() {
    for (location, expected) in [
        (Some("https://user:pw@other/dav/?token=1"), "https://other/dav/"),
        (Some("/dav/"), "/dav/"),
        (Some("https://other"), "https://other"),
        (None, "does not name"),
    ] {
        let error = refused("cannot list x", 301, location);
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains(expected), "{error}");
        assert!(!error.message.contains("pw") && !error.message.contains("token"), "{error}");
    }
}

#[test]
fn the_servers_own_explanation_is_found() {
    let sabre = "<d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\"><s:exception>E</s:exception><s:message>&quot;.part&quot; is a \
                 forbidden file type</s:message></d:error>";
    assert_eq!(explanation(sabre.as_bytes()).as_deref(), Some("\".part\" is a forbidden file type"));
    for text in ["", "<html>", "<s:message></s:message>", "<s:message>cut"] {
        assert_eq!(explanation(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn parts_grow_when_ten_thousand_would_not_suffice() {
    const MIB: u64 = 1 << 20;
    for (size, expected) in [(1, 50 * MIB), (500_000 * MIB, 50 * MIB), (500_000 * MIB + 1, 51 * MIB)] {
        assert_eq!(part_size(size), expected);
        assert!(size.div_ceil(part_size(size)) <= 10_000);
    }
    assert!(u64::MAX.div_ceil(part_size(u64::MAX)) <= 10_000);
}
