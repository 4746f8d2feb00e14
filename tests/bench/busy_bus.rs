//! A thousand automations on a busy bus, on the real host with the real component: events a second, memory, and whether that is
//! within the budget. Exits with 1 when it is not.
//!
//! A tenth of the events concerns an automation; each such run asks a condition, renders a template and fires an event.

use std::fmt::Write;
use std::time::Instant;

use larder::model::Timestamp;
use larder_tests::{TestHome, TestService};
use serde_json::json;

const AUTOMATIONS: usize = 1000;
const EVENTS: usize = 20_000;
/// The budget: many times what a large home has, some hundred state changes a second at most.
const EVENTS_A_SECOND: f64 = 2_000.0;
/// Compiling the component, which happens once in a machine's life, is in it.
const MIB: u64 = 200;

fn automations() -> String {
    (0..AUTOMATIONS).fold(String::new(), |mut yaml, number| {
        let _ = write!(
            yaml,
            r#"
- alias: Automation {number}
  mode: queued
  triggers: [{{trigger: state, entity_id: sensor.number_{number}, attribute: level}}]
  conditions: [{{condition: numeric_state, entity_id: sensor.number_{number}, attribute: level, above: -1}}]
  actions:
    - event: reached
      event_data: {{level: "{{{{ state_attr('sensor.number_{number}', 'level') | int + 1 }}}}"}}
"#
        );
        yaml
    })
}

fn main() {
    let home = TestHome::in_memory();
    home.write("automations.yaml", automations());
    let began = Instant::now();
    let mut service = home.serve("2026-05-04T12:00:00+00:00");
    service.pass(1);
    let loading = began.elapsed().as_secs_f64();
    let states = service.service().host().states().for_owner("bench");
    let clock = service.service().host().clock().clone();
    let mut reached = 0;
    let began = Instant::now();
    for number in 0..EVENTS {
        // A second for each hundred events, so that no guard takes it for a loop.
        let now = clock.now();
        clock.advance_to(Timestamp { seconds: now.seconds + i64::from(number % 100 == 0), ..now });
        let id = if number % 10 == 0 { number / 10 % AUTOMATIONS } else { AUTOMATIONS + number % 5000 };
        states.set(&format!("sensor.number_{id}"), "on".into(), json!({"level": number}));
        service.service().settle();
        if number % 100 == 0 {
            reached += count(&mut service);
        }
    }
    let speed = EVENTS as f64 / began.elapsed().as_secs_f64();
    reached += count(&mut service);
    let peak = peak();
    println!(
        "{AUTOMATIONS} automations started in {loading:.2} s; {EVENTS} state changes with {reached} runs: {speed:.0} a second \
         (budget {EVENTS_A_SECOND:.0}); peak {peak} MiB (budget {MIB})"
    );
    if speed < EVENTS_A_SECOND || peak > MIB {
        std::process::exit(1);
    }
}

/// What reached the last action since this was asked last.
fn count(service: &mut TestService) -> usize {
    service.events().iter().filter(|heard| heard.topic == "reached").count()
}

/// The most memory that this process ever had, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}
