//! Single decisions, with the wording of their reasons. `properties` shuffles the backups.

use super::*;

/// `id: reason` of each decision.
fn reasons(backups: &[Record], document: &str) -> Vec<String> {
    let decisions = decided(backups, &policy(document));
    assert!(decisions.iter().all(|decision| decision.reason.starts_with("kept: ") == decision.keep));
    decisions.into_iter().map(|decision| format!("{}: {}", decision.backup_id, decision.reason)).collect()
}

fn kept(backups: &[Record], document: &str) -> Vec<String> {
    let decisions = decided(backups, &policy(document));
    decisions.into_iter().filter(|decision| decision.keep).map(|decision| decision.backup_id).collect()
}

#[test]
fn copies_and_days_keep_what_either_keeps_and_say_so() {
    let backups = [
        automatic("d", "2026-11-23"),
        automatic("a", "2026-11-01"),
        automatic("c", "2026-11-20"),
        automatic("b", "2026-11-08"),
    ];
    assert_eq!(
        reasons(&backups, r#"{"copies":1,"days":14}"#),
        [
            "a: deleted: older than 14 days and beyond 1 copy",
            "b: deleted: older than 14 days and beyond 1 copy",
            "c: kept: not older than 14 days",
            "d: kept: not older than 14 days, the newest copy",
        ]
    );
    assert_eq!(kept(&backups, r#"{"copies":3,"days":1}"#), ["b", "c", "d"]);
    assert_eq!(kept(&backups, r#"{"copies":2}"#), ["c", "d"]);
    assert_eq!(kept(&backups, r#"{"days":1}"#), ["d"]);
}

#[test]
fn without_a_rule_every_backup_stays() {
    let backups = [automatic("a", "2001-01-01"), bad("b", "2001-01-01"), automatic("c", "2026-11-20")];
    for document in ["{}", r#"{"copies":null,"days":null}"#, r#"{"copies":0,"keep_daily":0}"#] {
        let given = reasons(&backups, document);
        assert_eq!(given[0], "a: kept: no retention rule is set");
        assert_eq!(kept(&backups, document).len(), 3);
        assert!(!policy(document).is_active());
    }
}

#[test]
fn age_is_counted_to_the_second() {
    let backups = [
        automatic("exactly", "2026-11-16T13:00:00+01:00"),
        automatic("older", "2026-11-16T12:59:59+01:00"),
        automatic("new", "2026-11-23"),
    ];
    assert_eq!(kept(&backups, r#"{"days":7}"#), ["exactly", "new"]);
}

#[test]
fn only_automatic_backups_of_this_instance_are_deleted() {
    let manual = Record { origin: Origin::Manual, ..automatic("manual", "2020-01-01") };
    let foreign = Record { origin: Origin::Foreign, ..bad("foreign", "2021-01-01") };
    let backups = [automatic("new", "2026-11-23"), automatic("old", "2020-01-01"), manual, foreign];
    assert_eq!(
        reasons(&backups, r#"{"days":7}"#),
        [
            "manual: kept: made by hand",
            "old: deleted: older than 7 days",
            "foreign: kept: made by another Home Assistant",
            "new: kept: not older than 7 days",
        ]
    );
}

#[test]
fn newest_good_backup_stays_and_a_bad_newer_one_does_not_count() {
    let unverified = State::Unverified("the location did not answer".to_owned());
    let unverified = Record { state: unverified, ..automatic("unverified", "2026-11-23") };
    let backups = [
        automatic("older", "2026-10-01"),
        automatic("good", "2026-10-02"),
        bad("failed", "2026-11-22"),
        unverified,
    ];
    let doubt = "; it does not count because it was not verified: the location did not answer";
    assert_eq!(
        reasons(&backups, r#"{"copies":1}"#),
        [
            "older: deleted: beyond 1 copy",
            "good: kept: the newest copy",
            "failed: deleted: beyond 1 copy; it does not count because it failed: the disk was full",
            &format!("unverified: kept: the newest copy{doubt}"),
        ]
    );
    assert_eq!(
        reasons(&backups, r#"{"days":7}"#)[..2],
        [
            "older: deleted: older than 7 days",
            "good: kept: the newest good backup of this location is never deleted"
        ]
    );
    assert_eq!(kept(&backups, r#"{"keep_daily":1}"#), ["good", "unverified"]);
}

#[test]
fn last_backup_stays_even_if_it_is_bad() {
    let backups = [bad("a", "2020-01-01"), bad("b", "2020-01-02")];
    let last = "b: kept: the last backup of this location is never deleted; it does not count because it failed: the disk was full";
    assert_eq!(reasons(&backups, r#"{"days":7}"#)[1], last);
    assert_eq!(kept(&backups, r#"{"days":7}"#), ["b"]);
    assert_eq!(kept(&[], r#"{"days":7}"#), [""; 0]);
}

#[test]
fn backup_from_the_future_does_not_count() {
    let backups =
        [automatic("old", "2026-11-21"), automatic("new", "2026-11-23"), automatic("ahead", "2036-01-01")];
    assert_eq!(kept(&backups, r#"{"copies":1}"#), ["new", "ahead"]);
    assert_eq!(
        reasons(&backups, r#"{"days":1}"#)[2],
        "ahead: kept: its date is in the future, so the clock was wrong"
    );
}

#[test]
fn generations_keep_the_newest_of_each_period_that_has_one() {
    let backups = [
        automatic("y24", "2024-12-30"),
        automatic("y25", "2025-12-28"),
        // Monday, in the first ISO week of 2026.
        automatic("w01", "2025-12-29"),
        automatic("oct", "2026-10-31"),
        automatic("sun", "2026-11-15"),
        automatic("mon", "2026-11-16"),
        automatic("tue", "2026-11-17T04:45:00+01:00"),
        automatic("tue2", "2026-11-17T23:30:00+01:00"),
        // Already Wednesday where the home is.
        automatic("wed", "2026-11-17T23:30:00+00:00"),
    ];
    let cases: [(&str, &[&str]); 7] = [
        (r#"{"keep_daily":1}"#, &["wed"]),
        (r#"{"keep_daily":3}"#, &["mon", "tue2", "wed"]),
        (r#"{"keep_weekly":3}"#, &["oct", "sun", "wed"]),
        (r#"{"keep_weekly":5}"#, &["y25", "w01", "oct", "sun", "wed"]),
        (r#"{"keep_monthly":3}"#, &["w01", "oct", "wed"]),
        (r#"{"keep_yearly":9}"#, &["y24", "w01", "wed"]),
        (r#"{"keep_daily":2,"keep_monthly":2,"copies":1}"#, &["oct", "tue2", "wed"]),
    ];
    for (document, expected) in cases {
        assert_eq!(kept(&backups, document), expected, "{document}");
    }
    let given = reasons(&backups, r#"{"days":1,"copies":1,"keep_daily":1,"keep_weekly":4}"#);
    let none = "deleted: older than 1 day, beyond 1 copy and not kept by keep_daily 1, keep_weekly 4";
    assert_eq!(given[0], format!("y24: {none}"));
    assert_eq!(given[4], "sun: kept: newest of the week 2026-W46 (keep_weekly 4)");
    let newest = "the newest copy, newest of the day 2026-11-18 (keep_daily 1), newest of the week 2026-W47 (keep_weekly 4)";
    assert_eq!(given[8], format!("wed: kept: {newest}"));
}

#[test]
fn equally_old_backups_are_sorted_by_id() {
    let backups = [automatic("b", "2026-11-20"), automatic("c", "2026-11-20"), automatic("a", "2026-11-20")];
    assert_eq!(kept(&backups, r#"{"copies":1}"#), ["c"]);
    let order: Vec<_> =
        decided(&backups, &Policy::default()).into_iter().map(|decision| decision.backup_id).collect();
    assert_eq!(order, ["a", "b", "c"]);
}

#[test]
fn policy_is_written_as_home_assistant_does_and_larders_own_only_when_set() {
    let documents = [
        r#"{"copies":2,"days":null}"#,
        r#"{"copies":null,"days":null}"#,
        r#"{"copies":null,"days":14,"keep_daily":7,"keep_weekly":4,"keep_monthly":12,"keep_yearly":10}"#,
    ];
    for document in documents {
        assert_eq!(serde_json::to_string(&policy(document)).unwrap(), document);
    }
    for wrong in [r#"{"copies":-1}"#, r#"{"copies":"2"}"#, r#"{"days":1.5}"#] {
        assert!(serde_json::from_str::<Policy>(wrong).is_err(), "{wrong}");
    }
}
