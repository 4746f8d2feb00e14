//! `[schedules.NAME]`: the JSON that the backup plugin receives, and what is refused.

use super::*;

const NAS: &str = "[locations.nas]\nkind = \"directory\"\npath = \"/mnt/nas\"\n";

#[test]
fn schedules_are_passed_on() {
    let loaded = load(&format!(
        r#"{NAS}
        [schedules.weekly]
        recurrence = "custom_days"
        days = ["sun", "wed"]
        time = "04:30"
        locations = ["nas", "backup.local"]
        include_database = false
        exclude = ["www/**", "*.log"]
        name = "Weekly {{{{ now() }}}}"
        retention = {{ copies = 4, days = 60 }}

        [schedules.night]
        recurrence = "daily"
        time = "23:59:59"
        locations = ["directory.nas"]

        [schedules.off]
        recurrence = "never"
        "#
    ));
    let expected = json!({"schedules": {
        "weekly": {
            "recurrence": "custom_days",
            "days": ["sun", "wed"],
            "time": "04:30:00",
            "agent_ids": ["directory.nas", "backup.local"],
            "include_database": false,
            "exclude": ["www/**", "*.log"],
            "name": "Weekly {{ now() }}",
            "retention": {"copies": 4, "days": 60},
        },
        "night": {"recurrence": "daily", "time": "23:59:59", "agent_ids": ["directory.nas"]},
        "off": {"recurrence": "never"},
    }});
    assert_eq!(loaded.unwrap().schedules, expected);
    assert_eq!(load("").unwrap().schedules, json!(null));
}

#[test]
fn errors_in_schedules_have_a_place() {
    let daily = "[schedules.x]\nrecurrence = \"daily\"\n";
    let cases = [
        (
            "[schedules.x]\n",
            "larder.toml:1:1: a schedule needs `recurrence` (daily, custom_days or never); add it",
        ),
        (
            "[schedules.x]\nrecurrence = \"weekly\"",
            "larder.toml:2:14: `recurrence` cannot be `weekly`; use one of daily, custom_days, never",
        ),
        (
            "[schedules.x]\nrecurrence = \"custom_days\"",
            "larder.toml:1:1: `custom_days` needs `days`, such as [\"mon\", \"thu\"]; add it",
        ),
        (
            "[schedules.x]\nrecurrence = \"custom_days\"\ndays = []",
            "larder.toml:3:8: `days` is empty; add a day, or write recurrence = \"never\"",
        ),
        (
            "[schedules.x]\nrecurrence = \"custom_days\"\ndays = [\"mon\", \"monday\"]",
            "larder.toml:3:16: `monday` is not a day; use mon, tue, wed, thu, fri, sat, sun",
        ),
        (
            "[schedules.x]\nrecurrence = \"custom_days\"\ndays = [\"mon\", \"mon\"]",
            "larder.toml:3:16: `mon` is listed twice; keep one",
        ),
        (
            &format!("{daily}days = [\"mon\"]"),
            "larder.toml:3:1: `days` has no effect with `daily`; remove it, or write recurrence = \"custom_days\"",
        ),
        (
            &format!("{daily}time = \"24:00\""),
            "larder.toml:3:8: `time` must be a local time such as \"04:30\" or \"04:30:00\"",
        ),
        (
            &format!("{daily}time = \"+4:30\""),
            "larder.toml:3:8: `time` must be a local time such as \"04:30\" or \"04:30:00\"",
        ),
        (
            &format!("{daily}time = 04:30:00"),
            "larder.toml:3:8: dates are not supported here; put the value in quotes",
        ),
        (
            &format!("{daily}locations = []"),
            "larder.toml:3:13: `locations` is empty; name a location, or remove the key",
        ),
        (
            &format!("{NAS}{daily}locations = [\"nsa\"]"),
            "larder.toml:6:14: there is no location `nsa`; add a table for it, or use one of backup.local, nas",
        ),
        (
            &format!("{NAS}{daily}locations = [\"nas\", \"directory.nas\"]"),
            "larder.toml:6:21: `directory.nas` is listed twice; keep one",
        ),
        (
            &format!("{daily}include_database = 1.5"),
            "larder.toml:3:20: `include_database`: expected true or false, found a number",
        ),
        (
            &format!("{daily}exclude = \"x\""),
            "larder.toml:3:11: `exclude`: expected a list ([\"…\", \"…\"]), found text",
        ),
        (
            &format!("{daily}retention = 3"),
            "larder.toml:3:13: expected `retention` as `key: value`, found a number",
        ),
        (
            &format!("{daily}retention = {{}}"),
            "larder.toml:3:13: `retention` needs `copies` or `days`; add one, or remove it to keep all",
        ),
        (
            &format!("{daily}retention = {{ copies = 0 }}"),
            "larder.toml:3:24: `copies` must be a whole number of at least 1",
        ),
        (
            &format!("{daily}retention = {{ keep_daily = 3 }}"),
            "larder.toml:3:15: unknown key `keep_daily` in `retention`; remove it or use one of copies, days",
        ),
        (
            &format!("{daily}password = \"x\""),
            "larder.toml:3:1: unknown key `password` in a schedule; remove it or use one of days, exclude, include_database, locations, name, recurrence, retention, time",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected, "{text}");
    }
}
