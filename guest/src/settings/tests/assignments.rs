//! Settings as typed on a command line.

use super::*;

fn read(assignments: &[&str]) -> Result<Value, Invalid> {
    from_assignments(&owned(assignments))
}

fn owned(assignments: &[&str]) -> Vec<String> {
    assignments.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn assignments_become_the_body_of_an_update() {
    let cases = [
        ("schedule.time=03:30", json!({"schedule": {"time": "03:30"}})),
        ("schedule.time=null", json!({"schedule": {"time": null}})),
        ("schedule.days=mon, tue", json!({"schedule": {"days": ["mon", "tue"]}})),
        ("schedule.days=", json!({"schedule": {"days": []}})),
        ("schedule.recurrence=custom_days", json!({"schedule": {"recurrence": "custom_days"}})),
        ("retention.copies=3", json!({"retention": {"copies": 3}})),
        ("retention.keep_yearly=null", json!({"retention": {"keep_yearly": null}})),
        ("automatic_backups_configured=true", json!({"automatic_backups_configured": true})),
        ("create_backup.include_database=false", json!({"create_backup": {"include_database": false}})),
        ("create_backup.name=a=b, c", json!({"create_backup": {"name": "a=b, c"}})),
        ("create_backup.name=null", json!({"create_backup": {"name": null}})),
        ("create_backup.name=7", json!({"create_backup": {"name": "7"}})),
        ("create_backup.exclude=www/*,a b", json!({"create_backup": {"exclude": ["www/*", "a b"]}})),
        (r#"create_backup.exclude=["a,b"]"#, json!({"create_backup": {"exclude": ["a,b"]}})),
        ("create_backup.include_folders=null", json!({"create_backup": {"include_folders": null}})),
        ("create_backup.securetar=2", json!({"create_backup": {"securetar": 2}})),
        (
            "agents.backup.local.retention.copies=2",
            json!({"agents": {"backup.local": {"retention": {"copies": 2}}}}),
        ),
        ("agents.backup.local.retention=null", json!({"agents": {"backup.local": {"retention": null}}})),
        ("agents.a.b.c.protected=false", json!({"agents": {"a.b.c": {"protected": false}}})),
    ];
    for (text, body) in cases {
        assert_eq!(read(&[text]), Ok(body), "{text}");
    }
    let both = read(&["retention.copies=3", "retention.days=null", "agents.x.y.protected=true"]);
    let body = json!({"retention": {"copies": 3, "days": null}, "agents": {"x.y": {"protected": true}}});
    assert_eq!(both, Ok(body));
    assert_eq!(read(&[]), Ok(json!({})));
}

#[test]
fn typed_value_of_the_wrong_kind_is_refused_as_in_an_update() {
    let cases = [
        ("retention.copies=three", "expected int at 'retention.copies'. Got 'three'"),
        ("retention.copies=\"3\"", "expected int at 'retention.copies'. Got '\"3\"'"),
        ("automatic_backups_configured=null", "expected bool at 'automatic_backups_configured'. Got 'null'"),
        ("schedule.recurrence=null", "expected ScheduleRecurrence or one of "),
        ("schedule.days=[mon", "expected a list at 'schedule.days'. Got '[mon'"),
        (
            "schedule.tme=1",
            "unknown setting `schedule.tme`; use one of schedule.days, schedule.recurrence, schedule.time",
        ),
        (
            "retention.keep_last=3",
            "unknown setting `retention.keep_last`; use one of retention.copies, retention.days, retention.keep_",
        ),
        ("foo=bar", "unknown setting `foo`; use one of agents, "),
        ("schedule.time.of=3", "unknown setting `schedule.time.of`; use schedule.time"),
        (
            "agents.backup.local.foo=3",
            "`; use one of agents.backup.local.protected, agents.backup.local.retention",
        ),
        ("schedule=daily=x", "schedule is a group of settings; set one of them: schedule.days, "),
        ("agents=x", "agents: expected a location and one of its settings"),
        ("agents.backup.local.retention=5", "is a group of settings; set one of them: agents.backup.local."),
        ("agents.x=5", "is a group of settings; set one of them: agents.x.protected"),
        ("retention.copies", "expected KEY=VALUE"),
        ("=5", "unknown setting ``; use one of "),
    ];
    for (text, expected) in cases {
        let error = full().assigned(&owned(&[text])).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn setting_that_is_given_twice_is_refused() {
    for pair in [
        ["retention.copies=1", "retention.copies=2"],
        ["agents.x.y.retention=null", "agents.x.y.retention.copies=2"],
        ["agents.x.y.retention.copies=2", "agents.x.y.retention=null"],
    ] {
        let error = read(&pair).unwrap_err().to_string();
        assert!(error.contains("given twice"), "{pair:?}: {error}");
    }
}

#[test]
fn password_on_the_command_line_is_refused_and_not_quoted() {
    for text in ["create_backup.password=Pa55-w0rd-rig", "create_backup.passwort=Pa55-w0rd-rig", PASSWORD] {
        let error = full().assigned(&owned(&[text])).unwrap_err().to_string();
        assert!(!error.contains(PASSWORD), "{error}");
    }
    let error = read(&["create_backup.password=x"]).unwrap_err().to_string();
    assert!(
        error.contains("not accepted on the command line") && error.contains("--password-file"),
        "{error}"
    );
}

#[test]
fn one_assignment_changes_one_value_only() {
    let before = full();
    let after = before
        .assigned(&owned(&[
            "schedule.time=null",
            "retention.days=null",
            "agents.backup.local.retention.days=9",
            "agents.webdav.x/y~z.retention.copies=1",
            "create_backup.exclude=",
        ]))
        .unwrap();
    assert_eq!(after.schedule, Schedule { time: None, ..before.schedule });
    assert_eq!(after.retention, Policy { days: None, ..before.retention });
    let local = before.agents["backup.local"].retention.unwrap();
    assert_eq!(after.agents["backup.local"].retention, Some(Policy { days: Some(9), ..local }));
    let other = Policy { copies: Some(1), ..Policy::default() };
    assert_eq!(after.agents["webdav.x/y~z"].retention, Some(other));
    assert!(after.create_backup.exclude.is_empty());
}
