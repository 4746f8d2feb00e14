//! What the engine needs from its caller: the bytes to upload, and a place to remember things.

use std::io;

/// The bytes of an upload: a file that does not change. They are read several times and from several threads.
pub trait Source: Send + Sync {
    /// What errors call it.
    fn name(&self) -> &str;
    /// Bytes.
    fn size(&self) -> u64;
    /// Reads at an offset. Returns fewer bytes only at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Identifies the bytes after a restart of the process as well: device, inode, size and time of modification, as text. An upload is continued only if it is
    /// the same.
    fn fingerprint(&self) -> String;
}

/// Small documents that survive a restart. A document is saved entirely or not at all.
pub trait Memory: Send + Sync {
    fn load(&self, name: &str) -> Option<String>;
    /// The error says why it could not be saved.
    fn save(&self, name: &str, text: &str) -> Result<(), String>;
}
