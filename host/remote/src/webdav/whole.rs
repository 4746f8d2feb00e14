//! Uploads in one piece: to a hidden name, compared by size, renamed; to the final name where MOVE is impossible.

use std::time::Duration;

use super::address::Address;
use super::client::{Client, Sent};
use super::publish::{Moved, Moves};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::{Body, Part, Upload};
use crate::stop::Stop;

pub struct Whole<'a> {
    pub address: &'a Address,
    pub client: &'a Client,
    pub moves: &'a Moves,
}

/// Fails with `Exists` if a file or folder of that name exists. Looks at it: several servers overwrite whatever the header says.
pub fn check_free(client: &Client, address: &Address, name: &str, stop: &Stop) -> Result<()> {
    let url = address.file(name)?;
    match client.find(&url, stop)? {
        None => Ok(()),
        Some(_) => Err(Error::new(Kind::Exists, format!("{url} exists already"))),
    }
}

impl Whole<'_> {
    /// Nextcloud and ownCloud refuse names that end in `.part`.
    fn hidden(&self, upload: &Upload) -> String {
        let end = if self.address.is_nextcloud() { "upload" } else { "part" };
        format!(".larder-{}.{end}", upload.token)
    }

    /// What the small file is renamed to that tells whether the server can rename.
    fn moved(&self, upload: &Upload) -> String {
        format!(".larder-{}.moved", upload.token)
    }

    /// The hidden name, or the final one where the server cannot rename.
    pub fn start(&self, upload: &Upload, stop: &Stop) -> Result<String> {
        if !self.moves.is_known() {
            self.try_out(upload, stop)?;
        }
        Ok(if self.moves.are_possible() { self.hidden(upload) } else { upload.name.clone() })
    }

    /// Sends a few bytes to the hidden name and renames them. Wrong rights and a refused name are seen here, before anything large is sent.
    fn try_out(&self, upload: &Upload, stop: &Stop) -> Result<()> {
        const PROBE: &[u8] = b"larder\n";
        let hidden = self.address.file(&self.hidden(upload))?;
        let moved = self.address.file(&self.moved(upload))?;
        let body = Body { size: PROBE.len() as u64, md5: None, reader: Box::new(PROBE) };
        match self.client.put(&hidden, &[], body, stop) {
            Sent::Done => {}
            Sent::Failed(error)
                if matches!(
                    error.kind,
                    Kind::Invalid | Kind::Unsupported | Kind::NotFound | Kind::Denied
                ) =>
            {
                return Err(error.about("the server does not take a hidden file, which uploads begin as"));
            }
            Sent::Failed(error) | Sent::Lost { error, .. } => return Err(again(error)),
        }
        match self.moves.rename(self.client, &hidden, &moved, &[], stop).map_err(again)? {
            Moved::Done => self.client.delete(&moved, stop),
            Moved::Impossible => {
                self.moves.give_up();
                self.client.delete(&hidden, stop)
            }
        }
    }

    /// Sends the file, and looks whether all of it has arrived.
    pub fn send(&self, handle: &str, number: u32, body: Body, stop: &Stop) -> Result<Part> {
        let url = self.address.file(handle)?;
        let size = body.size;
        let arrived = || -> Result<Option<u64>> {
            match self.client.find(&url, stop)? {
                Some(found) if found.size.is_none() => self.client.size(&url, stop),
                found => Ok(found.and_then(|found| found.size)),
            }
        };
        let there = match self.client.put(&url, &[], body, stop) {
            Sent::Done => arrived()?,
            Sent::Failed(error) => return Err(error),
            Sent::Lost { error, patience } => {
                // The server may need time for the file, and sending it again would take longer.
                let mut there = arrived();
                let mut waited = Duration::ZERO;
                for (number, pause) in limits::LOST_ANSWER_PAUSES.iter().enumerate() {
                    let is_there = matches!(there, Ok(Some(there)) if there == size);
                    if is_there || (number >= limits::CHEAP_PAUSES && waited >= patience) {
                        break;
                    }
                    stop.wait(*pause)?;
                    waited = waited.saturating_add(*pause);
                    there = arrived();
                }
                Some(there.ok().flatten().filter(|there| *there == size).ok_or(error)?)
            }
        };
        match there {
            Some(there) if there == size => Ok(Part { number, size, tag: String::new(), is_proven: false }),
            Some(there) => {
                Err(Error::new(Kind::Interrupted, format!("{there} of {size} bytes have arrived as {url}")))
            }
            None => Err(Error::new(
                Kind::Interrupted,
                format!("the server has taken {url}, but does not show it"),
            )),
        }
    }

    /// The file as part 1 once it is there entirely.
    pub fn parts(&self, upload: &Upload, handle: &str, stop: &Stop) -> Result<Vec<Part>> {
        let found = self.client.find(&self.address.file(handle)?, stop)?;
        let is_whole = found.is_some_and(|found| found.size == Some(upload.size));
        Ok(is_whole
            .then_some(Part { number: 1, size: upload.size, tag: String::new(), is_proven: false })
            .into_iter()
            .collect())
    }

    /// Renames the hidden file.
    pub fn finish(&self, upload: &Upload, handle: &str, stop: &Stop) -> Result<()> {
        let (from, to) = (self.address.file(handle)?, self.address.file(&upload.name)?);
        match self.moves.rename(self.client, &from, &to, &[], stop)? {
            Moved::Done => Ok(()),
            Moved::Impossible => {
                self.moves.give_up();
                let message = format!(
                    "{} does not rename files any more; the upload begins anew under its final name",
                    self.address.shown()
                );
                Err(Error::new(Kind::NotFound, message))
            }
        }
    }

    /// Deletes what the handle names; without one, all that `start` may have made.
    pub fn discard(&self, upload: &Upload, handle: Option<&str>, stop: &Stop) -> Result<()> {
        let names = match handle {
            Some(handle) => vec![handle.to_owned()],
            None => vec![self.hidden(upload), self.moved(upload)],
        };
        names.iter().try_for_each(|name| self.client.delete(&self.address.file(name)?, stop))
    }
}

/// The small file may be sent again, so nothing is unclear about it.
fn again(error: Error) -> Error {
    match error.kind {
        Kind::Unclear => Error { kind: Kind::Interrupted, ..error },
        _ => error,
    }
}
