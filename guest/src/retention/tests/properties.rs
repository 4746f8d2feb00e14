//! Properties that hold for any backups and any policy. Does not look at the reasons.

use std::collections::BTreeSet;

use chrono::{FixedOffset, TimeDelta};
use proptest::prelude::*;

use super::*;

/// Backups of all kinds within some years, some at the same instant, some in the future; and the same in another order.
fn backups() -> impl Strategy<Value = (Vec<Record>, Vec<Record>)> {
    let state = prop_oneof![
        3 => Just(State::Good),
        1 => Just(State::Failed("why".to_owned())),
        1 => Just(State::Unverified("why".to_owned())),
    ];
    let origin =
        prop_oneof![5 => Just(Origin::Automatic), 1 => Just(Origin::Manual), 1 => Just(Origin::Foreign)];
    let age = prop_oneof![-40..1000_i64, -100..30_000_i64];
    let one = (age, -12..13_i32, origin, state);
    let all =
        prop::collection::vec(one, 0..60).prop_map(|all| all.into_iter().enumerate().map(record).collect());
    all.prop_flat_map(|all: Vec<Record>| (Just(all.clone()), Just(all).prop_shuffle()))
}

fn record((id, (age, offset, origin, state)): (usize, (i64, i32, Origin, State))) -> Record {
    let offset = FixedOffset::east_opt(offset * 3600).unwrap();
    let date = (now() - TimeDelta::hours(age)).with_timezone(&offset);
    Record { backup_id: format!("{id:02}"), date, origin, state }
}

fn policies() -> impl Strategy<Value = Policy> {
    let count = || prop::option::of(0..12_u32);
    let generations = [count(), count(), count(), count()];
    (count(), prop::option::of(0..800_u32), generations).prop_map(|(copies, days, generations)| {
        let [keep_daily, keep_weekly, keep_monthly, keep_yearly] = generations;
        Policy { copies, days, keep_daily, keep_weekly, keep_monthly, keep_yearly }
    })
}

fn stays(backups: &[Record], policy: &Policy) -> BTreeSet<String> {
    let decisions = decided(backups, policy);
    decisions.into_iter().filter(|decision| decision.keep).map(|decision| decision.backup_id).collect()
}

fn newest<'a>(backups: impl Iterator<Item = &'a Record>) -> Option<&'a Record> {
    backups.max_by_key(|backup| (backup.date, &backup.backup_id))
}

fn most(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    a.max(b)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn newest_good_backup_and_all_that_are_not_automatic_stay((backups, _) in backups(), policy in policies()) {
        let stays = stays(&backups, &policy);
        let automatic = || backups.iter().filter(|backup| backup.origin == Origin::Automatic);
        let good = automatic().filter(|backup| backup.state == State::Good);
        for backup in [newest(good.clone()), newest(good.filter(|backup| backup.date <= now()))].into_iter().flatten() {
            prop_assert!(stays.contains(&backup.backup_id));
        }
        prop_assert!(automatic().next().is_none() || automatic().any(|backup| stays.contains(&backup.backup_id)));
        let others = backups.iter().filter(|backup| backup.origin != Origin::Automatic);
        prop_assert!(others.into_iter().all(|backup| stays.contains(&backup.backup_id)));
    }

    #[test]
    fn decisions_do_not_depend_on_the_listing_and_are_oldest_first(
        (backups, shuffled) in backups(),
        policy in policies(),
    ) {
        let decisions = decided(&backups, &policy);
        prop_assert_eq!(&decisions, &decided(&shuffled, &policy));
        let date = |decision: &Decision| {
            let backup = backups.iter().find(|backup| backup.backup_id == decision.backup_id).unwrap();
            (backup.date, backup.backup_id.clone())
        };
        prop_assert!(decisions.is_sorted_by_key(date));
        prop_assert_eq!(decisions.len(), backups.len());
    }

    #[test]
    fn more_rules_or_larger_ones_never_delete_more((backups, _) in backups(), less in policies(), more in policies()) {
        let more = Policy {
            copies: most(less.copies, more.copies),
            days: most(less.days, more.days),
            keep_daily: most(less.keep_daily, more.keep_daily),
            keep_weekly: most(less.keep_weekly, more.keep_weekly),
            keep_monthly: most(less.keep_monthly, more.keep_monthly),
            keep_yearly: most(less.keep_yearly, more.keep_yearly),
        };
        prop_assume!(less.is_active());
        prop_assert!(stays(&backups, &less).is_subset(&stays(&backups, &more)));
    }

    #[test]
    fn deciding_again_deletes_nothing_more((backups, _) in backups(), policy in policies()) {
        let stays = stays(&backups, &policy);
        let mut left = backups;
        left.retain(|backup| stays.contains(&backup.backup_id));
        prop_assert!(decided(&left, &policy).iter().all(|decision| decision.keep));
    }

    #[test]
    fn interrupted_deletions_are_completed_the_next_time(
        (backups, _) in backups(),
        policy in policies(),
        done in 0..60_usize,
    ) {
        let expected = stays(&backups, &policy);
        let gone = decided(&backups, &policy).into_iter().filter(|decision| !decision.keep).take(done);
        let gone: BTreeSet<String> = gone.map(|decision| decision.backup_id).collect();
        let mut left = backups;
        left.retain(|backup| !gone.contains(&backup.backup_id));
        prop_assert_eq!(stays(&left, &policy), expected);
    }

    #[test]
    fn bad_backup_never_displaces_a_good_one((backups, _) in backups(), policy in policies()) {
        let good: Vec<Record> = backups.iter().filter(|backup| backup.state == State::Good).cloned().collect();
        prop_assert!(stays(&good, &policy).is_subset(&stays(&backups, &policy)));
    }
}
