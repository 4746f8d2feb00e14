//! The rule by which Python's `tarfile`, and so Home Assistant, stops reading an archive early.
//!
//! Owns that rule and its wording. Larder reads on and reports it as a note.

use tar::Header;

use super::{header, paths};

/// Why Home Assistant stops before the member of this header; `None` when it reads on. `previous` is the name of the
/// last member, empty before the first.
///
/// `tarfile` parses every number of a header, even those that an extension header replaces. At one that it cannot parse it
/// stops silently, or with an error when an extension header came first.
pub(super) fn early_stop(header: &Header, previous: &[u8], is_extended: bool) -> Option<String> {
    if header::has_valid_numbers(header) {
        return None;
    }
    let place = match previous {
        b"" => "before the first entry".to_owned(),
        last => format!("after `{}`", paths::shown(last)),
    };
    let outcome = match is_extended || previous.is_empty() {
        true => "refuses to restore this archive",
        false => "would restore only what comes before it",
    };
    Some(format!("invalid number in a header {place}: Home Assistant {outcome}"))
}
