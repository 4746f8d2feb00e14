//! The requests of WebDAV, with Basic authentication from the first one: PROPFIND, PUT, ranges, DELETE and others.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use url::Url;

use super::address::segments;
use super::answers::{explanation, refused};
use super::listing::only;
use super::multistatus::{self, Resource};
use crate::error::{Error, Kind, Result};
use crate::exactly;
use crate::http::{Behavior, Outgoing, Response, Transport};
use crate::limits;
use crate::protocol::Body;
use crate::ranges;
use crate::settings;
use crate::stop::Stop;

const PROPERTIES: &str = r#"<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:resourcetype/><D:getcontentlength/><D:getlastmodified/><D:getetag/></D:prop></D:propfind>"#;
const QUOTA: &str = r#"<?xml version="1.0" encoding="utf-8"?><D:propfind xmlns:D="DAV:"><D:prop><D:quota-available-bytes/></D:prop></D:propfind>"#;

/// A server and the login there.
pub struct Client {
    transport: Transport,
    authorization: Option<String>,
}

/// An answer without its body.
pub struct Answer {
    pub status: u16,
    /// Where a redirect wants to go.
    pub location: Option<String>,
    explanation: Option<String>,
}

impl Answer {
    pub fn is_success(&self) -> bool {
        matches!(self.status, 200 | 201 | 204)
    }

    pub fn is_redirect(&self) -> bool {
        matches!(self.status, 300..=399)
    }

    /// The error for it. `what` is the request in words.
    pub fn refused(&self, what: &str) -> Error {
        let error = refused(what, self.status, self.location.as_deref());
        match &self.explanation {
            Some(text) => Error::new(error.kind, format!("{} (the server says: {text})", error.message)),
            None => error,
        }
    }
}

/// How a PUT ended.
pub enum Sent {
    Done,
    /// The server has refused it, or not all bytes were sent.
    Failed(Error),
    /// All bytes were sent, and no answer says what became of them.
    Lost {
        error: Error,
        /// How long it makes sense to look for the file.
        patience: Duration,
    },
}

impl Client {
    pub fn new(settings: &settings::WebDav, http: settings::Http) -> Result<Self> {
        let authorization = settings.username.as_ref().map(|username| {
            let password = settings.password.as_ref().map_or("", |password| &password.0);
            format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{password}")))
        });
        let behavior = Behavior { connections: limits::WEBDAV_PARALLEL, asks_first: true };
        Ok(Self { transport: Transport::new(http, behavior), authorization })
    }

    /// A request without a body.
    pub fn send(&self, method: &str, url: &Url, headers: &[(&str, String)], stop: &Stop) -> Result<Answer> {
        let response = self.exchange(method, url, headers, Outgoing::Nothing, stop)?;
        Ok(answer(response))
    }

    /// The properties of one file or folder; `None` if it does not exist.
    pub fn find(&self, url: &Url, stop: &Stop) -> Result<Option<Resource>> {
        let Some(resources) = self.propfind(url, "0", PROPERTIES, stop)? else { return Ok(None) };
        let name = segments(url.path()).pop().unwrap_or_default();
        let found = only(resources, &name);
        match found.as_ref().map(|found| found.status) {
            Some(None | Some(200..=299)) => Ok(found),
            Some(Some(404 | 410)) => Ok(None),
            Some(Some(status)) => Err(refused(&format!("cannot ask for {url}"), status, None)),
            None => Err(Error::new(
                Kind::Interrupted,
                format!("the server answers something else than the properties of {url}"),
            )),
        }
    }

    /// A folder and what is in it; `None` if the folder does not exist.
    pub fn list(&self, folder: &Url, stop: &Stop) -> Result<Option<Vec<Resource>>> {
        self.propfind(folder, "1", PROPERTIES, stop)
    }

    /// The free bytes of a folder, if the server says them; `None` if the folder does not exist.
    pub fn free(&self, folder: &Url, stop: &Stop) -> Result<Option<Option<u64>>> {
        let resources = self.propfind(folder, "0", QUOTA, stop)?;
        Ok(resources.map(|resources| resources.first().and_then(|found| found.free)))
    }

    fn propfind(
        &self,
        url: &Url,
        depth: &str,
        properties: &'static str,
        stop: &Stop,
    ) -> Result<Option<Vec<Resource>>> {
        let what = || format!("cannot ask for {url}");
        let headers =
            [("depth", depth.to_owned()), ("content-type", "application/xml; charset=utf-8".to_owned())];
        let response = self.exchange("PROPFIND", url, &headers, Outgoing::Text(properties.into()), stop)?;
        match response.status {
            207 => multistatus::read(response.body).map(Some).map_err(|error| error.about(what())),
            404 | 410 => {
                answer(response);
                Ok(None)
            }
            200..=299 => {
                Err(Error::new(Kind::Unsupported, "this is not a WebDAV address; check `url`").about(what()))
            }
            504 => Err(Error { kind: Kind::Interrupted, ..answer(response).refused(&what()) }),
            _ => Err(answer(response).refused(&what())),
        }
    }

