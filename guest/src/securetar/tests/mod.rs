//! Tests of the encryption, with shared helpers: a fixed sequence in place of randomness, and functions that write or read a part in
//! one call.

mod archive;
mod passwords;
mod python;
mod round_trip;
mod sniffing;
mod tampering;
mod v1;
mod vectors;

use std::cell::RefCell;
use std::io::{Read, Write};

use super::*;

const PASSWORD: &str = "Küche-1234 🔑";
const MIB: usize = 1 << 20;

/// Bytes 0, 1, 2, … in the order in which they are requested.
fn counting() -> impl FnMut(&mut [u8]) {
    let mut next = 0_u8;
    move |bytes: &mut [u8]| {
        bytes.iter_mut().for_each(|byte| {
            *byte = next;
            next = next.wrapping_add(1);
        })
    }
}

/// Begins like gzip; otherwise no two blocks are equal. The same bytes as in `vectors.py`.
fn plaintext(size: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..size).map(|i| ((i as u64 * 2_654_435_761) as u32 >> 24) as u8).collect();
    bytes.iter_mut().zip([0x1f, 0x8b, 8]).for_each(|(byte, mark)| *byte = mark);
    bytes
}

fn password() -> Password {
    Password::new(PASSWORD)
}

thread_local! {
    // Argon2id is slow, so all tests of one thread share its result.
    static READING: RefCell<Keys> = RefCell::new(Keys::new(password()));
}

fn writing(version: Version) -> ArchiveKeys {
    ArchiveKeys::new(version, &password(), &mut counting()).unwrap()
}

fn seal_with(keys: &ArchiveKeys, plain: &[u8], random: &mut dyn Random) -> Vec<u8> {
    let mut encryptor = Encryptor::new(Vec::new(), keys, random).unwrap();
    encryptor.write_all(plain).unwrap();
    let (mut bytes, sealed) = encryptor.finish().unwrap();
    assert_eq!(sealed.plaintext, plain.len() as u64);
    let at = sealed.offset as usize;
    bytes[at..at + 8].copy_from_slice(&sealed.patch);
    bytes
}

fn seal(version: Version, plain: &[u8]) -> Vec<u8> {
    seal_with(&writing(version), plain, &mut counting())
}

fn open_with(bytes: &[u8], keys: &mut Keys) -> Result<Vec<u8>> {
    let mut decryptor = Decryptor::open(bytes, bytes.len() as u64, keys)?;
    let mut plain = Vec::new();
    let read = decryptor.read_to_end(&mut plain);
    if read.is_err() {
        assert!(decryptor.read(&mut [0; 9]).is_err(), "there is nothing to read after an error");
    }
    read?;
    Ok(plain)
}

fn open(bytes: &[u8]) -> Result<Vec<u8>> {
    READING.with_borrow_mut(|keys| open_with(bytes, keys))
}

#[track_caller]
fn assert_damaged(label: &str, bytes: &[u8], needle: &str) {
    match open(bytes) {
        Err(SecureTarError::Damaged { what }) => assert!(what.contains(needle), "{label}: {what}"),
        other => panic!("{label}: {:?} is not damage", other.map(|plain| plain.len())),
    }
}
