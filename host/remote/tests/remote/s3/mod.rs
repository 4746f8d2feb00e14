//! S3: what every test needs.

mod answers;
mod engine;
mod faults;
mod reading;
mod real;
mod uploads;

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use larder_remote::error::Result;
use larder_remote::protocol::{Body, Part, Plan, Protocol, Upload};
use larder_remote::s3::S3Location;
use larder_remote::settings::{Environment, Http, S3, Secret};
use larder_remote::{Error, Kind, Stop};
use larder_test_servers::{BUCKET, Kind as ServerKind, Server};
use md5::{Digest, Md5};

/// The settings for a server on this machine.
fn settings(url: &str, prefix: &str) -> S3 {
    S3 {
        endpoint: url.parse().unwrap(),
        region: "us-east-1".to_owned(),
        bucket: BUCKET.to_owned(),
        prefix: prefix.to_owned(),
        access_key_id: "AKIDTEST".to_owned(),
        secret_access_key: Secret("SECRETTEST".to_owned()),
        path_style: true,
    }
}

fn location(url: &str, prefix: &str) -> S3Location {
    open(settings(url, prefix), 0)
}

/// `offset` is what the clock is ahead, in seconds.
fn open(settings: S3, offset: i64) -> S3Location {
    let now = move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        i64::try_from(now).unwrap() + offset
    };
    let http = Http { tls: ureq::tls::TlsConfig::default(), proxy: None };
    S3Location::new(settings, http, Environment { now: Arc::new(now) }).unwrap()
}

/// Runs a case against every server that is available.
fn each(case: impl Fn(&Server, ServerKind)) {
    for kind in ServerKind::S3 {
        if let Some(server) = Server::start(kind) {
            case(&server, kind);
        }
    }
}

fn stop() -> Stop {
    Stop::default()
}

/// The bytes of a test's file: none are alike nearby.
fn bytes(size: usize) -> Vec<u8> {
    let mut state = 1u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(size)
    .collect()
}

fn body(bytes: &[u8]) -> Body {
    let reader = Box::new(io::Cursor::new(bytes.to_vec()));
    Body { size: bytes.len() as u64, md5: Some(Md5::digest(bytes).into()), reader }
}

fn upload(name: &str, size: usize) -> Upload {
    let token = name.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    Upload { name: name.to_owned(), size: size as u64, token: format!("{token:016x}") }
}

/// All steps of an upload.
fn store(location: &S3Location, name: &str, bytes: &[u8]) -> Result<Vec<Part>> {
    let upload = upload(name, bytes.len());
    let handle = location.start(&upload, &stop())?;
    let size = match location.plan(upload.size) {
        Plan::Whole => bytes.len().max(1),
        Plan::Parts(size) => usize::try_from(size).unwrap(),
    };
    let pieces: Vec<&[u8]> = if bytes.is_empty() { vec![&[]] } else { bytes.chunks(size).collect() };
    let parts: Result<Vec<Part>> = (1..)
        .zip(pieces)
        .map(|(number, piece)| location.send(&upload, &handle, number, body(piece), &stop()))
        .collect();
    let parts = parts?;
    location.finish(&upload, &handle, &parts, &stop())?;
    Ok(parts)
}

fn read(location: &S3Location, name: &str, range: std::ops::Range<u64>) -> Result<Vec<u8>> {
    let mut found = Vec::new();
    let mut reader = location.read(name, range, &stop())?;
    reader.read_to_end(&mut found).map_err(|error| Error::new(Kind::Interrupted, error.to_string()))?;
    Ok(found)
}

fn names(location: &S3Location) -> Vec<String> {
    let mut names: Vec<String> =
        location.list(&stop()).unwrap().into_iter().map(|object| object.name).collect();
    names.sort();
    names
}
