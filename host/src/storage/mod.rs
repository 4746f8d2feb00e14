//! What is kept on disk: backups in their locations, stored documents, the cache, and the locks that allow one writer.

pub mod cache;
pub mod documents;
pub mod locations;
pub(crate) mod lock;
pub mod places;
