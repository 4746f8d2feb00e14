//! Tests a location with objects of its own, and says what the server can and cannot do. Nothing is left.

use std::io;
use std::sync::Arc;

use super::random;
use super::reader::read_range;
use super::remote::Remote;
use super::types::{Check, Proof};
use crate::error::{Error, Kind, Result};
use crate::ports::Source;
use crate::stop::Stop;

/// Bytes of the object that is stored.
const SIZE: usize = 300_000;

/// The bytes that are stored.
struct Probe {
    name: String,
    bytes: Vec<u8>,
}

impl Source for Probe {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).ok().and_then(|from| self.bytes.get(from..)).unwrap_or_default();
        let count = from.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), from.get(..count)) {
            to.copy_from_slice(from);
        }
        Ok(count)
    }

    fn fingerprint(&self) -> String {
        self.name.clone()
    }
}

/// Runs the test.
pub(super) fn test(remote: &Remote, stop: &Stop) -> Vec<Check> {
    let mut checks = Checks(Vec::new());
    let listed = remote.list(stop);
    let reached = listed.map(|listing| format!("{} objects in {}", listing.objects.len(), remote.address()));
    if !checks.note("reach it and list it", reached) {
        return checks.0;
    }
    let name = format!("larder-test-{}.bin", random::token());
    let bytes: Vec<u8> = (0..SIZE).map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap_or(0)).collect();
    let probe = Arc::new(Probe { name: name.clone(), bytes });
    let stored = remote.store(&name, probe.clone(), &|_| (), stop);
    let proof = |proof| match proof {
        Proof::Digest => "stored; the server compares digests",
        Proof::Sample => "stored; the server has no digests, so samples are read back",
        Proof::Full => "stored and read back",
        Proof::Size => "stored; only the size could be compared",
    };
    if !checks.note("store an object", stored.map(|stored| proof(stored.proof).to_owned())) {
        return checks.0;
    }
    checks.note("find it in the listing", is_listed(remote, &name, stop));
    checks.note("read ranges of it", reads_ranges(remote, &probe, stop));
    let again = remote.protocol().stat(&name, stop).map(|found| found.is_some());
    let replaced = match again {
        Ok(true) => match remote.store(&name, probe.clone(), &|_| (), stop) {
            Err(error) if error.kind == Kind::Exists => Ok("refused, as it should be".to_owned()),
            Ok(_) => Err(Error::new(Kind::Unsupported, "the server replaced it")),
            Err(error) => Err(error),
        },
        Ok(false) => Err(Error::new(Kind::NotFound, "it is gone")),
        Err(error) => Err(error),
    };
    checks.note("store another under the same name", replaced);
    checks.note("delete it", deletes(remote, &name, stop));
    let free = match remote.protocol().free(stop) {
        Ok(Some(free)) => Ok(format!("{free} bytes")),
        Ok(None) => Ok("the server does not say".to_owned()),
        Err(error) => Err(error),
    };
    checks.note("ask for the free space", free);
    checks.0
}

struct Checks(Vec<Check>);

impl Checks {
    fn note(&mut self, what: &str, found: Result<String>) -> bool {
        let is_good = found.is_ok();
        self.0.push(Check { what: what.to_owned(), result: found.map_err(|error| error.message) });
        is_good
    }
}

fn is_listed(remote: &Remote, name: &str, stop: &Stop) -> Result<String> {
    let listing = remote.list(stop)?;
    match listing.objects.iter().find(|object| object.name == name) {
        Some(object) if object.size == SIZE as u64 => Ok("listed with its size".to_owned()),
        Some(object) => {
            Err(Error::new(Kind::Unsupported, format!("it is listed with {} bytes", object.size)))
        }
        None => Err(Error::new(Kind::Unsupported, "it is not listed")),
    }
}

fn reads_ranges(remote: &Remote, probe: &Probe, stop: &Stop) -> Result<String> {
    for (from, to) in [(0, 100), (1000, 70_000), (SIZE - 512, SIZE)] {
        let bytes = read_range(remote, &probe.name, from as u64..to as u64, stop)?;
        if probe.bytes.get(from..to) != Some(bytes.as_slice()) {
            let text =
                format!("bytes {from} to {to} read back wrong; backups here can be stored, but not trusted");
            return Err(Error::new(Kind::Unsupported, text));
        }
    }
    Ok("right at the start, in the middle and at the end".to_owned())
}

fn deletes(remote: &Remote, name: &str, stop: &Stop) -> Result<String> {
    remote.delete(name, stop)?;
    match remote.protocol().stat(name, stop)? {
        None => Ok("deleted".to_owned()),
        Some(_) => Err(Error::new(Kind::Unsupported, format!("{name} is still there; delete it by hand"))),
    }
}
