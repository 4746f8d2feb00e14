//! The index as bytes, good and bad.

use proptest::prelude::*;

use crate::blocks::index::{About, Block, blocks, encode, parse};
use crate::digest::digest;
use crate::securetar::{ArchiveKeys, Keys, Password, Version};

fn about(is_protected: bool) -> About {
    About { location: "backup.local".into(), file: "a.tar".into(), size: 10_240, is_protected }
}

fn some_blocks() -> Vec<Block> {
    let block = |n: u32| Block {
        digest: u64::from(n % 3),
        length: 64 + n % 2,
        offset: u64::from(n) * 100,
        deflated: n,
    };
    (0..50).map(block).collect()
}

fn random(bytes: &mut [u8]) {
    bytes.fill(42);
}

#[test]
fn a_block_is_found_by_what_it_holds_and_in_the_order_of_the_archive() {
    let bytes = encode(&about(false), &some_blocks(), None).unwrap();
    let (found, body) = parse(&bytes).unwrap();
    assert_eq!(found, about(false));
    let blocks = blocks(body, None).unwrap();
    for block in some_blocks() {
        assert_eq!(blocks.find(block.digest, block.length, block.offset), Some(block));
    }
    let next = blocks.find(0, 64, 601).unwrap();
    assert_eq!((next.digest, next.length, next.offset), (0, 64, 1200));
    assert_eq!(blocks.find(0, 64, u64::MAX).unwrap().offset, 0, "behind the last one the first is as good");
    assert_eq!(blocks.find(3, 64, 0), None);
    assert_eq!(blocks.find(0, 66, 0), None);
}

#[test]
fn the_index_of_a_protected_backup_shows_nothing_without_its_password() {
    let password = Password::new("Z0X2-3QJC-BHAZ-R227-4IIQ-7V16-MZB2");
    let keys = ArchiveKeys::new(Version::V3, &password, &mut random).unwrap();
    let known = Block {
        digest: 0x1234_5678_9abc_def0,
        length: 0x0a0b_0c0d,
        offset: 0x1122_3344_5566_7788,
        deflated: 99,
    };
    let bytes = encode(&about(true), &[known], Some((&keys, &mut random))).unwrap();
    for secret in [0x9abc_def0_u32.to_le_bytes(), 0x0a0b_0c0d_u32.to_le_bytes()] {
        assert!(!bytes.windows(4).any(|window| window == secret));
    }
    let (_, body) = parse(&bytes).unwrap();
    assert!(blocks(body, Some(&mut Keys::new(Password::new("another")))).is_none());
    let found = blocks(body, Some(&mut Keys::new(password))).unwrap();
    assert_eq!(found.find(known.digest, known.length, 0), Some(known));
}

proptest! {
    #[test]
    fn an_index_that_was_changed_anywhere_is_none(at in any::<prop::sample::Index>(), bit in 0_u8..8, cut in any::<prop::sample::Index>()) {
        let good = encode(&about(false), &some_blocks(), None).unwrap();
        let mut flipped = good.clone();
        let at = at.index(flipped.len());
        flipped[at] ^= 1 << bit;
        prop_assert!(parse(&flipped).is_none());
        prop_assert!(parse(&good[..cut.index(good.len())]).is_none());
    }

    #[test]
    fn any_bytes_are_no_reason_to_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), entries in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes);
        let found = blocks(&entries, None).unwrap();
        let _ = found.find(1, 2, 3);
        let _ = blocks(&bytes, Some(&mut Keys::new(Password::new("x"))));
        // With a digest that is right, the rest is still only bytes.
        let mut forged = b"LarderIndex2".to_vec();
        forged.extend_from_slice(&bytes);
        forged.extend_from_slice(&digest(&forged).to_le_bytes());
        let _ = parse(&forged);
    }
}
