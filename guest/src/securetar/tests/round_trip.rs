//! Plaintext is read back as it was written, however writes and reads are split.

use aes::Aes128;
use proptest::prelude::*;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::*;

#[test]
fn every_size_around_a_message_and_a_block_is_read_back() {
    for version in [Version::V2, Version::V3] {
        for size in [0, 1, 2, 3, 15, 16, 17, 16_383, 16_384, 16_385, MIB - 1, MIB, MIB + 1, 3 * MIB + 7] {
            let plain = plaintext(size);
            let sealed = seal(version, &plain);
            assert!(open(&sealed).unwrap() == plain, "{version}, {size} bytes");
        }
    }
}

#[test]
fn parts_of_one_archive_share_the_root_but_not_the_key() {
    let mut random = counting();
    let keys = ArchiveKeys::new(Version::V3, &password(), &mut random).unwrap();
    let [one, two] = [0, 1].map(|_| seal_with(&keys, &plaintext(1000), &mut random));
    assert_eq!(one[32..96], two[32..96], "root salt, validation salt and validation key");
    assert_ne!(one[96..112], two[96..112], "derivation salt");
    assert_ne!(one[136..], two[136..]);
    for bytes in [one, two] {
        assert_eq!(open(&bytes).unwrap(), plaintext(1000));
    }
}

#[test]
fn version_and_size_are_known_after_opening() {
    let bytes = seal(Version::V3, &plaintext(70_000));
    READING.with_borrow_mut(|keys| {
        let decryptor = Decryptor::open(bytes.as_slice(), bytes.len() as u64, keys).unwrap();
        assert_eq!((decryptor.version(), decryptor.plaintext_size()), (Version::V3, Some(70_000)));
    });
    assert_eq!(writing(Version::V2).version().to_string(), "SecureTar 2");
    assert!(Version::V3.is_authenticated() && !Version::V2.is_authenticated());
}

#[test]
fn version_1_is_not_written() {
    let error = ArchiveKeys::new(Version::V1, &password(), &mut counting()).unwrap_err();
    assert!(error.to_string().contains("choose version 3"), "{error}");
}

#[test]
fn part_without_its_size_is_damaged() {
    let mut encryptor = Encryptor::new(Vec::new(), &writing(Version::V3), &mut counting()).unwrap();
    encryptor.write_all(&plaintext(100)).unwrap();
    let (bytes, _) = encryptor.finish().unwrap();
    assert_damaged("no size", &bytes, "claims 0 bytes");
}

#[test]
fn every_type_that_holds_a_secret_wipes_it() {
    fn wipes<T: ZeroizeOnDrop>() {}
    wipes::<Zeroizing<[u8; 32]>>();
    wipes::<dryoc::classic::crypto_secretstream_xchacha20poly1305::State>();
    wipes::<cbc::Encryptor<Aes128>>();
    wipes::<cbc::Decryptor<Aes128>>();
    wipes::<blake2::Blake2bMac<blake2::digest::consts::U32>>();
}

fn cut(bytes: &[u8], sizes: &[usize], mut take: impl FnMut(&[u8])) {
    let mut rest = bytes;
    for size in sizes.iter().cycle().take(10_000) {
        let (now, later) = rest.split_at((*size).min(rest.len()));
        take(now);
        rest = later;
    }
    take(rest);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_plaintext_is_read_back_however_it_is_split(
        size in prop_oneof![0..200_usize, 0..70_000_usize, MIB - 20..MIB + 20, 2 * MIB - 2..2 * MIB + 2],
        writes in prop::collection::vec(1..40_000_usize, 1..6),
        reads in prop::collection::vec(1..40_000_usize, 1..6),
        is_v3 in any::<bool>(),
    ) {
        let plain = plaintext(size);
        let keys = writing(if is_v3 { Version::V3 } else { Version::V2 });
        let mut encryptor = Encryptor::new(Vec::new(), &keys, &mut counting()).unwrap();
        cut(&plain, &writes, |piece| encryptor.write_all(piece).unwrap());
        let (mut bytes, sealed) = encryptor.finish().unwrap();
        bytes[16..24].copy_from_slice(&sealed.patch);
        prop_assert_eq!(sealed.plaintext, size as u64);
        let back = READING.with_borrow_mut(|keys| {
            let mut decryptor = Decryptor::open(bytes.as_slice(), bytes.len() as u64, keys).unwrap();
            let mut back = Vec::new();
            for length in reads.iter().cycle() {
                let mut buffer = vec![0; *length];
                match decryptor.read(&mut buffer).unwrap() {
                    0 => break,
                    count => back.extend_from_slice(&buffer[..count]),
                }
            }
            back
        });
        prop_assert!(back == plain);
    }
}
