//! Every change to a part of version 3 is detected; in version 2, those that can be.

use dryoc::classic::crypto_secretstream_xchacha20poly1305::*;

use super::super::header::Header;
use super::super::keys::PartKey;
use super::*;

const SEALED: usize = MIB + 17;

/// Header and messages separately, so that messages can be rearranged.
fn messages(plain: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let bytes = seal(Version::V3, plain);
    (bytes[..136].to_vec(), bytes[136..].chunks(SEALED).map(<[u8]>::to_vec).collect())
}

/// Joins them again, with the matching size in the header.
fn joined(header: &[u8], messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = header.to_vec();
    let size: usize = messages.iter().map(|message| message.len() - 17).sum();
    bytes[16..24].copy_from_slice(&(size as u64).to_be_bytes());
    messages.iter().for_each(|message| bytes.extend_from_slice(message));
    bytes
}

/// Messages with tags as an attacker who has the password could set them.
fn forged(marks: &[(u8, usize)]) -> Vec<u8> {
    let keys = writing(Version::V3);
    let part = keys.part_key(&mut counting()).unwrap();
    let header = part.header().encode();
    let PartKey::V3 { parameters, key } = part else { panic!("not version 3") };
    let mut state = State::new();
    crypto_secretstream_xchacha20poly1305_init_pull(&mut state, &parameters.stream_header, &key);
    let seal = |(tag, size): &(u8, usize)| {
        let mut sealed = vec![0; size + 17];
        crypto_secretstream_xchacha20poly1305_push(&mut state, &mut sealed, &plaintext(*size), None, *tag)
            .unwrap();
        sealed
    };
    joined(&header, &marks.iter().map(seal).collect::<Vec<_>>())
}

#[test]
fn every_flipped_byte_of_a_small_part_is_detected() {
    let good = seal(Version::V3, &plaintext(300));
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        let error = open(&bytes).map(|plain| plain.len()).unwrap_err();
        match at {
            // Without the magic number it looks like version 1, but is not valid as such.
            0..9 => assert!(matches!(error, SecureTarError::Damaged { .. }), "{at}: {error}"),
            9 => assert!(
                matches!(error, SecureTarError::Unsupported { .. } | SecureTarError::Damaged { .. }),
                "{error}"
            ),
            32..96 => assert!(
                matches!(error, SecureTarError::PasswordIncorrect { .. } | SecureTarError::Damaged { .. }),
                "{at}: {error}"
            ),
            _ => assert!(matches!(error, SecureTarError::Damaged { .. }), "{at}: {error}"),
        }
    }
}

#[test]
fn flipped_bytes_of_a_large_part_are_detected_in_every_message() {
    let plain = plaintext(2 * MIB + 500_000);
    let mut bytes = seal(Version::V3, &plain);
    let samples = (136..bytes.len()).step_by(97_001).chain((0..4).map(|i| 136 + i * SEALED));
    for at in samples.filter(|at| *at < bytes.len()).collect::<Vec<_>>() {
        bytes[at] ^= 0x80;
        let number = (at - 136) / SEALED + 1;
        assert_damaged(&format!("byte {at}"), &bytes, &format!("message {number} of the protected part"));
        bytes[at] ^= 0x80;
    }
    assert!(open(&bytes).unwrap() == plain);
}

#[test]
fn only_complete_authenticated_messages_are_returned() {
    let mut bytes = seal(Version::V3, &plaintext(2 * MIB));
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let mut plain = Vec::new();
    READING.with_borrow_mut(|keys| {
        let mut decryptor = Decryptor::open(bytes.as_slice(), bytes.len() as u64, keys).unwrap();
        assert!(decryptor.read_to_end(&mut plain).is_err());
    });
    assert!(plain == plaintext(2 * MIB)[..MIB]);
}

#[test]
fn messages_that_are_moved_dropped_repeated_or_cut_off_are_detected() {
    let (header, parts) = messages(&plaintext(4 * MIB));
    let pick =
        |order: &[usize]| joined(&header, &order.iter().map(|at| parts[*at].clone()).collect::<Vec<_>>());
    assert!(open(&pick(&[0, 1, 2, 3])).is_ok());
    for (label, order, needle) in [
        ("reordered", &[1, 0, 2, 3][..], "message 1 "),
        ("reordered later", &[0, 2, 1, 3], "message 2 "),
        ("first dropped", &[1, 2, 3], "message 1 "),
        ("middle dropped", &[0, 2, 3], "message 2 "),
        ("last dropped", &[0, 1, 2], "cut off after message 3"),
        ("repeated", &[0, 0, 1, 2, 3], "message 2 "),
        ("last repeated", &[0, 1, 2, 3, 3], "ends at message 4, but more data follows"),
        ("only the last", &[3], "message 1 "),
        ("something behind the end", &[0, 1, 2, 3, 0], "ends at message 4, but more data follows"),
    ] {
        assert_damaged(label, &pick(order), needle);
    }
}

