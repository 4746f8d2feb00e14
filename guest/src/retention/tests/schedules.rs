//! Retention of the schedules of `larder.toml`: each has its own rules, and touches only its own backups.

use std::collections::BTreeSet;

use chrono::{FixedOffset, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::schedule::ScheduleName;

fn name(text: &str) -> ScheduleName {
    ScheduleName::parse(text).unwrap()
}

fn of(schedule: &str, record: Record) -> Record {
    Record { origin: Origin::Scheduled(name(schedule)), ..record }
}

fn policies(automatic: &str, schedules: &[(&str, &str)]) -> Policies {
    let schedules = schedules.iter().map(|(schedule, document)| (name(schedule), policy(document)));
    Policies { automatic: policy(automatic), schedules: schedules.collect() }
}

fn reasons(backups: &[Record], policies: &Policies) -> Vec<String> {
    let decisions = decided_by(backups, policies);
    decisions.into_iter().map(|decision| format!("{}: {}", decision.backup_id, decision.reason)).collect()
}

#[test]
fn each_schedule_counts_its_own_backups_only() {
    let backups = [
        of("weekly", automatic("w1", "2026-11-08")),
        automatic("a1", "2026-11-09"),
        of("weekly", automatic("w2", "2026-11-15")),
        of("monthly", automatic("m1", "2026-11-16")),
        automatic("a2", "2026-11-17"),
        automatic("a3", "2026-11-18"),
        of("monthly", automatic("m2", "2026-11-19")),
    ];
    let policies = policies(r#"{"copies":2}"#, &[("weekly", r#"{"copies":1}"#), ("monthly", "{}")]);
    assert_eq!(
        reasons(&backups, &policies),
        [
            "w1: deleted: beyond 1 copy",
            "a1: deleted: beyond 2 copies",
            "w2: kept: the newest copy",
            "m1: kept: no retention rule is set",
            "a2: kept: one of the 2 newest copies",
            "a3: kept: one of the 2 newest copies",
            "m2: kept: no retention rule is set",
        ]
    );
}

#[test]
fn backups_of_a_schedule_that_is_gone_stay_and_the_reason_says_so() {
    let backups = [of("gone", automatic("old", "2020-01-01")), of("gone", bad("bad", "2021-01-01"))];
    let why = "kept: made by the schedule gone, which larder.toml does not have, or which cannot be used";
    assert_eq!(
        reasons(&backups, &policies(r#"{"days":1}"#, &[("weekly", r#"{"days":1}"#)])),
        [format!("old: {why}"), format!("bad: {why}")]
    );
}

#[test]
fn the_newest_good_backup_of_each_schedule_stays() {
    let backups = [
        of("weekly", automatic("w1", "2026-01-01")),
        of("weekly", bad("w2", "2026-02-01")),
        of("other", bad("o1", "2026-01-02")),
        of("other", bad("o2", "2026-02-02")),
        automatic("a1", "2026-11-23"),
    ];
    let policies = policies(r#"{"days":7}"#, &[("weekly", r#"{"days":7}"#), ("other", r#"{"days":7}"#)]);
    let kept: Vec<String> =
        reasons(&backups, &policies).into_iter().filter(|reason| reason.contains("kept")).collect();
    let failed = "; it does not count because it failed: the disk was full";
    assert_eq!(
        kept,
        [
            "w1: kept: the newest good backup of the schedule weekly in this location is never deleted",
            &format!(
                "o2: kept: the last backup of the schedule other in this location is never deleted{failed}"
            ),
            "a1: kept: not older than 7 days",
        ]
    );
}

/// Backups of two schedules, one that is gone, automatic ones and others.
fn backups() -> impl Strategy<Value = Vec<Record>> {
    let origin = prop_oneof![
        3 => Just(Origin::Automatic),
        3 => Just(Origin::Scheduled(name("a"))),
        3 => Just(Origin::Scheduled(name("b"))),
        1 => Just(Origin::Scheduled(name("gone"))),
        1 => Just(Origin::Manual),
        1 => Just(Origin::Foreign),
        1 => Just(Origin::Kept),
    ];
    let state = prop_oneof![3 => Just(State::Good), 1 => Just(State::Failed("why".to_owned()))];
    prop::collection::vec((-40..1000_i64, origin, state), 0..60).prop_map(|all| {
        let record = |(id, (age, origin, state)): (usize, (i64, Origin, State))| Record {
            backup_id: format!("{id:02}"),
            date: (now() - TimeDelta::hours(age)).with_timezone(&FixedOffset::east_opt(0).unwrap()),
            origin,
            state,
        };
        all.into_iter().enumerate().map(record).collect()
    })
}

fn one_policy() -> impl Strategy<Value = Policy> {
    let count = || prop::option::of(0..6_u32);
    (count(), prop::option::of(0..40_u32), count()).prop_map(|(copies, days, keep_weekly)| Policy {
        copies,
        days,
        keep_weekly,
        ..Policy::default()
    })
}

fn all_policies() -> impl Strategy<Value = Policies> {
    (one_policy(), one_policy(), one_policy()).prop_map(|(automatic, a, b)| Policies {
        automatic,
        schedules: [(name("a"), a), (name("b"), b)].into_iter().collect(),
    })
}

fn deleted(backups: &[Record], policies: &Policies) -> BTreeSet<String> {
    let decisions = decided_by(backups, policies).into_iter();
    decisions.filter(|decision| !decision.keep).map(|decision| decision.backup_id).collect()
}

fn only(backups: &[Record], origin: Origin) -> Vec<Record> {
    backups.iter().filter(|backup| backup.origin == origin).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn retention_of_a_schedule_never_touches_the_backups_of_another(
        backups in backups(),
        policies in all_policies(),
        other in one_policy(),
    ) {
        let changed = Policies { schedules: [(name("a"), other), (name("b"), policies.schedules[&name("b")])].into(), ..policies.clone() };
        let not_a = |all: BTreeSet<String>| -> BTreeSet<String> {
            let of_a: BTreeSet<String> = only(&backups, Origin::Scheduled(name("a"))).into_iter().map(|it| it.backup_id).collect();
            all.difference(&of_a).cloned().collect()
        };
        prop_assert_eq!(not_a(deleted(&backups, &policies)), not_a(deleted(&backups, &changed)));
    }

    #[test]
    fn each_schedule_decides_as_if_its_backups_were_alone(backups in backups(), policies in all_policies()) {
        let mut alone = BTreeSet::new();
        let schedules = policies.schedules.keys().map(|name| Origin::Scheduled(*name));
        for origin in schedules.chain([Origin::Automatic]) {
            let own = only(&backups, origin);
            let gone = deleted(&own, &policies);
            let good = |backup: &&Record| backup.state == State::Good;
            let newest = own.iter().filter(good).max_by_key(|backup| (backup.date, &backup.backup_id));
            prop_assert!(newest.is_none_or(|newest| !gone.contains(&newest.backup_id)));
            prop_assert!(own.is_empty() || gone.len() < own.len());
            alone.extend(gone);
        }
        prop_assert_eq!(deleted(&backups, &policies), alone);
    }
}
