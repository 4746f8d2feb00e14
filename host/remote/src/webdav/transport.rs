//! One request and one answer over a connection that is kept, with limits on waiting and none on the whole. Follows no redirects.

use std::io::Read;
use std::time::Duration;

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
}

impl Transport {
    pub fn new(http: settings::Http) -> Self {
        let config = Agent::config_builder()
            .tls_config(http.tls)
            .proxy(http.proxy)
            .max_redirects(0)
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(300)))
            .timeout_per_read(Some(Duration::from_secs(120)))
            .timeout_per_write(Some(Duration::from_secs(120)))
            .user_agent("larder")
            .accept_encoding("")
            .build();
        Self(Agent::new_with_config(config))
    }

    pub fn disconnect(&self) {}

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
                SendBody::from_owned_reader(body.reader)
            }
        };
        let request = request.body(body).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
        let response = self.0.run(request).map_err(|error| failed(&error))?;
        let (parts, body) = response.into_parts();
        Ok(Response {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: Box::new(body.into_reader()),
        })
    }
}

fn failed(error: &ureq::Error) -> Error {
    Error::new(Kind::Interrupted, error.to_string())
}
