//! How much of a write-ahead log belongs to a locked database.
//!
//! Reads the head of a `-shm` file, whose layout SQLite documents ("WAL-mode File Format", sections 2.1 and 2.2), in the
//! byte order of the machine. Refuses to interpret the log itself, and never writes.

use super::descriptor::Descriptor;

/// Bytes of the header; a second copy follows it, then the number of frames that are in the main file already.
const HEADER: usize = 48;
/// The only version there is.
const VERSION: u32 = 3_007_000;
/// A commit may come between two reads of the header; more than a few in a row are another thing.
const ATTEMPTS: usize = 1000;

/// Sizes, in bytes, of a main file and its log that are one committed state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// `None`: as long as the file is.
    pub main: Option<u64>,
    pub log: u64,
}

/// The extent of the database whose index is `shm`, which holds while a read lock does that was taken before.
///
/// A lock that was taken when the whole log was in the main file already does not keep a writer from starting the log anew, so
/// such a log must not be read; the main file alone is complete then, and frozen, since nothing is moved into it under
/// such a lock. In every other case the log cannot be started anew, and its committed frames never change.
pub(super) fn extent(shm: &Descriptor) -> Option<Extent> {
    (0..ATTEMPTS).find_map(|_| {
        let before = shm.read(0, 2 * HEADER + 4).ok()?;
        let after = shm.read(0, HEADER).ok()?;
        let (first, second) = (before.get(..HEADER)?, before.get(HEADER..2 * HEADER)?);
        // Equal before and after: the number of moved frames, read between, belongs to this header.
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
    // A checkpoint that ends later shortens the main file to `pages`, never below.
    let main = (frames > 0).then(|| u64::from(pages) * page);
    let log = if moved < frames { 32 + u64::from(frames) * (24 + page) } else { 0 };
    Some(Extent { main, log })
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
