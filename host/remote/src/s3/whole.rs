//! Sends a small object at once, and finds out what became of it when the answer is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rusty_s3::Method;

use super::client::Request;
use super::keys::tag;
use super::objects;
use super::refusal::Refusal;
use super::site::{Site, TOKEN};
use crate::error::{Error, Kind, Result};
use crate::exactly::Sent;
use crate::hex::hex;
use crate::http::{Outgoing, Response};
use crate::protocol::{Body, Part, Upload};
use crate::stop::Stop;

/// How a request with a body ended.
pub enum Outcome {
    Done(Part),
    Refused(Refusal),
    /// There is no answer.
    Broken {
        error: Error,
        /// All bytes were on their way, so it may have been done.
        is_sent: bool,
    },
}

/// Sends the bytes of an object or of a part.
pub fn put(
    site: &Site,
    what: &str,
    request: Request<'_>,
    number: u32,
    body: Body,
    stop: &Stop,
) -> Result<Outcome> {
    let Body { size, md5, reader } = body;
    let digest = md5.map(|md5| BASE64_STANDARD.encode(md5));
    let mut headers = request.headers.to_vec();
    headers.extend(digest.as_deref().map(|digest| ("content-md5", digest)));
    let read = Arc::new(AtomicU64::new(0));
    let reader = Box::new(Sent::new(reader, size, Arc::clone(&read)));
    let body = Outgoing::Body(Body { size, md5, reader });
    match site.client.send(Request { headers: &headers, body, ..request }, stop) {
        Ok(response) if matches!(response.status, 200 | 201 | 204) => {
            Ok(Outcome::Done(part(number, size, md5, response)))
        }
        Ok(response) => Ok(Outcome::Refused(site.client.refusal(what, response))),
        Err(error) if error.is_transient() => {
            let is_sent = read.load(Ordering::Relaxed) >= size;
            Ok(Outcome::Broken { error: error.about(what), is_sent })
        }
        Err(error) => Err(error.about(what)),
    }
}

fn part(number: u32, size: u64, md5: Option<[u8; 16]>, response: Response) -> Part {
    let tag = response.header("etag").map(tag).unwrap_or_default();
    response.text();
    Part { number, size, is_proven: md5.is_some_and(|md5| is_md5(&tag, &md5)), tag }
}

/// Whether an ETag is this MD5. Others are no error: encrypting servers have their own.
pub fn is_md5(tag: &str, md5: &[u8; 16]) -> bool {
    tag.eq_ignore_ascii_case(&hex(md5))
}

/// Sends a whole object.
pub fn send(site: &Site, upload: &Upload, body: Body, stop: &Stop) -> Result<Part> {
    let what = site.cannot("upload", &upload.name);
    if body.size != upload.size {
        let message = format!("{} bytes were announced, {} are to be sent", upload.size, body.size);
        return Err(Error::new(Kind::Changed, message).about(what));
    }
    let (md5, key) = (body.md5, site.keys.key(&upload.name)?);
    let mut headers = vec![(TOKEN, upload.token.as_str())];
    headers.extend(site.condition());
    let request = Request { headers: &headers, ..Request::new(Method::Put, Some(&key)) };
    let (error, is_refused) = match put(site, &what, request, 1, body, stop)? {
        Outcome::Done(part) => return Ok(part),
        Outcome::Broken { error, is_sent: true } => (Error { kind: Kind::Unclear, ..error }, false),
        Outcome::Broken { error, is_sent: false } => (error, false),
        Outcome::Refused(refusal) if site.drops_condition(&refusal) => {
            // Its bytes are gone: the next attempt sends them again, without the condition.
            return Err(Error { kind: Kind::Interrupted, ..refusal.error });
        }
        Outcome::Refused(refusal) if refusal.error.kind == Kind::Exists => (refusal.error, true),
        Outcome::Refused(refusal) if refusal.is_unclear() => (refusal.of_change(), false),
        Outcome::Refused(refusal) => return Err(refusal.error),
    };
    // An earlier attempt, or this one, may have succeeded.
    match objects::find(site, &upload.name, stop) {
        Ok(Some(found)) => {
            let tag = found.object.tag.unwrap_or_default();
            let is_proven = md5.is_some_and(|md5| is_md5(&tag, &md5));
            let is_ours = is_proven || found.token.as_deref() == Some(upload.token.as_str());
            match is_ours && found.object.size == upload.size {
                true => Ok(Part { number: 1, size: upload.size, tag, is_proven }),
                false => Err(error),
            }
        }
        Ok(None) if is_refused => Err(Error { kind: Kind::Interrupted, ..error }),
        // It says why the server has closed the line.
        Err(reason) if !reason.is_transient() => Err(reason),
        _ => Err(error),
    }
}

/// Deletes the object if it is from this upload. One of the same name from somebody else stays.
pub fn discard(site: &Site, upload: &Upload, stop: &Stop) -> Result<()> {
    match objects::find(site, &upload.name, stop)? {
        Some(found) if found.token.as_deref() == Some(upload.token.as_str()) => {
            objects::delete(site, &upload.name, stop)
        }
        _ => Ok(()),
    }
}
