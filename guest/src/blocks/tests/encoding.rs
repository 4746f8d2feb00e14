//! Blocks, and the gzip member assembled from them.

use std::io::Read;

use flate2::bufread::GzDecoder;
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

use zlib_rs::crc32::crc32;

use super::{content, noise};
use crate::archive::GzipMember;
use crate::blocks::codec::{Codec, stored};
use crate::blocks::crc32::crc32 as block_crc32;
use crate::blocks::digest::respond;
use crate::blocks::protocol::Encoding;

fn made(codec: &mut Codec, plain: &[u8]) -> (Encoding, Vec<u8>) {
    let answer = codec.encode(plain).unwrap();
    let (how, check, bytes) = Encoding::parse_result(&answer).unwrap();
    assert_eq!(check, crc32(0, plain));
    (how, bytes.to_vec())
}

fn holds(plain: &[u8]) -> (u32, u32) {
    (u32::try_from(plain.len()).unwrap(), crc32(0, plain))
}

/// A member assembled from the blocks, and the offset of each.
fn member(blocks: &[(&[u8], Vec<u8>)]) -> (Vec<u8>, Vec<u64>) {
    let mut member = GzipMember::new(Vec::new(), 7).unwrap();
    let places =
        blocks.iter().map(|(plain, deflated)| member.block(holds(plain), deflated).unwrap()).collect();
    (member.finish().unwrap(), places)
}

fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = GzDecoder::new(bytes);
    let mut plain = Vec::new();
    decoder.read_to_end(&mut plain).unwrap();
    assert!(decoder.into_inner().is_empty(), "nothing stands behind the member");
    plain
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_folded_crc_32_is_correct_at_any_length(lengths in prop::collection::vec(0_usize..20_000, 1..8), seed: u64) {
        let mut scratch = Vec::new();
        for length in lengths.into_iter().chain([6011, 6012, 6013, 6139, 6140, 6141]) {
            let block = noise(seed, length);
            prop_assert_eq!(block_crc32(&block, &mut scratch), crc32(0, &block), "{} bytes", length);
        }
    }

    #[test]
    fn content_split_anywhere_is_read_back_from_one_member(plain in content(), cuts in prop::collection::vec(1_usize..150_000, 1..6)) {
        let mut codec = Codec::default();
        let (mut rest, mut blocks) = (plain.as_slice(), Vec::new());
        for cut in cuts.iter().cycle() {
            let (block, later) = rest.split_at_checked(*cut).unwrap_or((rest, &[]));
            if block.is_empty() {
                break;
            }
            blocks.push((block, made(&mut codec, block).1));
            rest = later;
        }
        let (bytes, places) = member(&blocks);
        prop_assert_eq!(inflated(&bytes), plain.as_slice());
        for ((_, deflated), at) in blocks.iter().zip(places) {
            let at = usize::try_from(at).unwrap();
            prop_assert_eq!(&bytes[at..at + deflated.len()], deflated.as_slice());
        }
    }

    #[test]
    fn bytes_with_another_content_are_never_accepted_as_a_block(plain in content(), other in content(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        prop_assume!(!plain.is_empty() && !other.is_empty());
        let mut codec = Codec::default();
        let (how, good) = made(&mut codec, &plain);
        prop_assert_eq!(codec.decode(&good, plain.len()), Some(plain.as_slice()));
        prop_assert_eq!(codec.inflates_to(&good, &plain), how == Encoding::Deflated);
        let (_, foreign) = made(&mut codec, &other);
        let mut flipped = good.clone();
        let at = at.index(flipped.len());
        flipped[at] ^= 1 << bit;
        let cut = good[..good.len() - 1].to_vec();
        let longer = [&good[..], &[0]].concat();
        for kept in [foreign, flipped, cut, longer] {
            // A flipped bit may not change the content.
            if codec.inflates_to(&kept, &plain) {
                prop_assert_eq!(inflated(&member(&[(plain.as_slice(), kept)]).0), plain.clone());
            }
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), length in 0_usize..400) {
        let mut codec = Codec::default();
        let found = codec.decode(&bytes, length).map(<[u8]>::len);
        prop_assert!(found.is_none_or(|found| found == length));
        let _ = respond(&bytes, &mut codec);
        let _ = codec.encode(&bytes).unwrap();
    }
}

