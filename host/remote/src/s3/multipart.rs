//! Uploads in parts: begins, continues, completes and gives up, and finds those whose handle was lost.

use std::fmt::Write;

use md5::{Digest, Md5};
use quick_xml::escape::escape;
use rusty_s3::Method;

use super::client::Request;
use super::keys::{decoded, tag};
use super::objects::{self, empty};
use super::refusal::Refusal;
use super::site::{Site, TOKEN};
use super::whole::{Outcome, is_md5, put};
use crate::error::{Error, Kind, Result};
use crate::hex::hex;
use crate::http::Outgoing;
use crate::limits;
use crate::protocol::{Body, Part, Upload};
use crate::stop::Stop;

/// Begins an upload and returns its id.
pub fn create(site: &Site, upload: &Upload, stop: &Stop) -> Result<String> {
    let what = site.cannot("upload", &upload.name);
    let key = site.keys.key(&upload.name)?;
    let request = Request {
        query: &[("uploads", "")],
        headers: &[(TOKEN, &upload.token)],
        body: empty(),
        ..Request::new(Method::Post, Some(&key))
    };
    let answer = site.client.ask(&what, request, stop).map_err(Refusal::of_change)?;
    match answer.fields.text("UploadId").map(str::trim) {
        Some(id) if !id.is_empty() && id.len() <= 4096 => Ok(id.to_owned()),
        _ => Err(Error::new(Kind::Interrupted, "the server gives the upload no id").about(what)),
    }
}

/// Sends one part. If the line breaks, asks whether it has arrived, or why it could not.
pub fn send(site: &Site, upload: &Upload, id: &str, number: u32, body: Body, stop: &Stop) -> Result<Part> {
    let what = format!("{} (part {number})", site.cannot("upload", &upload.name));
    let (size, md5, key) = (body.size, body.md5, site.keys.key(&upload.name)?);
    let text = number.to_string();
    let query = [("partNumber", text.as_str()), ("uploadId", id)];
    let request = Request { query: &query, ..Request::new(Method::Put, Some(&key)) };
    let error = match put(site, &what, request, number, body, stop)? {
        Outcome::Done(part) => return Ok(part),
        // A part may be sent again and again: it does not matter whether the server has it.
        Outcome::Broken { error, .. } => error,
        Outcome::Refused(refusal) if refusal.is_unclear() => refusal.error,
        Outcome::Refused(refusal) => return Err(refusal.error),
    };
    let error = Error { kind: Kind::Interrupted, ..error };
    let query = [("uploadId", id), ("max-parts", "1")];
    let before = number.saturating_sub(1).to_string();
    let marker = (number > 1).then_some(("part-number-marker", before.as_str()));
    match page(site, &what, &key, query.into_iter().chain(marker).collect(), stop) {
        Ok(page) => {
            let arrived = page.parts.into_iter().find(|part| part.number == number && part.size == size);
            let arrived = arrived.filter(|part| md5.is_some_and(|md5| is_md5(&part.tag, &md5)));
            arrived.map(|part| Part { is_proven: true, ..part }).ok_or(error)
        }
        Err(reason) if reason.error.is_transient() => Err(error),
        Err(reason) => Err(reason.error),
    }
}

struct Page {
    parts: Vec<Part>,
    /// Where the next page begins.
    next: Option<String>,
}

fn page(
    site: &Site,
    what: &str,
    key: &str,
    query: Vec<(&str, &str)>,
    stop: &Stop,
) -> std::result::Result<Page, Refusal> {
    let request = Request { query: &query, ..Request::new(Method::Get, Some(key)) };
    let answer = site.client.ask(what, request, stop)?;
    let mut parts = Vec::new();
    for row in answer.rows("Part") {
        let (Some(number), Some(size)) = (row.number("PartNumber"), row.number("Size")) else {
            let message = "the list of parts has an entry without number or size";
            return Err(Error::new(Kind::Interrupted, message).about(what).into());
        };
        let tag = row.text("ETag").map(tag).unwrap_or_default();
        parts.push(Part { number, size, tag, is_proven: false });
    }
    let next = answer.fields.text("NextPartNumberMarker").map(str::to_owned);
    Ok(Page { parts, next: next.filter(|_| answer.fields.is_true("IsTruncated")) })
}

