//! The header of one member as bytes, exactly as Python's `tarfile` writes it. It is a ustar block, preceded by a PAX header
//! for values that do not fit.
//!
//! Owns the encoding of headers. Does not check values; callers check names first.

use tar::Header;

use super::entry::Instant;
use super::header::{self, OCTAL_7, OCTAL_11};
use super::{pax, time};

/// How the time of modification is stored.
pub(super) enum Time {
    /// Whole seconds, as for `backup.json`: no PAX record.
    Seconds(i64),
    /// With a fraction, in a PAX record.
    Exact(Instant),
}

/// The values of one header.
pub(super) struct HeaderFields<'a> {
    pub(super) name: &'a [u8],
    /// The type byte: `0`, `1`, `2`, `5`.
    pub(super) flag: u8,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) size: u64,
    pub(super) link: &'a [u8],
    pub(super) user: &'a str,
    pub(super) group: &'a str,
    pub(super) time: Time,
}

impl HeaderFields<'_> {
    /// The PAX header in whole blocks, empty when not needed, and the member's own block with its checksum.
    pub(super) fn encode(&self) -> (Vec<u8>, Header) {
        let mut block = Header::new_ustar();
        let mut records = Vec::new();
        self.texts(&mut block, &mut records);
        self.numbers(&mut block, &mut records);
        header::set_checksum(&mut block);
        (extended(&records), block)
    }

    fn texts(&self, block: &mut Header, records: &mut Vec<u8>) {
        let texts = [
            ("path", self.name, 100),
            ("linkpath", self.link, 100),
            ("uname", self.user.as_bytes(), 32),
            ("gname", self.group.as_bytes(), 32),
        ];
        let extra = || texts.iter().filter(|(_, text, room)| !text.is_ascii() || text.len() > *room);
        if extra().any(|(_, text, _)| std::str::from_utf8(text).is_err()) {
            pax::push(records, "hdrcharset", b"BINARY");
        }
        extra().for_each(|(key, text, _)| pax::push(records, key, text));
        let old = block.as_old_mut();
        old.linkflag = [self.flag];
        put(&mut old.name, self.name);
        put(&mut old.linkname, self.link);
        if let Some(ustar) = block.as_ustar_mut() {
            put(&mut ustar.uname, self.user.as_bytes());
            put(&mut ustar.gname, self.group.as_bytes());
        }
    }

    fn numbers(&self, block: &mut Header, records: &mut Vec<u8>) {
        let mut fits = |key, value: u64, most| {
            if value > most {
                pax::push(records, key, value.to_string().as_bytes());
            }
            if value > most { 0 } else { value }
        };
        block.set_mode(self.mode & 0o7777);
        block.set_uid(fits("uid", self.uid, OCTAL_7));
        block.set_gid(fits("gid", self.gid, OCTAL_7));
        block.set_size(fits("size", self.size, OCTAL_11));
        let seconds = match self.time {
            Time::Seconds(seconds) => seconds,
            Time::Exact(time) => {
                pax::push(records, "mtime", time::to_text(time).as_bytes());
                time::rounded(time)
            }
        };
        block.set_mtime(u64::try_from(seconds).ok().filter(|seconds| *seconds <= OCTAL_11).unwrap_or(0));
    }
}

/// A PAX header: its block and its content, padded.
fn extended(records: &[u8]) -> Vec<u8> {
    if records.is_empty() {
        return Vec::new();
    }
    let mut block = Header::new_ustar();
    put(&mut block.as_old_mut().name, b"././@PaxHeader");
    block.as_old_mut().linkflag = *b"x";
    block.set_mode(0);
    block.set_uid(0);
    block.set_gid(0);
    block.set_size(records.len() as u64);
    header::set_checksum(&mut block);
    let mut bytes = block.as_bytes().to_vec();
    bytes.extend_from_slice(records);
    bytes.resize(bytes.len().next_multiple_of(header::BLOCK as usize), 0);
    bytes
}

/// Fills a text field. Non-ASCII characters become `?` and long texts are cut; the PAX record holds the real value.
fn put(field: &mut [u8], text: &[u8]) {
    let ascii = String::from_utf8_lossy(text)
        .chars()
        .map(|c| u8::try_from(c).ok().filter(u8::is_ascii))
        .collect::<Vec<_>>();
    for (slot, byte) in field.iter_mut().zip(ascii) {
        *slot = byte.unwrap_or(b'?');
    }
}
