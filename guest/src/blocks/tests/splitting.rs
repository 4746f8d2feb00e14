//! The positions at which the splitter begins and ends blocks.

use std::collections::HashSet;
use std::convert::Infallible;
use std::io;

use proptest::prelude::*;

use super::{File, content, noise, write};
use crate::archive::{Entry, TreeSink};
use crate::blocks::splitter::{BlockSizes, LARGE, Splitter};

struct SplitSink {
    splitter: Splitter,
    blocks: Vec<Vec<u8>>,
}

fn keep(blocks: &mut Vec<Vec<u8>>) -> impl FnMut(&[u8]) -> Result<(), Infallible> + '_ {
    |block| {
        blocks.push(block.to_vec());
        Ok(())
    }
}

impl TreeSink for SplitSink {
    fn header(&mut self, entry: &Entry, bytes: &[u8]) -> io::Result<()> {
        let Ok(()) = self.splitter.header(entry, bytes, &mut keep(&mut self.blocks));
        Ok(())
    }

    fn content(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Ok(()) = self.splitter.content(bytes, &mut keep(&mut self.blocks));
        Ok(())
    }

    fn zeros(&mut self, count: u64) -> io::Result<()> {
        self.splitter.zeros(usize::try_from(count).unwrap());
        Ok(())
    }
}

fn split(files: &[File]) -> Vec<Vec<u8>> {
    let sizes = BlockSizes::of(files.iter().map(|(_, content)| content.len() as u64).sum());
    let SplitSink { splitter, mut blocks } =
        write(SplitSink { splitter: Splitter::new(sizes), blocks: Vec::new() }, files);
    let Ok(()) = splitter.finish(&mut keep(&mut blocks));
    blocks
}

/// A home of many small files and some large ones.
fn home() -> Vec<File> {
    let small = (0..1500)
        .map(|n| (format!("packages/{n:05}.yaml"), noise(n, 200 + usize::try_from(n).unwrap() * 7 % 9000)));
    let database = [b"SQLite format 3\0".to_vec(), noise(1, 700_000)].concat();
    let large = [("home-assistant_v2.db".to_owned(), database), ("zigbee.log".to_owned(), noise(2, 900_000))];
    large.into_iter().chain(small).collect()
}

/// Bytes of `after`'s blocks that were not among `before`'s.
fn new_bytes(before: &[File], after: &[File]) -> usize {
    let known: HashSet<_> = split(before).into_iter().collect();
    split(after).iter().filter(|block| !known.contains(*block)).map(Vec::len).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_blocks_of_any_home_join_to_its_tar(contents in prop::collection::vec(content(), 0..12)) {
        let files: Vec<_> = contents.into_iter().enumerate().map(|(n, content)| (format!("{n}"), content)).collect();
        let blocks = split(&files);
        prop_assert!(blocks.iter().all(|block| !block.is_empty() && block.len() <= 300 * 1024));
        prop_assert_eq!(blocks.concat(), write(Vec::new(), &files));
    }
}

#[test]
fn a_small_change_costs_a_few_blocks() {
    let home = home();
    assert_eq!(new_bytes(&home, &home), 0);
    let group = 300 * 1024;
    let mut added = home.clone();
    added.insert(700, ("packages/00697_new.yaml".into(), noise(77, 3000)));
    assert!(new_bytes(&home, &added) <= 2 * group, "a file was added");
    let mut removed = home.clone();
    removed.remove(900);
    assert!(new_bytes(&home, &removed) <= 2 * group, "a file was removed");
    let mut changed = home.clone();
    changed[300].1.extend_from_slice(b"one more line, and the files behind it move");
    assert!(new_bytes(&home, &changed) <= 2 * group, "a file grew");
    let mut database = home.clone();
    database[0].1[300_000] ^= 1;
    assert_eq!(new_bytes(&home, &database), 32 * 1024, "a page of a database changed");
    let mut log = home.clone();
    log[1].1.extend_from_slice(b"and then");
    assert!(new_bytes(&home, &log) <= 2 * group, "a log grew: its last block, and the header before it");
}

#[test]
fn large_files_have_separate_blocks() {
    for (size, own) in [(LARGE - 1, false), (LARGE, true), (LARGE + 1, true)] {
        let files = [("a".to_owned(), noise(1, usize::try_from(size).unwrap()))];
        assert_eq!(split(&files).contains(&files[0].1), own, "{size}");
    }
}

#[test]
fn blocks_grow_with_the_home_so_that_their_number_is_bounded() {
    assert_eq!(BlockSizes::of(0), BlockSizes::of(6 << 30));
    let mut before = BlockSizes::of(0);
    for power in 34..45 {
        let sizes = BlockSizes::of(1 << power);
        assert!(sizes >= before);
        before = sizes;
    }
    assert_ne!(before, BlockSizes::of(0));
}
