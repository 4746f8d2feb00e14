//! Simulated years of a manager with two schedules, through clock changes, restarts and days without power.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Weekday};
use serde_json::json;

use super::fake::{FakeHost, at};

/// How often each schedule ran on each local day.
fn days(host: &FakeHost) -> BTreeMap<(String, NaiveDate), usize> {
    let mut days = BTreeMap::new();
    for (at, input) in host.creates() {
        let name = input["schedule"].as_str().unwrap_or("-").to_owned();
        let day = DateTime::from_timestamp(at, 0).unwrap().with_timezone(&host.zone).date_naive();
        *days.entry((name, day)).or_default() += 1;
    }
    days
}

fn manager(zone: &str, time: &str) -> FakeHost {
    let weekly = json!({"recurrence": "custom_days", "days": ["sun", "wed"], "time": time});
    let mut host = FakeHost::new("2026-01-01T12:00:00+01:00", json!({"weekly": weekly}));
    host.zone = crate::testing::zone(zone);
    host.start();
    host.set(json!({"schedule": {"recurrence": "daily", "time": time}, "create_backup": {"agent_ids": ["backup.local"]}}));
    host
}

#[test]
fn in_two_years_each_schedule_runs_once_on_each_of_its_days_and_never_two_at_once() {
    // A time that the clocks skip in spring, and one that they show twice in autumn.
    for (zone, time) in
        [("Europe/Berlin", "02:30"), ("America/New_York", "01:30"), ("Australia/Lord_Howe", "02:15")]
    {
        let host = manager(zone, time);
        host.live(730);
        let days = days(&host);
        let end = NaiveDate::from_ymd_opt(2027, 12, 30).unwrap();
        for date in NaiveDate::from_ymd_opt(2026, 1, 3).unwrap().iter_days().take_while(|date| *date < end) {
            let expected = usize::from(matches!(date.weekday(), Weekday::Sun | Weekday::Wed));
            let ran = |name: &str| days.get(&(name.to_owned(), date)).copied().unwrap_or(0);
            assert_eq!((ran("-"), ran("weekly")), (1, expected), "{zone}, {date}");
        }
        let starts: Vec<i64> = host.creates().into_iter().map(|(at, _)| at).collect();
        assert!(starts.windows(2).all(|pair| pair[1] >= pair[0] + host.create_takes.get()), "{zone}");
    }
}

#[test]
fn a_time_that_the_clocks_skip_runs_right_after_the_gap_and_one_that_they_show_twice_runs_once() {
    let host = manager("Europe/Berlin", "02:30");
    host.live(330);
    let weekly: Vec<i64> = host
        .creates()
        .into_iter()
        .filter(|(_, input)| input["schedule"] == "weekly")
        .map(|(at, _)| at)
        .collect();
    let on = |from: &str, to: &str| {
        weekly.iter().filter(|run| (at(from)..at(to)).contains(*run)).copied().collect::<Vec<_>>()
    };
    // Home Assistant's own is the first, at 03:00, and takes 20 seconds.
    let spring = on("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
    assert_eq!(spring, [at("2026-03-29T03:00:20+02:00")]);
    let autumn = on("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
    assert_eq!(autumn, [at("2026-10-25T02:30:20+02:00")]);
}

#[test]
fn restarts_and_days_without_power_neither_lose_nor_repeat_a_run() {
    let host = manager("Europe/Berlin", "04:00");
    for step in 0..60_i64 {
        // Off for up to three days, at different times of the day.
        host.live_until(host.clock.get() + (step * 5501) % (9 * 24 * 3600));
        host.clock.set(host.clock.get() + (step * 7919 * 13) % (3 * 24 * 3600));
        host.start();
        host.start();
    }
    host.live(8);
    let days = days(&host);
    assert!(days.values().all(|count| *count == 1), "{days:?}");
    let first = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
    let last = DateTime::from_timestamp(host.clock.get(), 0).unwrap().date_naive();
    let weeks =
        first.iter_days().step_by(7).take_while(|monday| *monday + chrono::TimeDelta::days(14) < last);
    for monday in weeks {
        let runs = monday
            .iter_days()
            .take(7)
            .filter(|date| days.contains_key(&("weekly".to_owned(), *date)))
            .count();
        assert!(runs >= 1, "the week of {monday} has no run");
    }
}
