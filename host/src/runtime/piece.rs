//! A piece of work for a worker.

use super::handles::Content;

/// Bytes from the job, and bytes that the host appends to them.
#[derive(Default)]
pub(crate) struct Piece {
    pub(crate) bytes: Vec<u8>,
    pub(crate) appended: Option<Appended>,
}

/// Bytes of a content, which are read when a worker takes the piece.
pub(crate) struct Appended {
    pub(crate) content: Content,
    pub(crate) offset: u64,
    pub(crate) count: u32,
}

impl From<Vec<u8>> for Piece {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, appended: None }
    }
}
