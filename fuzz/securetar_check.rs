//! Invariants for arbitrary bytes read as a protected part, and for a valid part that was changed: nothing panics, no claimed size is
//! trusted, and every change to SecureTar 3 is detected. Shared by the fuzz target and a short test on the stable compiler.

use std::cell::RefCell;
use std::io::{Read, Write};

use larder_guest::securetar::{
    ArchiveKeys, Decryptor, Encryptor, Keys, Password, Version, check_password, sniff,
};

const PASSWORD: &str = "fuzzing";
/// Header and first message of a part of version 3.
const HEADER: usize = 136;
const SEALED: usize = (1 << 20) + 17;
/// Salts and validation key, which stay unchanged: each new salt would run Argon2id.
const ROOT: std::ops::Range<usize> = 32..96;

thread_local! {
    static KEYS: RefCell<Keys> = RefCell::new(Keys::new(Password::new(PASSWORD)));
    static GOOD: Vec<u8> = good();
}

/// Two messages.
fn good() -> Vec<u8> {
    let mut random = |bytes: &mut [u8]| bytes.fill(7);
    let keys = ArchiveKeys::new(Version::V3, &Password::new(PASSWORD), &mut random).unwrap();
    let mut encryptor = Encryptor::new(Vec::new(), &keys, &mut random).unwrap();
    encryptor.write_all(&vec![1; (1 << 20) + 100]).unwrap();
    let (mut bytes, sealed) = encryptor.finish().unwrap();
    bytes[sealed.offset as usize..][..8].copy_from_slice(&sealed.patch);
    bytes
}

/// Reads the bytes as a part, and as a list of changes to a valid one.
pub fn check(bytes: &[u8]) {
    GOOD.with(|good| {
        as_part(bytes, good);
        as_changes(bytes, good);
    });
}

fn as_part(bytes: &[u8], good: &[u8]) {
    let mut bytes = bytes.to_vec();
    if bytes.starts_with(b"SecureTar\x03") && bytes.len() >= ROOT.end {
        bytes[ROOT].copy_from_slice(&good[ROOT]);
    }
    let length = bytes.len() as u64;
    let _ = sniff(&bytes, length);
    KEYS.with_borrow_mut(|keys| {
        let _ = check_password(bytes.as_slice(), length, keys);
        // Other lengths too: the archive's header may lie about the length.
        for length in [length, length.wrapping_mul(3), u64::MAX] {
            let _ = read(&bytes, length, keys);
        }
    });
}

fn as_changes(bytes: &[u8], good: &[u8]) {
    let mut part = good.to_vec();
    for change in bytes.chunks_exact(4).take(8) {
        let [kind, low, middle, high] = change else { return };
        let at = u32::from_le_bytes([*low, *middle, *high, 0]) as usize % part.len().max(1);
        apply(&mut part, *kind, at, good);
    }
    // With other first ten bytes it is another version, which detects less.
    if part.len() < HEADER || part[..10] != good[..10] || part[ROOT] != good[ROOT] {
        return;
    }
    let length = part.len() as u64;
    let outcome = KEYS.with_borrow_mut(|keys| read(&part, length, keys));
    assert_eq!(outcome.is_some(), part == good, "a change that nobody noticed");
}

fn apply(part: &mut Vec<u8>, kind: u8, at: usize, good: &[u8]) {
    match kind % 6 {
        0 => part.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (kind % 8)),
        1 => part.truncate(at),
        2 => part.extend_from_slice(&good[at.min(good.len())..]),
        3 => drop(part.splice(at.min(part.len()).., good[HEADER..][..SEALED].iter().copied())),
        4 => drop(part.drain(at..(at + SEALED).min(part.len()))),
        _ => part
            .iter_mut()
            .skip(16)
            .take(8)
            .zip((at as u64).to_be_bytes())
            .for_each(|(byte, new)| *byte = new),
    }
}

/// Bytes of plaintext, if the end was reached.
fn read(bytes: &[u8], length: u64, keys: &mut Keys) -> Option<u64> {
    let mut decryptor = Decryptor::open(bytes, length, keys).ok()?;
    let claimed = decryptor.plaintext_size();
    let (mut buffer, mut count) = ([0; 4096], 0_u64);
    loop {
        match decryptor.read(&mut buffer) {
            Ok(0) => break,
            Ok(more) => count += more as u64,
            Err(_) => {
                assert!(decryptor.read(&mut buffer).is_err());
                return None;
            }
        }
    }
    assert!(count <= bytes.len() as u64 && claimed.is_none_or(|claimed| claimed == count));
    Some(count)
}
