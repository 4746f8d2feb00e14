//! WebDAV: what every test needs.

mod fake;
mod faults;
mod nextcloud;
mod real;
mod styles;

use std::io::Read;
use std::sync::Arc;

use larder_remote::error::Result;
use larder_remote::protocol::{Body, Part, Protocol, Upload};
use larder_remote::settings::{Environment, Http, Secret, WebDav};
use larder_remote::webdav::WebDavLocation;
use larder_remote::{Kind, Stop};

pub fn location(url: &str, path: &str) -> WebDavLocation {
    location_of(url, path, None)
}

fn location_of(url: &str, path: &str, login: Option<(&str, &str)>) -> WebDavLocation {
    let settings = WebDav {
        url: url.parse().unwrap(),
        username: login.map(|(user, _)| user.to_owned()),
        password: login.map(|(_, password)| Secret(password.to_owned())),
        path: path.to_owned(),
    };
    let http = Http { tls: ureq::tls::TlsConfig::default(), proxy: None };
    WebDavLocation::new(settings, http, Environment { now: Arc::new(|| 0) }).unwrap()
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
    Body { size: bytes.len() as u64, md5: None, reader: Box::new(std::io::Cursor::new(bytes.to_vec())) }
}

fn upload(name: &str, size: usize) -> Upload {
    let token = name.bytes().fold(7u64, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    Upload { name: name.to_owned(), size: size as u64, token: format!("{token:016x}") }
}

/// All steps of an upload in one piece.
fn store(location: &WebDavLocation, name: &str, bytes: &[u8]) -> Result<()> {
    let upload = upload(name, bytes.len());
    let handle = location.start(&upload, &stop())?;
    let part = send(location, &upload, &handle, bytes)?;
    location.finish(&upload, &handle, &[part], &stop())
}

fn send(location: &WebDavLocation, upload: &Upload, handle: &str, bytes: &[u8]) -> Result<Part> {
    location.send(upload, handle, 1, body(bytes), &stop())
}

/// The names in a location, sorted.
fn names(location: &WebDavLocation) -> Vec<String> {
    let mut names: Vec<_> = location.list(&stop()).unwrap().into_iter().map(|object| object.name).collect();
    names.sort();
    names
}

fn read(location: &WebDavLocation, name: &str, range: std::ops::Range<u64>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = location.read(name, range, &stop())?.read_to_end(&mut bytes);
    read.map(|_| bytes).map_err(|error| larder_remote::Error::new(Kind::Interrupted, error.to_string()))
}
