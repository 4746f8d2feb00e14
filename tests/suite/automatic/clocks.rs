//! The schedule under irregular clocks, through the real component: no run is lost or repeated, and the local time is right.

use larder_tests::{TestHome, TestService};
use serde_json::{Value, json};

/// A home in a zone, with backups at a local time.
fn home(zone: &str) -> TestHome {
    let home = TestHome::in_memory();
    home.write(".storage/core.config", json!({"data": {"time_zone": zone}}).to_string());
    home
}

fn serve(home: &TestHome, now: &str, schedule: &Value) -> TestService {
    let mut service = home.serve(now);
    service.set(json!({"create_backup": {"agent_ids": ["backup.local"]}, "schedule": schedule}));
    service
}

fn daily(time: &str) -> Value {
    json!({"recurrence": "daily", "time": time})
}

/// When the backups were made, in local time with its offset, oldest first: `2026-03-29T03:00+02:00`.
fn runs(service: &mut TestService) -> Vec<String> {
    let info = service.call("backup.info", json!({})).unwrap();
    let mut dates: Vec<_> =
        info["backups"].as_array().unwrap().iter().map(|backup| short(&backup["date"])).collect();
    dates.sort();
    dates
}

/// A date to the minute.
fn short(date: &Value) -> String {
    let date = date.as_str().unwrap();
    let offset = date.rfind(['+', '-']).unwrap();
    format!("{}{}", &date[..16], &date[offset..])
}

