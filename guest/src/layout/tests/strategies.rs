//! Strategies for arbitrary backups.

use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::archive::backup_id;

/// Names that can be stored, with white space of all kinds, letters beyond ASCII, and what looks like an end of our own names.
fn name() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "\\PC{0,12}",
        "[ a-zA-Z0-9_.:\\\\\"äß😀\u{a0}\u{3000}-]{0,12}",
        "[\t\n\r\u{1c}\u{1d}\u{1e}\u{1f}\u{85}\u{2028} ]{0,3}",
        Just(".tar".to_owned()),
        Just(".metadata.json".to_owned()),
        Just("_meta.json".to_owned()),
    ];
    let name = prop::collection::vec(part, 1..5).prop_map(|parts| parts.concat());
    name.prop_filter("it can be stored", |name| {
        RECORDED.iter().all(|layout| names(*layout, name, DATE, "0badcafe").is_ok())
    })
}

fn date() -> impl Strategy<Value = String> {
    let numbers = (1970..2200_i32, 1..13_u32, 1..29_u32, 0..24_u32, 0..60_u32, 0..1_000_000_u32, -12..15_i32);
    numbers.prop_map(|(year, month, day, hour, minute, fraction, zone)| {
        format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:07.{fraction:06}{zone:+03}:00")
    })
}

fn extra() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![any::<bool>().prop_map(Value::from), ".{0,8}".prop_map(Value::from)];
    prop::collection::btree_map(".{0,8}", value, 0..4).prop_map(|all| all.into_iter().collect())
}

fn addon() -> impl Strategy<Value = Addon> {
    let text = || prop::option::of(".{0,8}");
    (text(), ".{0,8}", text()).prop_map(|(name, slug, version)| Addon { name, slug, version })
}

/// A record of ours, with any archive size.
pub(super) fn records() -> impl Strategy<Value = Record> {
    let folders = prop::sample::subsequence(vec!["share", "addons/local", "ssl", "media"], 0..=4);
    let lists = (prop::collection::vec(addon(), 0..3), folders, extra());
    let version = prop::option::of("20[0-9]{2}\\.[0-9]{1,2}\\.[0-9]");
    let facts = (any::<bool>(), any::<bool>(), version, any::<u64>(), prop::option::of("[0-9a-f]{64}"));
    (name(), date(), lists, facts).prop_map(|(name, date, (addons, folders, extra_metadata), facts)| {
        let (protected, database, homeassistant_version, size, digest) = facts;
        let record = Record {
            addons,
            backup_id: backup_id(&date, &name),
            database_included: database && homeassistant_version.is_some(),
            extra_metadata,
            folders: folders.into_iter().map(str::to_owned).collect(),
            homeassistant_included: homeassistant_version.is_some(),
            homeassistant_version,
            protected,
            size,
            larder: Map::new(),
            name,
            date,
        };
        match digest {
            Some(digest) => record.with_digest(&digest),
            None => record,
        }
    })
}

pub(super) fn recorded_layout() -> impl Strategy<Value = Layout> {
    prop::sample::select(RECORDED.to_vec())
}
