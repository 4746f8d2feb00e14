//! Tests of the archive format, with shared helpers: a visitor that stores everything, a draft in memory, and a builder of
//! malicious archives.

mod attributes;
mod bytes;
mod hostile;
mod outer;
mod python;
mod round_trip;
mod rules;

use std::io::{self, Write};

use super::header::{self, BLOCK};
use super::*;

pub(super) type Contents = Vec<(Entry, Vec<u8>)>;

pub(super) fn entry(path: impl AsRef<[u8]>, kind: Kind) -> Entry {
    let mtime = Instant { seconds: 1_795_444_780, nanoseconds: 988_981_000 };
    let (user, group) = ("root".to_owned(), "root".to_owned());
    Entry { path: path.as_ref().to_vec(), kind, mode: 0o644, uid: 0, gid: 0, user, group, mtime }
}

pub(super) fn file(path: impl AsRef<[u8]>, content: &[u8]) -> (Entry, Vec<u8>) {
    (entry(path, Kind::File(content.len() as u64)), content.to_vec())
}

pub(super) fn other(path: impl AsRef<[u8]>, kind: Kind) -> (Entry, Vec<u8>) {
    (entry(path, kind), Vec::new())
}

/// A small home with one entry of each kind.
pub(super) fn small() -> Contents {
    vec![
        other("", Kind::Directory),
        file("configuration.yaml", b"default_config:\n"),
        other("www", Kind::Directory),
        other("www/link", Kind::Symlink(b"../nowhere".to_vec())),
        other("same.yaml", Kind::HardLink(b"configuration.yaml".to_vec())),
    ]
}

pub(super) fn tar(contents: &Contents) -> Vec<u8> {
    let mut writer = TreeWriter::new(Vec::new());
    for (entry, content) in contents {
        let mut source = content.as_slice();
        match entry.kind {
            Kind::File(_) => {
                drop(writer.add_file(entry, |most| io::Result::Ok(first_of(&mut source, most))).unwrap())
            }
            _ => writer.add(entry).unwrap(),
        }
    }
    writer.finish().unwrap().0
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut sink = compressor(Vec::new(), 1_795_444_780);
    sink.write_all(bytes).unwrap();
    sink.finish().unwrap()
}

/// A visitor that stores every entry with its content.
#[derive(Default)]
struct Keep(Contents);

impl Visit for Keep {
    type Error = ArchiveError;

    fn entry(&mut self, entry: &Entry) -> Result<()> {
        self.0.push((entry.clone(), Vec::new()));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.last_mut().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }

    fn end_file(&mut self) -> Result<()> {
        let (entry, content) = self.0.last().unwrap();
        assert_eq!(entry.kind, Kind::File(content.len() as u64));
        Ok(())
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<(Contents, Summary)> {
    read_within(bytes, &Limits::default())
}

pub(super) fn read_within(bytes: &[u8], limits: &Limits) -> Result<(Contents, Summary)> {
    let mut keep = Keep::default();
    walk(bytes, limits, &mut keep).map(|summary| (keep.0, summary))
}

/// A draft in memory.
#[derive(Default)]
pub(super) struct Memory(pub(super) Vec<u8>);

impl Draft for Memory {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = offset as usize;
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

/// A tar assembled block by block.
#[derive(Default)]
pub(super) struct Raw(Vec<u8>);

impl Raw {
    pub(super) fn member(self, flag: u8, name: &[u8], content: &[u8]) -> Self {
        self.linked(flag, name, b"", content.len() as u64, content)
    }

    pub(super) fn linked(mut self, flag: u8, name: &[u8], link: &[u8], size: u64, content: &[u8]) -> Self {
        let mut block = tar::Header::new_ustar();
        block.as_old_mut().name[..name.len()].copy_from_slice(name);
        block.as_old_mut().linkname[..link.len()].copy_from_slice(link);
        block.as_old_mut().linkflag = [flag];
        block.set_mode(0o644);
        block.set_size(size);
        header::set_checksum(&mut block);
        self.0.extend_from_slice(block.as_bytes());
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(BLOCK as usize), 0);
        self
    }

    pub(super) fn pax(self, flag: u8, records: &[(&str, &[u8])]) -> Self {
        let mut bytes = Vec::new();
        records.iter().for_each(|(key, value)| pax::push(&mut bytes, key, value));
        self.member(flag, b"././@PaxHeader", &bytes)
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn end(self) -> Vec<u8> {
        self.bytes(&[0; 1024]).0
    }

    pub(super) fn cut(self) -> Vec<u8> {
        self.0
    }
}

/// Checks that an archive is refused with this error variant and a message that contains `needle`.
pub(super) fn assert_refused<T>(label: &str, result: Result<T>, case: &str, needle: &str) {
    let error = match result {
        Ok(_) => panic!("{label}: was accepted"),
        Err(error) => error,
    };
    let (debug, text) = (format!("{error:?}"), error.to_string());
    assert!(debug.starts_with(case), "{label}: {debug} is no {case}");
    assert!(text.contains(needle), "{label}: `{text}` does not say `{needle}`");
}
