//! The settings of the locations on other machines: one struct for each protocol.
//!
//! Secrets are [`Secret`]: they are shown nowhere, not even by `Debug`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// A password or key. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A bucket of an S3 server, and a prefix in it.
#[derive(Debug, Clone)]
pub struct S3 {
    /// `https://s3.eu-central-1.amazonaws.com`; no path.
    pub endpoint: url::Url,
    pub region: String,
    pub bucket: String,
    /// Without slashes at its ends; empty for the whole bucket. The prefix of the layout `b2` is the same.
    pub prefix: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Put the bucket into the path (`https://host/bucket`) instead of the host name.
    pub path_style: bool,
}

/// A folder of a WebDAV server.
#[derive(Debug, Clone)]
pub struct WebDav {
    /// The server's WebDAV address: `https://host/remote.php/dav/files/user`.
    pub url: url::Url,
    pub username: Option<String>,
    pub password: Option<Secret>,
    /// The folder below it, `/`-separated; created when needed. Empty: the address itself.
    pub path: String,
}

/// A folder of an SFTP server.
#[derive(Debug, Clone)]
pub struct Sftp {
    pub host: String,
    pub port: u16,
    pub user: String,
    /// A private key; its passphrase may be in an agent.
    pub identity_file: Option<PathBuf>,
    pub password: Option<Secret>,
    /// A file of known host keys instead of the user's own.
    pub known_hosts: Option<PathBuf>,
    /// The folder, absolute or relative to where the login ends; created when needed.
    pub path: String,
    /// The program; `ssh` unless a test says otherwise.
    pub ssh: PathBuf,
    /// The program that ssh asks for the password (this program itself). It prints the variable `LARDER_ASKPASS`.
    pub askpass: PathBuf,
}

/// How requests reach the network.
#[derive(Clone)]
pub struct Http {
    pub tls: ureq::tls::TlsConfig,
    pub proxy: Option<ureq::Proxy>,
}

/// What the locations need from the machine.
#[derive(Clone)]
pub struct Environment {
    /// Seconds since 1970, now.
    pub now: Arc<dyn Fn() -> i64 + Send + Sync>,
}
