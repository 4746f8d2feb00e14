//! The format of a backup file: an outer tar with `backup.json` and inner tars.
//!
//! Owns the format in both directions, over readers and writers. All input is treated as hostile. Does not touch a file system, a
//! clock or a password: reading yields descriptions of entries, and the caller decides where to write them.
//!
//! * Outer archive: `outer_reader` reads it, `outer_writer` writes it, `manifest` is its `backup.json`, `name` its id and file name.
//! * Inner tar: `inner_reader` walks it, `inner_writer` writes it, `structure` checks it while it is written, `exclude` filters its paths.
//!   `inflater` and `gzip` are its compression.
//! * Tar headers: `members` reads the sequence of headers with `extension`, `pax` and `header`; `header_fields` encodes them.
//!   `entry`, `paths`, `seen_paths` and `time` hold the rules for entries, and `early_stop` is where Home Assistant stops reading.

mod early_stop;
pub mod entry;
mod error;
pub mod exclude;
mod extension;
mod gzip;
mod header;
mod header_fields;
mod inflater;
pub mod inner_reader;
pub mod inner_writer;
mod limits;
pub mod manifest;
mod members;
pub mod name;
pub mod outer_reader;
pub mod outer_writer;
mod paths;
mod pax;
mod seen_paths;
mod structure;
mod time;

#[cfg(test)]
mod tests;

pub use entry::{Entry, Instant, Kind};
pub use error::{ArchiveError, Result};
pub use exclude::Exclude;
pub use gzip::GzipMember;
pub use inflater::{Inflater, StreamEnd, TarStream};
pub use inner_reader::{
    Attribute, Base, CheckSummary, LostAttribute, SkippedEntry, Summary, Visit, check, check_inflated, walk,
    walk_inflated,
};
pub use inner_writer::{Counts, TreeSink, TreeWriter, Written, first_of};
pub use limits::Limits;
pub use manifest::{Addon, Manifest};
pub use name::{NameProblem, backup_id, file_name, name_problem};
pub use outer_reader::{Member, Outer};
#[cfg(test)]
pub use outer_writer::compressor;
pub use outer_writer::{Draft, MemberWriter, OuterWriter};
pub use paths::shown;
pub use structure::StructureCheck;
pub use time::nearest_restorable_time;