#[test]
fn message_of_another_part_is_detected() {
    let mut random = counting();
    let keys = ArchiveKeys::new(Version::V3, &password(), &mut random).unwrap();
    let one = seal_with(&keys, &plaintext(500), &mut random);
    let two = seal_with(&keys, &plaintext(500), &mut random);
    assert_damaged("swapped", &[&one[..136], &two[136..]].concat(), "message 1 ");
}

#[test]
fn wrong_tags_are_detected_even_with_the_right_key() {
    assert_eq!(open(&forged(&[(0, MIB), (3, 5)])).unwrap().len(), MIB + 5);
    for (label, marks, needle) in [
        ("final early", &[(3, MIB), (3, 5)][..], "ends at message 1, but more data follows"),
        ("final missing", &[(0, MIB), (0, 5)], "cut off after message 2"),
        ("final missing in a single message", &[(0, 0)], "cut off after message 1"),
        ("push", &[(1, MIB), (3, 5)], "the unknown tag 1"),
        ("rekey", &[(2, MIB), (3, 5)], "the unknown tag 2"),
        ("unknown", &[(0, MIB), (7, 5)], "the unknown tag 7"),
    ] {
        assert_damaged(label, &forged(marks), needle);
    }
}

#[test]
fn short_messages_with_the_right_total_are_detected() {
    // Two messages of half a MiB instead of one of 1 MiB: only the sizes show it.
    let bytes = forged(&[(0, MIB / 2), (3, MIB / 2)]);
    assert_damaged("two halves", &bytes, "do not match that size");
}

#[test]
fn false_size_is_detected_in_both_versions() {
    for version in [Version::V2, Version::V3] {
        let good = seal(version, &plaintext(1000));
        for size in [0, 1, 992, 999, 1001, 1016, MIB as u64 + 1, u64::MAX, u64::MAX - 17] {
            let mut bytes = good.clone();
            bytes[16..24].copy_from_slice(&size.to_be_bytes());
            assert_damaged(&format!("{version}, {size}"), &bytes, "");
        }
    }
}

#[test]
fn part_that_is_cut_off_or_too_long_is_detected_at_every_length() {
    for version in [Version::V2, Version::V3] {
        let good = seal(version, &plaintext(300));
        for length in 0..good.len() {
            // A few bytes of a header reveal nothing.
            assert!(
                matches!(open(&good[..length]), Err(SecureTarError::Damaged { .. })),
                "{version}, {length} bytes"
            );
        }
        for more in [1, 15, 16, 17, 512] {
            let bytes = [good.as_slice(), &vec![0; more]].concat();
            assert!(
                matches!(open(&bytes), Err(SecureTarError::Damaged { .. })),
                "{version}, {more} more bytes"
            );
        }
    }
}

#[test]
fn source_that_ends_before_its_length_is_cut_off() {
    for version in [Version::V2, Version::V3] {
        let bytes = seal(version, &plaintext(2 * MIB));
        READING.with_borrow_mut(|keys| {
            let source = &bytes[..MIB * 3 / 2];
            let mut decryptor = Decryptor::open(source, bytes.len() as u64, keys).unwrap();
            let error = decryptor.read_to_end(&mut Vec::new()).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{version}");
            assert_eq!(error.to_string(), "the protected part is cut off", "{version}");
        });
    }
}

#[test]
fn claimed_size_allocates_nothing() {
    let good = seal(Version::V3, &plaintext(10));
    let size = 1_u64 << 60;
    let mut bytes = good.clone();
    bytes[16..24].copy_from_slice(&size.to_be_bytes());
    let length = 136 + size + (size >> 20) * 17;
    READING.with_borrow_mut(|keys| {
        let mut decryptor = Decryptor::open(bytes.as_slice(), length, keys).unwrap();
        assert!(decryptor.read(&mut [0; 10]).is_err());
    });
}

#[test]
fn wrong_padding_of_version_2_is_detected() {
    let good = seal(Version::V2, &plaintext(1001));
    // The last byte of the block before the last goes into the last byte of the padding.
    let mut bytes = good.clone();
    let at = bytes.len() - 17;
    bytes[at] ^= 1;
    assert_damaged("padding", &bytes, "the end of the protected part");
    // In the middle, only the content itself can show it.
    let mut bytes = good;
    bytes[500] ^= 1;
    assert_ne!(open(&bytes).unwrap(), plaintext(1001));
}

#[test]
fn reserved_bytes_and_newer_versions_are_refused() {
    let good = seal(Version::V3, &plaintext(10));
    for at in [10, 15, 24, 31] {
        let mut bytes = good.clone();
        bytes[at] = 1;
        assert_damaged("reserved", &bytes, "are not zero");
    }
    for version in [0, 1, 4, 255] {
        let mut bytes = good.clone();
        bytes[9] = version;
        match open(&bytes) {
            Err(SecureTarError::Unsupported { what }) => {
                assert!(what.contains(&format!("SecureTar {version}")), "{what}")
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn header_is_read_as_it_is_written() {
    let bytes = seal(Version::V3, &plaintext(10));
    let header = Header::read(&mut bytes.as_slice()).unwrap();
    assert_eq!(header.encode(), bytes[..136]);
    assert_eq!((header.length(), header.plaintext_size()), (136, Some(10)));
}
