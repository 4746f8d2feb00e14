//! Messages about attributes in a backup that no file can have: one sentence for each kind.

use crate::archive::{Attribute, LostAttribute, Summary, shown};

/// The sentences about the entries of a backup that `is_meant` selects.
pub fn sentences(summary: &Summary, is_meant: impl Fn(&[u8]) -> bool) -> Vec<String> {
    // The list is limited; the count is not.
    let is_whole = summary.lost.len() as u64 == summary.lost_count;
    let of = |attribute| {
        let meant = |lost: &&LostAttribute| lost.attribute == attribute && is_meant(&lost.path);
        let found: Vec<_> = summary.lost.iter().filter(meant).collect();
        let (a, what) = match attribute {
            Attribute::Time => ("a", "time of modification"),
            Attribute::Owner => ("an", "owner"),
        };
        let (first, more) = (found.first()?, found.len().saturating_sub(1));
        let more = match (more, is_whole) {
            (0, true) => String::new(),
            (more, true) => format!(" and {more} more"),
            (more, false) => format!(" and at least {more} more"),
        };
        let path = shown(&first.path);
        Some(format!(
            "{path}{more}: the backup gives {a} {what} that no file can have; the contents are intact, and the {what} is left out"
        ))
    };
    [Attribute::Time, Attribute::Owner].into_iter().filter_map(of).collect()
}
