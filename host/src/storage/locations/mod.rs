//! Locations, where backups are stored. Home Assistant calls them agents.
//!
//! Knows objects by name and bytes, and does not know what a backup is. A new storage protocol is one more file here: a type that
//! implements [`Location`], which `location` documents. `assemble` adds it to the list of locations.
//!
//! `local_directory` is the backups directory, Home Assistant's `backup.local`. `input_file` and `output_file` are single files that a user named on the
//! command line. `marker` distinguishes a directory of backups from an empty mount point. `draft` writes files safely, `reader` reads
//! them, and `file_checks` holds the checks that they share.

mod draft;
mod file_checks;
mod input_file;
mod list;
mod local_directory;
mod location;
mod marker;
mod output_file;
mod reader;

pub use draft::remove_stale as remove_stale_drafts;
pub use input_file::InputFile;
pub use list::Locations;
pub use local_directory::LocalDirectory;
pub use location::{Draft, Location, Object};
pub(crate) use marker::{is_marked, is_remembered};
pub use output_file::OutputFile;
pub use reader::ObjectReader;
