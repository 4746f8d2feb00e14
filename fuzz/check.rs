//! Invariants for arbitrary bytes read as a backup, as the outer archive or the inner tar: nothing panics, and every result keeps the
//! reader's guarantees. Shared by the fuzz target and a short test on the stable compiler.

use std::collections::HashSet;
use std::io::Cursor;

use larder_guest::archive::{ArchiveError, Entry, Kind, Limits, Outer, Visit, walk};

/// Checks the bytes as they are, and with valid checksums.
pub fn check(bytes: &[u8]) {
    let sealed = seal(bytes);
    for bytes in [bytes, &sealed] {
        inner(bytes);
        outer(bytes);
    }
}

/// Sets a valid checksum in everything that looks like a header. Random bytes would hardly ever have one.
fn seal(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for block in bytes.chunks_exact_mut(512).filter(|block| block.get(257..262) == Some(b"ustar".as_slice()))
    {
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    bytes
}

fn limits() -> Limits {
    Limits { entries: 1_000, name_bytes: 1 << 20, ..Limits::default() }
}

fn inner(bytes: &[u8]) {
    let mut check = Check::default();
    if let Ok(summary) = walk(bytes, &limits(), &mut check) {
        assert_eq!(summary.files + summary.directories + summary.links, check.paths.len() as u64);
        assert_eq!(summary.bytes, check.bytes);
        assert_eq!(check.left, 0);
    }
}

fn outer(bytes: &[u8]) {
    let Ok(mut outer) = Outer::open(Cursor::new(bytes), &limits()) else { return };
    for member in outer.members.clone() {
        assert!(member.offset + member.size <= bytes.len() as u64);
        if let Ok(content) = outer.read(&member) {
            let _ = walk(content, &limits(), &mut Check::default());
        }
    }
}

/// A visitor that checks the guarantees that every visitor relies on.
#[derive(Default)]
struct Check {
    paths: HashSet<Vec<u8>>,
    left: u64,
    bytes: u64,
}

impl Visit for Check {
    type Error = ArchiveError;

    fn entry(&mut self, entry: &Entry) -> Result<(), ArchiveError> {
        assert_eq!(self.left, 0);
        let plain =
            |path: &[u8]| path.split(|byte| *byte == b'/').all(|part| !matches!(part, b"" | b"." | b".."));
        assert!(entry.path.is_empty() || plain(&entry.path) && !entry.path.contains(&0));
        assert!(self.paths.insert(entry.path.clone()));
        match &entry.kind {
            Kind::File(size) => self.left = *size,
            Kind::HardLink(target) => assert!(self.paths.contains(target)),
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        assert!(!bytes.is_empty() && bytes.len() as u64 <= self.left);
        self.left -= bytes.len() as u64;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    fn end_file(&mut self) -> Result<(), ArchiveError> {
        assert_eq!(self.left, 0);
        Ok(())
    }
}
