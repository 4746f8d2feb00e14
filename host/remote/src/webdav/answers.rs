//! What a status that is no success means: the kind of the error, and a sentence that says what to do.

use crate::error::{Error, Kind};
use crate::http::{public, shown};

/// The error for a status. `what` is the request in words, such as `cannot list https://host/folder`; `location` is where a redirect wants to go.
pub fn refused(what: &str, status: u16, location: Option<&str>) -> Error {
    let (kind, advice) = meaning(status);
    let message = match status {
        300..=399 => {
            let target = location.map_or_else(|| "another address that it does not name".to_owned(), public);
            format!("the server redirects to {target} ({status}); {advice}")
        }
        _ => format!("the server answered {status}: {advice}"),
    };
    Error::new(kind, message).about(what)
}

fn meaning(status: u16) -> (Kind, &'static str) {
    match status {
        300..=399 => (Kind::Invalid, "redirects are not followed, write the address that it wants as `url`"),
        401 => (
            Kind::Denied,
            "wrong username or password (Nextcloud: create an app password under Settings, Security)",
        ),
        403 => (Kind::Denied, "this user may not do that; check the rights of the user and of the folder"),
        404 | 410 => (Kind::NotFound, "there is no such file or folder; check `url` and `path`"),
        405 | 501 => (Kind::Unsupported, "this is not a WebDAV address, or it is read-only; check `url`"),
        407 => (Kind::Denied, "the proxy on the way wants a username and password"),
        408 | 425 | 429 => (Kind::Interrupted, "the server is busy; try again later"),
        409 => (Kind::NotFound, "the folder is missing, or something else is in the way; check `path`"),
        411 => (Kind::Unsupported, "something on the way removes the length of the request; check the proxy"),
        412 => (Kind::Exists, "a file of that name exists"),
        413 => (
            Kind::Invalid,
            "too large; raise the limit of the server or of the proxy in front of it (nginx: client_max_body_size, Apache: LimitRequestBody)",
        ),
        414 => (Kind::Invalid, "the name is too long"),
        415 | 422 => (Kind::Unsupported, "the server does not understand the request"),
        423 => (Kind::Unclear, "the file is locked, it may still be worked on"),
        504 => (Kind::Unclear, "the proxy has not waited for the server, which may still be working"),
        507 => (Kind::NoSpace, "no space is left, or the quota is used up"),
        500..=599 => (Kind::Interrupted, "the server failed; its log says why"),
        _ => (Kind::Invalid, "the server refuses the request"),
    }
}

/// The same failure of a request that changes something: it may have been done all the same.
pub fn unclear(error: Error) -> Error {
    match error.kind {
        Kind::Interrupted => Error { kind: Kind::Unclear, ..error },
        _ => error,
    }
}

/// The explanation in an error's body, as Nextcloud and others of SabreDAV's kind give it.
pub fn explanation(body: &[u8]) -> Option<String> {
    let body = String::from_utf8_lossy(body);
    let (_, rest) = body.split_once(":message>")?;
    let (text, _) = rest.split_once("</")?;
    let text = quick_xml::escape::unescape(text).ok()?;
    let text = shown(&text, 300);
    (!text.is_empty()).then_some(text)
}
