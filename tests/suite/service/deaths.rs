//! A plugin that dies is restarted; a job that dies fails its backup; nothing stays busy forever.

use larder::assemble::HostSetup;
use larder::steps::Steps;
use larder::tunables::Limits;
use larder_tests::{TestHome, TestService, instant, noise};
use serde_json::{Value, json};

use super::{EVENT, Gate, MANAGER, START, daily, home, shown, told};

const MISBEHAVING: &str = env!("LARDER_MISBEHAVING");

fn limits(chosen: &[&str]) -> Limits {
    let mut limits = Limits::default();
    chosen.iter().for_each(|limit| limits.set(limit).unwrap());
    limits
}

/// A service with the misbehaving plugin.
fn misbehaving(home: &TestHome) -> TestService {
    let plugin = Some(MISBEHAVING.into());
    TestService::start(HostSetup { plugin, limits: limits(&["compute-time=1"]), ..home.setting(START) })
        .unwrap()
}

fn deed(service: &mut TestService, name: &str) -> Result<Value, String> {
    service.call("backup.generate", json!({"name": name})).map_err(|failure| failure.message)
}

/// The announced seconds until its restart.
fn waits(told: &[String]) -> Vec<u64> {
    let seconds = told.iter().filter_map(|line| line.strip_suffix(" s")?.rsplit_once(" in ")?.1.parse().ok());
    seconds.collect()
}

#[test]
fn a_plugin_that_dies_again_and_again_is_tried_after_1_to_300_seconds() {
    let home = home();
    let mut service = misbehaving(&home);
    home.write("set-up", "trap");
    deed(&mut service, "manager-trap").unwrap_err();
    service.advance("2026-05-04T12:20:00+00:00");
    let told = told(&mut service);
    assert_eq!(waits(&told), [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300], "{told:#?}");
    assert!(told.iter().any(|line| line.contains("unreachable")), "{told:#?}");

    std::fs::remove_file(home.path("set-up")).unwrap();
    service.advance("2026-05-04T12:30:00+00:00");
    assert_eq!(super::told(&mut service), ["the plugin was restarted"]);
    deed(&mut service, "manager-good").unwrap();
}

#[test]
fn a_plugin_that_lived_well_for_a_while_is_started_again_soon() {
    for (lived, wait) in [("2026-05-04T12:05:00+00:00", 2), ("2026-05-04T12:15:00+00:00", 1)] {
        let home = home();
        let mut service = misbehaving(&home);
        deed(&mut service, "manager-trap").unwrap_err();
        service.advance("2026-05-04T12:00:01+00:00");
        service.advance(lived);
        told(&mut service);
        deed(&mut service, "manager-trap").unwrap_err();
        service.service().settle();
        assert_eq!(waits(&told(&mut service)), [wait], "it lived until {lived}");
    }
}

#[test]
fn a_plugin_that_dies_wherever_it_is_called_is_started_again() {
    for (place, name) in
        [("action", "trap"), ("action", "loop"), ("timer", "trap"), ("timer", "loop"), ("timer", "exit")]
    {
        let home = home();
        let mut service = misbehaving(&home);
        if place == "timer" {
            home.write("timer", name);
            let at = instant("2026-05-04T12:01:00+00:00");
            service.service().host().scheduler().set("test".into(), at).unwrap();
        } else {
            deed(&mut service, &format!("manager-{name}")).unwrap_err();
        }
        service.advance("2026-05-04T12:02:00+00:00");
        let told = told(&mut service);
        assert_eq!(waits(&told), [1], "{place} {name}: {told:#?}");
        assert_eq!(told.last().unwrap(), "the plugin was restarted", "{place} {name}");
        assert_eq!(deed(&mut service, "manager-good"), Ok(json!({"good": true})), "{place} {name}");
    }
}

#[test]
fn entities_are_unavailable_while_the_plugin_is_dead_and_come_back_as_they_were() {
    let home = home();
    let setting = HostSetup { limits: limits(&["memory=32"]), ..home.setting(START) };
    let mut service = TestService::start(setting).unwrap();
    service.set(daily());
    service.call("backup.create_automatic", json!({})).unwrap();
    let states = |service: &mut TestService| -> Vec<_> {
        let all = service.service().host().states().all().into_iter();
        all.map(|(id, state)| (id, state.state, state.attributes)).collect()
    };
    let before = states(&mut service);
    assert_eq!(before.len(), 6);
    let too_much = json!({"name": "x".repeat(64 << 20)});
    service.call("backup.generate", too_much).unwrap_err();
    service.service().settle();
    for ((id, state, attributes), (_, _, known)) in states(&mut service).iter().zip(&before) {
        assert_eq!((state.as_str(), attributes), ("unavailable", known), "{id}");
    }
    service.advance("2026-05-04T12:00:01+00:00");
    assert_eq!(states(&mut service), before);
    service.advance("2026-05-05T03:10:00+00:00");
    assert_eq!(home.archives().len(), 2, "the schedule goes on");
}

/// The points at which a job may get stuck.
const HELD_AT: [&str; 6] =
    ["draft: create", "draft: append", "draft: patch", "draft: read back", "draft: sync", "draft: rename"];

