//! Gives an uploaded file its final name, by MOVE without overwriting, in the form that this server takes.
//!
//! Servers disagree about the header `Destination`: behind a proxy that ends TLS some refuse the whole URL (502, 400), others refuse a path alone
//! (400). And some addresses cannot MOVE at all. A small file tells which before anything large is sent.

use std::sync::atomic::{AtomicU8, Ordering};

use url::Url;

use super::answers::{refused, unclear};
use super::client::Client;
use crate::error::{Error, Kind, Result};
use crate::stop::Stop;

/// What is known of MOVE here.
#[derive(Default)]
pub struct Moves(AtomicU8);

const UNKNOWN: u8 = 0;
const BY_URL: u8 = 1;
const BY_PATH: u8 = 2;
const IMPOSSIBLE: u8 = 3;

/// How a MOVE ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    Done,
    /// The server cannot MOVE, or takes no form of the destination.
    Impossible,
}

impl Moves {
    pub fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed) != UNKNOWN
    }

    /// Whether files can be renamed here, as far as is known.
    pub fn are_possible(&self) -> bool {
        self.0.load(Ordering::Relaxed) != IMPOSSIBLE
    }

    pub fn give_up(&self) {
        self.0.store(IMPOSSIBLE, Ordering::Relaxed);
    }

    /// Renames without overwriting: the whole URL first, then the path alone. Lost and unknown answers are `Unclear`.
    pub fn rename(
        &self,
        client: &Client,
        from: &Url,
        to: &Url,
        more: &[(&str, String)],
        stop: &Stop,
    ) -> Result<Moved> {
        let forms: &[u8] =
            if self.0.load(Ordering::Relaxed) == BY_PATH { &[BY_PATH] } else { &[BY_URL, BY_PATH] };
        let what = format!("cannot rename {from}");
        let mut was_refused = None;
        for form in forms {
            let destination = if *form == BY_URL { to.as_str() } else { to.path() };
            let mut headers = vec![("destination", destination.to_owned()), ("overwrite", "F".to_owned())];
            headers.extend_from_slice(more);
            let answer = client.send("MOVE", from, &headers, stop).map_err(unclear)?;
            match answer.status {
                200 | 201 | 204 => {
                    self.0.store(*form, Ordering::Relaxed);
                    return Ok(Moved::Done);
                }
                400 | 502 => was_refused = Some(answer.refused(&what)),
                405 | 501 => return Ok(Moved::Impossible),
                // A proxy's 502 may have hidden that the first one was done.
                404 | 412 if was_refused.is_some() => {
                    return Err(Error { kind: Kind::Unclear, ..answer.refused(&what) });
                }
                207 => {
                    return Err(Error::new(
                        Kind::Unclear,
                        "the server answered 207, which says nothing about the file",
                    )
                    .about(&what));
                }
                status => return Err(unclear(refused(&what, status, answer.location.as_deref()))),
            }
        }
        // The server may be down behind its proxy. If it answers and the file has not moved, it does not take the destination.
        match client.find(from, stop) {
            Ok(Some(_)) => Ok(Moved::Impossible),
            Ok(None) => {
                Err(Error::new(Kind::Unclear, "the server refused it, and the file has vanished")
                    .about(&what))
            }
            Err(error) => Err(unclear(was_refused.unwrap_or(error))),
        }
    }
}
