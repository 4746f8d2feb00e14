//! Write-behind and read-ahead, in pieces of any size, on file systems with and without direct I/O.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::{NamedTempFile, TempDir};

use super::direct::ALIGN;
use super::write_behind::WriteBehind;
use crate::error::Error;
use crate::steps::Steps;
use crate::storage::locations::{Location, ObjectReader, OutputFile};
use crate::tunables::{DISK_BUFFER as BUFFER, MAX_READ_AHEADS, MAX_WRITE_BEHINDS};

fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(count).collect()
}

/// The number of threads with that name.
fn threads(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let names = tasks.map(|task| std::fs::read_to_string(task.path().join("comm")).unwrap_or_default());
    names.filter(|other| other.trim() == name).count()
}

/// A file on a disk, and one in memory, where direct I/O is not supported.
fn files() -> Vec<NamedTempFile> {
    let memory = Path::new("/dev/shm");
    let mut files = vec![NamedTempFile::new().unwrap()];
    files.extend(memory.is_dir().then(|| NamedTempFile::new_in(memory).unwrap()));
    files
}

fn stored(file: &NamedTempFile) -> ObjectReader {
    ObjectReader::new(file.reopen().unwrap(), "a.tar").unwrap()
}

/// All bytes from `offset` on, read in pieces of at most `most`.
fn rest(stored: &ObjectReader, mut offset: u64, most: usize) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let bytes = stored.read(offset, most).unwrap();
        if bytes.is_empty() {
            return all;
        }
        offset += bytes.len() as u64;
        all.extend_from_slice(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pieces_of_any_size_are_appended_in_order(
        pieces in prop::collection::vec(prop_oneof![0..20_usize, 1..3 * BUFFER / 2, Just(ALIGN), Just(BUFFER)], 0..8),
        settled in prop::collection::vec(any::<bool>(), 8),
    ) {
        for file in files() {
            let bytes = noise(pieces.iter().sum());
            let mut written = WriteBehind::new(Arc::new(file.reopen().unwrap()), "cannot write a.tar");
            let mut left = bytes.as_slice();
            for (piece, settle) in pieces.iter().zip(&settled) {
                let (now, later) = left.split_at(*piece);
                written.append(now.to_vec()).unwrap();
                left = later;
                if *settle {
                    written.flush().unwrap();
                    prop_assert_eq!(file.as_file().metadata().unwrap().len(), written.size());
                }
            }
            written.flush().unwrap();
            prop_assert!(std::fs::read(file.path()).unwrap() == bytes);
        }
    }

    #[test]
    fn direct_reads_and_read_ahead_return_the_contents_of_the_file(
        size in 0..5 * BUFFER,
        from in 0..6 * BUFFER as u64,
        count in 0..6 * BUFFER as u64,
        most in 1..2 * BUFFER,
        elsewhere in 0..6 * BUFFER as u64,
    ) {
        for file in files() {
            let bytes = noise(size);
            std::fs::write(file.path(), &bytes).unwrap();
            file.as_file().sync_all().unwrap();
            let wanted = bytes.get(from as usize..).unwrap_or_default();
            prop_assert!(rest(&stored(&file).without_cache(), from, most) == wanted, "from the disk");
            let mut ahead = stored(&file);
            ahead.read_ahead(from, count);
            prop_assert!(rest(&ahead, from, most) == wanted, "read ahead, and beyond it");
            let wanted = bytes.get(elsewhere as usize..).unwrap_or_default();
            prop_assert!(rest(&ahead, elsewhere, most) == wanted, "elsewhere");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn bytes_copied_from_another_file_are_appended_in_order(
        pieces in prop::collection::vec((any::<bool>(), 0..3 * BUFFER / 2, 0..2 * BUFFER as u64), 0..8),
        is_ahead in any::<bool>(),
    ) {
        for (file, other) in files().into_iter().zip(files()) {
            let source = noise(4 * BUFFER);
            std::fs::write(other.path(), &source).unwrap();
            let mut from = stored(&other);
            if is_ahead {
                from.read_ahead(0, from.size());
            }
            let mut written = WriteBehind::new(Arc::new(file.reopen().unwrap()), "cannot write a.tar");
            let mut wanted = Vec::new();
            for (is_copied, count, offset) in pieces.clone() {
                let bytes = &source[offset as usize..][..count];
                wanted.extend_from_slice(bytes);
                if is_copied {
                    let (from, count) = (from.clone(), count as u64);
                    written.append_from(count, Box::new(move |take| from.copy_to(offset, count, take))).unwrap();
                } else {
                    written.append(bytes.to_vec()).unwrap();
                }
            }
            written.flush().unwrap();
            prop_assert_eq!(written.size(), wanted.len() as u64);
            prop_assert!(std::fs::read(file.path()).unwrap() == wanted);
        }
    }
}

#[test]
fn copying_from_a_file_that_shrinks_is_an_error_with_its_name() {
    for (file, other) in files().into_iter().zip(files()) {
        std::fs::write(other.path(), noise(3 * BUFFER)).unwrap();
        let from = stored(&other);
        other.as_file().set_len(BUFFER as u64 + 5).unwrap();
        let mut written = WriteBehind::new(Arc::new(file.reopen().unwrap()), "cannot write a.tar");
        let all = from.size();
        let copied = written.append_from(all, Box::new(move |take| from.copy_to(0, all, take)));
        let error = copied.and_then(|()| written.flush()).unwrap_err();
        let text = format!("a.tar became shorter while it was copied: byte {} is missing", BUFFER + 5);
        assert_eq!(error, Error::Io(text));
        assert_eq!(written.append(b"more".to_vec()), Err(error));
    }
}

#[test]
fn a_write_error_is_reported_with_its_reason() {
    let full = Arc::new(OpenOptions::new().write(true).open("/dev/full").unwrap());
    let wanted = Error::NoSpace("cannot write a.tar: No space left on device".into());
    let mut written = WriteBehind::new(full.clone(), "cannot write a.tar");
    let refused = (0..64).find_map(|_| written.append(vec![1; BUFFER]).err());
    assert_eq!(refused, Some(wanted.clone()));
    let mut written = WriteBehind::new(full, "cannot write a.tar");
    // A few bytes wait in the queue, unless no permit is free: then the append itself fails.
    let refused = written.append(b"a little".to_vec()).and_then(|()| written.flush());
    assert_eq!(refused, Err(wanted.clone()));
    // Bytes are lost, so every later call fails too.
    assert_eq!(written.append(b"more".to_vec()), Err(wanted.clone()));
    assert_eq!(written.flush(), Err(wanted));
}

#[test]
fn a_file_that_shrinks_during_read_ahead_ends_early() {
    for file in files() {
        std::fs::write(file.path(), noise(6 * BUFFER)).unwrap();
        let mut ahead = stored(&file);
        file.as_file().set_len(BUFFER as u64 + 5).unwrap();
        ahead.read_ahead(0, 6 * BUFFER as u64);
        assert_eq!(rest(&ahead, 0, BUFFER).len(), BUFFER + 5);
    }
}

#[test]
fn a_draft_can_be_patched_anywhere() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.tar");
    let mut draft = OutputFile::new(path.clone()).draft(path.to_str().unwrap(), &Steps::default()).unwrap();
    let mut bytes = noise(3 * BUFFER + 100);
    draft.append(bytes.clone()).unwrap();
    for at in [0, BUFFER - 1, 3 * BUFFER + 97] {
        draft.patch(at as u64, b"abc").unwrap();
        bytes[at..at + 3].copy_from_slice(b"abc");
    }
    assert!(draft.patch(3 * BUFFER as u64 + 98, b"abc").is_err(), "beyond its end");
    draft.append(b"more".to_vec()).unwrap();
    bytes.extend_from_slice(b"more");
    assert!(rest(&draft.read_back().unwrap(), 0, BUFFER) == bytes);
    draft.publish().unwrap();
    assert!(std::fs::read(path).unwrap() == bytes);
}

#[test]
fn reading_back_shows_what_is_on_the_disk() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("a.tar");
    let mut draft = OutputFile::new(path.clone()).draft(path.to_str().unwrap(), &Steps::default()).unwrap();
    draft.append(noise(2 * BUFFER)).unwrap();
    let back = draft.read_back().unwrap();
    let partial = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
    let changed = OpenOptions::new().write(true).open(partial).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&changed, b"other", BUFFER as u64).unwrap();
    File::sync_all(&changed).unwrap();
    assert_eq!(back.read(BUFFER as u64, 5).unwrap(), b"other");
}