#[test]
fn a_block_that_ends_the_stream_or_depends_on_another_is_refused() {
    let mut codec = Codec::default();
    let plain = b"the same words, the same words, the same words".repeat(40);
    let mut last = Vec::with_capacity(4096);
    let mut deflate = Compress::new(Compression::new(6), false);
    deflate.compress_vec(&plain, &mut last, FlushCompress::Finish).unwrap();
    assert!(!codec.inflates_to(&last, &plain), "it ends the stream");

    let mut both = Vec::with_capacity(8192);
    deflate.reset();
    deflate.compress_vec(&plain, &mut both, FlushCompress::Sync).unwrap();
    let first = both.len();
    deflate.compress_vec(&plain, &mut both, FlushCompress::Sync).unwrap();
    assert!(codec.inflates_to(&both[..first], &plain));
    assert!(!codec.inflates_to(&both[first..], &plain), "it needs the block before it");
    let whole = both[..first].to_vec();
    let half = whole[..whole.len() - 4].to_vec();
    assert!(!codec.inflates_to(&half, &plain), "it ends within a block");
}

/// A final block with dynamic Huffman codes, cut off where its end code of 14 bits equals the bits of an empty final block after the
/// rest of a byte. A reader that gets such a block next takes it for the end of this one.
fn cut_before_its_end() -> (Vec<u8>, Vec<u8>) {
    let mut bits: Vec<u32> = Vec::new();
    let number =
        |bits: &mut Vec<u32>, value: u32, count: u32| bits.extend((0..count).map(|at| value >> at & 1));
    let code = |bits: &mut Vec<u32>, (value, count): (u32, u32)| {
        bits.extend((0..count).rev().map(|at| value >> at & 1))
    };
    // Code lengths: 1 to 7 for seven letters, 15 for others, 14 for the end and for all repetitions.
    let length = |symbol: u32| match symbol {
        32..=38 => symbol - 31,
        39..=234 => 15,
        256.. => 14,
        _ => 0,
    };
    let canonical = |symbol: u32, length: &dyn Fn(u32) -> u32, most: u32| {
        let shorter: u32 = (0..most)
            .filter(|s| length(*s) > 0 && length(*s) < length(symbol))
            .map(|s| 1 << (length(symbol) - length(s)))
            .sum();
        let before = u32::try_from((0..symbol).filter(|s| length(*s) == length(symbol)).count()).unwrap();
        (shorter + before, length(symbol))
    };
    number(&mut bits, 0b101, 3);
    number(&mut bits, 29, 5);
    number(&mut bits, 1, 5);
    number(&mut bits, 15, 4);
    [0, 0, 0].iter().chain([4; 16].iter()).for_each(|length| number(&mut bits, *length, 3));
    for length in (0..286).map(length).chain([1, 1]) {
        code(&mut bits, (length, 4));
    }
    let mut plain = b"$ !".repeat(9);
    plain.iter().for_each(|letter| code(&mut bits, canonical((*letter).into(), &length, 286)));
    while bits.len() % 8 != 3 {
        code(&mut bits, canonical(32, &length, 286));
        plain.push(32);
    }
    bits.extend([1; 5]);
    let byte =
        |bits: &[u32]| (0..).zip(bits).fold(0, |byte, (at, bit)| byte | u8::try_from(bit << at).unwrap());
    (bits.chunks(8).map(byte).collect(), plain)
}

#[test]
fn a_final_block_cut_just_before_its_end_is_refused() {
    let (cut, plain) = cut_before_its_end();
    let completed = [&cut[..], &[3, 0]].concat();
    let mut decoder = flate2::bufread::DeflateDecoder::new(completed.as_slice());
    let mut found = Vec::new();
    decoder.read_to_end(&mut found).unwrap();
    assert_eq!(found, plain, "it is what it should be");
    let mut codec = Codec::default();
    for ending in [&[][..], &[0, 0, 0xff, 0xff], &[0, 0, 0, 0xff, 0xff]] {
        assert!(!codec.inflates_to(&[&cut[..], ending].concat(), &plain));
    }
}

#[test]
fn incompressible_content_is_stored() {
    let mut codec = Codec::default();
    for count in [1, 5000, 8192, 65_535, 65_536, 262_144] {
        let plain = noise(3, count);
        let (how, bytes) = made(&mut codec, &plain);
        assert_eq!(how, Encoding::Stored, "{count} bytes");
        assert_eq!(bytes, stored(Vec::new(), &plain));
    }
    // Noise at the start does not make the rest incompressible.
    let mixed = [noise(4, 8192), b"automation: ".repeat(20_000)].concat();
    assert_eq!(made(&mut codec, &mixed).0, Encoding::Deflated);
}
