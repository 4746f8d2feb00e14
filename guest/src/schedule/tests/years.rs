//! Properties over simulated years in all time zones, with every kind of clock change. Computes the expected times
//! independently of the rules, in a slow and obvious way.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDateTime};
use proptest::prelude::*;

use super::*;

/// The first instant at which the clocks show that time or a later one on that day; `None` if the day does not exist.
fn expected(date: NaiveDate, time: chrono::NaiveTime, zone: Zone) -> Option<DateTime<Utc>> {
    let wall = date.and_time(time);
    let local = |at: DateTime<Utc>| at.with_timezone(&zone).naive_local();
    let (early, late) = (wall.and_utc() - TimeDelta::hours(30), wall.and_utc() + TimeDelta::hours(30));
    let offset = |at: DateTime<Utc>| local(at).signed_duration_since(at.naive_utc());
    if offset(early) == offset(late) {
        return Some(wall.and_utc() - offset(early));
    }
    let mut minutes = (0..3600).map(|minute| early + TimeDelta::minutes(minute));
    let exists = minutes.clone().any(|at| local(at).date() == date);
    let shows = |wall: NaiveDateTime, at: DateTime<Utc>| local(at) >= wall;
    minutes.find(|at| shows(wall, *at)).filter(|_| exists)
}

fn schedules() -> impl Strategy<Value = Schedule> {
    const WORDS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let days = prop_oneof![
        Just("daily".to_owned()),
        prop::sample::subsequence(&WORDS, 1..7).prop_map(|days| days.join(" "))
    ];
    let night = (0..5_u32, 0..60_u32);
    let any = (0..24_u32, 0..60_u32);
    let time = prop_oneof![
        Just("-".to_owned()),
        prop_oneof![night, any].prop_map(|(hour, minute)| format!("{hour}:{minute}")),
        Just("00:00".to_owned()),
        Just("23:59".to_owned()),
    ];
    (days, time).prop_map(|(days, time)| schedule(&days, &time))
}

fn zones() -> impl Strategy<Value = Zone> {
    prop::sample::select(ZONES.to_vec())
}

#[derive(Debug, Clone)]
enum Event {
    Live(i64),
    Sleep(i64),
    /// The clock is set by that many minutes.
    Set(i64),
    Restart {
        jitter: u32,
    },
    ByHand,
    Completed,
    /// The machine stops during a run and starts again.
    Interrupted,
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..4000_i64).prop_map(Event::Live),
        2 => (1..12_000_i64).prop_map(Event::Sleep),
        1 => (1..90_i64).prop_map(Event::Sleep),
        2 => (-3000..3000_i64).prop_map(Event::Set),
        2 => (0..4000_u32).prop_map(|jitter| Event::Restart { jitter }),
        1 => Just(Event::ByHand),
        2 => Just(Event::Completed),
        1 => Just(Event::Interrupted),
    ]
}

/// A home that records which days had their run.
struct Books {
    home: Home,
    had: BTreeSet<NaiveDate>,
    seen: usize,
}

impl Books {
    fn date(&self, at: DateTime<Utc>) -> NaiveDate {
        slots::Slots::new(&self.home.schedule, self.home.zone, 0, None).day(at)
    }