#[test]
fn a_job_that_is_stuck_at_any_step_fails_its_backup_and_the_next_one_works() {
    for (step, limit) in
        HELD_AT.iter().map(|step| (*step, "host-time")).chain([("draft: append", "job-time")])
    {
        let home = home();
        let gate = Gate::at(step);
        let limits = limits(&[&format!("{limit}=1")]);
        let setting = HostSetup { steps: gate.steps.clone(), limits, ..home.setting(START) };
        let mut service = TestService::start(setting).unwrap();
        let failure = service.call("backup.generate", json!({"agent_ids": ["backup.local"]})).unwrap_err();
        assert!(failure.message.contains(&format!("limit {limit}")), "{step}: {failure}");
        assert_eq!(shown(&mut service), ["failed", "unknown_error", "manual", "idle"], "{step}");
        // Stuck jobs stay stuck, which does not affect the next one.
        service.advance("2026-05-04T12:00:10+00:00");
        service.call("backup.create", json!({})).unwrap();
        assert_eq!(shown(&mut service)[0], "completed", "{step}");
        gate.open();
        drop(service);
        home.larder(&["list"]).exits(0);
    }
}

#[test]
fn a_job_that_dies_fails_its_backup_with_a_reason() {
    type Deed = fn(&str);
    let panics: Deed = |step| assert_ne!(step, "draft: append", "a test lets the host panic");
    let nothing: Deed = |_| {};
    for (steps, limit, says) in [
        (nothing, ["memory=4", "home-memory=0"], "limit memory"),
        (panics, ["memory=96", "home-memory=0"], "ended without an answer"),
    ] {
        let home = home();
        // Much to remember, and something to write.
        (0..3000).for_each(|n| home.write(format!("www/{}/{n}", "x".repeat(200)), ""));
        home.write("www/large", noise(1 << 20));
        let steps = Steps(std::sync::Arc::new(steps));
        let setting = HostSetup { steps, limits: limits(&limit), ..home.setting(START) };
        let mut service = TestService::start(setting).unwrap();
        service.set(daily());
        service.advance("2026-05-05T03:10:00+00:00");
        assert_eq!(shown(&mut service), ["failed", "unknown_error", "automatic", "idle"], "{limit:?}");
        let told = told(&mut service).join("\n");
        assert!(told.contains(says), "{limit:?}: {told}");
        assert!(home.archives().is_empty(), "{limit:?}");

        std::fs::remove_dir_all(home.path("www")).unwrap();
        let mut service = service.restart_with(Steps::default(), limits(&limit));
        service.advance("2026-05-06T03:10:00+00:00");
        assert_eq!(shown(&mut service), [json!("completed"), Value::Null, json!("automatic"), json!("idle")]);
    }
}

#[test]
fn a_second_request_while_one_is_under_way_is_refused_as_home_assistant_does() {
    let home = home();
    let gate = Gate::at("draft: append");
    let setting = HostSetup { steps: gate.steps.clone(), ..home.setting(START) };
    let mut service = TestService::start(setting).unwrap();
    let mut first = service.service().host().begin("backup.create", "{}").unwrap();
    gate.wait();
    let create = json!({"agent_ids": ["backup.local"]});
    for (action, data) in [
        ("backup.create", json!({})),
        ("backup.create_automatic", json!({})),
        ("backup.generate", create),
        ("backup.restore", json!({"agent_id": "backup.local", "backup_id": "12345678"})),
    ] {
        let failure = service.call(action, data).unwrap_err();
        let refusal = ("home_assistant_error", "Backup manager busy: create_backup");
        assert_eq!((failure.code.as_str(), failure.message.as_str()), refusal, "{action}");
    }
    assert_eq!(service.state(MANAGER).state, "create_backup");
    assert_eq!(service.state(EVENT).attributes["event_type"], "in_progress");
    service.call("backup.info", json!({})).unwrap();
    gate.open();
    let answer = loop {
        let most = larder::tunables::POLL_INTERVAL;
        if let Some(answer) = service.service().host().poll(&mut first, most) {
            break answer;
        }
    };
    assert!(answer.is_ok());
    assert_eq!(home.archives().len(), 1);
    assert_eq!(shown(&mut service)[3], "idle");
}

#[test]
fn a_run_that_is_due_while_the_manager_is_busy_waits_for_it() {
    let home = home();
    let gate = Gate::at("draft: append");
    let setting = HostSetup { steps: gate.steps.clone(), ..home.setting(START) };
    let mut service = TestService::start(setting).unwrap();
    service.set(daily());
    let mut by_hand = service.service().host().begin("backup.create", "{}").unwrap();
    gate.wait();
    service.advance("2026-05-05T03:05:30+00:00");
    assert_eq!(shown(&mut service)[2..], ["manual", "create_backup"]);
    gate.open();
    let most = larder::tunables::POLL_INTERVAL;
    while service.service().host().poll(&mut by_hand, most).is_none() {}
    service.advance("2026-05-05T03:10:00+00:00");
    assert_eq!(shown(&mut service), [json!("completed"), Value::Null, json!("automatic"), json!("idle")]);
    assert_eq!(home.archives().len(), 2);
}

#[test]
fn a_manager_whose_document_is_not_written_in_time_is_given_up_and_comes_back() {
    let home = home();
    let gate = Gate::at("document: write");
    let setting =
        HostSetup { steps: gate.steps.clone(), limits: limits(&["host-time=1"]), ..home.setting(START) };
    let mut service = TestService::start(setting).unwrap();
    let heard = service.service().host().bus.subscribe();
    // The disk answers only after the call has been given up.
    let late = std::thread::spawn(move || {
        heard.iter().find(|event| event.data.contains("restarted in"));
        gate.open();
    });
    service.call("backup.config.update", daily()).unwrap_err();
    service.advance("2026-05-04T12:01:00+00:00");
    late.join().unwrap();
    assert_eq!(service.state(MANAGER).state, "idle");
    service.set(json!({"create_backup": {"agent_ids": ["backup.local"]}}));
    service.call("backup.create_automatic", json!({})).unwrap();
}
