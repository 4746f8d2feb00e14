//! A server and a location on it, for the tests of SFTP.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use larder_remote::protocol::{Body, Protocol, Upload};
use larder_remote::settings::{self, Secret};
use larder_remote::sftp::SftpLocation;
use larder_remote::{Result, Stop};
use larder_test_servers::{Kind, Server};
use tempfile::TempDir;

pub struct Site {
    pub server: Server,
    pub directory: TempDir,
}

impl Site {
    #[track_caller]
    pub fn start(kind: Kind) -> Option<Self> {
        Some(Self { server: Server::start(kind)?, directory: tempfile::tempdir().unwrap() })
    }

    /// The settings that are right for it, through a port of its own or a proxy's.
    pub fn settings(&self, port: u16, path: &str) -> settings::Sftp {
        let known_hosts = self.directory.path().join("known hosts");
        let lines = format!("{}\n{}\n", self.server.host_key, self.server.host_key_at(port));
        fs::write(&known_hosts, lines).unwrap();
        let has_password = !self.server.password.is_empty();
        settings::Sftp {
            host: "127.0.0.1".into(),
            port,
            user: self.server.user.clone(),
            identity_file: (!has_password).then(|| self.server.identity.clone()),
            password: has_password.then(|| Secret(self.server.password.clone())),
            known_hosts: Some(known_hosts),
            path: path.into(),
            ssh: "ssh".into(),
            askpass: askpass(),
        }
    }

    pub fn location(&self, path: &str) -> SftpLocation {
        location(self.settings(self.server.port, path))
    }
}

fn askpass() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/remote/sftp/askpass.sh")
}

pub fn location(settings: settings::Sftp) -> SftpLocation {
    SftpLocation::new(settings, settings::Environment { now: Arc::new(|| 0) }).unwrap()
}

pub fn upload(name: &str, token: &str, size: usize) -> Upload {
    Upload { name: name.into(), size: size as u64, token: token.into() }
}

pub fn body(bytes: &[u8]) -> Body {
    Body { size: bytes.len() as u64, md5: None, reader: Box::new(io::Cursor::new(bytes.to_vec())) }
}

/// Uploads an object in all its steps.
pub fn put(location: &SftpLocation, name: &str, bytes: &[u8]) -> Result<()> {
    let stop = Stop::default();
    let upload = upload(name, "token00000000001", bytes.len());
    let handle = location.start(&upload, &stop)?;
    let part = location.send(&upload, &handle, 1, body(bytes), &stop)?;
    location.finish(&upload, &handle, &[part], &stop)
}

pub fn get(location: &SftpLocation, name: &str, range: std::ops::Range<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    location.read(name, range, &Stop::default()).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

pub fn names(location: &SftpLocation) -> Vec<String> {
    let mut names: Vec<String> =
        location.list(&Stop::default()).unwrap().into_iter().map(|object| object.name).collect();
    names.sort();
    names
}

/// Bytes without a pattern that blocks could hide.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}