    /// Checks the runs since the last call: none is on a day that already had one.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let new: Vec<_> = self.home.runs[self.seen..].iter().map(|at| self.date(*at)).collect();
        for date in new {
            prop_assert!(self.had.insert(date), "{} ran twice, again at {}", date, self.home.now);
        }
        self.seen = self.home.runs.len();
        Ok(())
    }

    /// Runs for a while, and checks that each matching day whose time passes has had its run.
    fn live(&mut self, time: TimeDelta) -> Result<(), TestCaseError> {
        let from = self.home.now;
        self.home.live(time);
        self.check()?;
        let most = if self.home.schedule.time.is_none() { minutes(60) } else { minutes(0) };
        let wall = self.home.schedule.wall_time();
        for date in from.date_naive().iter_days().take_while(|date| *date <= self.home.now.date_naive()) {
            let begins = expected(date, wall, self.home.zone);
            let passed = begins.is_some_and(|begins| begins > from && begins + most <= self.home.now);
            let matches = self.home.schedule.runs_on(date.weekday());
            prop_assert!(!(passed && matches) || self.had.contains(&date), "{} was lost", date);
        }
        Ok(())
    }

    fn suffer(&mut self, event: &Event) -> Result<(), TestCaseError> {
        match event {
            Event::Live(count) => return self.live(minutes(*count)),
            Event::Sleep(count) => self.home.sleep(minutes(*count)),
            Event::Set(by) => {
                self.home.now += minutes(*by);
                self.home.wake();
            }
            Event::Restart { jitter } => {
                self.home.jitter = *jitter;
                self.home.wake();
            }
            Event::ByHand => {
                let date = self.date(self.home.now);
                self.had.insert(date);
                self.home.start();
            }
            Event::Completed => self.home.history.last_completed = self.home.history.last_attempted,
            Event::Interrupted => {
                self.home.history.interrupted = self.home.history.last_attempted.is_some();
                self.home.wake();
            }
        }
        self.check()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn each_matching_day_of_two_years_has_exactly_one_run_at_its_local_time(
        schedule in schedules(),
        zone in zones(),
        year in prop_oneof![Just(2011), 1980..2036_i32],
        jitter in 0..5000_u32,
    ) {
        let first = NaiveDate::from_ymd_opt(year, 1, 10).unwrap();
        let start = first.and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::days(2);
        let mut home = Home::new(schedule.clone(), zone, start);
        home.jitter = jitter;
        home.history.planned = None;
        home.live(TimeDelta::days(732));
        let jitter = if schedule.time.is_none() { jitter.min(MAX_JITTER_SECONDS) } else { 0 };
        let days = first.iter_days().take(728).filter(|date| schedule.runs_on(date.weekday()));
        let wanted = days.filter_map(|date| expected(date, schedule.wall_time(), zone));
        let wanted: Vec<_> = wanted.map(|at| at + TimeDelta::seconds(jitter.into())).collect();
        let (Some(from), Some(to)) = (wanted.first(), wanted.last()) else { return Ok(()) };
        let runs: Vec<_> = home.runs.iter().copied().filter(|run| run >= from && run <= to).collect();
        prop_assert_eq!(runs, wanted);
    }

    #[test]
    fn no_run_is_lost_or_doubled_whatever_happens_to_the_clock(
        schedule in schedules(),
        zone in zones(),
        start in 0..500_000_i64,
        events in prop::collection::vec(events(), 1..40),
    ) {
        let home = Home::new(schedule, zone, at("2026-01-01T00:00:00Z") + minutes(start));
        let mut books = Books { home, had: BTreeSet::new(), seen: 0 };
        for event in &events {
            books.suffer(event)?;
        }
        books.live(TimeDelta::days(21))?;
    }

    #[test]
    fn upcoming_runs_are_the_ones_that_then_happen(
        schedule in schedules(),
        zone in zones(),
        start in 0..500_000_i64,
        slept in 0..20_000_i64,
        jitter in 0..3600_u32,
    ) {
        let mut home = Home::new(schedule, zone, at("2026-01-01T00:00:00Z") + minutes(start));
        home.jitter = jitter;
        home.live(TimeDelta::days(8));
        home.sleep(minutes(slept));
        let before = home.runs.len();
        let expected: Vec<_> = home.calendar().upcoming(&home.history, home.now, 5).iter().map(|next| next.at.unwrap()).collect();
        home.live(TimeDelta::days(60));
        prop_assert_eq!(&home.runs[before..before + 5], expected);
    }
}

#[test]
fn missed_run_is_made_up_once_on_each_weekday() {
    let mut made_up = BTreeMap::new();
    for sleep in 0..7 {
        let mut home = Home::new(schedule("mon", "04:45"), zone("Europe/Berlin"), at("2026-11-15T12:00:00Z"));
        home.live(TimeDelta::days(2));
        home.sleep(TimeDelta::days(6 + sleep));
        home.live(TimeDelta::days(6 - sleep));
        let extra = home.runs.iter().filter(|run| run.weekday() != chrono::Weekday::Mon).count();
        made_up.insert(sleep, extra);
    }
    assert_eq!(made_up.into_values().collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 0]);
}
