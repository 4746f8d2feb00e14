//! Storage servers for tests: real ones from packages, scripted ones for faults, and proxies that slow or cut a line.
//!
//! Everything listens on the loopback interface only and ends when its value is dropped.

use std::path::PathBuf;

/// A real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    RcloneS3,
    SeaweedS3,
    Moto,
    RcloneWebdav,
    WsgiDav,
    Apache,
    SeaweedWebdav,
    OpenSsh,
    Asyncssh,
    RcloneSftp,
}

/// A running server. Credentials: S3 `AKIDTEST`/`SECRETTEST` and the bucket `larder`; WebDAV none; SFTP user and password or key as given.
pub struct Server {
    pub kind: Kind,
    pub port: u16,
    /// The directory that it serves, where it serves one.
    pub data: PathBuf,
}
