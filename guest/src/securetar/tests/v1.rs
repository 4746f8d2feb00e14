//! Version 1 as it was really written: by the securetar of 2023 (`v1.py`), and with every possible padding of its end.

use flate2::{Compression, GzBuilder};

use super::super::aes_cbc::Sealer;
use super::super::keys::PartKey;
use super::*;
use crate::archive::{ArchiveError, Entry, Limits, Visit, walk};

/// Pads every single write to a multiple of 16 bytes, as versions before 2025 did.
fn old(writes: &[&[u8]]) -> Vec<u8> {
    let keys = writing(Version::V2);
    let PartKey::V2 { salt, key } = keys.part_key(&mut counting()).unwrap() else { panic!("not version 2") };
    let (mut sealer, mut bytes) = (Sealer::new(key, &salt), salt.to_vec());
    for write in writes {
        let fill = write.len().next_multiple_of(16) - write.len();
        sealer.write(write, &mut bytes).unwrap();
        sealer.write(&vec![fill as u8; fill], &mut bytes).unwrap();
    }
    sealer.finish(&mut bytes).unwrap();
    // Old versions did not add a last block.
    bytes.truncate(bytes.len() - 16);
    bytes
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut sink = GzBuilder::new().filename("x.tar").write(Vec::new(), Compression::new(9));
    sink.write_all(content).unwrap();
    sink.finish().unwrap()
}

#[derive(Default)]
struct Found(Vec<(String, Vec<u8>)>);

impl Visit for Found {
    type Error = ArchiveError;

    fn entry(&mut self, entry: &Entry) -> std::result::Result<(), ArchiveError> {
        self.0.push((String::from_utf8_lossy(&entry.path).into_owned(), Vec::new()));
        Ok(())
    }

    fn data(&mut self, bytes: &[u8]) -> std::result::Result<(), ArchiveError> {
        self.0.last_mut().unwrap().1.extend_from_slice(bytes);
        Ok(())
    }

    fn end_file(&mut self) -> std::result::Result<(), ArchiveError> {
        Ok(())
    }
}

#[test]
fn parts_of_the_original_library_are_walked_to_the_end() {
    let notes: String = (0..900).map(|i| format!("line {i}\n")).collect();
    for bytes in [include_bytes!("v1.bin").as_slice(), include_bytes!("v1-plain.bin")] {
        let mut keys = Keys::new(Password::new("old password"));
        let decryptor = Decryptor::open(bytes, bytes.len() as u64, &mut keys).unwrap();
        assert_eq!((decryptor.version(), decryptor.plaintext_size()), (Version::V1, None));
        let mut found = Found::default();
        walk(decryptor, &Limits::default(), &mut found).unwrap();
        let expected = [("", ""), ("configuration.yaml", "default_config:\n"), ("notes.txt", &notes)];
        let expected = expected.map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec()));
        assert_eq!(found.0, expected);
    }
}

#[test]
fn password_of_the_original_library_is_checked() {
    let bytes = include_bytes!("v1.bin");
    let check = |password| {
        let mut keys = Keys::new(Password::new(password));
        check_password(bytes.as_slice(), bytes.len() as u64, &mut keys).unwrap()
    };
    assert_eq!(check("old password"), PasswordVerdict::Correct);
    assert!(matches!(check("new password"), PasswordVerdict::Incorrect { .. }));
}

#[test]
fn every_padding_of_the_gzip_trailer_is_removed() {
    let mut lengths = std::collections::BTreeSet::new();
    for size in (0..200).chain([20_000, 50_001, 100_003]) {
        let whole = gzip(&plaintext(size)[size.min(3)..]);
        let (data, end) = whole.split_at(whole.len() - 8);
        let (now, later) = data.split_at(data.len() / 16 / 2 * 16);
        lengths.insert(data.len() % 16);
        let bytes = old(&[now, later, &end[..4], &end[4..]]);
        assert!(open(&bytes).unwrap() == whole, "{size}");
    }
    assert_eq!(lengths.len(), 16, "every way to be filled was there");
}

#[test]
fn regular_padding_is_removed_and_an_uncompressed_tar_needs_none() {
    let whole = gzip(b"content");
    let fill = 16 - whole.len() % 16;
    let filled = [whole.as_slice(), &vec![fill as u8; fill]].concat();
    assert_eq!(open(&old(&[&filled])).unwrap(), whole);
    let mut tar = vec![0; 10_240];
    tar[257..262].copy_from_slice(b"ustar");
    assert_eq!(open(&old(&[&tar])).unwrap(), tar);
    let padded = [tar.as_slice(), &[16; 16]].concat();
    assert_eq!(open(&old(&[&padded])).unwrap(), tar);
}

#[test]
fn damaged_gzip_passes_through_unchanged_for_its_reader_to_refuse() {
    let mut whole = gzip(&plaintext(50_000));
    let at = whole.len() / 2;
    whole[at..at + 40].fill(0xff);
    whole.resize(whole.len().next_multiple_of(16), 0);
    assert_eq!(open(&old(&[&whole])).unwrap(), whole);
    // Too much data after the end, and flags that Python does not set.
    let behind = [gzip(b"x").as_slice(), &[0; 100]].concat();
    let behind = &behind[..behind.len() / 16 * 16];
    assert_eq!(open(&old(&[behind])).unwrap(), behind);
    let mut flags = gzip(b"x");
    flags[3] = 4;
    flags.resize(64, 0);
    assert_eq!(open(&old(&[&flags])).unwrap(), flags);
}

#[test]
fn impossible_size_is_damaged() {
    for length in [16, 17, 31, 33, 100] {
        assert_damaged("length", &vec![0x55; length], "neither gzip, tar nor SecureTar");
    }
}
