//! A backup as a location lists it.

use crate::archive::Manifest;
use crate::error::Result;
use crate::ports::Object;
use crate::protection::Protection;

/// An archive of a location, and what its record or its headers say. A failure if it cannot be read as a backup.
pub struct Listing {
    pub agent_id: String,
    pub object: Object,
    /// The objects that make up the backup, in the order in which they are deleted.
    pub files: Vec<String>,
    pub backup: Result<(Manifest, Protection)>,
}
