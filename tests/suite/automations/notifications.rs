//! Notifications: from an automation to the targets in `larder.toml`, with real receivers.

use std::fs;

use larder::assemble::HostSetup;
use larder_tests::{Mount, Receiver, Serving, TestHome, TestService};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{FAILED, ends, home, told, traces};

const START: &str = "2026-05-04T12:00:00+00:00";

fn body(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}

#[test]
fn a_failed_upload_delivers_one_notification_with_the_rendered_reason() {
    let Some(mut phone) = Receiver::start(&[200]) else { return };
    let home = home("Europe/Berlin", FAILED);
    home.write(
        "larder.toml",
        format!("[notify.mobile_app_your_phone]\nkind = \"webhook\"\nurl = \"{}/hook\"\n", phone.address),
    );
    let Some(mount) = Mount::tmpfs(&home.backups(), 16 << 20) else { return };
    let mut service = home.serve(START);
    service.set(json!({
        "create_backup": {"agent_ids": ["backup.local"]},
        "schedule": {"recurrence": "daily", "time": "03:00"},
    }));
    service.pass(24 * 3600);
    assert_eq!(home.archives().len(), 1);
    mount.make_read_only();
    service.pass(24 * 3600);
    let request = phone.request();
    assert_eq!((&request["method"], &request["path"]), (&json!("POST"), &json!("/hook")));
    let expected = json!({
        "title": "Automatic backup failed",
        "message": "The last automatic backup failed due to upload_failed",
    });
    let body = body(&request);
    assert_eq!((&body["title"], &body["message"]), (&expected["title"], &expected["message"]));
    assert_eq!(ends(&mut service, "Backup failed").iter().filter(|end| *end == "done").count(), 1);
    drop(service);
    assert_eq!(phone.rest(), Vec::<Value>::new());
}

/// One automation that sends to every kind of target.
const ALL: &str = r#"
- alias: Say it
  triggers: []
  actions:
    - parallel:
        - {action: notify.hook, data: {title: "A title", message: "{{ 40 + 2 }} files", data: {tag: 7}}}
        - {action: notify.ntfy, data: {title: "A title", message: "to a topic", data: {priority: 4}}}
        - {action: notify.script, data: {message: "$(id); `id` 'quoted'"}}
        - {action: notify.diary, data: {message: "first\nsecond"}}
        - {action: notify.log, data: {message: "in the log"}}
        - {action: notify.persistent_notification, data: {message: "in sight"}}
"#;

/// The path of the configuration with all these targets.
fn options(home: &TestHome, address: &str) -> String {
    let text = format!(
        r#"
        [notify.hook]
        kind = "webhook"
        url = "{address}/hook"
        headers = {{ X-Larder = "A header" }}
        body = '{{"text": {{{{ message | tojson }}}}, "tag": {{{{ data.tag }}}}}}'
        [notify.ntfy]
        kind = "ntfy"
        url = "{address}"
        topic = "home"
        token = "!secret topic_token"
        [notify.script]
        kind = "command"
        command = ["/bin/sh", "-c", 'printf "%s" "$1" > "$2"', "sh", "{{{{ message }}}}", "{}"]
        [notify.diary]
        kind = "file"
        path = "diary.txt"
        [notify.log]
        kind = "log"
        "#,
        home.root().join("said").display()
    );
    let path = home.options(text);
    fs::write(home.root().join("machine/secrets.yaml"), "topic_token: tk_secret\n").unwrap();
    path
}

#[test]
fn every_kind_of_target_receives_the_rendered_text() {
    let Some(mut receiver) = Receiver::start(&[200]) else { return };
    let home = home("UTC", ALL);
    let options = options(&home, &receiver.address);
    let run = home.larder(&["--options", &options, "automations", "trigger", "Say it"]).exits(0);
    assert!(run.stdout.ends_with("  done\n"), "{}", run.stdout);
    let mut requests = [receiver.request(), receiver.request()];
    requests.sort_by_key(|request| request["path"].as_str().unwrap().len());
    let [ntfy, hook] = requests.each_ref().map(|request| (request["path"].as_str().unwrap(), request));
    let (hook, ntfy) = if hook.0 == "/hook" { (hook.1, ntfy.1) } else { (ntfy.1, hook.1) };
    assert_eq!(body(hook), json!({"text": "42 files", "tag": 7}));
    assert_eq!(hook["headers"]["x-larder"], "A header");
    assert_eq!(ntfy["headers"]["authorization"], "Bearer tk_secret");
    assert!(ntfy["body"].as_str().unwrap().contains("to a topic"), "{ntfy}");
    assert_eq!(fs::read_to_string(home.root().join("said")).unwrap(), "$(id); `id` 'quoted'");
    let diary = fs::read_to_string(home.root().join("machine/diary.txt")).unwrap();
    assert_eq!(diary.lines().count(), 1, "{diary}");
    assert!(home.larder(&["--options", &options, "states"]).exits(0).stdout.contains("in sight"));
    assert!(!run.stdout.contains("tk_secret"));
    let traced = home.larder(&["--options", &options, "automations", "trace", "Say it"]).exits(0);
    assert!(!traced.stdout.contains("tk_secret"));
}