/// The parts that the server has. `NotFound` when it has forgotten the upload.
pub fn parts(site: &Site, upload: &Upload, id: &str, stop: &Stop) -> Result<Vec<Part>> {
    let what = site.cannot("continue the upload of", &upload.name);
    let key = site.keys.key(&upload.name)?;
    let mut parts: Vec<Part> = Vec::new();
    let mut marker: Option<String> = None;
    for _ in 0..limits::S3_PAGES {
        let mut query = vec![("uploadId", id)];
        query.extend(marker.as_deref().map(|marker| ("part-number-marker", marker)));
        let page = page(site, &what, &key, query, stop)?;
        parts.extend(page.parts);
        match page.next {
            Some(next) if Some(&next) != marker.as_ref() => marker = Some(next),
            _ => return single(parts).map_err(|error| error.about(what)),
        }
    }
    Err(Error::new(Kind::Interrupted, "the list of parts has no end").about(what))
}

/// Each part once, in order. SeaweedFS lists a part that was sent twice twice, and completes with either.
fn single(mut parts: Vec<Part>) -> Result<Vec<Part>> {
    parts.sort_by_key(|part| part.number);
    parts.dedup();
    let is_twice = |two: &[Part]| matches!(two, [one, other] if one.number == other.number);
    match parts.windows(2).any(is_twice) {
        true => {
            let message = "the server has a part twice with different bytes; the upload must begin anew";
            Err(Error::new(Kind::NotFound, message))
        }
        false => Ok(parts),
    }
}

/// Puts the parts together.
pub fn complete(site: &Site, upload: &Upload, id: &str, parts: &[Part], stop: &Stop) -> Result<()> {
    let what = site.cannot("complete the upload of", &upload.name);
    let key = site.keys.key(&upload.name)?;
    check(upload, parts).map_err(|error| error.about(&what))?;
    // Servers that know no condition replace an object.
    if let Some(there) = objects::find(site, &upload.name, stop)? {
        if is_ours(&there, upload, parts) {
            return Ok(());
        }
        return match self::parts(site, upload, id, stop) {
            // Completed before, when the answer was lost.
            Err(error) if error.kind == Kind::NotFound && there.object.size == upload.size => Ok(()),
            Err(error) if error.kind != Kind::NotFound => Err(error),
            _ => Err(Error::new(Kind::Exists, "an object of that name exists").about(what)),
        };
    }
    let text = document(parts);
    loop {
        let condition = site.condition();
        let request = Request {
            query: &[("uploadId", id)],
            headers: condition.as_slice(),
            body: Outgoing::Text(text.clone().into()),
            ..Request::new(Method::Post, Some(&key))
        };
        let refusal = match site.client.ask(&what, request, stop) {
            Ok(_) => return Ok(()),
            Err(refusal) if condition.is_some() && site.drops_condition(&refusal) => continue,
            Err(refusal) => refusal,
        };
        let there = match refusal.code == "NoSuchUpload" || refusal.error.kind == Kind::Exists {
            true => objects::find(site, &upload.name, stop)?,
            false => None,
        };
        return match there {
            Some(there) if refusal.code == "NoSuchUpload" && there.object.size == upload.size => Ok(()),
            Some(there) if is_ours(&there, upload, parts) => Ok(()),
            _ => Err(refusal.of_change()),
        };
    }
}

