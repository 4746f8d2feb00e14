//! `larder automations`, with a running service and without one.

use std::os::unix::fs::PermissionsExt;

use larder_tests::{Serving, TestHome, TestService};
use rustix::process::Signal;
use serde_json::json;

use super::{NIGHTLY, ends, home};

const TICK: &str = r#"
- id: tick
  alias: Tick
  triggers: [{trigger: time, at: "04:30:00"}]
  conditions: "{{ false }}"
  actions:
    - variables: {amount: "{{ 2 + 3 }}"}
    - action: persistent_notification.create
      data: {message: "It is {{ amount }}", notification_id: tick}
"#;

fn write(home: &TestHome, text: &str) {
    home.write("automations.yaml", text);
}

#[test]
fn automations_are_listed_run_and_traced_without_a_service() {
    let home = home("UTC", TICK);
    let listed = home.larder(&["automations"]).exits(0).stdout;
    assert!(
        listed.starts_with("Tick\n  automation.tick (single)\n  last triggered never, next 2"),
        "{listed}"
    );
    assert!(listed.contains(" 04:30:00 +00:00\n"), "{listed}");
    home.larder(&["automations", "trace", "tick"]).exits(0);
    let shown = home.larder(&["automations", "trigger", "Tick"]).exits(0).stdout;
    for words in [": by hand\n", "action/0", "\"amount\":5", "action/1", "It is 5", "  done\n"] {
        assert!(shown.contains(words), "{words} is not in:\n{shown}");
    }
    let states = home.larder(&["states"]).exits(0).stdout;
    assert!(states.contains("  It is 5 (tick)\n") && states.contains("automation.tick "), "{states}");
    assert!(!home.larder(&["automations", "list"]).exits(0).stdout.contains("never"));
    let traced = home.larder(&["automations", "trace", "automation.tick"]).exits(0).stdout;
    assert_eq!(traced, shown);
    let json = home.larder(&["--json", "automations", "trace", "tick"]).exits(0).json();
    assert_eq!(json[0]["end"], "done");
    let nobody = home.larder(&["automations", "trigger", "tock"]).exits(1);
    nobody.says("there is no automation `tock`; `larder automations` lists them");
    home.larder(&["automations", "reload"]).exits(1).says("no service is running with this state directory");
}

#[test]
fn an_automation_that_is_run_without_a_service_sees_the_others() {
    let yaml = "- {alias: b, initial_state: false, triggers: [], actions: []}\n- alias: a\n  triggers: []\n  actions:\n    \
                - action: persistent_notification.create\n      data: {notification_id: seen, message: \"b is {{ states('automation.b') }}\"}\n";
    let home = home("UTC", yaml);
    home.larder(&["automations", "trigger", "a"]).exits(0);
    let states = home.larder(&["states"]).exits(0).stdout;
    assert!(states.contains("b is off"), "{states}");
}

#[test]
fn a_backup_by_automation_can_be_tried_by_hand() {
    let home = home("UTC", NIGHTLY);
    home.larder(&["automations", "trigger", "Backup Home Assistant every night at 3 AM"]).exits(0);
    assert_eq!(home.archives().len(), 1);
}

#[test]
fn check_reports_errors_with_file_line_and_advice() {
    let home = home("UTC", TICK);
    home.larder(&["automations", "check"]).exits(0);
    write(&home, "- alias: Light\n  triggers:\n    - trigger: sun\n      event: sunset\n  actions: []\n");
    let checked = home.larder(&["automations", "check"]).exits(1).stdout;
    assert!(checked.starts_with("automations.yaml:3:"), "{checked}");
    assert!(
        checked
            .ends_with("0 automations without problems; 1 problem (checked as by Home Assistant 2026.11).\n"),
        "{checked}"
    );
    let file = home.root().join("other.yaml");
    std::fs::write(&file, NIGHTLY).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(
        home.larder(&["automations", "check", file]).exits(0).stdout,
        "1 automation, no problems (checked as by Home Assistant 2026.11).\n"
    );
    home.larder(&["automations", "check", "nowhere.yaml"]).exits(1);
}

