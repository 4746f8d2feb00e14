//! What a database's rollback journal says, as far as its ends tell (sqlite.org/fileformat.html, 3).
//!
//! Only reads. Refuses to judge the pages in it: SQLite does, in a copy.

use super::descriptor::Descriptor;

/// The first eight bytes of a journal, and the last eight of one that names a super-journal.
const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Whether it may have to be rolled back: one that SQLite has finished with is empty, or begins with zeros.
pub(super) fn may_be_hot(journal: &Descriptor) -> bool {
    journal.read(0, MAGIC.len()).is_ok_and(|bytes| bytes == MAGIC)
}

/// Whether that is a write-ahead log, of either order of bytes in its checksums.
pub(super) fn is_log(log: &Descriptor) -> bool {
    log.read(0, 4).is_ok_and(|bytes| bytes == [0x37, 0x7f, 0x06, 0x82] || bytes == [0x37, 0x7f, 0x06, 0x83])
}

/// Whether it belongs to a transaction over several databases: it ends with the path of another file, without which nobody can say
/// whether that was committed.
pub(super) fn names_super_journal(journal: &Descriptor) -> bool {
    let end = journal.facts.size.saturating_sub(MAGIC.len() as u64);
    end > 0 && journal.read(end, MAGIC.len()).is_ok_and(|bytes| bytes == MAGIC)
}