#[test]
fn the_local_time_stays_through_both_clock_changes_of_every_zone() {
    let cases = [
        (
            "Europe/Berlin",
            "02:30",
            "2026-03-28",
            ["2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
        ),
        (
            "Europe/Berlin",
            "02:30",
            "2026-10-24",
            ["2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
        ),
        (
            "America/New_York",
            "02:15",
            "2026-03-07",
            ["2026-03-07T02:15-05:00", "2026-03-08T03:00-04:00", "2026-03-09T02:15-04:00"],
        ),
        (
            "America/New_York",
            "01:15",
            "2026-10-31",
            ["2026-10-31T01:15-04:00", "2026-11-01T01:15-04:00", "2026-11-02T01:15-05:00"],
        ),
        (
            "Australia/Lord_Howe",
            "02:10",
            "2026-10-03",
            ["2026-10-03T02:10+10:30", "2026-10-04T02:30+11:00", "2026-10-05T02:10+11:00"],
        ),
        (
            "Australia/Lord_Howe",
            "01:45",
            "2026-04-04",
            ["2026-04-04T01:45+11:00", "2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"],
        ),
        (
            "Asia/Kathmandu",
            "03:00",
            "2026-03-28",
            ["2026-03-28T03:00+05:45", "2026-03-29T03:00+05:45", "2026-03-30T03:00+05:45"],
        ),
        (
            "Africa/Casablanca",
            "02:30",
            "2026-02-14",
            ["2026-02-14T02:30+01:00", "2026-02-15T02:30+01:00", "2026-02-16T02:30+00:00"],
        ),
        (
            "Africa/Casablanca",
            "02:30",
            "2026-03-21",
            ["2026-03-21T02:30+00:00", "2026-03-22T03:00+01:00", "2026-03-23T02:30+01:00"],
        ),
    ];
    for (zone, time, day, expected) in cases {
        let home = home(zone);
        let mut service = serve(&home, &format!("{day}T00:00:00{}", &expected[0][16..]), &daily(time));
        service.advance(&format!("{}T12:00:00{}", &expected[2][..10], &expected[2][16..]));
        assert_eq!(runs(&mut service), expected, "{zone} {time}");
    }
}

#[test]
fn custom_days_run_on_their_days_all_year() {
    let home = home("America/New_York");
    let schedule = json!({"recurrence": "custom_days", "days": ["mon", "thu"], "time": "05:00"});
    let mut service = serve(&home, "2026-01-01T12:00:00-05:00", &schedule);
    service.advance("2027-01-01T12:00:00-05:00");
    let runs = runs(&mut service);
    assert_eq!(runs.len(), 104);
    let day = |run: &String| {
        chrono::DateTime::parse_from_str(run, "%Y-%m-%dT%H:%M%:z").unwrap().format("%a %H:%M").to_string()
    };
    assert!(runs.iter().map(day).all(|day| ["Mon 05:00", "Thu 05:00"].contains(&day.as_str())));
}

#[test]
fn a_restart_at_any_minute_around_a_run_neither_loses_nor_repeats_it() {
    let home = home("Europe/Berlin");
    let mut service = serve(&home, "2026-06-01T00:00:00+02:00", &daily("03:30"));
    for day in 1..=11 {
        // Ended at one minute, started a minute later; and every day at another one.
        let minute = 24 + day;
        service.advance(&format!("2026-06-{day:02}T03:{minute:02}:00+02:00"));
        service
            .service()
            .host()
            .clock()
            .advance_to(larder_tests::instant(&format!("2026-06-{day:02}T03:{:02}:00+02:00", minute + 1)));
        service = service.restart();
        service.advance(&format!("2026-06-{day:02}T12:00:00+02:00"));
    }
    let runs = runs(&mut service);
    let days: Vec<_> = runs.iter().map(|run| run[8..10].parse::<i32>().unwrap()).collect();
    assert_eq!(days, (1..=11).collect::<Vec<_>>());
}

#[test]
fn a_machine_that_slept_for_a_week_makes_up_for_it_once() {
    let home = home("Europe/Berlin");
    let schedule = json!({"recurrence": "custom_days", "days": ["mon"], "time": "03:30"});
    let mut service = serve(&home, "2026-06-01T00:00:00+02:00", &schedule);
    service.advance("2026-06-05T00:00:00+02:00");
    service.jump("2026-06-09T12:00:00+02:00");
    let info = service.call("backup.config.info", json!({})).unwrap();
    assert_eq!(info["config"]["next_automatic_backup_additional"], true);
    assert_eq!(info["config"]["next_automatic_backup"], "2026-06-10T03:30:00+02:00");
    service.advance("2026-06-16T00:00:00+02:00");
    assert_eq!(
        runs(&mut service),
        ["2026-06-01T03:30+02:00", "2026-06-10T03:30+02:00", "2026-06-15T03:30+02:00"]
    );
}

#[test]
fn a_clock_that_is_set_back_repeats_no_run() {
    let back_to = ["2026-06-03T03:00:00+02:00", "2026-06-02T03:00:00+02:00", "2026-05-30T00:00:00+02:00"];
    for (back_to, restarts) in back_to.iter().flat_map(|to| [(to, true), (to, false)]) {
        let home = home("Europe/Berlin");
        let mut service = serve(&home, "2026-06-01T00:00:00+02:00", &daily("03:30"));
        service.advance("2026-06-03T04:00:00+02:00");
        service.jump(back_to);
        if restarts {
            service = service.restart();
        }
        service.advance("2026-06-05T12:00:00+02:00");
        let runs = runs(&mut service);
        let days: Vec<_> = runs.iter().map(|run| &run[..10]).collect();
        let once: std::collections::BTreeSet<_> = days.iter().collect();
        assert_eq!(once.len(), days.len(), "set back to {back_to}: {runs:?}");
        let wanted = ["2026-06-01", "2026-06-02", "2026-06-03", "2026-06-04", "2026-06-05"];
        assert!(wanted.iter().all(|day| days.contains(day)), "set back to {back_to}: {runs:?}");
    }
}

#[test]
fn a_service_that_was_started_ahead_of_time_makes_its_backups_once_the_clock_is_put_right() {
    for ahead in ["2029-06-01T00:00:00+02:00", "2026-07-01T00:00:00+02:00", "2026-06-02T00:00:00+02:00"] {
        let home = home("Europe/Berlin");
        let mut service = serve(&home, ahead, &daily("03:30"));
        service.pass(60);
        service.jump("2026-06-01T00:00:00+02:00");
        let next = service.call("backup.config.info", json!({})).unwrap();
        assert_eq!(next["config"]["next_automatic_backup"], "2026-06-01T03:30:00+02:00", "from {ahead}");
        service.advance("2026-06-03T12:00:00+02:00");
        let wanted = ["2026-06-01T03:30+02:00", "2026-06-02T03:30+02:00", "2026-06-03T03:30+02:00"];
        assert_eq!(runs(&mut service), wanted, "from {ahead}");
    }
}

#[test]
fn a_clock_that_is_set_forward_by_years_and_back_again_costs_no_night() {
    let home = home("Europe/Berlin");
    let mut service = serve(&home, "2026-06-01T00:00:00+02:00", &daily("03:30"));
    service.advance("2026-06-01T12:00:00+02:00");
    service.set_clock("2029-01-01T12:00:00+01:00");
    service.advance("2029-01-02T12:00:00+01:00");
    service.set_clock("2026-06-02T12:00:00+02:00");
    service.advance("2026-06-04T12:00:00+02:00");
    let runs = runs(&mut service);
    let right: Vec<_> = runs.iter().filter(|run| run.starts_with("2026")).collect();
    assert_eq!(right, ["2026-06-01T03:30+02:00", "2026-06-03T03:30+02:00", "2026-06-04T03:30+02:00"]);
    assert_eq!(runs.len(), 4, "{runs:?}");
    let heard = service.events();
    let told: Vec<_> = heard.iter().filter_map(|heard| heard.data["message"].as_str()).collect();
    assert!(told.iter().any(|line| line.starts_with("the clock was set forward by 945 d")), "{told:?}");
    assert!(told.iter().any(|line| line.starts_with("the clock was set back by 945 d")), "{told:?}");
}

#[test]
fn a_run_under_way_while_the_clock_is_set_back_is_not_made_again() {
    let home = home("Europe/Berlin");
    let mut service = serve(&home, "2026-06-01T00:00:00+02:00", &daily("03:30"));
    service.advance("2026-06-01T03:30:00+02:00");
    for back in ["2026-06-01T03:29:58+02:00", "2026-06-01T03:00:00+02:00", "2026-06-01T02:00:00+02:00"] {
        service.set_clock(back);
        service.advance("2026-06-01T03:40:00+02:00");
    }
    service.advance("2026-06-02T12:00:00+02:00");
    assert_eq!(runs(&mut service), ["2026-06-01T03:30+02:00", "2026-06-02T03:30+02:00"]);
}

#[test]
fn a_clock_before_the_programs_build_counts_as_not_set_and_the_schedule_waits_for_it() {
    let home = home("Europe/Berlin");
    let mut service = serve(&home, "2026-05-31T12:00:00+02:00", &daily("03:30"));
    let built = larder_tests::instant("2026-05-20T00:00:00Z");
    let clock =
        larder::time::clock::Clock::manual(larder_tests::instant("1970-01-01T00:00:30Z")).built_at(built);
    service = service.restart_at(clock);
    let says = "the machine's clock is not set: it shows 1970-01-01 00:00 +00:00, and this program was built on 2026-05-20; \
                automatic backups wait until it is";
    assert!(service.service().host().notices.iter().any(|notice| notice == says));
    service.pass(3 * 24 * 3600);
    let told = service.call("backup.schedule", json!({})).unwrap();
    assert_eq!(told["runs"], json!([]));
    assert!(told["reason"].as_str().unwrap().ends_with("automatic backups wait until it is"), "{told}");
    assert_eq!(service.state("sensor.backup_next_scheduled_automatic_backup").state, "unknown");
    assert_eq!(runs(&mut service), Vec::<String>::new());
    service.call("backup.create", json!({})).unwrap();

    service.set_clock("2026-06-01T00:00:00+02:00");
    service.advance("2026-06-02T12:00:00+02:00");
    let runs = runs(&mut service);
    assert_eq!(runs[1..], ["2026-06-01T03:30+02:00", "2026-06-02T03:30+02:00"]);
    let heard = service.events();
    let told: Vec<_> = heard.iter().filter_map(|heard| heard.data["message"].as_str()).collect();
    let says = "the clock is set; the next automatic backup is at Mon 2026-06-01 03:30 +02:00";
    assert!(told.contains(&says), "{told:?}");
}

#[test]
fn a_clock_that_is_set_forth_loses_only_what_lies_between() {
    let home = home("Europe/Berlin");
    let mut service = serve(&home, "2026-06-01T00:00:00+02:00", &daily("03:30"));
    service.advance("2026-06-01T12:00:00+02:00");
    service.jump("2026-06-20T12:00:00+02:00");
    service.advance("2026-06-22T12:00:00+02:00");
    assert_eq!(
        runs(&mut service),
        ["2026-06-01T03:30+02:00", "2026-06-21T03:30+02:00", "2026-06-22T03:30+02:00"]
    );
}

#[test]
fn a_run_whose_time_is_left_open_comes_once_a_day_within_an_hour() {
    let home = home("Europe/Berlin");
    let mut service = serve(&home, "2026-06-01T00:00:00+02:00", &json!({"recurrence": "daily"}));
    for day in 1..=20 {
        service.advance(&format!("2026-06-{day:02}T05:00:00+02:00"));
        service = service.restart();
    }
    service.advance("2026-06-20T12:00:00+02:00");
    let runs = runs(&mut service);
    assert_eq!(runs.len(), 20, "{runs:?}");
    assert!(runs.iter().all(|run| ("04:45".."05:46").contains(&&run[11..16])), "{runs:?}");
}

#[test]
fn a_failed_run_is_tried_again_at_the_next_time_and_not_before() {
    let home = home("Europe/Berlin");
    let mut service = serve(&home, "2026-06-01T00:00:00+02:00", &daily("03:30"));
    std::fs::write(home.backups(), "no directory").unwrap();
    service.advance("2026-06-01T12:00:00+02:00");
    let failed = service.events().into_iter().filter(|heard| heard.data["state"] == "failed").count();
    assert_eq!(failed, 1);
    std::fs::remove_file(home.backups()).unwrap();
    service = service.restart();
    service.advance("2026-06-03T00:00:00+02:00");
    assert_eq!(runs(&mut service), ["2026-06-02T03:30+02:00"]);
}

#[test]
fn the_next_runs_are_told_in_local_time_with_their_reasons() {
    let home = home("Europe/Berlin");
    let mut service = serve(&home, "2026-03-28T00:00:00+01:00", &daily("02:30"));
    let told = service.call("backup.schedule", json!({"count": 3})).unwrap();
    let runs: Vec<_> =
        told["runs"].as_array().unwrap().iter().map(|run| (&run["local"], &run["reason"])).collect();
    assert_eq!(
        json!(runs),
        json!([
            ["Sat 2026-03-28 02:30 +01:00", "daily at 02:30"],
            [
                "Sun 2026-03-29 03:00 +02:00",
                "daily at 02:30; 02:30 does not exist that day, so it runs right after the clocks go forward"
            ],
            ["Mon 2026-03-30 02:30 +02:00", "daily at 02:30"],
        ])
    );
}
