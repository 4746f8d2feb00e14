//! Locations, where backups are stored. Home Assistant calls them agents.
//!
//! Knows objects by name and bytes, and does not know what a backup is. A new storage protocol is one more file here: a type that
//! implements [`Location`], which `location` documents. `assemble` adds it to the list of locations.
//!
//! `directory` is a directory of backups: Home Assistant's `backup.local`, or a mounted share. `remote` is a location on another machine, whose protocols
//! and upload engine are the crate `larder-remote`. `input_file` and `output_file` are single files that a user named on the
//! command line. `marker` distinguishes a directory of backups from an empty mount point. `draft` writes files safely, `reader` reads
//! objects, `whole` copies them, and `file_checks` holds the checks that they share.

mod directory;
mod directory_test;
mod draft;
mod file_checks;
mod file_reader;
mod input_file;
mod list;
mod location;
mod marker;
mod output_file;
mod reader;
mod remote;
mod remote_error;
mod types;
mod unusable;
mod whole;

pub use directory::DirectoryLocation;
pub use draft::remove_stale as remove_stale_drafts;
pub use input_file::InputFile;
pub use list::Locations;
pub use location::Location;
pub(crate) use marker::{is_marked, is_remembered};
pub use output_file::OutputFile;
pub use reader::ObjectReader;
pub use remote::{RemoteLocation, RemoteMemory};
pub use types::{Draft, Knowledge, Object, Stored};
pub use unusable::UnusableLocation;
