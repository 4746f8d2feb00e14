//! Restarts, sleep and clock changes around one run: it is neither lost nor repeated. `years` simulates longer times.

use super::*;

fn home() -> Home {
    Home::new(schedule("daily", "-"), Zone::UTC, at("2026-11-22T00:00:00Z"))
}

#[test]
fn restart_at_any_minute_around_a_run_neither_loses_nor_repeats_it() {
    for (down, off, jitter) in
        (-90..90_i64).flat_map(|down| [0, 1, 59, 60].map(|off| (down, off, down.unsigned_abs() * 40)))
    {
        let mut home = home();
        home.jitter = 1800;
        home.history.planned = None;
        home.live(minutes(24 * 60 + 5 * 60 + 15 + down));
        home.jitter = u32::try_from(jitter).unwrap();
        home.sleep(minutes(off));
        home.live(minutes(26 * 60));
        let days: Vec<_> = home.runs.iter().map(DateTime::date_naive).collect();
        assert_eq!(days, [day("2026-11-22"), day("2026-11-23"), day("2026-11-24")], "{down} {off}");
    }
}

#[test]
fn late_start_is_reported_and_a_run_that_is_too_late_is_made_up() {
    let schedule = schedule("mon", "04:45");
    let calendar = Calendar { schedule: &schedule, zone: Zone::UTC, jitter_seconds: 0 };
    let history = History { planned: Some(at("2026-11-23T04:45:00Z")), ..ran("2026-11-16T04:45:00Z") };
    let run = |now: &str| calendar.wake(&history, at(now)).run;
    assert_eq!(run("2026-11-23T04:45:59Z").unwrap(), "every Monday at 04:45");
    assert_eq!(run("2026-11-23T04:46:30Z").unwrap(), "every Monday at 04:45; started a minute late");
    assert_eq!(run("2026-11-23T05:45:00Z").unwrap(), "every Monday at 04:45; started 60 minutes late");
    assert_eq!(run("2026-11-23T05:45:01Z"), None);
    let next = calendar.next(&history, at("2026-11-23T05:45:01Z"));
    assert_eq!((next.at, next.additional), (Some(at("2026-11-24T04:45:00Z")), true));
}

#[test]
fn missed_run_of_a_home_without_any_backup_is_made_up_too() {
    for sleep in [2, 24, 30, 100] {
        let mut home = Home::new(schedule("mon", "04:45"), Zone::UTC, at("2026-11-22T00:00:00Z"));
        home.sleep(TimeDelta::hours(28 + sleep));
        home.sleep(minutes(3));
        home.live(TimeDelta::hours(24));
        assert_eq!(home.runs.len(), 1, "{sleep}");
        assert!(home.runs[0] > at("2026-11-24T00:00:00Z"));
        home.live(TimeDelta::days(7));
        assert_eq!(home.runs[1..].iter().map(DateTime::date_naive).collect::<Vec<_>>(), [day("2026-11-30")]);
    }
}

#[test]
fn a_week_asleep_leads_to_one_run_and_not_seven() {
    let mut home = home();
    home.live(TimeDelta::hours(12));
    home.sleep(TimeDelta::days(7));
    assert_eq!(home.runs.len(), 1);
    home.live(TimeDelta::days(2));
    assert_eq!(home.runs.len(), 3);
}

#[test]
fn clock_set_back_repeats_no_day_and_delays_none() {
    for back in [5, 60, 600, 1500, 4000, 20_000] {
        let mut home = home();
        home.live(TimeDelta::days(20));
        assert_eq!(home.runs.len(), 20);
        home.now -= minutes(back);
        home.live(minutes(back));
        assert_eq!(home.runs.len(), 20, "{back}");
        home.live(TimeDelta::days(1));
        assert_eq!(home.runs.len(), 21, "{back}");
    }
}

#[test]
fn wrong_clock_that_ran_ahead_blocks_no_later_run() {
    for ahead in [1, 3, 400, 25_000] {
        let mut home = home();
        home.live(TimeDelta::hours(12));
        home.sleep(TimeDelta::days(ahead));
        home.live(TimeDelta::days(1));
        assert_eq!(home.runs.len(), 2);
        home.now -= TimeDelta::days(ahead);
        home.live(TimeDelta::days(1));
        let now = home.runs.len();
        assert!(now == 3 || ahead == 1 && now == 2, "{ahead}: the days in between have no run");
    }
}

#[test]
fn manual_backup_within_the_jitter_counts_as_the_run_of_the_day() {
    let mut home = home();
    home.jitter = 3000;
    home.live(TimeDelta::hours(24 + 5));
    home.start();
    home.live(TimeDelta::hours(12));
    assert_eq!(home.runs.len(), 1);
    home.live(TimeDelta::hours(24));
    assert_eq!(home.runs.len(), 2);
}
