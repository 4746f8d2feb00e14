//! One request and one answer over a connection that is kept, with limits on waiting and none on the whole. Follows no redirects.

use std::io::{self, Read};

use ureq::http::{HeaderMap, Request};
use ureq::{Agent, SendBody};
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::Body;
use crate::settings;
use crate::stop::Stop;

pub struct Transport(Agent);

/// What a request carries.
pub enum Outgoing {
    Nothing,
    Text(&'static str),
    Body(Body),
}

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
}

impl Transport {
    pub fn new(http: settings::Http) -> Self {
        let config = Agent::config_builder()
            .tls_config(http.tls)
            .proxy(http.proxy)
            .max_redirects(0)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_connect(Some(limits::CONNECT_TIME))
            .timeout_recv_response(Some(limits::ANSWER_TIME))
            .timeout_per_read(Some(limits::STALL_TIME))
            .timeout_per_write(Some(limits::STALL_TIME))
            .max_idle_connections_per_host(limits::WEBDAV_PARALLEL)
            .user_agent("larder")
            .accept_encoding("")
            .build();
        Self(Agent::new_with_config(config))
    }

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
                SendBody::from_owned_reader(text.as_bytes())
            }
            Outgoing::Body(body) => {
                request = request.header("content-length", body.size.to_string());
                if body.size >= limits::EXPECT_FROM {
                    request = request.header("expect", "100-continue");
                }
                SendBody::from_owned_reader(Stoppable { inner: body.reader, stop: stop.clone() })
            }
        };
        let request = request.body(body).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
        let response = self.0.run(request).map_err(|error| failed(url, &error))?;
        let (parts, body) = response.into_parts();
        // The library limits what it reads into memory, which is not this.
        let inner = body.into_with_config().limit(u64::MAX).reader();
        let body = Box::new(Stoppable { inner, stop: stop.clone() });
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
        ureq::Error::BadUri(_) | ureq::Error::Http(_) | ureq::Error::Tls(_) => {
            (Kind::Invalid, format!("the address is not valid ({error})"))
        }
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

/// Ends with an error once the work is to stop.
struct Stoppable<R> {
    inner: R,
    stop: Stop,
}

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.check().map_err(io::Error::other)?;
        self.inner.read(buffer)
    }
}
