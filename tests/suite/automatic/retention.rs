//! Retention through the real component: which backups are deleted and kept, with the reasons.

use std::fs;

use larder_tests::tar::{Tar, gzip};
use larder_tests::{TestHome, TestService};
use serde_json::{Value, json};

fn serve(home: &TestHome, now: &str, retention: &Value) -> TestService {
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Europe/Berlin"}}"#);
    let mut service = home.serve(now);
    service.set(json!({
        "create_backup": {"agent_ids": ["backup.local"]},
        "retention": retention,
        "schedule": {"recurrence": "daily", "time": "03:30"},
    }));
    service
}

/// The days that have an automatic backup.
fn days(service: &mut TestService) -> Vec<String> {
    let info = service.call("backup.info", json!({})).unwrap();
    let backups = info["backups"].as_array().unwrap().iter();
    let automatic = backups.filter(|backup| backup["with_automatic_settings"] == true);
    let mut days: Vec<_> =
        automatic.map(|backup| backup["date"].as_str().unwrap()[..10].to_owned()).collect();
    days.sort();
    days
}

fn reasons(service: &mut TestService, dry_run: bool) -> Vec<(bool, String)> {
    let told = service.call("backup.retention", json!({"dry_run": dry_run})).unwrap();
    let decisions = told["locations"][0]["decisions"].as_array().unwrap().clone();
    decisions
        .iter()
        .map(|decision| {
            (decision["keep"].as_bool().unwrap(), decision["reason"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn generations_keep_a_year_in_a_handful_of_backups() {
    let home = TestHome::in_memory();
    let retention = json!({"copies": 2, "keep_weekly": 3, "keep_monthly": 2, "keep_yearly": 1});
    let mut service = serve(&home, "2026-01-01T00:00:00+01:00", &retention);
    service.advance("2026-03-31T12:00:00+02:00");
    assert_eq!(days(&mut service), ["2026-02-28", "2026-03-22", "2026-03-29", "2026-03-30", "2026-03-31"]);
    let told = reasons(&mut service, true);
    assert!(told.iter().all(|(keep, _)| *keep));
    assert!(told[0].1.contains("newest of the month 2026-02 (keep_monthly 2)"), "{told:?}");
}

#[test]
fn days_are_applied_at_every_start_and_daily() {
    let home = TestHome::in_memory();
    let mut service = serve(&home, "2026-01-01T00:00:00+01:00", &json!({"days": 3}));
    service.advance("2026-01-05T00:00:00+01:00");
    assert_eq!(days(&mut service), ["2026-01-02", "2026-01-03", "2026-01-04"]);
    // A home that is restarted daily and makes no more backups.
    service.set(json!({"schedule": {"recurrence": "never"}}));
    for day in 6..=8 {
        service.jump(&format!("2026-01-{day:02}T00:00:00+01:00"));
        service = service.restart();
        service.service().settle();
    }
    assert_eq!(days(&mut service), ["2026-01-04"], "the newest good one is never deleted");
    service.jump("2026-06-01T00:00:00+02:00");
    assert_eq!(days(&mut service), ["2026-01-04"]);
}

#[test]
fn what_a_dry_run_says_is_what_is_done() {
    let home = TestHome::in_memory();
    let mut service = serve(&home, "2026-01-01T00:00:00+01:00", &json!({}));
    service.advance("2026-01-10T00:00:00+01:00");
    service.call("backup.create", json!({})).unwrap();
    service.set(json!({"retention": {"copies": 2, "days": 4}}));
    let before = home.archives();
    let said = reasons(&mut service, true);
    assert_eq!(home.archives(), before, "a dry run deletes nothing");
    let done = reasons(&mut service, false);
    assert_eq!(said, done);
    let kept = said.iter().filter(|(keep, _)| *keep).count();
    assert_eq!(home.archives().len(), kept);
    assert!(said.iter().any(|(keep, reason)| *keep && reason == "kept: made by hand"), "{said:?}");
    assert!(
        said.iter()
            .any(|(keep, reason)| !*keep
                && reason.starts_with("deleted: older than 4 days and beyond 2 copies"))
    );
    assert!(reasons(&mut service, true).iter().all(|(keep, _)| *keep), "nothing more goes");
}

#[test]
fn a_newer_backup_that_is_not_good_does_not_replace_the_newest_good_one() {
    let home = TestHome::in_memory();
    let mut service = serve(&home, "2026-01-01T00:00:00+01:00", &json!({"copies": 1}));
    service.advance("2026-01-02T12:00:00+01:00");
    let good = home.archives();
    assert_eq!(good.len(), 1);
    service.set(json!({"retention": {}}));
    service.advance("2026-01-03T12:00:00+01:00");
    // The newest one is damaged by something that leaves it longer than it was.
    let newest = home.archives().into_iter().find(|path| !good.contains(path)).unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    bytes.extend([0; 10_240]);
    fs::write(&newest, bytes).unwrap();
    service.set(json!({"retention": {"copies": 1}}));
    let told = reasons(&mut service, false);
    assert!(home.archives().contains(&good[0]), "{told:?}");
    assert!(
        told.iter().any(|(_, reason)| reason.contains("it does not count because it failed")),
        "{told:?}"
    );
}

#[test]
fn backups_of_other_instances_and_by_hand_are_never_deleted() {
    let home = TestHome::in_memory();
    home.write(".storage/core.uuid", r#"{"data": {"uuid": "a0000000000000000000000000000001"}}"#);
    let mut service = serve(&home, "2026-01-01T00:00:00+01:00", &json!({}));
    service.advance("2026-01-04T12:00:00+01:00");
    service.call("backup.create", json!({})).unwrap();
    home.write(".storage/core.uuid", r#"{"data": {"uuid": "b0000000000000000000000000000002"}}"#);
    service = service.restart();
    service.advance("2026-01-07T12:00:00+01:00");
    service.set(json!({"retention": {"copies": 1}}));
    let told = reasons(&mut service, false);
    let count = |what: &str| told.iter().filter(|(_, reason)| reason.starts_with(what)).count();
    assert_eq!(count("kept: made by another Home Assistant"), 5, "{told:?}");
    assert_eq!(count("deleted: "), 2, "{told:?}");
    assert_eq!(home.archives().len(), 6);
}

#[test]
fn a_location_with_a_retention_of_its_own_ignores_that_of_all() {
    let home = TestHome::in_memory();
    let mut service = serve(&home, "2026-01-01T00:00:00+01:00", &json!({"copies": 1}));
    service.set(json!({"agents": {"backup.local": {"retention": {"copies": 3, "days": null}}}}));
    service.advance("2026-01-08T12:00:00+01:00");
    assert_eq!(days(&mut service).len(), 3);
    service.set(json!({"agents": {"backup.local": {"retention": {"copies": null, "days": null}}}}));
    service.advance("2026-01-12T12:00:00+01:00");
    assert_eq!(days(&mut service).len(), 7, "kept for ever");
}

const INSTANCE: &str = "a0000000000000000000000000000001";

/// An automatic backup as Home Assistant leaves it in its directory; with `cut`, what it leaves when it fails.
fn theirs(home: &TestHome, day: u32, cut: Option<usize>) -> String {
    let (date, name) = (format!("2026-01-{day:02}T04:45:00.000000+00:00"), "Automatic backup 2026.11.0");
    let about = json!({
        "slug": format!("0000000{day}"), "name": name, "date": date, "type": "partial", "version": 2, "compressed": true,
        "protected": false, "extra": {"instance_id": INSTANCE, "with_automatic_settings": true},
        "homeassistant": {"version": "2026.11.0", "exclude_database": true},
    });
    let outer = Tar::default().file("./backup.json", about.to_string());
    let mut bytes = outer.file("homeassistant.tar.gz", gzip(&Tar::home().end())).end();
    bytes.truncate(cut.unwrap_or(bytes.len()));
    let file = format!("Automatic_backup_2026.11.0_2026-01-{day:02}_04.45_00000000.tar");
    home.write(format!("backups/{file}"), bytes);
    file
}

fn adopted() -> TestHome {
    let home = TestHome::in_memory();
    home.write(".storage/core.uuid", json!({"data": {"uuid": INSTANCE}}).to_string());
    home.larder(&["settings", "set", "retention.copies=2"]).exits(0);
    home
}

#[test]
fn home_assistants_automatic_backups_count_once_larder_has_verified_them() {
    let home = adopted();
    (1..=4).for_each(|day| drop(theirs(&home, day, None)));
    let said = home.larder(&["retention", "--dry-run"]).exits(0).stdout;
    assert!(said.contains("`larder verify` does that"), "{said}");
    for day in 1..=4 {
        let run = home.larder(&["verify", &format!("0000000{day}")]).exits(0);
        assert!(!run.stderr.contains("could not be recorded"), "{}", run.stderr);
    }
    let said = home.larder(&["retention"]).exits(0).stdout;
    assert!(!said.contains("not verified") && said.contains("2 backups deleted"), "{said}");
    assert_eq!(home.archives().len(), 2);
}

#[test]
fn what_home_assistant_left_of_a_failed_backup_goes_by_the_rules_and_nothing_else_that_is_unreadable_does() {
    let home = adopted();
    let partial = theirs(&home, 1, Some(1600));
    let newest_partial = theirs(&home, 9, Some(1600));
    for day in 2..=4 {
        theirs(&home, day, None);
        home.larder(&["verify", &format!("0000000{day}")]).exits(0);
    }
    let renamed = "somebody's own.tar";
    fs::copy(home.backups().join(&partial), home.backups().join(renamed)).unwrap();
    home.write("backups/Automatic_backup_2026.11.0_2026-01-01_04.45_00000001.tar", "torn");
    let said = home.larder(&["retention", "--dry-run"]).exits(0).stdout;
    assert!(
        said.contains(
            "deleted: beyond 2 copies; it does not count because it failed: only a part of it was written"
        ),
        "{said}"
    );
    let done = home.larder(&["retention"]).exits(0).stdout;
    assert_eq!(said.replace("would be deleted", "deleted"), done, "the dry run said so");
    let has = |name: &str| home.backups().join(name).exists();
    assert!(!has(&partial) && has(&newest_partial) && has(renamed), "{done}");
    assert!(has("Automatic_backup_2026.11.0_2026-01-01_04.45_00000001.tar"));
    assert_eq!(home.archives().len(), 5, "{done}");
}