#[test]
fn files_beyond_the_limit_are_read_without_read_ahead() {
    let file = NamedTempFile::new().unwrap();
    let bytes = noise(6 * BUFFER);
    std::fs::write(file.path(), &bytes).unwrap();
    let all: Vec<_> = (0..40)
        .map(|_| {
            let mut stored = stored(&file);
            stored.read_ahead(0, bytes.len() as u64);
            stored
        })
        .collect();
    let ahead = threads("read-ahead");
    assert!(ahead <= MAX_READ_AHEADS, "{ahead} threads");
    assert!(all.iter().all(|stored| rest(stored, 0, BUFFER) == bytes));
}

#[test]
fn drafts_beyond_the_limit_are_written_without_a_thread() {
    let bytes = noise(2 * BUFFER + 77);
    let mut all: Vec<_> = (0..40)
        .map(|_| {
            let file = tempfile::tempfile().unwrap();
            (file.try_clone().unwrap(), WriteBehind::new(Arc::new(file), "cannot write a.tar"))
        })
        .collect();
    for piece in bytes.chunks(BUFFER / 3) {
        for (number, (_, draft)) in all.iter_mut().enumerate() {
            let (bytes, count) = (piece.to_vec(), piece.len() as u64);
            match number % 2 {
                0 => draft.append(bytes).unwrap(),
                _ => draft.append_from(count, Box::new(move |take| take(&bytes))).unwrap(),
            }
        }
        let writing = threads("write-behind");
        assert!(writing <= MAX_WRITE_BEHINDS, "{writing} threads");
    }
    for (file, mut draft) in all {
        draft.flush().unwrap();
        let mut written = vec![0; draft.size() as usize];
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut written, 0).unwrap();
        assert!(written == bytes);
    }
}
