//! The same bytes as libsodium and PyPI's securetar write with fixed randomness (`vectors.py`).

use dryoc::classic::crypto_secretstream_xchacha20poly1305::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::*;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors.json")).unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let byte = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    hex.as_str().unwrap().as_bytes().chunks(2).map(byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn secretstream_equals_libsodiums_for_odd_lengths_all_tags_and_new_keys() {
    let vectors = &vectors()["secretstream"];
    let (key, header) = (bytes(&vectors["key"]), bytes(&vectors["header"]));
    let (mut push, mut pull) = (State::new(), State::new());
    for state in [&mut push, &mut pull] {
        let (header, key) = (header.as_slice().try_into().unwrap(), key.as_slice().try_into().unwrap());
        crypto_secretstream_xchacha20poly1305_init_pull(state, header, key);
    }
    for row in vectors["messages"].as_array().unwrap() {
        let (tag, message) =
            (row["tag"].as_u64().unwrap() as u8, plaintext(row["length"].as_u64().unwrap() as usize));
        let mut sealed = vec![0; message.len() + 17];
        crypto_secretstream_xchacha20poly1305_push(&mut push, &mut sealed, &message, None, tag).unwrap();
        assert_eq!(hex(&sealed), row["sealed"], "{} bytes", message.len());
        let (mut plain, mut found) = (vec![0; message.len()], 9);
        crypto_secretstream_xchacha20poly1305_pull(&mut pull, &mut plain, &mut found, &sealed, None).unwrap();
        assert_eq!((plain, found), (message, tag));
    }
}

#[test]
fn parts_equal_securetars_byte_for_byte_at_every_size() {
    let vectors = vectors();
    assert_eq!(vectors["password"], PASSWORD);
    for (name, version, header) in [("v2", Version::V2, 48), ("v3", Version::V3, 136)] {
        let mut random = counting();
        let keys = ArchiveKeys::new(version, &password(), &mut random).unwrap();
        for row in vectors[name].as_array().unwrap() {
            let size = row["size"].as_u64().unwrap() as usize;
            let bytes = seal_with(&keys, &plaintext(size), &mut random);
            assert_eq!(hex(&bytes[..header]), row["header"], "{name}, {size} bytes");
            assert_eq!(bytes.len() as u64, row["length"], "{name}, {size} bytes");
            assert_eq!(hex(&Sha256::digest(&bytes)), row["sha256"], "{name}, {size} bytes");
        }
    }
}
