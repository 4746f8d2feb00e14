//! Local time: daylight saving, gaps, repeated hours, and days that do not exist. One row for each peculiarity of a real time
//! zone.

use super::*;

/// The next three runs after an instant.
fn three(zone: Zone, time: &str, now: &str) -> Vec<String> {
    let schedule = schedule("daily", time);
    let calendar = Calendar { schedule: &schedule, zone, jitter_seconds: 0 };
    let runs = calendar.upcoming(&History::default(), at(now), 3);
    runs.into_iter().map(|next| next.at.unwrap().format("%m-%dT%H:%M").to_string()).collect()
}

#[test]
fn wall_time_is_kept_on_both_sides_of_a_clock_change() {
    let cases = [
        // Forward 02:00 → 03:00 on 29 March, back 03:00 → 02:00 on 25 October 2026.
        ("Europe/Berlin", "04:45", "2026-03-28T00:00:00Z", ["03-28T03:45", "03-29T02:45", "03-30T02:45"]),
        ("Europe/Berlin", "04:45", "2026-10-24T00:00:00Z", ["10-24T02:45", "10-25T03:45", "10-26T03:45"]),
        ("Europe/Berlin", "02:30", "2026-03-28T00:00:00Z", ["03-28T01:30", "03-29T01:00", "03-30T00:30"]),
        ("Europe/Berlin", "02:30", "2026-10-24T00:00:00Z", ["10-24T00:30", "10-25T00:30", "10-26T01:30"]),
        // The edges of the gap and of the repeated hour.
        ("Europe/Berlin", "02:00", "2026-03-28T02:00:00Z", ["03-29T01:00", "03-30T00:00", "03-31T00:00"]),
        ("Europe/Berlin", "03:00", "2026-03-28T03:00:00Z", ["03-29T01:00", "03-30T01:00", "03-31T01:00"]),
        ("Europe/Berlin", "02:00", "2026-10-24T02:00:00Z", ["10-25T00:00", "10-26T01:00", "10-27T01:00"]),
        ("Europe/Berlin", "03:00", "2026-10-24T03:00:00Z", ["10-25T02:00", "10-26T02:00", "10-27T02:00"]),
        ("America/New_York", "02:30", "2026-03-07T12:00:00Z", ["03-08T07:00", "03-09T06:30", "03-10T06:30"]),
        ("America/New_York", "01:30", "2026-10-31T12:00:00Z", ["11-01T05:30", "11-02T06:30", "11-03T06:30"]),
        // Half an hour: 02:00 → 02:30 on 4 October, 02:00 → 01:30 on 5 April 2026.
        (
            "Australia/Lord_Howe",
            "02:15",
            "2026-10-02T16:00:00Z",
            ["10-03T15:30", "10-04T15:15", "10-05T15:15"],
        ),
        (
            "Australia/Lord_Howe",
            "01:45",
            "2026-04-03T15:00:00Z",
            ["04-04T14:45", "04-05T15:15", "04-06T15:15"],
        ),
        ("Asia/Kathmandu", "04:45", "2026-03-28T00:00:00Z", ["03-28T23:00", "03-29T23:00", "03-30T23:00"]),
        // Morocco suspends its summer time for Ramadan: back on 15 February, forward on 22 March 2026.
        ("Africa/Casablanca", "04:45", "2026-02-14T00:00:00Z", ["02-14T03:45", "02-15T04:45", "02-16T04:45"]),
        ("Africa/Casablanca", "02:30", "2026-03-21T00:00:00Z", ["03-21T02:30", "03-22T02:00", "03-23T01:30"]),
        // The gap is the first hour of 6 September 2026, or 29 March in Beirut.
        ("America/Santiago", "00:30", "2026-09-05T03:00:00Z", ["09-05T04:30", "09-06T04:00", "09-07T03:30"]),
        ("Asia/Beirut", "00:00", "2026-03-28T00:00:00Z", ["03-28T22:00", "03-29T21:00", "03-30T21:00"]),
        // The gap is the last hour of 28 March 2026.
        ("America/Nuuk", "23:30", "2026-03-27T02:00:00Z", ["03-28T01:30", "03-29T01:00", "03-30T00:30"]),
        // Samoa crossed the date line: it had no 30 December 2011.
        ("Pacific/Apia", "04:45", "2011-12-28T20:00:00Z", ["12-29T14:45", "12-30T14:45", "12-31T14:45"]),
    ];
    for (name, time, now, expected) in cases {
        assert_eq!(three(zone(name), time, now), expected, "{name} {time} from {now}");
    }
}

#[test]
fn day_that_does_not_exist_has_no_run_and_is_not_missed() {
    let schedule = schedule("fri", "12:00");
    let calendar = Calendar { schedule: &schedule, zone: zone("Pacific/Apia"), jitter_seconds: 0 };
    let next = calendar.next(&ran("2011-12-23T22:00:00Z"), at("2011-12-31T00:00:00Z"));
    assert_eq!(next.at, Some(at("2012-01-05T22:00:00Z")));
    assert!(!next.additional);
}

#[test]
fn reason_names_the_clock_change() {
    let gap = "daily at 02:30; 02:30 does not exist that day, so it runs right after the clocks go forward";
    let twice = "daily at 02:30; 02:30 occurs twice that day, so it runs the first time";
    let cases = [
        ("2026-03-28T12:00:00Z", gap),
        ("2026-10-24T12:00:00Z", twice),
        ("2026-06-01T00:00:00Z", "daily at 02:30"),
    ];
    for (now, reason) in cases {
        let schedule = schedule("daily", "02:30");
        let calendar = Calendar { schedule: &schedule, zone: zone("Europe/Berlin"), jitter_seconds: 0 };
        assert_eq!(calendar.next(&History::default(), at(now)).reason, reason);
    }
}
