//! Single objects: what is known of one, a range of its bytes, and its removal.

use std::io::Read;
use std::ops::Range;

use rusty_s3::Method;

use super::client::Request;
use super::keys::tag;
use super::listing;
use super::site::{Site, TOKEN};
use crate::error::{Error, Kind, Result};
use crate::http::{Outgoing, seconds};
use crate::protocol::Object;
use crate::ranges;
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
            response.text();
            Ok(Some(Found { object, token }))
        }
        404 | 410 => {
            response.text();
            Ok(None)
        }
        // The answer to HEAD has no text, and a key without the right to list gets 403 for what is missing. A listing knows more.
        400 | 401 | 403 => {
            response.text();
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
    let bytes = ranges::header(range);
    let request = Request { headers: &[("range", &bytes)], ..Request::new(Method::Get, Some(&key)) };
    let response = site.client.send(request, stop).map_err(|error| error.about(&what))?;
    match ranges::bytes(response, range).map_err(|error| error.about(&what))? {
        Ok(reader) => Ok(reader),
        Err(response) => Err(site.client.refusal(&what, response).error),
    }
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
            response.text();
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
