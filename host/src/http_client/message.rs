//! Requests, checked before anything is sent, and answers of bounded length.
//!
//! Opens no connection.

use std::time::Duration;

use ureq::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use ureq::http::{Method, StatusCode};
use url::Url;

use super::failure::{Cause, Failure, excerpt, shown};
use crate::tunables::http::{MAX_HEADERS, MAX_URL};

/// A request.
#[derive(Clone)]
pub struct Request {
    /// In capitals: `POST`.
    pub method: String,
    /// `http://…` or `https://…`.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body, for methods that have one.
    pub body: Option<Vec<u8>>,
    /// The most bytes of the answer's body that are kept.
    pub max_body: usize,
}

/// An answer with any status.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, or its beginning.
    pub body: Vec<u8>,
    /// Why the body is truncated: it is longer than `max_body`, or the connection broke.
    pub truncated: Option<Failure>,
    /// Whether a redirect (301, 302) turned the request into a GET, so that its body was not sent to the final address.
    pub lost_body: bool,
    /// The address that answered, after redirects, as messages show it.
    pub from: String,
}

impl Response {
    /// Returns the answer if its status is 2xx and the body of the request was delivered.
    pub fn accepted(self) -> Result<Self, Failure> {
        if self.lost_body {
            let text = "was reached by a redirect that drops the body of the request; use the final address";
            return Err(Failure::new(Cause::Redirect, format!("{} {text}", self.from)));
        }
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let name = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let name = name.map(|name| format!(" {name}")).unwrap_or_default();
        let detail = excerpt(&self.body);
        let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
        let text = format!("{} answered {}{name}{detail}; {}", self.from, self.status, advice(self.status));
        let mut failure = Failure::new(Cause::Status(self.status), text);
        failure.retry_after =
            self.header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        Err(failure)
    }

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => "check the user name, password or token",
        404 | 405 | 410 => "check the address and the method",
        408 | 425 | 429 | 500.. => "try again later",
        _ => "check the request",
    }
}

/// A checked request: the first one, or the one that follows a redirect.
pub(super) struct Hop<'a> {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<&'a [u8]>,
    pub lost_body: bool,
}

impl<'a> Hop<'a> {
    /// Checks a request.
    pub fn first(request: &'a Request) -> Result<Self, Failure> {
        let wrong = |text: String| Failure::new(Cause::Invalid, text);
        let method = method(&request.method).map_err(wrong)?;
        let url = address(&request.url).map_err(wrong)?;
        let headers = headers(&request.headers).map_err(wrong)?;
        if request.body.is_some() && !takes_body(&method) {
            return Err(wrong(format!(
                "a {method} request has no body; use POST, PUT or PATCH, or send none"
            )));
        }
        Ok(Self { method, url, headers, body: request.body.as_deref(), lost_body: false })
    }

    /// The request that follows a redirect; `None` when the answer is not one.
    pub fn next(&self, status: u16, location: Option<&HeaderValue>) -> Result<Option<Self>, Failure> {
        let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, location) else { return Ok(None) };
        let wrong = |text: &str| {
            let from = shown(&self.url);
            Failure::new(Cause::Redirect, format!("{from} redirects {text}; use the final address"))
        };
        let found = location.to_str().ok().and_then(|text| self.url.join(text).ok());
        let mut url = found.ok_or_else(|| wrong("to an invalid address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong("to an address that is not http or https"));
        }
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(wrong("from https to http"));
        }
        // A redirect must not choose the credentials.
        let _ = (url.set_username(""), url.set_password(None));
        url.set_fragment(None);
        let keeps = matches!(status, 307 | 308) || !takes_body(&self.method);
        let method = if keeps { self.method.clone() } else { Method::GET };
        let body = self.body.filter(|_| keeps);
        let mut headers = self.headers.clone();
        if body.is_none() {
            headers.remove(header::CONTENT_TYPE);
        }
        if url.origin() != self.url.origin() {
            let kept = [header::ACCEPT, header::ACCEPT_LANGUAGE, header::CONTENT_TYPE, header::USER_AGENT];
            headers = kept
                .into_iter()
                .filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)))
                .collect();
        }
        // A 303 confirms that the server has accepted the body.
        let lost_body = self.lost_body || (status != 303 && body.is_none() && self.body.is_some());
        Ok(Some(Self { method, url, headers, body, lost_body }))
    }
}

pub(super) fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Parses a method. The error says what to write.
pub fn method(text: &str) -> Result<Method, String> {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ];
    let found = known.into_iter().find(|method| method.as_str() == text);
    found.ok_or_else(|| {
        let text = excerpt(text.as_bytes());
        format!("`{text}` is not a method; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS")
    })
}

/// Parses an address. The error says what to write and does not repeat the address.
pub fn address(text: &str) -> Result<Url, String> {
    const HELP: &str = "write http://HOST/… or https://HOST/…";
    if text.len() > MAX_URL {
        return Err(format!("the address is longer than {MAX_URL} bytes; shorten it"));
    }
    if text.contains(|c: char| c.is_control()) {
        return Err("the address contains a control character; remove it".to_owned());
    }
    let mut url = Url::parse(text).map_err(|error| format!("the address is not valid ({error}); {HELP}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(format!("the address is not http or https; {HELP}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the address contains a user name or password; set `username` and `password` instead, or a \
             header"
                .to_owned(),
        );
    }
    url.set_fragment(None);
    Ok(url)
}

/// Parses headers. The error says what to do and does not repeat a value.
pub fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, String> {
    if pairs.len() > MAX_HEADERS {
        return Err(format!("a request may have {MAX_HEADERS} headers; remove some"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = header_name(name)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            format!("the header `{name}` contains a line break or another control character; remove it")
        })?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Parses the name of a header. Headers that decide where a request goes or ends are set by Larder only.
pub fn header_name(name: &str) -> Result<HeaderName, String> {
    const RESERVED: [&str; 11] = [
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let shown = excerpt(name.as_bytes());
    let parsed = HeaderName::from_bytes(name.as_bytes());
    let parsed =
        parsed.map_err(|_| format!("`{shown}` is not a header name; use letters, digits and `-`"))?;
    match RESERVED.contains(&parsed.as_str()) {
        true => Err(format!("the header `{parsed}` is set by Larder; remove it")),
        false => Ok(parsed),
    }
}
