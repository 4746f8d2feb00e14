//! The failure of a request: what happened at which address, and whether a retry may help.
//!
//! Shows only scheme, host and port of an address, because paths, queries and user names often contain secrets.

use std::io;
use std::time::Duration;

use url::Url;

use crate::error::reason;
use crate::tunables::http::EXCERPT;

/// The kind of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The request itself is invalid.
    Invalid,
    /// The host is not on the list of allowed hosts.
    Denied,
    /// The host name cannot be resolved.
    NameNotFound,
    /// Nothing listens there, or the network has no route to it.
    Unreachable,
    /// The proxy refuses the connection.
    Proxy,
    /// The certificate is not trusted.
    Certificate,
    /// No answer in time.
    TimedOut,
    /// Too many redirects, or one that must not be followed.
    Redirect,
    /// The connection broke, or the answer is not HTTP or not TLS.
    Broken,
    /// An answer with a status other than 2xx.
    Status(u16),
}

/// A failed request. The message says what happened and what to do, and contains no secret of the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// The kind of failure.
    pub cause: Cause,
    /// The message for users.
    pub message: String,
    /// The wait that the server asked for (`Retry-After`).
    pub retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into(), retry_after: None }
    }

    /// Whether a retry cannot help.
    pub fn is_final(&self) -> bool {
        match self.cause {
            Cause::Invalid | Cause::Denied | Cause::Certificate | Cause::Redirect => true,
            Cause::NameNotFound | Cause::Unreachable | Cause::Proxy | Cause::TimedOut | Cause::Broken => {
                false
            }
            Cause::Status(status) => !matches!(status, 408 | 425 | 429 | 500..),
        }
    }
}

/// An address as messages show it: scheme, host and port.
pub fn shown(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    let has_more = url.path() != "/" || url.query().is_some();
    if has_more { format!("{origin}/…") } else { origin }
}

/// The beginning of a foreign text, on one line, with unprintable characters escaped.
pub fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    larder_text::truncate(&words.join(" "), EXCERPT, "")
}

/// Turns the library's error into a failure. `via` is the proxy, if the request goes through one.
pub(super) fn explain(error: ureq::Error, url: &Url, via: Option<&str>) -> Failure {
    let through = via.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
    let (cause, text) = match error {
        ureq::Error::Io(error) => of_io(&error),
        ureq::Error::HostNotFound => name_not_found(),
        ureq::Error::Timeout(_) => timed_out(),
        ureq::Error::ConnectProxyFailed(what) => {
            let answer = what.trim_start_matches("proxy server ");
            let answer = answer.split_once('/').map_or(answer, |(answer, _)| answer);
            (
                Cause::Proxy,
                format!("it {answer}; allow CONNECT to this host there, or list the host in `no_proxy`"),
            )
        }
        ureq::Error::Protocol(error) => {
            (Cause::Broken, format!("the answer is not HTTP ({error}); check the port and the scheme"))
        }
        ureq::Error::LargeResponseHeader(..) => {
            (Cause::Broken, "the headers of the answer are too long; check the address".to_owned())
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::Tls(_) => {
            (Cause::Invalid, "the address is not valid; correct it".to_owned())
        }
        error => (Cause::Broken, format!("{error}; try again later")),
    };
    Failure::new(cause, format!("cannot reach {}{through}: {text}", shown(url)))
}

fn of_io(error: &io::Error) -> (Cause, String) {
    let text = reason(error);
    if let Some(detail) = text.strip_prefix("invalid peer certificate: ") {
        return (Cause::Certificate, of_certificate(detail));
    }
    if text.starts_with("failed to lookup address information") {
        return name_not_found();
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => timed_out(),
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => {
            (Cause::Unreachable, format!("{}; check that the server is running", text.to_lowercase()))
        }
        io::ErrorKind::InvalidData => (
            Cause::Broken,
            format!(
                "the TLS connection failed ({text}); check the port, and whether the server supports https"
            ),
        ),
        _ => (Cause::Broken, format!("the connection broke ({text}); try again later")),
    }
}

fn of_certificate(detail: &str) -> String {
    match detail {
        "UnknownIssuer" => {
            "its certificate is signed by an unknown authority; set `ca_file` under [http] to that \
             authority's certificate"
                .to_owned()
        }
        detail => format!("its certificate is not valid ({detail}); correct it on the server"),
    }
}

fn name_not_found() -> (Cause, String) {
    (
        Cause::NameNotFound,
        "the host name cannot be resolved; check its spelling and the name server".to_owned(),
    )
}

fn timed_out() -> (Cause, String) {
    let text = "no answer in time; check the server, or raise `timeout` under [http]";
    (Cause::TimedOut, text.to_owned())
}
