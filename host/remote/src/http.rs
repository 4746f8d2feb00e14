//! One request and one answer over a connection that is kept, with limits on waiting and none on the whole. Follows no redirects.
//!
//! What ends early is an error: a body of a request that is shorter than announced, or an answer. Errors show no query of an address, since it may be signed.

use std::borrow::Cow;
use std::io::{self, Read};

use ureq::http::{HeaderMap, Request};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, SendBody};
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::interrupt::{Exchange, Interruptible};
use crate::limits;
use crate::protocol::Body;
use crate::settings;
use crate::stop::Stop;

/// A client for one server.
pub struct Transport {
    agent: Agent,
    asks_first: bool,
}

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub struct Behavior {
    /// Connections that are kept.
    pub connections: usize,
    /// Ask the server before a large body is sent (`Expect: 100-continue`), so that an early refusal is not lost. Costs a round trip, and a second at
    /// servers that do not know it.
    pub asks_first: bool,
}

/// What a request carries.
pub enum Outgoing {
    Nothing,
    Text(Cow<'static, str>),
    Body(Body),
}

/// An answer, whose body is still to be read.
pub struct Response {
    pub status: u16,
    headers: HeaderMap,
    pub body: Box<dyn Read + Send>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The scheme that the server wants for the login, if Basic is none of them.
    pub fn login_other_than_basic(&self) -> Option<String> {
        let wanted = self.headers.get_all("www-authenticate").iter().filter_map(|value| value.to_str().ok());
        let schemes: Vec<&str> = wanted.filter_map(|value| value.split_ascii_whitespace().next()).collect();
        let knows_basic = schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic"));
        schemes.first().filter(|_| !knows_basic).map(|scheme| (*scheme).to_owned())
    }

    /// Where a redirect wants to go, as it may be shown: without credentials and query.
    pub fn redirects_to(&self) -> Option<String> {
        let target = || self.header("location").map_or_else(|| "another address".to_owned(), public);
        matches!(self.status, 300..=399).then(target)
    }

    /// The beginning of the body. Once it is read, the connection can be used again.
    pub fn text(self) -> Vec<u8> {
        let mut text = Vec::new();
        // What came before the line broke may say enough.
        let _ = self.body.take(limits::EXPLANATION_BYTES).read_to_end(&mut text);
        text
    }
}

/// The time in a header, in seconds since 1970.
pub fn seconds(date: &str) -> Option<i64> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok().map(jiff::Timestamp::as_second)
}

/// A server's words as they may be shown: without control characters, at most so many characters.
pub fn shown(text: &str, most: usize) -> String {
    text.trim().chars().filter(|character| !character.is_control()).take(most).collect()
}

impl Transport {
    pub fn new(http: settings::Http, behavior: Behavior) -> Self {
        let config = Agent::config_builder()
            .tls_config(http.tls)
            .proxy(http.proxy)
            .max_redirects(0)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_connect(Some(limits::CONNECT_TIME))
            .timeout_recv_response(Some(limits::ANSWER_TIME))
            // The whole of a body has no limit: it may be large and the line slow.
            .timeout_per_read(Some(limits::STALL_TIME))
            .timeout_per_write(Some(limits::STALL_TIME))
            .max_idle_connections(behavior.connections)
            .max_idle_connections_per_host(behavior.connections)
            .user_agent("larder")
            .accept_encoding("")
            .build();
        let agent = Agent::with_parts(config, Interruptible::default(), DefaultResolver::default());
        Self { agent, asks_first: behavior.asks_first }
    }

    /// Sends a request and waits for the head of the answer, whatever its status. An error of the body's reader or of `stop` comes back as it was.
    pub fn send(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, &str)],
        body: Outgoing,
        stop: &Stop,
    ) -> Result<Response> {
        stop.check()?;
        let mut request = Request::builder().method(method).uri(url.as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Outgoing::Nothing => SendBody::none(),
            Outgoing::Text(text) => {
                request = request.header("content-length", text.len().to_string());
                SendBody::from_owned_reader(io::Cursor::new(text.into_owned()))
            }
            Outgoing::Body(body) => {
                request = request.header("content-length", body.size.to_string());
                if self.asks_first && body.size >= limits::EXPECT_FROM {
                    request = request.header("expect", "100-continue");
                }
                SendBody::from_owned_reader(Stoppable {
                    inner: body.reader,
                    stop: stop.clone(),
                    exchange: None,
                })
            }
        };
        // The library's text may contain the address.
        let invalid = |_| Error::new(Kind::Invalid, "the address or a header of the request is not valid");
        let request = request.body(body).map_err(invalid)?;
        let exchange = Exchange::new(stop);
        let response = exchange.run(|| self.agent.run(request));
        let response = response.map_err(|error| match stop.check() {
            Err(stopped) => stopped,
            Ok(()) => failed(url, &error),
        })?;
        let (parts, body) = response.into_parts();
        // The library limits what it reads into memory, which is not this.
        let inner = body.into_with_config().limit(u64::MAX).reader();
        let body = Box::new(Stoppable { inner, stop: stop.clone(), exchange: Some(exchange) });
        Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body })
    }
}

