//! The structure of an inner tar, checked while it is written.
//!
//! Owns the proof that the tar can be read back and contains the intended entries: the reader's own parser and rules are applied
//! to each header, and the bytes between two headers are counted. Does not look at content.

use super::entry::{Entry, Kind};
use super::error::{Result, damaged};
use super::header::{self, BLOCK};
use super::inner_reader::{Base, Summary, Walk};
use super::limits::Limits;
use super::members::Members;
use super::paths;

/// Checks a tar while [`super::TreeWriter`] writes it.
pub struct StructureCheck<'a> {
    walk: Walk<'a>,
    /// Bytes of content and of padding expected before the next header.
    content: u64,
    padding: u64,
}

impl<'a> StructureCheck<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Self { walk: Walk::new(Base::Home, limits), content: 0, padding: 0 }
    }

    /// The header blocks of the next entry.
    pub fn header(&mut self, intended: &Entry, bytes: &[u8]) -> Result<()> {
        self.expect_boundary()?;
        let mut members = Members::new(bytes);
        let Some(header) = members.next()? else { return damaged("an entry without a header") };
        let is_whole = members.at() == bytes.len() as u64;
        match self.walk.classify(&header)? {
            Some(found) if is_whole && is_same(&found, intended) => {}
            _ => {
                return damaged(format!(
                    "`{}` would be read back as a different entry",
                    paths::shown(&intended.path)
                ));
            }
        }
        if let Kind::File(size) = intended.kind {
            (self.content, self.padding) = (size, header::padding(size));
        }
        Ok(())
    }

    /// `count` bytes of content of the current entry.
    pub fn content(&mut self, count: u64) -> Result<()> {
        match self.content.checked_sub(count) {
            Some(left) => self.content = left,
            None => return damaged("more content than the header announces"),
        }
        Ok(())
    }

    /// Zeros: the padding after a content, or the end-of-archive marker.
    pub fn zeros(&mut self, count: u64) -> Result<()> {
        let is_end = self.padding == 0 && count >= 2 * BLOCK;
        if self.content > 0 || count != self.padding && !is_end {
            return damaged("content that is not padded to a whole block");
        }
        self.padding = 0;
        Ok(())
    }

    /// Fails inside an entry.
    fn expect_boundary(&self) -> Result<()> {
        match (self.content, self.padding) {
            (0, 0) => Ok(()),
            _ => damaged("a header inside the content of another entry"),
        }
    }

    /// The contents of the tar, once it is complete.
    pub fn finish(self) -> Result<Summary> {
        self.expect_boundary()?;
        self.walk.finish()
    }
}

/// Times and owner names are not compared: the format rounds and re-encodes them.
fn is_same(found: &Entry, intended: &Entry) -> bool {
    let of = |entry: &Entry| (entry.mode & 0o7777, entry.uid, entry.gid);
    found.path == intended.path && found.kind == intended.kind && of(found) == of(intended)
}
