//! The addresses of a location.

use url::Url;

use crate::error::Kind;
use crate::settings::WebDav;
use crate::webdav::address::Address;

fn settings(url: &str, path: &str) -> WebDav {
    WebDav { url: Url::parse(url).unwrap(), username: None, password: None, path: path.into() }
}

fn address(url: &str, path: &str) -> Address {
    Address::new(&settings(url, path)).unwrap_or_else(|error| panic!("{url} {path}: {error}"))
}

#[test]
fn folders_end_in_a_slash_and_are_encoded_alike_whatever_is_written() {
    for (url, path, expected) in [
        ("http://host", "", "http://host/"),
        ("http://host/", "/", "http://host/"),
        ("https://host:8443/dav", "/a//b/", "https://host:8443/dav/a/b/"),
        ("http://host/l är/", "x+y/100%/ä&[x]", "http://host/l%20%C3%A4r/x%2By/100%25/%C3%A4%26%5Bx%5D/"),
        ("http://host/l%20%c3%a4r", "~a-b._c", "http://host/l%20%C3%A4r/~a-b._c/"),
        ("http://host/files/user@example.com", "", "http://host/files/user%40example.com/"),
    ] {
        assert_eq!(address(url, path).folder().as_str(), expected);
    }
}

#[test]
fn the_levels_lead_from_the_base_to_the_folder() {
    let address = address("http://host/dav", "a/b");
    let levels: Vec<_> = address.levels().iter().map(Url::as_str).collect();
    assert_eq!(levels, ["http://host/dav/", "http://host/dav/a/", "http://host/dav/a/b/"]);
    assert_eq!(address.shown(), "http://host/dav/a/b");
}

#[test]
fn addresses_that_cannot_work_are_refused_with_what_to_write() {
    for (url, path, expected) in [
        ("ftp://host/", "", "begins with https://"),
        ("http://user:secret@host/", "", "`username` and `password`"),
        ("http://host/?a=b", "", "`?` or `#`"),
        ("http://host/#a", "", "`?` or `#`"),
        ("http://host/", "a/../b", "`path`"),
        ("http://host/", ".", "`path`"),
    ] {
        let error = Address::new(&settings(url, path)).err().unwrap();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains(expected), "{error}");
        assert!(!error.message.contains("secret"), "{error}");
    }
}

#[test]
fn names_that_are_no_single_segment_are_refused() {
    let address = address("http://host/", "");
    for name in ["", ".", "..", "a/b", "a\0b", &"x".repeat(256)] {
        assert_eq!(address.file(name).unwrap_err().kind, Kind::Invalid, "{name:?}");
    }
    assert_eq!(address.file("...").unwrap().as_str(), "http://host/...");
    assert_eq!(address.file("%2e%2e").unwrap().as_str(), "http://host/%252e%252e");
}

#[test]
fn nextcloud_is_known_by_its_path_and_keeps_chunks_beside_the_files() {
    for (url, expected) in [
        ("https://host/remote.php/dav/files/eva", Some("https://host/remote.php/dav/uploads/eva/larder-T/")),
        (
            "https://host/cloud/remote.php/dav/files/eva%40b/sub",
            Some("https://host/cloud/remote.php/dav/uploads/eva%40b/larder-T/"),
        ),
        ("https://host/remote.php/dav/files", None),
        ("https://host/remote.php/webdav", None),
        ("https://host/dav/files/eva", None),
    ] {
        let address = address(url, "backups");
        assert_eq!(address.chunks("T").as_ref().map(Url::as_str), expected);
        assert_eq!(address.is_nextcloud(), expected.is_some());
    }
}
