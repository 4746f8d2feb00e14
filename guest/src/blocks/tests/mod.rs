//! Tests of blocks: however content is split, every reader gets the same bytes back, and no wrong block is accepted.

mod encoding;
mod indexing;
mod splitting;

use proptest::prelude::*;

use crate::archive::{Entry, Instant, Kind, TreeSink, TreeWriter, first_of};

/// A file of the home, by path and content.
pub(super) type File = (String, Vec<u8>);

pub(super) fn entry(path: &str, kind: Kind) -> Entry {
    let (user, group) = ("root".to_owned(), "root".to_owned());
    let mtime = Instant { seconds: 1_795_444_780, nanoseconds: 5 };
    Entry { path: path.as_bytes().to_vec(), kind, mode: 0o644, uid: 0, gid: 0, user, group, mtime }
}

/// Writes a tree of files to any sink.
pub(super) fn write<S: TreeSink>(sink: S, files: &[File]) -> S {
    let mut tree = TreeWriter::new(sink);
    tree.add(&entry("", Kind::Directory)).unwrap();
    for (path, content) in files {
        let mut rest = content.as_slice();
        let next = |most| std::io::Result::Ok(first_of(&mut rest, most));
        drop(tree.add_file(&entry(path, Kind::File(content.len() as u64)), next).unwrap());
    }
    tree.finish().unwrap().0
}

/// Bytes that do not deflate, the same for the same seed.
pub(super) fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(&mut next).take(count).collect()
}

/// A mixture of text, noise and zeros.
pub(super) fn content() -> impl Strategy<Value = Vec<u8>> {
    let piece = (0_u8..3, any::<u64>(), 0_usize..90_000).prop_map(|(kind, seed, count)| match kind {
        0 => format!("sensor.kitchen_{seed} is {}\n", seed % 97).bytes().cycle().take(count).collect(),
        1 => noise(seed, count),
        _ => vec![0; count],
    });
    prop::collection::vec(piece, 0..4).prop_map(|pieces: Vec<Vec<u8>>| pieces.concat())
}
