//! The first and last bytes of a database's rollback journal and write-ahead log (sqlite.org/fileformat.html, 3 and
//! 4).
//!
//! Only reads. Does not interpret the pages in them: SQLite does, in a copy.

use super::descriptor::Descriptor;

/// The first eight bytes of a journal, and the last eight of one that names a super-journal.
const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Whether the journal may have to be rolled back. SQLite truncates a finished journal or overwrites its start with
/// zeros.
pub(super) fn may_be_hot(journal: &Descriptor) -> bool {
    journal.read(0, MAGIC.len()).is_ok_and(|bytes| bytes == MAGIC)
}

/// Whether the file is a write-ahead log, with checksums in either byte order.
pub(super) fn is_log(log: &Descriptor) -> bool {
    log.read(0, 4).is_ok_and(|bytes| bytes == [0x37, 0x7f, 0x06, 0x82] || bytes == [0x37, 0x7f, 0x06, 0x83])
}

/// Whether the journal belongs to a transaction over several databases. Such a journal ends with the path of another
/// file, which decides whether the transaction was committed.
pub(super) fn names_super_journal(journal: &Descriptor) -> bool {
    let end = journal.facts.size.saturating_sub(MAGIC.len() as u64);
    end > 0 && journal.read(end, MAGIC.len()).is_ok_and(|bytes| bytes == MAGIC)
}
