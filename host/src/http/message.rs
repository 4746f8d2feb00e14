//! What goes out and what comes back: requests that are checked before anything is sent, answers of bounded length.
//!
//! Reaches nothing itself.

use std::time::Duration;

use ureq::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use ureq::http::{Method, StatusCode};
use url::Url;

use super::failure::{Cause, Failure, excerpt, shown};
use crate::options::http::{MAX_HEADERS, MAX_URL};

/// A request.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    /// The most bytes of the answer that are kept.
    pub max_body: usize,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// Why the body is not the whole one: it is longer than was asked for, or the connection ended.
    pub cut: Option<Failure>,
    /// A redirect (301, 302) turned the request into a GET, so its body reached nobody.
    pub lost_body: bool,
    /// Where it came from, after redirects; shortened for texts.
    pub from: String,
}

impl Response {
    /// The answer, if it says yes (2xx) to all that was sent.
    pub fn accepted(self) -> Result<Self, Failure> {
        if self.lost_body {
            let text = "was reached by a redirect, which drops what is sent; use the address that is meant";
            return Err(Failure::new(Cause::Redirect, format!("{} {text}", self.from)));
        }
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let name = StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let name = name.map(|name| format!(" {name}")).unwrap_or_default();
        let said = excerpt(&self.body);
        let said = if said.is_empty() { said } else { format!(": {said}") };
        let text = format!("{} answered {}{name}{said}; {}", self.from, self.status, advice(self.status));
        let mut failure = Failure::new(Cause::Status(self.status), text);
        failure.retry_after =
            self.header("retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        Err(failure)
    }

    /// A header's first value, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }
}

fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => "check the user name, password or token",
        404 | 405 | 410 => "check the address and the method",
        408 | 425 | 429 | 500.. => "it may take it later",
        _ => "check what is sent to it",
    }
}

/// A request that may go out; after a redirect, the next one.
pub(super) struct Hop<'a> {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<&'a [u8]>,
    pub lost_body: bool,
}

impl<'a> Hop<'a> {
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

    /// Where the answer sends it on to; none when it is one to keep.
    pub fn next(&self, status: u16, location: Option<&HeaderValue>) -> Result<Option<Self>, Failure> {
        let (301 | 302 | 303 | 307 | 308, Some(location)) = (status, location) else { return Ok(None) };
        let wrong = |text: &str| {
            let from = shown(&self.url);
            Failure::new(Cause::Redirect, format!("{from} sends us on {text}; use the address that is meant"))
        };
        let found = location.to_str().ok().and_then(|text| self.url.join(text).ok());
        let mut url = found.ok_or_else(|| wrong("to what is no address"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(wrong("to what is no web address"));
        }
        if self.url.scheme() == "https" && url.scheme() == "http" {
            return Err(wrong("from https to http"));
        }
        // Nobody but us says who we are.
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
            let told = [header::ACCEPT, header::ACCEPT_LANGUAGE, header::CONTENT_TYPE, header::USER_AGENT];
            headers = told
                .into_iter()
                .filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)))
                .collect();
        }
        // A 303 says that what was sent has been taken.
        let lost_body = self.lost_body || (status != 303 && body.is_none() && self.body.is_some());
        Ok(Some(Self { method, url, headers, body, lost_body }))
    }
}

pub(super) fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Reads a method; the error says what to do.
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
        format!("`{text}` is no method; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS")
    })
}

/// Reads a web address; the error says what to do and does not repeat it.
pub fn address(text: &str) -> Result<Url, String> {
    const HELP: &str = "write http://HOST/… or https://HOST/…";
    if text.len() > MAX_URL {
        return Err(format!("the address is longer than {MAX_URL} bytes; shorten it"));
    }
    if text.contains(|c: char| c.is_control()) {
        return Err("the address holds a control character; remove it".to_owned());
    }
    let mut url = Url::parse(text).map_err(|error| format!("the address is wrong ({error}); {HELP}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(format!("the address is no web address; {HELP}"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "the address holds a user name or password; give them as `username` and `password`, or in a \
             header"
                .to_owned(),
        );
    }
    url.set_fragment(None);
    Ok(url)
}

/// Reads headers; the error says what to do and does not repeat a value.
pub fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, String> {
    if pairs.len() > MAX_HEADERS {
        return Err(format!("a request has at most {MAX_HEADERS} headers; remove some"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name = header_name(name)?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            format!("the header `{name}` holds a line end or another control character; leave it out")
        })?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Reads a header's name. Those that say where a request goes or where it ends are ours.
pub fn header_name(name: &str) -> Result<HeaderName, String> {
    const OURS: [&str; 11] = [
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
    let read = HeaderName::from_bytes(name.as_bytes());
    let read = read.map_err(|_| format!("`{shown}` is no header's name; write letters, digits and `-`"))?;
    match OURS.contains(&read.as_str()) {
        true => Err(format!("the header `{read}` is set by Larder; remove it")),
        false => Ok(read),
    }
}
