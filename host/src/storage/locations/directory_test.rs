//! Tests a directory with a file of its own, which it deletes.

use larder_remote::{Check, Stop};

use super::location::Location;
use crate::error::{Error, Result};
use crate::steps::Steps;

/// What a test stores.
const PROBE: &[u8] = b"Larder tests whether backups can be stored here. This file may be deleted.\n";
/// Its name; also an archive's in every layout.
const PROBE_NAME: &str = "larder-test.tar";

/// Tests a directory.
pub(super) fn run(location: &dyn Location, steps: &Steps, stop: &Stop) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut note = |what: &str, found: Result<String>| {
        let is_good = found.is_ok();
        checks.push(Check { what: what.to_owned(), result: found.map_err(|error| error.to_string()) });
        is_good
    };
    let stored = location.put(PROBE_NAME, PROBE, steps, stop).map(|()| "stored and read back".to_owned());
    if note("store a file", stored) {
        let listed = location.objects().and_then(|objects| {
            let found = objects.iter().any(|it| it.name == PROBE_NAME && it.size == PROBE.len() as u64);
            if found { Ok("listed with its size".into()) } else { Err(Error::Io("it is not listed".into())) }
        });
        note("list it", listed);
        note("delete it", location.delete(PROBE_NAME).map(|()| "deleted".into()));
    }
    checks
}
