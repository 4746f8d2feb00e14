//! The serialized index, valid and invalid.

use proptest::prelude::*;

use crate::blocks::fingerprint::Fingerprints;
use crate::blocks::index::{Block, IndexHeader, encode, parse, parse_blocks};
use crate::securetar::{ArchiveKeys, Keys, Password, Version};

fn about(is_protected: bool) -> IndexHeader {
    IndexHeader { location: "backup.local".into(), file: "a.tar".into(), size: 10_240, is_protected }
}

fn some_blocks() -> Vec<Block> {
    let block = |n: u32| Block {
        fingerprint: u128::from(n % 3),
        length: 64 + n % 2,
        offset: u64::from(n) * 100,
        deflated: n,
        crc32: n + 7,
        deflated_fingerprint: u128::MAX - u128::from(n),
    };
    (0..50).map(block).collect()
}

fn ours() -> Fingerprints {
    Fingerprints::new(&Password::new("a key that nobody knows")).unwrap()
}

fn random(bytes: &mut [u8]) {
    bytes.fill(42);
}

#[test]
fn a_block_is_found_by_its_content_in_the_order_of_the_archive() {
    let bytes = encode(&about(false), &some_blocks(), &ours(), None).unwrap();
    let (found, body) = parse(&bytes, &ours()).unwrap();
    assert_eq!(found, about(false));
    let blocks = parse_blocks(body, None).unwrap();
    for block in some_blocks() {
        assert_eq!(blocks.find(block.fingerprint, block.length, block.offset), Some(block));
    }
    let next = blocks.find(0, 64, 601).unwrap();
    assert_eq!((next.fingerprint, next.length, next.offset), (0, 64, 1200));
    assert_eq!(blocks.find(0, 64, u64::MAX).unwrap().offset, 0, "behind the last one the first is as good");
    assert_eq!(blocks.find(3, 64, 0), None);
    assert_eq!(blocks.find(0, 66, 0), None);
}

#[test]
fn isolated_blocks_are_removed_and_adjacent_ones_are_read_ahead() {
    const MIB: u64 = 1024 * 1024;
    let block = |n: u32, offset: u64, deflated: u32| Block {
        fingerprint: n.into(),
        length: 32 * 1024,
        offset,
        deflated,
        ..Block::default()
    };
    let mut all = vec![
        block(0, 0, 400),
        // A stored block needs no reading.
        block(1, 400, 0),
        block(2, 10 * MIB, 3000),
        block(3, 10 * MIB + 60_000, 3000),
        block(4, 40 * MIB, 500),
    ];
    all.extend((0..200).map(|n| block(100 + n, 20 * MIB + u64::from(n) * 10_000, 8000)));
    let bytes = encode(&about(false), &all, &ours(), None).unwrap();
    let mut blocks = parse_blocks(parse(&bytes, &ours()).unwrap().1, None).unwrap();
    let run = 20 * MIB..20 * MIB + 1_998_000;
    assert_eq!(blocks.remove_isolated(), vec![run]);
    let known = |block: &&Block| blocks.find(block.fingerprint, block.length, 0) == Some(**block);
    let left: Vec<_> = all.iter().filter(known).map(|block| block.fingerprint).collect();
    assert_eq!(left, [1, 2, 3].into_iter().chain(100..300).collect::<Vec<u128>>());
}

#[test]
fn the_index_of_a_protected_backup_reveals_nothing_without_the_password() {
    let password = Password::new("Z0X2-3QJC-BHAZ-R227-4IIQ-7V16-MZB2");
    let keys = ArchiveKeys::new(Version::V3, &password, &mut random).unwrap();
    let known = Block {
        fingerprint: 0x1234_5678_9abc_def0,
        length: 0x0a0b_0c0d,
        crc32: 0x0e0f_1011,
        deflated: 99,
        ..Block::default()
    };
    let bytes = encode(&about(true), &[known], &ours(), Some((&keys, &mut random))).unwrap();
    for secret in [0x9abc_def0_u32, 0x0a0b_0c0d, 0x0e0f_1011].map(u32::to_le_bytes) {
        assert!(!bytes.windows(4).any(|window| window == secret));
    }
    let (_, body) = parse(&bytes, &ours()).unwrap();
    assert!(parse_blocks(body, Some(&mut Keys::new(Password::new("another")))).is_none());
    let found = parse_blocks(body, Some(&mut Keys::new(password))).unwrap();
    assert_eq!(found.find(known.fingerprint, known.length, 0), Some(known));
}

#[test]
fn an_index_from_another_home_is_ignored() {
    let theirs = Fingerprints::new(&Password::new("another key")).unwrap();
    let bytes = encode(&about(false), &some_blocks(), &theirs, None).unwrap();
    assert!(parse(&bytes, &theirs).is_some());
    assert!(parse(&bytes, &ours()).is_none());
    assert_ne!(theirs.of(b"the same content"), ours().of(b"the same content"));
}

proptest! {
    #[test]
    fn an_index_that_was_changed_anywhere_is_ignored(at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in any::<prop::sample::Index>()) {
        let good = encode(&about(false), &some_blocks(), &ours(), None).unwrap();
        let mut flipped = good.clone();
        let at = at.index(flipped.len());
        flipped[at] ^= 1 << bit;
        prop_assert!(parse(&flipped, &ours()).is_none());
        prop_assert!(parse(&good[..cut.index(good.len())], &ours()).is_none());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), entries in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes, &ours());
        let found = parse_blocks(&entries, None).unwrap();
        let _ = found.find(1, 2, 3);
        let _ = parse_blocks(&bytes, Some(&mut Keys::new(Password::new("x"))));
        // A valid seal does not make the rest valid.
        let mut forged = b"LarderIndex3".to_vec();
        forged.extend_from_slice(&bytes);
        forged.extend_from_slice(&ours().seal(&forged));
        let _ = parse(&forged, &ours());
    }
}
