//! Single objects: what is known of one, a range of its bytes, and its removal.

use std::io::{self, Read};
use std::ops::Range;

use rusty_s3::Method;

use super::client::{Request, seconds};
use super::keys::tag;
use super::listing;
use super::site::{Site, TOKEN};
use crate::error::{Error, Kind, Result};
use crate::exactly::Received;
use crate::http::{Outgoing, Response};
use crate::limits;
use crate::protocol::Object;
use crate::stop::Stop;

/// An object, and the token of the upload that it is from.
pub struct Found {
    pub object: Object,
    pub token: Option<String>,
}

/// One object. `None` if it, or the bucket, does not exist.
pub fn find(site: &Site, name: &str, stop: &Stop) -> Result<Option<Found>> {
    let what = site.cannot("ask for", name);
    let key = site.keys.key(name)?;
    let request = Request::new(Method::Head, Some(&key));
    let response = site.client.send(request, stop).map_err(|error| error.about(&what))?;
    match response.status {
        200 => {
            let size = response.header("content-length").and_then(|text| text.trim().parse().ok());
            let Some(size) = size else {
                let message = "the server does not say how large it is";
                return Err(Error::new(Kind::Unsupported, message).about(what));
            };
            let object = Object {
                name: name.to_owned(),
                size,
                modified: response.header("last-modified").and_then(seconds),
                tag: response.header("etag").map(tag),
            };
            let token = response.header(TOKEN).map(str::to_owned);
            drain(response);
            Ok(Some(Found { object, token }))
        }
        404 | 410 => {
            drain(response);
            Ok(None)
        }
        // The answer to HEAD has no text, and a key without the right to list gets 403 for what is missing. A listing knows more.
        400 | 401 | 403 => {
            drain(response);
            let found = listing::list(site, &what, &key, stop)?;
            let object = found.into_iter().find(|object| object.name == name);
            Ok(object.map(|object| Found { object, token: None }))
        }
        _ => Err(site.client.refusal(&what, response).error),
    }
}

/// Exactly these bytes of an object.
pub fn read(site: &Site, name: &str, range: &Range<u64>, stop: &Stop) -> Result<Box<dyn Read + Send>> {
    let what = site.cannot("read", name);
    let key = site.keys.key(name)?;
    let length = range.end.saturating_sub(range.start);
    let last = range.end.saturating_sub(1);
    let bytes = format!("bytes={}-{last}", range.start);
    let request = Request { headers: &[("range", &bytes)], ..Request::new(Method::Get, Some(&key)) };
    let mut response = site.client.send(request, stop).map_err(|error| error.about(&what))?;
    let failed = |kind, text: String| Err(Error::new(kind, text).about(&what));
    match (response.status, response.header("content-range").map(str::to_owned)) {
        // rclone answers ranges with 200.
        (200 | 206, Some(given)) => {
            let given = given.trim().to_ascii_lowercase();
            let announced =
                response.header("content-length").and_then(|text| text.trim().parse::<u64>().ok());
            let is_right = given.starts_with(&format!("bytes {}-{last}/", range.start));
            if !is_right || announced.is_some_and(|announced| announced != length) {
                let text = format!("{bytes} was asked for, the server sent {given}");
                return failed(Kind::Unsupported, text);
            }
        }
        (206, None) => {
            let text = "the server does not say which bytes it sent (no Content-Range)";
            return failed(Kind::Unsupported, text.to_owned());
        }
        (200, None) if range.start <= limits::SKIPPED_BYTES => {
            let skipped = io::copy(&mut response.body.by_ref().take(range.start), &mut io::sink());
            skipped.map_err(|error| Error::new(Kind::Interrupted, error.to_string()).about(&what))?;
        }
        (200, None) => {
            let text = "the server sends whole objects only, so nothing in the middle of one can be read";
            return failed(Kind::Unsupported, text.to_owned());
        }
        (416, _) => {
            return failed(
                Kind::Interrupted,
                "the object is shorter than it was said to be (416)".to_owned(),
            );
        }
        _ => return Err(site.client.refusal(&what, response).error),
    }
    Ok(Box::new(Received::new(response.body, length)))
}

/// Deletes an object. A missing one is no error, a missing bucket is.
pub fn delete(site: &Site, name: &str, stop: &Stop) -> Result<()> {
    let what = site.cannot("delete", name);
    let key = site.keys.key(name)?;
    remove(site, &what, Request::new(Method::Delete, Some(&key)), stop)
}

/// A request that removes something, and succeeds if it is gone.
pub fn remove(site: &Site, what: &str, request: Request<'_>, stop: &Stop) -> Result<()> {
    let response = site.client.send(request, stop).map_err(|error| error.about(what))?;
    match response.status {
        200 | 202 | 204 => {
            drain(response);
            Ok(())
        }
        status => {
            let refusal = site.client.refusal(what, response);
            let is_gone = matches!(status, 404 | 410) && refusal.code != "NoSuchBucket";
            if is_gone { Ok(()) } else { Err(refusal.error) }
        }
    }
}

/// A request that sends nothing but its head.
pub fn empty() -> Outgoing {
    Outgoing::Text("".into())
}

/// Reads what is left of an answer, so that the connection can be used again.
pub fn drain(response: Response) {
    let _ = io::copy(&mut response.body.take(limits::EXPLANATION_BYTES), &mut io::sink());
}
