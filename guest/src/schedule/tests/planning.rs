//! The next run: after a run, without any, and after one that was missed, failed or interrupted. Home Assistant's cases and
//! Larder's, one row each, in UTC.

use super::*;

fn calendar(schedule: &Schedule) -> Calendar<'_> {
    Calendar { schedule, zone: Zone::UTC, jitter_seconds: 1200 }
}

#[test]
fn next_run_follows_the_last_one_or_is_the_next_daily_time_after_a_miss() {
    // 23 November 2026 is a Monday.
    let cases = [
        ("never", "04:45", "2026-11-23T04:45", "2026-11-25T12:00", None, "never: automatic backups are off"),
        ("", "04:45", "2026-11-23T04:45", "2026-11-25T12:00", None, "never: no day of the week is chosen"),
        ("daily", "04:45", "-", "2026-11-25T12:00", Some(("2026-11-26T04:45", false)), "daily at 04:45"),
        ("daily", "04:45:59", "-", "2026-11-25T04:44", Some(("2026-11-25T04:45", false)), "daily at 04:45"),
        (
            "daily",
            "04:45",
            "2026-11-25T04:45",
            "2026-11-25T04:50",
            Some(("2026-11-26T04:45", false)),
            "daily at 04:45",
        ),
        // By hand, shortly before: Home Assistant runs again at the set time.
        (
            "daily",
            "04:45",
            "2026-11-25T04:44",
            "2026-11-25T04:44",
            Some(("2026-11-25T04:45", false)),
            "daily at 04:45",
        ),
        (
            "daily",
            "04:45",
            "2026-11-23T04:45",
            "2026-11-25T12:00",
            Some(("2026-11-26T04:45", false)),
            "daily at 04:45; the run of 2026-11-24 was missed",
        ),
        (
            "daily",
            "-",
            "2026-11-24T05:00",
            "2026-11-25T04:00",
            Some(("2026-11-25T05:05", false)),
            "daily between 04:45 and 05:45, because no time is set",
        ),
        (
            "thu mon mon",
            "04:45",
            "2026-11-23T04:45",
            "2026-11-24T12:00",
            Some(("2026-11-26T04:45", false)),
            "every Monday, Thursday at 04:45",
        ),
        (
            "mon",
            "04:45",
            "2026-11-16T04:45",
            "2026-11-24T12:00",
            Some(("2026-11-25T04:45", true)),
            "the run of 2026-11-23 was missed; it is made up at the next daily time, at 04:45",
        ),
        (
            "mon",
            "04:45",
            "2026-11-09T04:45",
            "2026-11-22T12:00",
            Some(("2026-11-23T04:45", false)),
            "every Monday at 04:45; the run of 2026-11-16 was missed",
        ),
    ];
    for (days, time, last, now, expected, reason) in cases {
        let schedule = schedule(days, time);
        let history = if last == "-" { History::default() } else { ran(&format!("{last}:00Z")) };
        let next = calendar(&schedule).next(&history, at(&format!("{now}:00Z")));
        let found = next.at.map(|at| (at.format("%Y-%m-%dT%H:%M").to_string(), next.additional));
        assert_eq!(found, expected.map(|(at, additional)| (at.to_owned(), additional)), "{reason}");
        assert_eq!(next.reason, reason);
    }
}

#[test]
fn upcoming_runs_begin_with_the_one_that_is_made_up() {
    let schedule = schedule("mon", "04:45");
    let all = calendar(&schedule).upcoming(&ran("2026-11-16T04:45:00Z"), at("2026-11-24T12:00:00Z"), 3);
    let all: Vec<_> = all.iter().map(|next| (next.at.unwrap().date_naive(), next.additional)).collect();
    assert_eq!(all, [(day("2026-11-25"), true), (day("2026-11-30"), false), (day("2026-12-07"), false)]);
    assert!(
        calendar(&super::schedule("never", "-"))
            .upcoming(&ran("2026-11-16T04:45:00Z"), at("2026-11-24T12:00:00Z"), 3)
            .is_empty()
    );
}

