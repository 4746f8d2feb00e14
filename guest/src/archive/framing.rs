//! The structure of an inner tar, checked while it is written: each header is read back by the reader's own parser and judged by
//! its rules, and the bytes between two headers are counted.
//!
//! Owns the proof that what is written can be walked through and holds what was meant. Looks at no content.

use super::entry::{Entry, Kind};
use super::header::{self, BLOCK};
use super::members::Members;
use super::reader::{Base, Summary, Walk};
use super::{Limits, Result, damaged, paths};

pub struct Framing<'a> {
    walk: Walk<'a>,
    /// Bytes of content and of zeros that must come before the next header.
    content: u64,
    zeros: u64,
}

impl<'a> Framing<'a> {
    pub fn new(limits: &'a Limits) -> Self {
        Self { walk: Walk::new(Base::Home, limits), content: 0, zeros: 0 }
    }

    /// The header blocks of the next entry.
    pub fn head(&mut self, meant: &Entry, bytes: &[u8]) -> Result<()> {
        self.must_be_between()?;
        let mut members = Members::new(bytes);
        let Some(head) = members.next()? else { return damaged("an entry whose header is none") };
        let is_whole = members.at() == bytes.len() as u64;
        match self.walk.judge(&head)? {
            Some(found) if is_whole && is_same(&found, meant) => {}
            _ => return damaged(format!("`{}` would come back as another", paths::shown(&meant.path))),
        }
        if let Kind::File(size) = meant.kind {
            (self.content, self.zeros) = (size, header::padding(size));
        }
        Ok(())
    }

    pub fn content(&mut self, count: u64) -> Result<()> {
        match self.content.checked_sub(count) {
            Some(left) => self.content = left,
            None => return damaged("more content than its header announces"),
        }
        Ok(())
    }

    /// Zeros behind a content; without one before them, those of the end mark.
    pub fn zeros(&mut self, count: u64) -> Result<()> {
        let is_end = self.zeros == 0 && count >= 2 * BLOCK;
        if self.content > 0 || count != self.zeros && !is_end {
            return damaged("a content that does not fill its blocks");
        }
        self.zeros = 0;
        Ok(())
    }

    fn must_be_between(&self) -> Result<()> {
        match (self.content, self.zeros) {
            (0, 0) => Ok(()),
            _ => damaged("a header inside the content of another entry"),
        }
    }

    /// What the tar holds, once it is whole.
    pub fn finish(self) -> Result<Summary> {
        self.must_be_between()?;
        self.walk.finish()
    }
}

/// Times and names of owners are left to the reader: they come back in the form that the format has for them.
fn is_same(found: &Entry, meant: &Entry) -> bool {
    let of = |entry: &Entry| (entry.mode & 0o7777, entry.uid, entry.gid);
    found.path == meant.path && found.kind == meant.kind && of(found) == of(meant)
}