#[test]
fn a_refusing_receiver_fails_the_run_unless_it_continues_on_error() {
    let Some(receiver) = Receiver::start(&[403]) else { return };
    let yaml = r#"
- id: strict
  triggers: [{trigger: event, event_type: try}]
  actions:
    - {action: notify.hook, data: {message: hello}}
    - event: unreached
- id: lenient
  triggers: [{trigger: event, event_type: try}]
  actions:
    - {action: notify.hook, data: {message: hello}, continue_on_error: true}
    - event: reached
"#;
    let home = home("UTC", yaml);
    let hook = format!(
        "[notify.hook]\nkind = \"webhook\"\nurl = \"{}/secret/path\"\nretries = 0\n",
        receiver.address
    );
    home.write("larder.toml", hook);
    let mut service = home.serve(START);
    service.pass(1);
    service.events();
    service.service().host().bus.emit(&larder::home::bus::Event::new("try", "{}"));
    service.pass(1);
    let topics: Vec<_> = service.events().into_iter().map(|heard| heard.topic).collect();
    assert!(
        topics.contains(&"reached".to_owned()) && !topics.contains(&"unreached".to_owned()),
        "{topics:?}"
    );
    let end = &ends(&mut service, "strict")[0];
    assert!(end.starts_with("failed: notify.hook: ") && end.contains("403"), "{end}");
    assert!(!end.contains("secret/path"), "{end}");
    assert_eq!(ends(&mut service, "lenient"), ["done"]);
}

#[test]
fn a_reload_uses_new_targets_and_keeps_the_old_ones_if_the_file_is_invalid() {
    let yaml = "- {id: say, triggers: [], actions: [{action: notify.diary, data: {message: hello}}]}\n";
    let home = home("UTC", yaml);
    let diary = |name: &str| home.options(format!("[notify.diary]\nkind = \"file\"\npath = \"{name}\"\n"));
    let options = diary("one.txt");
    let setting = HostSetup { options: Some(options.into()), ..home.setting(START) };
    let mut service = TestService::start(setting).unwrap();
    service.pass(1);
    let mut ask = |command: &str, data: Value| {
        let reply = service.service().driver().requests().send(command, data);
        service.pass(1);
        reply.recv().unwrap()
    };
    ask("trigger", json!({"name": "say"})).unwrap();
    diary("two.txt");
    ask("reload", json!({})).unwrap();
    ask("trigger", json!({"name": "say"})).unwrap();
    home.options("[notify.diary]\nkind = \"pigeon\"\n");
    let refused = ask("reload", json!({})).unwrap_err();
    assert!(
        refused.message.starts_with("nothing was reloaded; the automations are unchanged: larder.toml:2:"),
        "{refused}"
    );
    ask("trigger", json!({"name": "say"})).unwrap();
    let lines =
        |name: &str| fs::read_to_string(home.root().join("machine").join(name)).unwrap().lines().count();
    assert_eq!((lines("one.txt"), lines("two.txt")), (1, 2));
}

#[test]
fn an_invalid_larder_toml_prevents_the_start_outside_the_home_and_is_ignored_inside() {
    let home = home("UTC", "");
    let wrong = "[notify.phone]\nkind = \"webhook\"\nurl = 5\n";
    let options = home.options(wrong);
    home.larder(&["--options", &options, "serve"]).exits(1).says("larder.toml:3:");
    home.larder(&["create"]).exits(0);
    home.write("larder.toml", wrong);
    let mut serving = Serving::start(home.command(&["serve"]));
    home.larder(&["call", "backup.create"]).exits(0);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    let said = serving.log();
    assert!(said.contains("larder.toml:3:") && said.contains("the whole file is ignored"), "{said}");
}

#[test]
fn traces_and_output_do_not_show_secrets() {
    let yaml = r#"
- id: hush
  triggers: [{trigger: event, event_type: try}]
  variables: {token: !secret door_code}
  actions:
    - {action: "{{ 'nothing.at_all' }}", data: {code: "{{ token }}"}}
- id: stop
  triggers: [{trigger: event, event_type: try}]
  actions:
    - {stop: !secret door_code, error: true}
"#;
    let home = home("UTC", yaml);
    home.write("secrets.yaml", "door_code: open-sesame\n");
    let mut service = home.serve(START);
    service.pass(1);
    service.service().host().bus.emit(&larder::home::bus::Event::new("try", "{}"));
    service.pass(1);
    let said = told(&mut service).join("\n");
    assert!(said.contains("nothing.at_all") && !said.contains("sesame"), "{said}");
    for name in ["hush", "stop"] {
        let traces = json!(traces(&mut service, name)).to_string();
        assert!(traces.contains("(secret)") && !traces.contains("sesame"), "{traces}");
    }
}
