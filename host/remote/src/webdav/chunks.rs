//! Chunked uploads of Nextcloud and ownCloud, version 2: parts go to a folder of their own, and a MOVE joins them.
//!
//! The server forgets such a folder after a day without a request. Every request names the destination.

use url::Url;

use super::address::{Address, below};
use super::client::{Client, Sent};
use super::listing::children;
use super::publish::{Moved, Moves};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::{Body, Part, Upload};
use crate::stop::Stop;

/// Bytes of a part.
pub fn part_size(size: u64) -> u64 {
    const MIB: u64 = 1 << 20;
    let needed = size.div_ceil(limits::NEXTCLOUD_PARTS);
    limits::NEXTCLOUD_PART_BYTES.max(needed.div_ceil(MIB) * MIB)
}

/// Where the parts of one upload lie.
pub struct Chunks {
    folder: Url,
    destination: Url,
    size: u64,
}

impl Chunks {
    /// `None` if the location is no Nextcloud.
    pub fn new(address: &Address, upload: &Upload) -> Result<Option<Self>> {
        let destination = address.file(&upload.name)?;
        Ok(address.chunks(&upload.token).map(|folder| Self { folder, destination, size: upload.size }))
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        vec![("destination", self.destination.to_string()), ("oc-total-length", self.size.to_string())]
    }

    /// Makes the folder. `false` if the server has no chunked uploads.
    pub fn start(&self, client: &Client, stop: &Stop) -> Result<bool> {
        let answer = client.send("MKCOL", &self.folder, &self.headers(), stop)?;
        if answer.is_success() {
            return Ok(true);
        }
        let error = answer.refused(&format!("cannot begin an upload in parts at {}", self.folder));
        match error.kind {
            // Where it exists already, an earlier `start` of the same upload has made it.
            Kind::NotFound | Kind::Unsupported => {
                Ok(client.find(&self.folder, stop).ok().flatten().is_some_and(|found| found.is_collection))
            }
            _ => Err(error),
        }
    }

    pub fn send(&self, client: &Client, number: u32, body: Body, stop: &Stop) -> Result<Part> {
        if number == 0 || u64::from(number) > limits::NEXTCLOUD_PARTS {
            return Err(Error::new(
                Kind::Invalid,
                format!("part {number}: Nextcloud takes 1 to {}", limits::NEXTCLOUD_PARTS),
            ));
        }
        let size = body.size;
        match client.put(&below(&self.folder, &format!("{number:05}")), &self.headers(), body, stop) {
            Sent::Done => Ok(Part { number, size, tag: String::new(), is_proven: false }),
            // A part may be sent again, so nothing is unclear about it.
            Sent::Failed(error) | Sent::Lost { error, .. } => match error.kind {
                Kind::Unclear => Err(Error { kind: Kind::Interrupted, ..error }),
                _ => Err(error),
            },
        }
    }

    /// The parts whose sizes the server says.
    pub fn parts(&self, client: &Client, stop: &Stop) -> Result<Vec<Part>> {
        let Some(resources) = client.list(&self.folder, stop)? else {
            return Err(Error::new(Kind::NotFound, "the server has forgotten the parts of this upload"));
        };
        let part = |(name, found): (String, super::multistatus::Resource)| {
            let number = name.parse().ok().filter(|number| *number > 0)?;
            Some(Part { number, size: found.size?, tag: String::new(), is_proven: false })
        };
        Ok(children(resources, self.folder.path())?.into_iter().filter_map(part).collect())
    }

    /// Puts the parts together under the final name.
    pub fn finish(&self, client: &Client, parts: &[Part], stop: &Stop) -> Result<()> {
        let there = self.parts(client, stop)?;
        for part in parts {
            if there.iter().any(|found| found.number == part.number && found.size != part.size) {
                return Err(Error::new(
                    Kind::Interrupted,
                    format!("part {} is not whole on the server", part.number),
                ));
            }
        }
        let length =
            self.headers().into_iter().filter(|(name, _)| *name != "destination").collect::<Vec<_>>();
        // What is learnt here of MOVE is not true of other files.
        match Moves::default().rename(
            client,
            &below(&self.folder, ".file"),
            &self.destination,
            &length,
            stop,
        )? {
            Moved::Done => Ok(()),
            Moved::Impossible => Err(Error::new(
                Kind::Unsupported,
                "the server does not put the parts of an upload together (MOVE)",
            )),
        }
    }

    /// Deletes the parts.
    pub fn discard(&self, client: &Client, stop: &Stop) -> Result<()> {
        client.delete(&self.folder, stop)
    }
}