#[test]
fn a_running_service_lists_runs_traces_and_reloads_them() {
    let home = home("UTC", TICK);
    let mut serving = Serving::begin(home.command(&["serve"]));
    let line = serving.until("serving; ");
    assert!(line.ends_with("; 1 automation"), "{line}");
    let ran = home.larder(&["automations", "trigger", "tick"]).exits(0).stdout;
    assert!(ran.contains("It is 5") && ran.ends_with("  done\n"), "{ran}");
    assert_eq!(home.larder(&["automations", "trace", "tick"]).exits(0).stdout, ran);
    assert!(!home.larder(&["automations"]).exits(0).stdout.contains("never"));

    write(&home, &format!("{TICK}- {{id: tock, triggers: [], actions: [{{event: tock}}]}}\n"));
    assert_eq!(home.larder(&["automations", "reload"]).exits(0).stdout, "Reloaded: 2 automations.\n");
    assert!(home.larder(&["automations"]).exits(0).stdout.contains("tock"));

    write(&home, "- id: tick\n  triggers: [\n");
    let refused = home.larder(&["automations", "reload"]).exits(1);
    refused.says("nothing was reloaded; the automations are unchanged: automations.yaml:");
    assert!(home.larder(&["automations"]).exits(0).stdout.contains("tock"));

    write(&home, TICK);
    serving.signal(Signal::HUP);
    assert!(serving.until("reloaded: ").ends_with("reloaded: 1 automation"));
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    assert_eq!(home.larder(&["automations", "trace", "tick"]).exits(0).stdout, ran, "it is remembered");
}

#[test]
fn any_action_can_be_called_by_hand_with_a_service_and_without_one() {
    let home = home("UTC", TICK);
    let options = home.options("[notify.diary]\nkind = \"file\"\npath = \"diary.txt\"\n");
    let options = ["--options", options.as_str()];
    let hello = [&options[..], &["call", "notify.diary", "--data", r#"{"message": "hello"}"#]].concat();
    let diary = home.root().join("machine/diary.txt");
    let lines = || std::fs::read_to_string(&diary).unwrap().lines().count();
    home.larder(&hello).exits(0);
    let wrong = home.larder(&[&options[..], &["call", "notify.diary", "--data", "{}"]].concat()).exits(2);
    wrong.says("notify.diary needs `message`; add it");
    home.larder(&["call", "notify.nobody", "--data", r#"{"message": "hello"}"#])
        .exits(2)
        .says("there is no notification target");
    assert_eq!(lines(), 1);
    let mut serving = Serving::start(home.command(&[&options[..], &["serve"]].concat()));
    home.larder(&hello).exits(0);
    assert_eq!(lines(), 2);
    home.larder(&["call", "backup.create"]).exits(0);
    assert_eq!(home.archives().len(), 1);
    let id = home.larder(&["--json", "list"]).exits(0).json()["backups"][0]["backup_id"]
        .as_str()
        .unwrap()
        .to_owned();
    home.larder(&["call", "backup.delete", "--data", &json!({"backup_id": id}).to_string()]).exits(0);
    assert_eq!(home.archives().len(), 0);
    home.larder(&["call", "light.turn_on"])
        .exits(2)
        .says("there is no action light.turn_on; automations may call ");
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn another_user_cannot_ask_a_service() {
    let home = home("UTC", TICK);
    let serving = Serving::start(home.command(&["serve"]));
    let rights =
        |path: &str| std::fs::metadata(home.state().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((rights("host"), rights("host/control")), (0o700, 0o600));
    drop(serving);
}

#[test]
fn a_killed_service_leaves_no_dead_socket() {
    let home = home("UTC", TICK);
    let mut serving = Serving::start(home.command(&["serve"]));
    serving.signal(Signal::KILL);
    serving.ends();
    home.larder(&["automations"]).exits(0);
    let mut serving = Serving::start(home.command(&["serve"]));
    home.larder(&["automations", "reload"]).exits(0);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn a_state_directory_with_a_very_long_name_has_a_socket_too() {
    let home = home("UTC", TICK);
    let state = home.root().join("s".repeat(120)).join("t".repeat(120));
    let state = state.to_str().unwrap();
    let mut serving = Serving::start(home.command(&["serve", "--state", state]));
    home.larder(&["automations", "reload", "--state", state]).exits(0);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn a_reload_keeps_the_runs_of_unchanged_automations_only() {
    let slow = |id: &str, event: &str| {
        format!(
            "- {{id: {id}, triggers: [{{trigger: homeassistant, event: start}}], actions: [{{delay: 60}}, {{event: {event}}}]}}\n"
        )
    };
    let home = home("UTC", &(slow("one", "a") + &slow("two", "b")));
    let mut service: TestService = home.serve("2026-05-04T12:00:00+00:00");
    service.pass(30);
    write(&home, &(slow("two", "c") + &slow("one", "a")));
    let reply = service.service().driver().requests().send("reload", json!({}));
    service.pass(1);
    assert_eq!(reply.recv().unwrap().unwrap(), json!({"automations": 2, "problems": [], "warnings": []}));
    service.pass(60);
    assert_eq!(ends(&mut service, "one"), ["done"]);
    assert_eq!(ends(&mut service, "two"), ["cancelled"], "it is another one now");
    let topics: Vec<_> =
        service.events().into_iter().map(|heard| heard.topic).filter(|it| it.len() == 1).collect();
    assert_eq!(topics, ["a"]);
}