    /// The size of a file that PROPFIND does not tell; `None` if it does not exist.
    pub fn size(&self, url: &Url, stop: &Stop) -> Result<Option<u64>> {
        let response = self.exchange("HEAD", url, &[], Outgoing::Nothing, stop)?;
        match (response.status, response.header("content-length").and_then(|text| text.parse().ok())) {
            (200, Some(size)) => Ok(Some(size)),
            (200, None) => {
                Err(Error::new(Kind::Unsupported, format!("the server does not say how large {url} is")))
            }
            (404 | 410, _) => Ok(None),
            _ => Err(answer(response).refused(&format!("cannot ask for {url}"))),
        }
    }

    /// Exactly these bytes of a file.
    pub fn read(&self, url: &Url, range: Range<u64>, stop: &Stop) -> Result<Box<dyn Read + Send>> {
        let what = format!("cannot read {url}");
        let headers = [("range", ranges::header(&range))];
        let response = self.exchange("GET", url, &headers, Outgoing::Nothing, stop)?;
        match ranges::bytes(response, &range).map_err(|error| error.about(&what))? {
            Ok(reader) => Ok(reader),
            Err(response) if response.status == 504 => {
                Err(Error { kind: Kind::Interrupted, ..answer(response).refused(&what) })
            }
            Err(response) => Err(answer(response).refused(&what)),
        }
    }

    /// Deletes a file, or a folder whose URL ends in `/`. A missing one is no error.
    pub fn delete(&self, url: &Url, stop: &Stop) -> Result<()> {
        let answer = self.send("DELETE", url, &[], stop)?;
        match answer.status {
            200 | 202 | 204 | 404 | 410 => Ok(()),
            207 => Err(Error::new(Kind::Interrupted, format!("the server has deleted only a part of {url}"))),
            _ => Err(answer.refused(&format!("cannot delete {url}"))),
        }
    }

    /// Sends a file with its length, in one piece.
    pub fn put(&self, url: &Url, headers: &[(&str, String)], body: Body, stop: &Stop) -> Sent {
        let what = format!("cannot upload {url}");
        let (size, begun) = (body.size, Instant::now());
        let read = Arc::new(AtomicU64::new(0));
        let reader = Box::new(exactly::Sent::new(body.reader, size, Arc::clone(&read)));
        let body = Outgoing::Body(Body { reader, ..body });
        let is_all_sent = || size > 0 && read.load(Ordering::Relaxed) >= size;
        match self.exchange("PUT", url, headers, body, stop).map(answer) {
            Ok(answer) => match answer.status {
                200 | 201 | 204 => Sent::Done,
                423 | 502 | 504 if is_all_sent() => {
                    let patience = if size < limits::CHEAP_BYTES { Duration::ZERO } else { Duration::MAX };
                    Sent::Lost { error: answer.refused(&what), patience }
                }
                _ => Sent::Failed(answer.refused(&what)),
            },
            // The source failed, not the line.
            Err(error) if !error.is_transient() => Sent::Failed(error),
            // Much of it may never have left the buffers on the way. Looking for it longer than it takes to send it again makes no sense.
            Err(error) if is_all_sent() => {
                Sent::Lost { error: Error { kind: Kind::Unclear, ..error }, patience: begun.elapsed() }
            }
            Err(error) => Sent::Failed(self.reason(url, error, stop)),
        }
    }

    /// Why a PUT broke off: servers that refuse a body often close the connection, and the status is lost. A small request may tell.
    fn reason(&self, url: &Url, error: Error, stop: &Stop) -> Error {
        match self.find(url, stop) {
            Err(reason)
                if matches!(
                    reason.kind,
                    Kind::Denied | Kind::Invalid | Kind::NoSpace | Kind::Unsupported
                ) =>
            {
                reason
            }
            _ => error.about(
                "the connection broke off during the upload (if it always does, a proxy may limit the size)",
            ),
        }
    }

    fn exchange(
        &self,
        method: &str,
        url: &Url,
        headers: &[(&str, String)],
        body: Outgoing,
        stop: &Stop,
    ) -> Result<Response> {
        let mut all: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if let Some(authorization) = &self.authorization {
            all.push(("authorization", authorization));
        }
        self.transport.send(method, url, &all, body, stop)
    }
}

/// Reads the explanation, so that the connection can be used again.
fn answer(response: Response) -> Answer {
    let location = response.header("location").map(str::to_owned);
    let status = response.status;
    let unknown_login = response.login_other_than_basic();
    let text = response.text();
    let explanation = match unknown_login.filter(|_| status == 401) {
        Some(scheme) => Some(format!("log in by {scheme}, but only Basic authentication is supported")),
        None => (!matches!(status, 200..=299)).then(|| explanation(&text)).flatten(),
    };
    Answer { status, location, explanation }
}
