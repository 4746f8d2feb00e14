//! The layouts, and their names in the settings.

/// How backups lie in a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Archives alone: `*.tar`. Each describes itself.
    Local,
    /// Home Assistant's aws_s3, cloudflare_r2 and idrive_e2, and S3 agents from HACS.
    S3,
    WebDav,
    /// Backblaze's agent. A bucket that is reached through Backblaze's S3 interface has this layout, too.
    B2,
    Sftp,
    Synology,
    Seafile,
}

impl Layout {
    pub const ALL: [Self; 7] =
        [Self::Local, Self::S3, Self::WebDav, Self::B2, Self::Sftp, Self::Synology, Self::Seafile];

    /// `None` for an unknown name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::S3 => "s3",
            Self::WebDav => "webdav",
            Self::B2 => "b2",
            Self::Sftp => "sftp",
            Self::Synology => "synology",
            Self::Seafile => "seafile",
        }
    }
}
