//! The schedules of `larder.toml`: what is read, what is refused, and what comes from the automatic settings.

use serde_json::{Value, json};

use super::super::named::{NamedSchedule, NamedSchedules};
use super::super::{Agent, Config};
use crate::retention::Policy;
use crate::schedule::{Recurrence, Schedule, ScheduleName, TimeOfDay};

fn read(schedules: Value) -> NamedSchedules {
    NamedSchedules::read(&json!({"schedules": schedules}).to_string())
}

fn one(schedule: Value) -> NamedSchedule {
    let mut read = read(json!({"weekly": schedule}));
    assert_eq!(read.problems, Vec::<String>::new());
    read.used.pop_first().unwrap().1
}

fn automatic() -> Config {
    let schedule = Schedule { recurrence: Recurrence::Daily, time: time("03:30"), ..Schedule::default() };
    let mut config = Config { schedule, ..Config::default() };
    config.create_backup.agent_ids = vec!["backup.local".into()];
    config.create_backup.exclude = vec!["www/**".into()];
    config.create_backup.name = Some("Nightly".into());
    config.create_backup.password = Some(crate::securetar::Password::new("Pa55-w0rd-rig"));
    config.retention = copies(7);
    config.agents.insert("s3.b".into(), Agent { protected: true, retention: Some(copies(2)) });
    config
}

fn time(text: &str) -> Option<TimeOfDay> {
    Some(TimeOfDay::parse(text).unwrap())
}

fn copies(count: u32) -> Policy {
    Policy { copies: Some(count), ..Policy::default() }
}

#[test]
fn what_a_schedule_does_not_give_comes_from_the_automatic_settings() {
    let (automatic, schedule) = (automatic(), one(json!({"recurrence": "custom_days", "days": ["sun"]})));
    let when = schedule.schedule(&automatic);
    assert_eq!((when.recurrence, when.days.len(), when.time), (Recurrence::CustomDays, 1, time("03:30")));
    let create = schedule.create_backup(&automatic);
    assert_eq!(create.agent_ids, ["backup.local"]);
    assert_eq!(
        (create.include_database, create.exclude, create.name.as_deref()),
        (true, vec!["www/**".to_owned()], Some("Nightly"))
    );
    assert_eq!(create.password.unwrap().reveal(), "Pa55-w0rd-rig");
    assert!(!schedule.retention().is_active(), "the rules of the automatic settings are for other backups");
}

#[test]
fn what_a_schedule_gives_counts() {
    let schedule = one(json!({
        "recurrence": "daily", "days": [], "time": "4:05", "agent_ids": ["s3.b"], "include_database": false,
        "exclude": [], "name": "Weekly", "retention": {"copies": 4},
    }));
    let automatic = automatic();
    assert_eq!(
        schedule.schedule(&automatic),
        Schedule { recurrence: Recurrence::Daily, time: time("04:05"), days: vec![] }
    );
    let create = schedule.create_backup(&automatic);
    assert_eq!((create.agent_ids, create.name.as_deref()), (vec!["s3.b".to_owned()], Some("Weekly")));
    assert_eq!((create.include_database, create.exclude.len()), (false, 0));
    assert_eq!(schedule.retention(), copies(4));
}

#[test]
fn an_explicit_null_is_a_value_where_it_means_something() {
    let schedule = one(json!({"recurrence": "daily", "time": null, "name": null, "retention": null}));
    let automatic = automatic();
    assert_eq!(schedule.schedule(&automatic).time, None);
    assert_eq!(schedule.create_backup(&automatic).name.as_deref(), Some("Nightly"));
    assert!(!schedule.retention().is_active());
}

#[test]
fn one_bad_schedule_is_named_in_a_sentence_and_does_not_stop_the_others() {
    let cases = [
        (json!([]), "expected a mapping"),
        (json!({}), "required key not provided at 'recurrence'"),
        (
            json!({"recurrence": "weekly"}),
            "expected ScheduleRecurrence or one of 'never', 'daily', 'custom_days'",
        ),
        (json!({"recurrence": "daily", "days": ["monday"]}), "expected Day or one of"),
        (json!({"recurrence": "daily", "days": ["mon", "mon"]}), "contains duplicate items"),
        (json!({"recurrence": "daily", "time": "25:00"}), "Invalid time specified"),
        (json!({"recurrence": "daily", "agent_ids": "backup.local"}), "expected a list at 'agent_ids'"),
        (json!({"recurrence": "daily", "include_database": 1}), "expected bool at 'include_database'"),
        (json!({"recurrence": "daily", "exclude": ["[a"]}), "not a valid pattern"),
        (json!({"recurrence": "daily", "retention": {"copies": 0}}), "value must be at least 1"),
        (
            json!({"recurrence": "daily", "retention": {"copie": 1}}),
            "not a valid option, did you mean 'copies'?",
        ),
        (json!({"recurrence": "daily", "password": "Pa55-w0rd-rig"}), "not a valid option at 'password'"),
        (json!({"recurrence": "daily", "name": "a\u{0}b"}), "name: "),
    ];
    for (bad, expected) in cases {
        let read = read(json!({"bad": bad, "good": {"recurrence": "daily"}}));
        let used: Vec<_> = read.used.keys().map(ScheduleName::as_str).collect();
        assert_eq!(used, ["good"], "{bad}");
        let [problem] = read.problems.as_slice() else { panic!("{bad}: {:?}", read.problems) };
        assert!(
            problem.starts_with("the schedule bad is not used: ") && problem.contains(expected),
            "{problem}"
        );
        assert!(problem.ends_with("; correct it in larder.toml") && !problem.contains("Pa55"), "{problem}");
    }
}

#[test]
fn a_name_that_is_none_is_refused_and_every_wrong_value_has_its_sentence() {
    let read =
        read(json!({"No\nName": {"recurrence": "daily"}, "x": {"recurrence": 1, "time": 2, "name": 3}}));
    assert!(read.used.is_empty());
    assert_eq!(read.problems.len(), 4);
    assert!(read.problems.iter().all(|problem| !problem.contains('\n')), "{:?}", read.problems);
}

#[test]
fn settings_without_schedules_are_silent_and_broken_ones_are_not() {
    for text in ["{}", r#"{"schedules": null}"#, r#"{"schedules": {}}"#] {
        let read = NamedSchedules::read(text);
        assert!(read.used.is_empty() && read.problems.is_empty(), "{text}");
    }
    for text in ["", "[]", "{", r#"{"schedules": []}"#] {
        let read = NamedSchedules::read(text);
        assert!(read.used.is_empty() && read.problems.len() == 1, "{text}");
    }
}

#[test]
fn custom_days_without_days_never_run_and_say_so() {
    let read = read(json!({"weekly": {"recurrence": "custom_days"}}));
    assert_eq!(read.used.len(), 1);
    assert!(read.problems[0].contains("no days are chosen"), "{:?}", read.problems);
}
