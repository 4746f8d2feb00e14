//! Recovery of an unfinished database: SQLite rolls back or checkpoints a private copy.
//!
//! Refuses implausible results: an empty database, one larger than the files it came from, or a journal that needs
//! another database.

use std::sync::Arc;
use std::time::Duration;

use super::check::Source;
use super::classify::{JournalMode, journal_mode};
use super::copy::{DatabaseCopy, Scratch, Verdict, sqlite_message};
use super::descriptor::Descriptor;
use super::journal::names_super_journal;
use crate::error::reason;

/// A recovered database is at most as large as its files together, plus one page.
const LARGEST_PAGE: u64 = 65_536;

/// The companion files that belong to the state of a locked database.
pub(super) struct Companions {
    pub journal: Option<Descriptor>,
    pub log: Option<Descriptor>,
    pub has_index: bool,
}

/// The committed state as one file, or the reason why there is none. A database that no program was using is checked
/// immediately, because no program has recovered it.
pub(super) fn recover(
    scratch: &Scratch,
    main: &Descriptor,
    companions: &Companions,
    is_used: bool,
    check_wait: Duration,
) -> std::result::Result<(Arc<Descriptor>, Option<Source>), String> {
    let Companions { journal, log, .. } = companions;
    if log.is_some() && journal_mode(main) == Some(JournalMode::Rollback) {
        return Err("there is a log next to it, although the database does not use one".into());
    }
    let mut files = vec![("", main, u64::MAX)];
    files.extend(journal.iter().map(|journal| ("-journal", journal, u64::MAX)));
    files.extend(log.iter().map(|log| ("-wal", log, u64::MAX)));
    let copy = DatabaseCopy::new(scratch, &files)
        .map_err(|error| format!("it could not be copied: {}", reason(&error)))?;
    // Looked up in the copy, which no other program can change: SQLite would follow the name and remove that file.
    if journal.is_some() && copy.open("-journal").map_or(true, |journal| names_super_journal(&journal)) {
        return Err(
            "its journal belongs to a transaction over several databases, which only SQLite can finish"
                .into(),
        );
    }
    copy.recover().map_err(|error| sqlite_message(&error))?;
    let copied = copy.open("").map_err(|error| reason(&error))?;
    let files = [Some(main), journal.as_ref(), log.as_ref()];
    let max_size =
        files.into_iter().flatten().map(|file| file.facts.size).fold(LARGEST_PAGE, u64::saturating_add);
    match copied.facts.size {
        0 => return Err("its journal says that it was empty before, so SQLite would empty it".into()),
        size if size > max_size => {
            return Err("the result would be larger than the files it comes from".into());
        }
        _ => {}
    }
    if is_used {
        return Ok((copied, Some(Source::Copied(Arc::new(copy)))));
    }
    match copy.check_within(check_wait) {
        Verdict::Sound => Ok((copied, None)),
        Verdict::Damaged(what) | Verdict::Unknown(what) => Err(format!("it could not be recovered: {what}")),
    }
}
