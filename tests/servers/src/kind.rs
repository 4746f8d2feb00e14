//! The kinds of real servers.

/// A real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    RcloneS3,
    SeaweedS3,
    /// A fake in Python, in memory: checks no signature, and forgets everything when it ends.
    Moto,
    RcloneWebdav,
    WsgiDav,
    Apache,
    /// Serves SeaweedFS's whole tree; buckets are below `/buckets`.
    SeaweedWebdav,
    /// Serves this machine's tree. A relative path begins in [`Server::data`](crate::Server::data).
    OpenSsh,
    Asyncssh,
    RcloneSftp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    S3,
    Webdav,
    Sftp,
}

impl Kind {
    pub const S3: [Self; 3] = [Self::RcloneS3, Self::SeaweedS3, Self::Moto];
    pub const WEBDAV: [Self; 4] = [Self::RcloneWebdav, Self::WsgiDav, Self::Apache, Self::SeaweedWebdav];
    pub const SFTP: [Self; 3] = [Self::OpenSsh, Self::Asyncssh, Self::RcloneSftp];

    pub fn protocol(self) -> Protocol {
        match self {
            Self::RcloneS3 | Self::SeaweedS3 | Self::Moto => Protocol::S3,
            Self::RcloneWebdav | Self::WsgiDav | Self::Apache | Self::SeaweedWebdav => Protocol::Webdav,
            Self::OpenSsh | Self::Asyncssh | Self::RcloneSftp => Protocol::Sftp,
        }
    }

    pub(crate) fn is_seaweed(self) -> bool {
        matches!(self, Self::SeaweedS3 | Self::SeaweedWebdav)
    }
}