#[test]
fn following_run_is_announced_when_one_starts() {
    let schedule = schedule("daily", "15:44");
    let calendar = Calendar { zone: zone("Europe/Berlin"), ..calendar(&schedule) };
    let history = History { planned: Some(at("2026-11-23T14:44:00Z")), ..ran("2026-11-23T14:42:52Z") };
    let wake = calendar.wake(&history, at("2026-11-23T14:44:00.002Z"));
    assert_eq!(wake.run.as_deref(), Some("daily at 15:44"));
    assert_eq!(wake.next.at, Some(at("2026-11-24T14:44:00Z")));
    assert_eq!(calendar.wake(&history, at("2026-11-23T14:43:59.999Z")).run, None);
}

#[test]
fn failed_run_waits_for_the_next_scheduled_day_and_an_interrupted_one_is_made_up_once() {
    let schedule = schedule("mon", "04:45");
    let calendar = calendar(&schedule);
    let attempted = at("2026-11-23T04:45:00Z");
    let failed = History { last_attempted: Some(attempted), ..ran("2026-11-16T04:50:00Z") };
    let next = |history: &History, now: &str| {
        let wake = calendar.wake(history, at(now));
        assert_eq!(wake.run, None);
        (wake.next.at.unwrap(), wake.next.additional)
    };
    assert_eq!(next(&failed, "2026-11-23T05:00:00Z"), (at("2026-11-30T04:45:00Z"), false));

    let interrupted = History { interrupted: true, ..failed };
    assert_eq!(next(&interrupted, "2026-11-23T05:00:00Z"), (at("2026-11-24T04:45:00Z"), true));
    assert_eq!(next(&interrupted, "2026-11-26T05:00:00Z"), (at("2026-11-27T04:45:00Z"), true));
    let reason = calendar.next(&interrupted, at("2026-11-23T05:00:00Z")).reason;
    assert_eq!(
        reason,
        "the run of 2026-11-23 was interrupted; it is made up at the next daily time, at 04:45"
    );

    let again = calendar.start(&interrupted, at("2026-11-24T04:45:00Z")).0;
    assert_eq!(next(&again, "2026-11-24T05:00:00Z"), (at("2026-11-30T04:45:00Z"), false));
    let interrupted_again = History { interrupted: true, ..again };
    assert_eq!(next(&interrupted_again, "2026-11-24T05:00:00Z"), (at("2026-11-30T04:45:00Z"), false));
}

#[test]
fn plan_of_other_settings_starts_nothing() {
    let schedule = schedule("mon", "04:45");
    let planned = |text| History { planned: Some(at(text)), ..ran("2026-11-23T04:45:00Z") };
    for stale in ["2026-11-24T04:45:00Z", "2026-11-24T03:00:00Z", "2026-11-30T04:50:00Z"] {
        assert_eq!(calendar(&schedule).wake(&planned(stale), at(stale)).run, None, "{stale}");
    }
}

#[test]
fn settings_that_changed_after_their_own_time_start_nothing() {
    let schedule = schedule("daily", "04:45");
    let wake = calendar(&schedule).wake(&ran("2026-11-22T10:00:00Z"), at("2026-11-23T04:46:00Z"));
    assert_eq!((wake.run, wake.next.at), (None, Some(at("2026-11-24T04:45:00Z"))));
}

#[test]
fn run_that_had_to_wait_starts_however_late_and_only_if_it_is_still_planned() {
    let schedule = schedule("daily", "04:45");
    let calendar = calendar(&schedule);
    let history = History { planned: Some(at("2026-11-25T04:45:00Z")), ..ran("2026-11-24T04:45:00Z") };
    let cases = [
        ("2026-11-25T04:44:59Z", None, None),
        ("2026-11-25T04:45:00Z", Some("daily at 04:45"), Some("daily at 04:45")),
        (
            "2026-11-25T05:45:00Z",
            Some("daily at 04:45; started 60 minutes late"),
            Some("daily at 04:45; started 60 minutes late"),
        ),
        ("2026-11-25T06:45:00Z", None, Some("daily at 04:45; started 120 minutes late")),
        ("2026-11-27T04:00:00Z", None, Some("daily at 04:45; started 2835 minutes late")),
    ];
    for (now, in_time, after_waiting) in cases {
        assert_eq!(calendar.wake(&history, at(now)).run.as_deref(), in_time, "{now}");
        assert_eq!(calendar.wake_after_waiting(&history, at(now)).run.as_deref(), after_waiting, "{now}");
    }
    let unplanned = History { planned: None, ..history };
    assert_eq!(calendar.wake_after_waiting(&unplanned, at("2026-11-25T06:45:00Z")).run, None);
}
