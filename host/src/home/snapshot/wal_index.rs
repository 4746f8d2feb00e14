//! The index of a write-ahead log: how much of the log belongs to a locked database.
//!
//! Reads the header of a `-shm` file, whose layout SQLite documents ("WAL-mode File Format", sections 2.1 and 2.2), in
//! the machine's byte order. Does not interpret the log itself, and never writes.

use super::descriptor::Descriptor;

/// Bytes of the header. A second copy follows it, then the number of frames that are already in the main file.
const HEADER: usize = 48;
/// The only existing version.
const VERSION: u32 = 3_007_000;
/// A commit may change the header between two reads, but not many times in a row.
const ATTEMPTS: usize = 1000;

/// Sizes, in bytes, of a main file and its log that form one committed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// `None`: the whole file.
    pub main: Option<u64>,
    pub log: u64,
}

/// The extent of the database whose index is `shm`. Valid while a read lock is held that was taken before.
///
/// If the lock was taken when the whole log had already been moved into the main file, a writer can still restart the
/// log, so the log must not be read. The main file alone is then complete, and does not change, since nothing is moved
/// into it under such a lock. In every other case the log cannot be restarted, and its committed frames never change.
pub(super) fn extent(shm: &Descriptor) -> Option<Extent> {
    (0..ATTEMPTS).find_map(|_| {
        let before = shm.read(0, 2 * HEADER + 4).ok()?;
        let after = shm.read(0, HEADER).ok()?;
        let (first, second) = (before.get(..HEADER)?, before.get(HEADER..2 * HEADER)?);
        // The header is equal before and after, so the number of moved frames, read in between, belongs to it.
        (first == second && first == after).then(|| of(first, number(&before, 2 * HEADER)?)).flatten()
    })
}

fn of(header: &[u8], moved: u32) -> Option<Extent> {
    let initialised = *header.get(12)? != 0;
    if number(header, 0)? != VERSION || !initialised {
        return None;
    }
    let page = match u16::from_ne_bytes(header.get(14..16)?.try_into().ok()?) {
        1 => 65_536,
        size => u64::from(size),
    };
    let (frames, pages) = (number(header, 16)?, number(header, 20)?);
    // A checkpoint that ends later truncates the main file to `pages`, never below.
    let main = (frames > 0).then(|| u64::from(pages) * page);
    let log = if moved < frames { 32 + u64::from(frames) * (24 + page) } else { 0 };
    Some(Extent { main, log })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
