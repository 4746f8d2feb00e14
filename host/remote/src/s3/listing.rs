//! Lists what is directly below a prefix, page by page, and answers whether the bucket is there.

use std::sync::atomic::Ordering;

use rusty_s3::Method;

use super::client::Request;
use super::keys::{decoded, tag};
use super::refusal::Refusal;
use super::site::Site;
use super::xml::Fields;
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::Object;
use crate::stop::Stop;

/// All objects of the location whose keys begin with `prefix`.
pub fn list(site: &Site, what: &str, prefix: &str, stop: &Stop) -> Result<Vec<Object>> {
    let nonsense = |text: &str| Error::new(Kind::Interrupted, text).about(what);
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..limits::S3_PAGES {
        let mut query = vec![("list-type", "2"), ("delimiter", "/"), ("encoding-type", "url")];
        // Some servers refuse empty parameters.
        query.extend((!prefix.is_empty()).then_some(("prefix", prefix)));
        query.extend(token.as_deref().map(|token| ("continuation-token", token)));
        let request = Request { query: &query, ..Request::new(Method::Get, None) };
        let page = match site.client.ask(what, request, stop) {
            // A server of files, when there is no folder of that name.
            Err(refusal) if refusal.code == "NoSuchKey" => return Ok(found),
            page => page?,
        };
        if !matches!(page.root.as_str(), "ListBucketResult" | "ListObjectsV2Result") {
            return Err(nonsense("the answer is no listing; check `endpoint`"));
        }
        site.is_bucket_seen.store(true, Ordering::Relaxed);
        for row in page.rows("Contents") {
            let object = object(site, row, page.fields.text("EncodingType"))
                .map_err(|()| nonsense("the listing has an entry without key or size"))?;
            found.extend(object);
        }
        if found.len() > limits::S3_OBJECTS {
            return Err(Error::new(Kind::Invalid, "too many objects; use a `prefix` of its own").about(what));
        }
        if !page.fields.is_true("IsTruncated") {
            return Ok(found);
        }
        let next = page.fields.text("NextContinuationToken").map(str::to_owned);
        if next.is_none() || next == token {
            return Err(nonsense("the server has more objects, but does not say how to go on"));
        }
        token = next;
    }
    Err(nonsense("the listing has no end"))
}

/// `None` if it is not directly below the location's prefix.
fn object(site: &Site, row: &Fields, encoding: Option<&str>) -> std::result::Result<Option<Object>, ()> {
    let key = decoded(row.text("Key").ok_or(())?, encoding);
    let Some(name) = site.keys.name(&key) else { return Ok(None) };
    let modified = row.text("LastModified").and_then(|text| text.trim().parse::<jiff::Timestamp>().ok());
    Ok(Some(Object {
        name: name.to_owned(),
        size: row.number("Size").ok_or(())?,
        modified: modified.map(jiff::Timestamp::as_second),
        tag: row.text("ETag").map(tag),
    }))
}

/// Fails if there is no such bucket: a server may create it with the first object. Asks once. A key that may not list knows nothing of it.
pub fn need_bucket(site: &Site, stop: &Stop) -> Result<()> {
    if site.is_bucket_seen.load(Ordering::Relaxed) {
        return Ok(());
    }
    let what = format!("cannot reach {}", site.address);
    let prefix = site.keys.prefix();
    let mut query = vec![("list-type", "2"), ("max-keys", "1")];
    query.extend((!prefix.is_empty()).then_some(("prefix", prefix)));
    let request = Request { query: &query, ..Request::new(Method::Get, None) };
    match site.client.ask(&what, request, stop) {
        Ok(_) => {}
        Err(Refusal { code, .. }) if matches!(code.as_str(), "NoSuchKey" | "AccessDenied") => {}
        Err(refusal) => return Err(refusal.error),
    }
    site.is_bucket_seen.store(true, Ordering::Relaxed);
    Ok(())
}
