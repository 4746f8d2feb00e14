//! SecureTar together with the archive format: written through its members, read by its walk.

use crate::archive::{
    ArchiveError, Draft, Entry, Instant, Kind, Limits, Manifest, Outer, OuterWriter, Summary, TreeWriter,
    Visit, compressor, first_of, walk,
};

use super::*;

#[derive(Default)]
struct Memory(Vec<u8>);

impl Draft for Memory {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        let offset = offset as usize;
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

/// A visitor that counts the bytes of all files.
pub(super) struct Count(pub(super) usize);

impl Visit for Count {
    type Error = ArchiveError;

    fn entry(&mut self, _: &Entry) -> std::result::Result<(), ArchiveError> {
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> std::result::Result<(), ArchiveError> {
        self.0 += bytes.len();
        Ok(())
    }

    fn end_file(&mut self) -> std::result::Result<(), ArchiveError> {
        Ok(())
    }
}

fn entry(path: &str, kind: Kind) -> Entry {
    let (user, group, path) = (String::new(), String::new(), path.as_bytes().to_vec());
    Entry { path, kind, mode: 0o644, uid: 0, gid: 0, user, group, mtime: Instant::default() }
}

/// Incompressible bytes, so that there are several messages.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let step = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..size).map(step).collect()
}

fn backup(version: Version, contents: &[&[u8]]) -> Vec<u8> {
    let mut random = counting();
    let keys = ArchiveKeys::new(version, &password(), &mut random).unwrap();
    let text = r#"{"slug":"1a2b3c4d","name":"n","date":"2026-11-23T17:00:00+00:00","type":"partial","version":2,
        "compressed":true,"protected":true,"extra":{},"homeassistant":{"version":"2026.11.0","exclude_database":false}}"#;
    let manifest = Manifest::parse(text.as_bytes()).unwrap();
    let mut outer = OuterWriter::new(Memory::default(), &manifest, 0).unwrap();
    for (number, content) in contents.iter().enumerate() {
        let name = if number == 0 { "homeassistant.tar.gz".into() } else { format!("folder{number}.tar.gz") };
        let member = outer.member(&name, Instant::default()).unwrap();
        let encryptor = Encryptor::new(member, &keys, &mut random).unwrap();
        let mut tree = TreeWriter::new(compressor(encryptor, 0));
        tree.add(&entry("", Kind::Directory)).unwrap();
        let mut source = *content;
        let file = entry("file", Kind::File(content.len() as u64));
        tree.add_file(&file, |most| std::io::Result::Ok(first_of(&mut source, most))).unwrap();
        let (gzip, _) = tree.finish().unwrap();
        let (mut member, sealed) = gzip.finish().unwrap().finish().unwrap();
        member.patch(sealed.offset, &sealed.patch).unwrap();
        member.finish().unwrap();
    }
    outer.finish().unwrap().0.0
}

fn read(bytes: &[u8], number: usize) -> std::result::Result<(Summary, usize), ArchiveError> {
    let mut outer = Outer::open(std::io::Cursor::new(bytes), &Limits::default()).unwrap();
    let member = outer.members[number].clone();
    let source = outer.read(&member).unwrap();
    let mut count = Count(0);
    let decryptor = READING.with_borrow_mut(|keys| Decryptor::open(source, member.size, keys)).unwrap();
    walk(decryptor, &Limits::default(), &mut count).map(|summary| (summary, count.0))
}

#[test]
fn archive_of_several_protected_parts_is_walked_to_the_end() {
    let (large, small) = (noise(2 * MIB + 77), noise(100));
    for version in [Version::V2, Version::V3] {
        let bytes = backup(version, &[&large, &small]);
        for (number, content) in [&large, &small].into_iter().enumerate() {
            let (summary, count) = read(&bytes, number).unwrap();
            assert_eq!((summary.files, summary.bytes, count), (1, content.len() as u64, content.len()));
        }
    }
}

#[test]
fn walk_over_a_changed_part_reports_damage() {
    let mut bytes = backup(Version::V3, &[&noise(2 * MIB + 77)]);
    let outer = Outer::open(std::io::Cursor::new(&bytes), &Limits::default()).unwrap();
    let (offset, size) = (outer.members[0].offset as usize, outer.members[0].size as usize);
    for (at, needle) in
        [(136, "message 1 of"), (136 + MIB + 17 + 5, "message 2 of"), (size - 1, "message 3 of")]
    {
        bytes[offset + at] ^= 4;
        match read(&bytes, 0) {
            Err(ArchiveError::Damaged { what }) => assert!(what.contains(needle), "{at}: {what}"),
            other => panic!("{at}: {other:?}"),
        }
        bytes[offset + at] ^= 4;
    }
    assert!(read(&bytes, 0).is_ok());
}

#[test]
fn error_of_the_source_is_not_reported_as_damage() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let bytes = seal(Version::V3, &plaintext(MIB));
    let source = bytes[..200].chain(Broken);
    READING.with_borrow_mut(|keys| {
        let mut decryptor = Decryptor::open(source, bytes.len() as u64, keys).unwrap();
        let error = ArchiveError::from(decryptor.read(&mut [0; 9]).unwrap_err());
        assert!(
            matches!(&error, ArchiveError::Io(inner) if inner.to_string() == "the disk is gone"),
            "{error}"
        );
        assert!(matches!(Decryptor::open(Broken, 1000, keys).map(drop), Err(SecureTarError::Io(_))));
    });
}
