//! Builds archives block by block, including invalid ones, without any checks.
//!
//! Follows the POSIX formats `ustar` and PAX and shares no code with Larder's writer, so that an error in one does not hide an error in the
//! other.

use std::io::Write;
use std::ops::Range;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

const BLOCK: usize = 512;
/// The bytes of the checksum in a header.
const CHECKSUM: Range<usize> = 148..156;

/// A tar that is being built: its bytes, and the offset of the last header.
#[derive(Clone, Default)]
pub struct Tar(Vec<u8>, usize);

impl Tar {
    /// An inner tar with the files that every home contains.
    pub fn home() -> Self {
        Self::default().directory("data").file("data/configuration.yaml", "restored:\n")
    }

    /// Adds a file.
    pub fn file(self, name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        self.member(b'0', name, "", content.as_ref().len() as u64, content)
    }

    /// Adds a directory.
    pub fn directory(self, name: impl AsRef<[u8]>) -> Self {
        self.member(b'5', name, "", 0, "")
    }

    /// Adds a symbolic link.
    pub fn symlink(self, name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        self.member(b'2', name, target, 0, "")
    }

    /// Adds a hard link.
    pub fn hard_link(self, name: impl AsRef<[u8]>, file: impl AsRef<[u8]>) -> Self {
        self.member(b'1', name, file, 0, "")
    }

    /// Adds a member whose header says `size`, whatever the length of `content`.
    pub fn member(
        mut self,
        flag: u8,
        name: impl AsRef<[u8]>,
        link: impl AsRef<[u8]>,
        size: u64,
        content: impl AsRef<[u8]>,
    ) -> Self {
        self.1 = self.0.len();
        self.0.extend_from_slice(&header(flag, name.as_ref(), link.as_ref(), size));
        self.raw(content)
    }

    /// Sets the mode of the last member.
    pub fn mode(mut self, mode: u32) -> Self {
        let block = &mut self.0[self.1..self.1 + BLOCK];
        block[100..107].copy_from_slice(format!("{mode:07o}").as_bytes());
        seal(block);
        self
    }

    /// Sets the owner of the last member to an invalid number.
    pub fn garbled_owner(mut self) -> Self {
        let block = &mut self.0[self.1..self.1 + BLOCK];
        block[108..115].copy_from_slice(b"12x4567");
        seal(block);
        self
    }

    /// Adds a PAX header for the next member: a long name, another size.
    pub fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let bytes: Vec<u8> = records.iter().flat_map(|(key, value)| record(key, value)).collect();
        self.member(b'x', "././@PaxHeader", "", bytes.len() as u64, bytes)
    }

    /// Adds bytes without a header, padded to a whole block.
    pub fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(bytes.as_ref());
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
        self
    }

    /// The bytes without the end-of-archive blocks.
    pub fn cut(self) -> Vec<u8> {
        self.0
    }

    /// The bytes with the end-of-archive blocks.
    pub fn end(mut self) -> Vec<u8> {
        self.0.resize((self.0.len() + 2 * BLOCK).next_multiple_of(20 * BLOCK), 0);
        self.0
    }

    /// A complete backup with this as the inner tar of its home.
    pub fn backup(self) -> Vec<u8> {
        backup_of(&gzip(&self.end()))
    }
}

fn header(flag: u8, name: &[u8], link: &[u8], size: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name);
    put(100, if flag == b'5' { b"0000755" } else { b"0000644" });
    put(108, b"0000000");
    put(116, b"0000000");
    match size < 1 << 33 {
        true => put(124, format!("{size:011o}").as_bytes()),
        false => put(124, &[[0x80, 0, 0, 0].as_slice(), &size.to_be_bytes()].concat()),
    }
    put(136, b"15301050054");
    put(156, &[flag]);
    put(157, link);
    put(257, b"ustar\x0000");
    seal(&mut block);
    block
}

/// Writes the correct checksum into a header.
fn seal(block: &mut [u8]) {
    block[CHECKSUM].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// The members of an outer tar, in order: the name without `./`, and the range of the content.
pub fn members_in(archive: &[u8]) -> Vec<(String, Range<usize>)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while archive[at] != 0 {
        let text = |range: Range<usize>| {
            let field = &archive[at..][range];
            String::from_utf8(field.split(|byte| *byte == 0).next().unwrap().to_vec()).unwrap()
        };
        let size = usize::from_str_radix(text(124..136).trim(), 8).unwrap();
        let content = at + BLOCK..at + BLOCK + size;
        if archive[at + 156] == b'0' {
            found.push((text(0..100).trim_start_matches("./").to_owned(), content.clone()));
        }
        at = content.end.next_multiple_of(BLOCK);
    }
    found
}

/// A PAX record. Its length includes the digits of the length.
fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (rest..).find(|length| rest + length.to_string().len() == *length).unwrap();
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

/// Compresses bytes.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut sink = GzEncoder::new(Vec::new(), Compression::fast());
    sink.write_all(bytes).unwrap();
    sink.finish().unwrap()
}

/// The `backup.json` of an ordinary unprotected backup.
pub fn manifest() -> Value {
    json!({
        "slug": "0badcafe", "name": "Found on the street", "date": "2026-11-01T12:00:00+00:00",
        "type": "partial", "version": 2, "compressed": true, "protected": false, "extra": {},
        "homeassistant": {"version": "2026.11.0", "exclude_database": false},
    })
}

/// An outer tar without the home.
pub fn outer() -> Tar {
    Tar::default().file("./backup.json", manifest().to_string())
}

/// A complete backup around an inner tar.
pub fn backup_of(inner: &[u8]) -> Vec<u8> {
    outer().file("homeassistant.tar.gz", inner).end()
}
