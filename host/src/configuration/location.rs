//! The locations that `larder.toml` defines, checked and typed. Connects to nothing.
//!
//! `Debug` shows neither credentials nor user names.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use larder_remote::Verify;
use larder_remote::settings::{S3, Sftp, WebDav};

/// The tables `[locations.NAME]`.
#[derive(Debug, Default)]
pub struct Locations {
    /// By NAME.
    pub by_name: BTreeMap<String, Location>,
    /// What works but should not stay as it is, and tables of locations and schedules that are ignored because of the file's origin.
    pub warnings: Vec<String>,
}

/// A location besides the local one.
#[derive(Clone)]
pub struct Location {
    /// `KIND.NAME`, such as `s3.offsite`: the id that settings and schedules use.
    pub id: String,
    /// The name for people.
    pub name: String,
    pub kind: LocationKind,
    /// How the objects of a backup are named and recorded: `local`, `s3`, `b2`, `webdav`, `sftp`, `synology` or `seafile`.
    pub layout: String,
    pub verify: Verify,
    /// The limit in bytes a second.
    pub bandwidth: Option<u64>,
    /// The agent of Home Assistant whose settings it takes over, such as `aws_s3.01J…`.
    pub adopts: Option<String>,
}

/// Where a location is.
#[derive(Clone)]
pub enum LocationKind {
    S3(S3),
    WebDav(WebDav),
    Sftp(Sftp),
    /// A directory of this machine, usually a mounted share. The path is absolute if the file's is.
    Directory {
        path: PathBuf,
    },
}

impl LocationKind {
    /// The word after `kind` in the table, and the beginning of the id.
    pub fn word(&self) -> &'static str {
        match self {
            Self::S3(_) => "s3",
            Self::WebDav(_) => "webdav",
            Self::Sftp(_) => "sftp",
            Self::Directory { .. } => "directory",
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Location").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl fmt::Debug for LocationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::S3(s3) => write!(f, "S3({}{}/{})", s3.endpoint, s3.bucket, s3.prefix),
            Self::WebDav(webdav) => write!(f, "WebDav({} {})", webdav.url, webdav.path),
            Self::Sftp(sftp) => write!(f, "Sftp({}:{} {})", sftp.host, sftp.port, sftp.path),
            Self::Directory { path } => write!(f, "Directory({})", path.display()),
        }
    }
}
