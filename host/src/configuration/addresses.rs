//! Checks addresses of servers and names of folders there. Errors say what to write. Looks nothing up.

use std::net::IpAddr;

use url::{Host, Url};

use crate::http_client;
use crate::tunables::configuration::{MAX_FOLDER, MAX_SEGMENT};

/// An address without credentials, query and fragment.
pub fn url(text: &str, key: &str) -> Result<Url, String> {
    let url = http_client::address(text)?;
    if url.query().is_some() || text.contains('#') {
        return Err(format!("`{key}` has a part behind `?` or `#`; remove it"));
    }
    Ok(url)
}

/// Whether an address leaves this machine without encryption.
pub fn is_exposed(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !is_here
}

/// A bucket's name. What it may contain beyond that, its server knows.
pub fn bucket(text: &str) -> Result<(), String> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match (3..=63).contains(&text.len()) && text.chars().all(is_fit) && !text.contains("..") {
        true => Ok(()),
        false => Err(
            "`bucket` must have 3 to 63 letters, digits, `-`, `_` or `.`; a folder in it belongs in `prefix`"
                .into(),
        ),
    }
}

/// A word of a signature, such as a region.
pub fn region(text: &str) -> Result<(), String> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !text.is_empty() && text.len() <= 64 && text.chars().all(is_fit) {
        true => Ok(()),
        false => Err("`region` must have 1 to 64 letters, digits, `-` or `_`".into()),
    }
}

/// A prefix or path, `/`-separated. Servers differ in what they make of empty, `.` and `..` segments: some store two objects under one name.
pub fn folder(text: &str, key: &str) -> Result<(), String> {
    if text.len() > MAX_FOLDER {
        return Err(format!("`{key}` is longer than {MAX_FOLDER} bytes; shorten it"));
    }
    if text.contains(char::is_control) || text.contains('\\') {
        return Err(format!("`{key}` contains `\\` or a control character; separate folders with `/`"));
    }
    let mut segments = text.split('/');
    if segments.any(|segment| segment.len() > MAX_SEGMENT) {
        return Err(format!("`{key}` has a folder of more than {MAX_SEGMENT} bytes; shorten it"));
    }
    match text.split('/').find(|segment| matches!(*segment, "" | "." | "..")) {
        Some("") if !text.is_empty() => {
            Err(format!("`{key}` has a `/` at an end or two in a row; write it like folder/backups"))
        }
        Some(".." | ".") => Err(format!("`{key}` contains `.` or `..`; write the folder itself")),
        _ => Ok(()),
    }
}

/// A host for `ssh`: a name, or an address without brackets.
pub fn host(text: &str) -> Result<(), String> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_name = !text.is_empty() && text.len() <= 253 && text.chars().all(is_fit);
    let address = text
        .split_once('%')
        .map_or(text, |(address, zone)| if zone.chars().all(is_fit) { address } else { "" });
    if text.starts_with('-') || !(is_name || address.parse::<IpAddr>().is_ok()) {
        return Err("`host` must be the name or address of a machine; the port, the user and the path have keys of their own".into());
    }
    Ok(())
}

/// A user for `ssh`.
pub fn user(text: &str) -> Result<(), String> {
    let is_unfit = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | '`' | '$' | '\\' | ';' | '&' | '<' | '>' | '|' | '(' | ')' | '{' | '}'
            )
    };
    match text.is_empty() || text.len() > 255 || text.starts_with('-') || text.contains(is_unfit) {
        true => {
            Err("`user` must be a login name; it cannot begin with `-` or contain spaces and quotes".into())
        }
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_servers_store_differently_are_refused() {
        for good in ["", "a", "a/b c/ä+%20", "..a/b..", "-x"] {
            assert_eq!(folder(good, "prefix"), Ok(()), "{good}");
        }
        for bad in [
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "a/./b",
            "a/..",
            "../a",
            "a\\b",
            "a\nb",
            &"x".repeat(201),
            &"x/".repeat(400),
        ] {
            assert!(folder(bad, "prefix").is_err(), "{bad}");
        }
    }

    #[test]
    fn hosts_and_users_cannot_become_options_or_commands() {
        for good in ["box.example.org", "nas", "nas_2", "10.0.0.1", "fd00::1", "fe80::1%eth0"] {
            assert_eq!(host(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "-oProxyCommand=x",
            "a b",
            "me@box",
            "box:22",
            "[::1]",
            "box/x",
            "fe80::1%a b",
            "x%y",
            "$(x)",
            "ä",
        ] {
            assert!(host(bad).is_err(), "{bad}");
        }
        for good in ["u123456", "u123456-sub1", "me@example.org", "DOMAIN+me", "äöü"] {
            assert_eq!(user(good), Ok(()), "{good}");
        }
        for bad in ["", "-l", "a b", "a\tb", "a;b", "`x`", "\u{0}"] {
            assert!(user(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn http_to_another_machine_is_exposed() {
        for (address, expected) in [
            ("http://localhost:9000", false),
            ("http://s3.localhost", false),
            ("http://127.0.0.1", false),
            ("http://[::1]:1", false),
            ("https://nas.lan", false),
            ("http://nas.lan", true),
            ("http://localhost.example.org", true),
            ("http://192.168.1.2", true),
        ] {
            assert_eq!(is_exposed(&Url::parse(address).unwrap()), expected, "{address}");
        }
    }
}
