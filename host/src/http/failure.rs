//! Why a request got no answer, or one that says no: what happened to which address, whether trying again may help.
//!
//! Shows of an address only where it leads: paths, queries and user names hold secrets as often as not.

use std::io;
use std::time::Duration;

use url::Url;

use crate::error::reason;
use crate::options::http::EXCERPT;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The request itself is wrong.
    Invalid,
    /// The host is not on the list of those that may be reached.
    Denied,
    NameNotFound,
    /// Nothing listens there, or there is no way to it.
    Unreachable,
    /// The proxy does not let it through.
    Proxy,
    /// The certificate is not to be trusted.
    Certificate,
    TimedOut,
    /// Redirects without an end, or to where they must not lead.
    Redirect,
    /// The connection ended, or what came is no HTTP or no TLS.
    Broken,
    /// An answer with a status other than 2xx.
    Status(u16),
}

/// A request that failed. The text says what happened and what to do, and holds no secret of the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub cause: Cause,
    pub message: String,
    /// The wait that the receiver asked for.
    pub retry_after: Option<Duration>,
}

impl Failure {
    pub(super) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into(), retry_after: None }
    }

    /// Whether trying again cannot help.
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

/// An address as texts show it: scheme, host and port.
pub fn shown(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    let has_more = url.path() != "/" || url.query().is_some();
    if has_more { format!("{origin}/…") } else { origin }
}

/// The beginning of what somebody else wrote, on one line and without what is not plain.
pub fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    larder_text::truncate(&words.join(" "), EXCERPT, "")
}

/// What the library says, in our words. `via` is the proxy, if the request goes through one.
pub(super) fn explain(error: ureq::Error, url: &Url, via: Option<&str>) -> Failure {
    let way = via.map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default();
    let (cause, text) = match error {
        ureq::Error::Io(error) => of_io(&error),
        ureq::Error::HostNotFound => name_not_found(),
        ureq::Error::Timeout(_) => timed_out(),
        ureq::Error::ConnectProxyFailed(what) => {
            let said = what.trim_start_matches("proxy server ");
            let said = said.split_once('/').map_or(said, |(said, _)| said);
            (
                Cause::Proxy,
                format!("it {said}; allow CONNECT to this host there, or list the host in `no_proxy`"),
            )
        }
        ureq::Error::Protocol(error) => {
            (Cause::Broken, format!("the answer is no HTTP ({error}); check the port and the scheme"))
        }
        ureq::Error::LargeResponseHeader(..) => {
            (Cause::Broken, "the answer's headers are too long; check the address".to_owned())
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::Tls(_) => {
            (Cause::Invalid, "the address cannot be used; correct it".to_owned())
        }
        error => (Cause::Broken, format!("{error}; try again later")),
    };
    Failure::new(cause, format!("cannot reach {}{way}: {text}", shown(url)))
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
            (Cause::Unreachable, format!("{}; check that the receiver runs there", text.to_lowercase()))
        }
        io::ErrorKind::InvalidData => (
            Cause::Broken,
            format!("no secure connection ({text}); check the port, and whether it speaks https"),
        ),
        _ => (Cause::Broken, format!("the connection ended ({text}); try again later")),
    }
}

fn of_certificate(detail: &str) -> String {
    match detail {
        "UnknownIssuer" => {
            "its certificate is signed by nobody known here; name the signer's certificate as \
             `ca_file` under [http]"
                .to_owned()
        }
        detail => format!("its certificate is not valid ({detail}); correct it there"),
    }
}

fn name_not_found() -> (Cause, String) {
    (Cause::NameNotFound, "the name is not known; check its spelling and the name server".to_owned())
}

fn timed_out() -> (Cause, String) {
    let text = "no answer in time; check the receiver, or raise `timeout` under [http]";
    (Cause::TimedOut, text.to_owned())
}
