//! Nightly backups by automation, across both changes of daylight saving time.

use chrono::NaiveDate;
use larder_tests::{TestService, instant};
use serde_json::{Value, json};

use super::{NIGHTLY, home};

/// The times of the backups, local with offset, oldest first.
fn made(service: &mut TestService) -> Vec<String> {
    let info = service.call("backup.info", json!({})).unwrap();
    let short = |date: &Value| {
        let date = date.as_str().unwrap();
        format!("{}{}", &date[..19], &date[date.len() - 6..])
    };
    let mut dates: Vec<_> = info["backups"].as_array().unwrap().iter().map(|it| short(&it["date"])).collect();
    dates.sort();
    dates
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn seven_nights_give_seven_backups_at_three_local_time_through_both_clock_changes() {
    for (start, change, offsets) in [
        ("2026-03-25T12:00:00+01:00", date("2026-03-29"), ["+01:00", "+02:00"]),
        ("2026-10-21T12:00:00+02:00", date("2026-10-25"), ["+02:00", "+01:00"]),
    ] {
        let home = home("Europe/Berlin", NIGHTLY);
        let mut service = home.serve(start);
        service.pass(7 * 24 * 3600);
        let first: NaiveDate = start[..10].parse().unwrap();
        let nights = first.iter_days().skip(1).take(7);
        let expected: Vec<_> =
            nights.map(|day| format!("{day}T03:00:00{}", offsets[usize::from(day >= change)])).collect();
        assert_eq!(made(&mut service), expected);
    }
}

#[test]
fn a_named_file_elsewhere_is_used() {
    let home = home("UTC", "[]");
    let file = home.root().join("mine.yaml");
    std::fs::write(&file, NIGHTLY).unwrap();
    let setting =
        larder::assemble::HostSetup { automations: Some(file), ..home.setting("2026-05-04T12:00:00+00:00") };
    let mut service = TestService::start(setting).unwrap();
    service.pass(24 * 3600);
    assert_eq!(made(&mut service), ["2026-05-05T03:00:00+00:00"]);
}

#[test]
fn a_night_without_power_is_not_caught_up_as_in_home_assistant() {
    let home = home("UTC", NIGHTLY);
    let mut service = home.serve("2026-05-04T12:00:00+00:00");
    service.pass(24 * 3600);
    service.service().host().clock().advance_to(instant("2026-05-06T12:00:00+00:00"));
    let mut service = service.restart();
    service.advance("2026-05-07T12:00:00+00:00");
    assert_eq!(made(&mut service), ["2026-05-05T03:00:00+00:00", "2026-05-07T03:00:00+00:00"]);
}
