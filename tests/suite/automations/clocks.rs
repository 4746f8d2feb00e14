//! Automations while the clock is being set, without a restart.

use larder_tests::TestService;
use serde_json::json;

use super::{NIGHTLY, home, traces};

const MINUTELY: &str = "
- alias: Minutely
  triggers: [{trigger: time_pattern, minutes: '*'}]
  actions: [{event: tick}]
";

/// A state with `for`, a wait, and a delay.
const SPANS: &str = "
- alias: Held
  triggers: [{trigger: event, event_type: go}]
  actions: [{event: began}, {delay: '00:05:00'}, {event: over}]
- alias: Idle
  triggers:
    - {trigger: state, entity_id: automation.held, attribute: current, to: 0, for: '00:05:00'}
  actions: [{event: idle}]
- alias: Waits
  triggers: [{trigger: event, event_type: go}]
  actions:
    - wait_for_trigger: [{trigger: event, event_type: never}]
      timeout: '00:05:00'
    - event: waited
";

fn count(service: &mut TestService, topic: &str) -> usize {
    service.events().iter().filter(|heard| heard.topic == topic).count()
}

fn go(service: &mut TestService) {
    let event = larder::home::bus::Event::new("go", "{}");
    service.service().bus().emit(&event);
    service.service().settle();
}

#[test]
fn a_pattern_continues_at_once_after_the_clock_is_set_back() {
    for ahead in ["2029-05-04T12:00:00Z", "2026-06-04T12:00:00Z", "2026-05-04T13:00:30Z"] {
        let home = home("UTC", MINUTELY);
        let mut service = home.serve(ahead);
        service.pass(300);
        assert_eq!(count(&mut service, "tick"), 5);
        service.set_clock("2026-05-04T12:00:10Z");
        service.pass(300);
        assert_eq!(count(&mut service, "tick"), 5, "from {ahead}");
    }
}

#[test]
fn a_daily_trigger_fires_once_although_the_clock_is_set_back() {
    let home = home("UTC", NIGHTLY);
    let mut service = home.serve("2026-05-04T12:00:00Z");
    service.advance("2026-05-05T03:10:00Z");
    service.set_clock("2026-05-05T02:00:00Z");
    service.advance("2026-05-05T12:00:00Z");
    assert_eq!(traces(&mut service, "Backup Home Assistant every night at 3 AM").len(), 1);
    service.advance("2026-05-06T12:00:00Z");
    assert_eq!(home.archives().len(), 2);
    // These times did not pass: the clock was wrong before.
    service.set_clock("2026-01-01T00:00:00Z");
    service.advance("2026-01-02T12:00:00Z");
    assert_eq!(home.archives().len(), 4);
}

#[test]
fn durations_keep_their_length_whatever_the_clock_is_set_to() {
    for to in ["2029-05-04T12:00:00Z", "2026-01-04T12:00:00Z"] {
        let home = home("UTC", SPANS);
        let mut service = home.serve("2026-05-04T12:00:00Z");
        service.pass(1);
        go(&mut service);
        service.pass(100);
        service.set_clock(to);
        service.pass(199);
        let heard: Vec<_> = service.events().into_iter().map(|heard| heard.topic).collect();
        assert!(heard.contains(&"began".into()) && !heard.contains(&"over".into()), "to {to}: {heard:?}");
        assert!(!heard.contains(&"waited".into()), "to {to}: {heard:?}");
        service.pass(1);
        let heard: Vec<_> = service.events().into_iter().map(|heard| heard.topic).collect();
        assert!(heard.contains(&"over".into()) && heard.contains(&"waited".into()), "to {to}: {heard:?}");
        service.pass(100);
        service.set_clock("2026-05-04T12:00:00Z");
        service.pass(199);
        assert_eq!(count(&mut service, "idle"), 0, "to {to}");
        service.pass(1);
        assert_eq!(count(&mut service, "idle"), 1, "to {to}");
    }
}

#[test]
fn the_loop_guard_ignores_times_from_a_wrong_clock() {
    let home = home("UTC", SPANS);
    let mut service = home.serve("2029-05-04T12:00:00Z");
    // Fewer than the limit, repeatedly, hours apart.
    for round in 0..4 {
        let event = larder::home::bus::Event::new("go", "{}");
        (0..200).for_each(|_| service.service().bus().emit(&event));
        service.pass(3600);
        service.set_clock(&format!("2026-05-0{}T12:00:00Z", 4 - round));
        service.pass(3600);
    }
    let listed = service.service().driver().list();
    assert!(listed.as_array().unwrap().iter().all(|listed| listed["halted"] == json!(null)), "{listed}");
}

#[test]
fn a_daily_trigger_that_was_caught_up_does_not_fire_again_after_the_clock_is_set_back() {
    let home = home("UTC", NIGHTLY);
    let mut service = home.serve("2026-05-04T20:00:00Z");
    service.pass(60);
    service.set_clock("2026-05-05T03:00:30Z");
    service.pass(60);
    assert_eq!(home.archives().len(), 1);
    service.set_clock("2026-05-05T02:59:00Z");
    service.advance("2026-05-05T12:00:00Z");
    assert_eq!(home.archives().len(), 1);
    service.advance("2026-05-06T12:00:00Z");
    assert_eq!(home.archives().len(), 2);
}

#[test]
fn nothing_is_caught_up_after_a_clock_with_a_wrong_year() {
    let home = home("UTC", NIGHTLY);
    let mut service = home.serve("2026-05-04T20:00:00Z");
    service.advance("2026-05-05T03:10:00Z");
    assert_eq!(home.archives().len(), 1);
    service.set_clock("2020-01-01T12:00:00Z");
    service.pass(60);
    service.set_clock("2026-05-05T03:12:00Z");
    service.advance("2026-05-05T12:00:00Z");
    assert_eq!(home.archives().len(), 1);
    service.advance("2026-05-06T12:00:00Z");
    assert_eq!(home.archives().len(), 2);
}