/// Nothing is put together that is not whole.
fn check(upload: &Upload, parts: &[Part]) -> Result<()> {
    let size: u64 = parts.iter().fold(0, |sum, part| sum.saturating_add(part.size));
    let is_gapless = parts.iter().zip(1..).all(|(part, number)| part.number == number);
    let first = parts.first().map_or(0, |part| part.size);
    let are_equal = match parts.split_last() {
        Some((last, others)) => others.iter().all(|part| part.size == first) && last.size <= first,
        None => false,
    };
    if size == upload.size && is_gapless && are_equal {
        return Ok(());
    }
    let message = format!(
        "the {} parts have {size} bytes together, not {}, or are not of one size; the upload must begin anew",
        parts.len(),
        upload.size
    );
    Err(Error::new(Kind::NotFound, message))
}

fn is_ours(there: &objects::Found, upload: &Upload, parts: &[Part]) -> bool {
    let is_token = there.token.as_deref() == Some(upload.token.as_str());
    let is_tag = there.object.tag.as_deref().is_some_and(|tag| Some(tag) == combined(parts).as_deref());
    (is_token || is_tag) && there.object.size == upload.size
}

/// The ETag that most servers give an object of these parts.
pub fn combined(parts: &[Part]) -> Option<String> {
    let mut digest = Md5::new();
    for part in parts {
        digest
            .update(u128::from_str_radix(&part.tag, 16).ok().filter(|_| part.tag.len() == 32)?.to_be_bytes());
    }
    let digest: [u8; 16] = digest.finalize().into();
    Some(format!("{}-{}", hex(&digest), parts.len()))
}

fn document(parts: &[Part]) -> String {
    let mut text = r#"<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">"#.to_owned();
    for part in parts {
        let tag = escape(part.tag.as_str());
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "<Part><PartNumber>{}</PartNumber><ETag>&quot;{tag}&quot;</ETag></Part>",
            part.number
        );
    }
    text.push_str("</CompleteMultipartUpload>");
    text
}

/// Gives up an upload. One that the server does not know is no error.
pub fn abort(site: &Site, name: &str, id: &str, stop: &Stop) -> Result<()> {
    let what = site.cannot("give up the upload of", name);
    let key = site.keys.key(name)?;
    let request = Request { query: &[("uploadId", id)], ..Request::new(Method::Delete, Some(&key)) };
    objects::remove(site, &what, request, stop)
}

/// Gives up all uploads of that name. Servers that cannot list uploads are taken to have none.
pub fn abort_all(site: &Site, name: &str, stop: &Stop) -> Result<()> {
    let what = site.cannot("give up uploads of", name);
    let wanted = site.keys.key(name)?;
    let mut found = Vec::new();
    let mut marker: Option<(String, String)> = None;
    for _ in 0..limits::S3_PAGES {
        // SeaweedFS says that it encodes these keys when asked for it, and does not.
        let mut query = vec![("uploads", ""), ("prefix", wanted.as_str())];
        if let Some((key, id)) = &marker {
            query.extend([("key-marker", key.as_str()), ("upload-id-marker", id.as_str())]);
        }
        let request = Request { query: &query, ..Request::new(Method::Get, None) };
        let page = match site.client.ask(&what, request, stop) {
            Err(refusal) if matches!(refusal.status, Some(404 | 405 | 501)) => break,
            page => page?,
        };
        let encoding = page.fields.text("EncodingType");
        for row in page.rows("Upload") {
            let key = row.text("Key").map(|key| decoded(key, encoding));
            if key.as_deref() == Some(&wanted) {
                found.extend(row.text("UploadId").map(|id| id.trim().to_owned()));
            }
        }
        let marker_of = |name| page.fields.text(name).unwrap_or_default();
        let next_key = decoded(marker_of("NextKeyMarker"), encoding).into_owned();
        let next = Some((next_key, marker_of("NextUploadIdMarker").to_owned()));
        if !page.fields.is_true("IsTruncated") || next == marker || found.len() > limits::S3_OBJECTS {
            break;
        }
        marker = next;
    }
    found.iter().try_for_each(|id| abort(site, name, id, stop))
}
