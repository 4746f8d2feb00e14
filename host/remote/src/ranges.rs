//! The answer to a request for a range of bytes: exactly those bytes, or an error.

use std::io::{self, Read};
use std::ops::Range;

use crate::error::{Error, Kind, Result};
use crate::exactly::Received;
use crate::http::Response;
use crate::limits;

/// The value of the header `Range`. The range is not empty.
pub fn header(range: &Range<u64>) -> String {
    format!("bytes={}-{}", range.start, range.end.saturating_sub(1))
}

/// The bytes of the range in an answer. Absent, with the answer, where it is a refusal.
pub fn bytes(
    mut response: Response,
    range: &Range<u64>,
) -> Result<std::result::Result<Box<dyn Read + Send>, Response>> {
    let length = range.end.saturating_sub(range.start);
    match (response.status, response.header("content-range").map(str::to_owned)) {
        // rclone's S3 answers ranges with 200.
        (200 | 206, Some(given)) => {
            let expected = format!("bytes {}-{}/", range.start, range.end.saturating_sub(1));
            let announced =
                response.header("content-length").and_then(|text| text.trim().parse::<u64>().ok());
            let is_right = given.trim().to_ascii_lowercase().starts_with(&expected);
            if !is_right || announced.is_some_and(|announced| announced > length) {
                let text = format!("{} was asked for, the server sent {given}", header(range));
                return Err(Error::new(Kind::Unsupported, text));
            }
        }
        (206, None) => {
            let text = "the server does not say which bytes it sent (no Content-Range)";
            return Err(Error::new(Kind::Unsupported, text));
        }
        (200, None) if range.start <= limits::SKIPPED_BYTES => {
            let skipped = io::copy(&mut response.body.by_ref().take(range.start), &mut io::sink());
            skipped.map_err(|error| Error::new(Kind::Interrupted, error.to_string()))?;
        }
        (200, None) => {
            let text = "the server sends whole files only, so nothing in the middle of one can be read";
            return Err(Error::new(Kind::Unsupported, text));
        }
        (416, _) => {
            return Err(Error::new(Kind::Interrupted, "it is shorter than it was said to be (416)"));
        }
        _ => return Ok(Err(response)),
    }
    Ok(Ok(Box::new(Received::new(response.body, length))))
}
