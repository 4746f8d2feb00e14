//! Storage on disk: backups in their locations, documents, the cache, and the locks that admit one writer.

pub mod cache;
pub mod directories;
pub mod documents;
pub mod locations;
pub(crate) mod lock;