/// An error of a source or a token comes back as it was.
fn failed(url: &Url, error: &ureq::Error) -> Error {
    let (kind, text) = match error {
        ureq::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(own) => return own.clone(),
            None => of_io(error),
        },
        ureq::Error::HostNotFound => name_not_found(),
        ureq::Error::Timeout(_) => timed_out(),
        ureq::Error::ConnectProxyFailed(text) => {
            (Kind::Interrupted, format!("the proxy on the way refuses: {text}"))
        }
        ureq::Error::Protocol(error) => {
            (Kind::Interrupted, format!("the answer is not HTTP ({error}); check the port and the scheme"))
        }
        // Their texts may contain the address.
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            (Kind::Invalid, "the address is not valid".to_owned())
        }
        ureq::Error::Tls(text) => (Kind::Invalid, format!("TLS is not possible ({text})")),
        error => (Kind::Interrupted, format!("{error}; try again later")),
    };
    Error::new(kind, text).about(format_args!("cannot reach {}", url.origin().ascii_serialization()))
}

fn of_io(error: &io::Error) -> (Kind, String) {
    let text = error.to_string();
    if let Some((_, detail)) = text.split_once("invalid peer certificate: ") {
        return (
            Kind::Denied,
            format!(
                "its certificate is not valid or of an unknown authority ({detail}); correct it, or set `ca_file`"
            ),
        );
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => timed_out(),
        io::ErrorKind::InvalidData => (
            Kind::Interrupted,
            format!(
                "the TLS connection failed ({text}); check the port, and whether the server supports https"
            ),
        ),
        _ if text.starts_with("failed to lookup address information") => name_not_found(),
        _ => (Kind::Interrupted, format!("the connection broke ({text})")),
    }
}

fn name_not_found() -> (Kind, String) {
    (Kind::Interrupted, "the host name cannot be resolved; check its spelling and the name server".to_owned())
}

fn timed_out() -> (Kind, String) {
    (Kind::Interrupted, "no answer in time".to_owned())
}

/// An address from a header, without credentials, query and control characters.
pub fn public(location: &str) -> String {
    let location = location.split(['?', '#']).next().unwrap_or_default();
    let without_user = |host: &str| host.rsplit_once('@').map_or(host, |(_, host)| host).to_owned();
    let address = match location.split_once("//") {
        Some((scheme, rest)) => match rest.split_once('/') {
            Some((host, path)) => format!("{scheme}//{}/{path}", without_user(host)),
            None => format!("{scheme}//{}", without_user(rest)),
        },
        None => location.to_owned(),
    };
    shown(&address, 500)
}

/// Ends with an error once the work is to stop.
struct Stoppable<R> {
    inner: R,
    stop: Stop,
    /// What the reading may wait for.
    exchange: Option<Exchange>,
}

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.check().map_err(io::Error::other)?;
        let read = match &self.exchange {
            Some(exchange) => exchange.run(|| self.inner.read(buffer)),
            None => self.inner.read(buffer),
        };
        // A connection that was shut down looks like the end of the answer.
        self.stop.check().map_err(io::Error::other)?;
        read
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_target_of_a_redirect_is_shown_without_what_is_secret() {
        for (location, shown) in [
            ("http://other/a/b?X-Amz-Signature=1#x", "http://other/a/b"),
            ("https://user:password@other:81", "https://other:81"),
            ("//user@other/a@b", "//other/a@b"),
            ("/a/b?c", "/a/b"),
            ("http://other/\u{7}a", "http://other/a"),
            ("", ""),
        ] {
            assert_eq!(public(location), shown, "{location}");
        }
    }
}
