//! From an event through an automation to a receiver, and back: the step continues, or fails with the reason.

use serde_json::json;

use super::*;
use crate::automation::home::Event;
use crate::automation::run::{Effect, Engine};
use crate::automation::tests::load;
use crate::http_client::tests::server::{Server, answer};

const AUTOMATION: &str = r#"
alias: Tell me
triggers:
  - trigger: event
    event_type: backup_failed
actions:
  - action: notify.phone
    data:
      title: "Backup failed"
      message: "The backup failed due to {{ trigger.event.data.failed_reason }}"
  - action: done.it
"#;

fn calls(effects: Vec<Effect>) -> Vec<Effect> {
    effects.into_iter().filter(|effect| matches!(effect, Effect::Call { .. })).collect()
}

/// Passes the event of a failed backup to the engine, delivers its call, and passes the outcome back. Returns the last effects.
fn notifier(server: &Server) -> (Engine, Vec<Effect>) {
    let toml = format!("[notify.phone]\nkind = \"webhook\"\nurl = \"{}\"", server.url("/hook"));
    let notifier = TestNotifier::new(&toml);
    let mut home =
        Home { now: at("2026-11-23T04:45:00Z"), zone: larder_zone::Zone::UTC, states: Arc::default() };
    let mut engine = Engine::default();
    engine.load(load(AUTOMATION).automations, vec![], &mut home);
    let event =
        Event::Named { name: "backup_failed".into(), data: json!({"failed_reason": "upload_failed: 507"}) };
    let effects = calls(engine.handle(&event, None, &mut home));
    let [Effect::Call { run, call, action, data, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let name = action.strip_prefix("notify.").unwrap();
    let outcome = notifier.begin(name, data.clone()).recv().unwrap();
    let effects = engine.answer(*run, *call, outcome, &mut home);
    (engine, effects)
}

#[test]
fn a_failed_backup_is_one_notification_with_its_reason() {
    let server = Server::start(|_, _| answer("200 OK", "", ""));
    let (_, effects) = notifier(&server);
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    let expected =
        json!({"title": "Backup failed", "message": "The backup failed due to upload_failed: 507"});
    assert_eq!(seen[0].json(), expected);
    assert!(matches!(&effects[..], [Effect::Call { action, .. }] if action == "done.it"), "{effects:?}");
}

#[test]
fn a_refused_notification_fails_the_step_with_the_reason() {
    let server = Server::start(|_, _| answer("410 Gone", "", ""));
    let (engine, effects) = notifier(&server);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Call { .. })), "{effects:?}");
    let traces = format!("{:?}", engine.traces("Tell me").unwrap());
    assert!(traces.contains("answered 410 Gone; check the address and the method"), "{traces}");
}
