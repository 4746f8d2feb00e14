//! Checks of automations against this host: by `check`, at startup and at every reload.

use larder::assemble::HostSetup;
use larder::http_client::Hosts;
use larder::plugin::PluginSetting;
use larder_tests::{Run, Serving, TestHome, TestService, command};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{FAILED, NIGHTLY, home, told};

const START: &str = "2026-05-04T12:00:00+00:00";

/// Each automation has one error.
const WRONG: &str = r#"- {id: slip, triggers: [], actions: [{action: backup.creat}]}
- {id: client, triggers: [], actions: [{action: backup.generate}]}
- {id: extra, triggers: [], actions: [{action: backup.create, data: {name: foo}}]}
- {id: target, triggers: [], actions: [{action: notify.mobile_app_your_phone, data: {message: x}}]}
- {id: key, triggers: [], actions: [{action: notify.phone, data: {titel: x, message: y}}]}
- {id: type, triggers: [], actions: [{action: notify.phone, data: {message: [x]}}]}
- {id: missing, triggers: [], actions: [{action: notify.phone}]}
- {id: light, triggers: [], actions: [{action: light.turn_on, target: {entity_id: light.hall}}]}
- {id: fine, triggers: [{trigger: event, event_type: try}], actions: [{event: fine}]}
"#;

const EXPECTED: [&str; 8] = [
    "1:47: there is no action backup.creat; did you mean backup.create?",
    "2:49: backup.generate is reserved for clients; automations may call backup.create, backup.create_automatic, \
     backup.create_scheduled, notify.NAME and persistent_notification.create",
    "3:70: backup.create has no field `name` and takes none; remove it",
    "4:49: there is no notification target notify.mobile_app_your_phone; add a table [notify.mobile_app_your_phone] to larder.toml",
    "5:67: notify.phone has no field `titel`; did you mean `title`?",
    "6:68: `message` of notify.phone: expected text, found a list",
    "7:50: notify.phone needs `message`; add it",
    "8:48: there is no action light.turn_on; automations may call backup.create, backup.create_automatic, backup.create_scheduled, notify.NAME and \
     persistent_notification.create",
];

fn phone(home: &TestHome) {
    home.write("larder.toml", "[notify.phone]\nkind = \"log\"\n");
}

/// The output of a service from start to end.
fn served(home: &TestHome) -> String {
    let mut serving = Serving::start(home.command(&["serve"]));
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
    serving.log()
}

#[test]
fn check_knows_every_action_field_and_target() {
    let home = home("UTC", WRONG);
    phone(&home);
    let checked = home.larder(&["automations", "check"]).exits(1).stdout;
    let expected = EXPECTED.map(|line| format!("automations.yaml:{line}\n")).concat();
    assert_eq!(
        checked,
        format!(
            "{expected}1 automation without problems; 8 problems (checked as by Home Assistant 2026.11).\n"
        )
    );
    let json = home.larder(&["--json", "automations", "check"]).exits(1).json();
    assert_eq!((&json["automations"], json["problems"].as_array().unwrap().len()), (&json!(["fine"]), 8));
}

#[test]
fn an_unknown_entity_is_a_warning_with_exit_status_0() {
    let yaml = FAILED
        .replacen("event.backup_automatic_backup", "event.backup_automatc", 1)
        .replace("notify.mobile_app_your_phone", "notify.phone");
    let home = home("UTC", &yaml);
    phone(&home);
    let checked = home.larder(&["automations", "check"]).exits(0).stdout;
    assert_eq!(
        checked,
        "warning: automations.yaml:5:9: unknown entity event.backup_automatc; did you mean event.backup_automatic_backup?\n\
         1 automation, no problems; 1 warning (checked as by Home Assistant 2026.11).\n"
    );
    assert!(served(&home).contains(" warning: automations.yaml:5:9: unknown entity event.backup_automatc"));
}

#[test]
fn both_documented_automations_are_valid_in_a_separate_file() {
    let home = home("UTC", "");
    home.write(
        "larder.toml",
        "automations = \"larder.yaml\"\n[notify.mobile_app_your_phone]\nkind = \"log\"\n",
    );
    for yaml in [NIGHTLY, FAILED] {
        home.write("larder.yaml", yaml);
        assert_eq!(
            home.larder(&["automations", "check"]).exits(0).stdout,
            "1 automation, no problems (checked as by Home Assistant 2026.11).\n"
        );
    }
}

#[test]
fn without_a_home_check_uses_what_is_known() {
    let home = TestHome::new();
    home.write("wrong.yaml", WRONG);
    let (path, state) = (home.path("wrong.yaml"), home.state());
    let mut check = command();
    check.args(["automations", "check", path.to_str().unwrap(), "--state", state.to_str().unwrap()]);
    let checked = Run::of(check).exits(1).stdout;
    for line in [&EXPECTED[..1], &EXPECTED[2..3]].concat() {
        assert!(checked.contains(&format!(":{line}\n")), "{line} is not in:\n{checked}");
    }
    assert!(checked.contains(":5:67: notify.NAME has no field `titel`"), "{checked}");
    assert!(
        checked.contains("warning: ") && checked.contains(":8:48: there is no action light.turn_on, unless "),
        "{checked}"
    );
    assert!(
        checked.ends_with(
            "3 automations without problems; 6 problems; 2 warnings (checked as by Home Assistant 2026.11).\n"
        ),
        "{checked}"
    );
}

#[test]
fn a_service_reports_what_cannot_run_here_and_runs_the_rest() {
    let home = home("UTC", WRONG);
    phone(&home);
    let mut service = home.serve(START);
    let notices = service.service().host().notices.join("\n");
    for line in &EXPECTED[..5] {
        assert!(notices.contains(&format!("automations.yaml:{line}")), "{line} is not in:\n{notices}");
    }
    assert!(
        notices.contains("3 more problems in the automations: `larder automations check` shows all"),
        "{notices}"
    );
    service.pass(1);
    service.events();
    service.service().host().bus.emit(&larder::home::bus::Event::new("try", "{}"));
    service.pass(1);
    assert!(service.events().iter().any(|heard| heard.topic == "fine"));
    assert_eq!(service.service().driver().list().as_array().unwrap().len(), 1);
}

#[test]
fn a_home_whose_automations_are_all_home_assistants_still_notifies() {
    let home = home("UTC", "- {id: light, triggers: [], actions: [{action: light.turn_on}]}\n");
    let options = home.options("[notify.phone]\nkind = \"file\"\npath = \"diary.txt\"\n");
    let hello = ["--options", &options, "call", "notify.phone", "--data", r#"{"message": "hello"}"#];
    home.larder(&hello).exits(0).says("automations.yaml:1:48: there is no");
    let mut serving = Serving::start(home.command(&["--options", &options, "serve"]));
    home.larder(&hello).exits(0);
    let diary = home.root().join("machine/diary.txt");
    assert_eq!(std::fs::read_to_string(diary).unwrap().lines().count(), 2);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn a_reload_reports_errors_and_warnings_to_the_caller_and_in_the_log() {
    let fine = "- {id: again, triggers: [{trigger: event, event_type: again}], actions: [{action: automation.reload}]}\n";
    let home = home("UTC", fine);
    let mut service = home.serve(START);
    service.pass(1);
    let doubtful = "- {id: d, triggers: {trigger: state, entity_id: light.hall}, actions: []}\n";
    home.write("automations.yaml", format!("{fine}{doubtful}{}", WRONG.lines().next().unwrap()));
    let reply = service.service().driver().requests().send("reload", json!({}));
    service.pass(1);
    let reloaded = reply.recv().unwrap().unwrap();
    assert_eq!(reloaded["automations"], 2);
    assert!(
        reloaded["problems"][0]
            .as_str()
            .unwrap()
            .starts_with("automations.yaml:3:47: there is no action backup.creat")
    );
    assert!(
        reloaded["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("automations.yaml:2:49: unknown entity light.hall")
    );
    told(&mut service);
    service.service().host().bus.emit(&larder::home::bus::Event::new("again", "{}"));
    service.pass(1);
    let said = told(&mut service).join("\n");
    assert!(said.contains("automations.yaml:3:47: there is no action backup.creat"), "{said}");
    assert!(said.contains("automations.yaml:2:49: unknown entity light.hall"), "{said}");
}

#[test]
fn a_backup_that_home_assistant_makes_too_is_warned_about() {
    let twice = "Home Assistant reads this file and runs Backup Home Assistant every night at 3 AM too";
    let home = home("UTC", NIGHTLY);
    let checked = home.larder(&["automations", "check"]).exits(0).stdout;
    assert!(checked.starts_with(&format!("warning: automations.yaml:2:5: {twice}")), "{checked}");
    let said = served(&home);
    assert!(said.contains(twice) && said.contains("--automations FILE"), "{said}");
    std::fs::rename(home.path("automations.yaml"), home.path("larder.yaml")).unwrap();
    let file = home.path("larder.yaml");
    let named = ["--automations", file.to_str().unwrap()];
    let checked = home.larder(&[&named[..], &["automations", "check"]].concat()).exits(0).stdout;
    assert_eq!(checked, "1 automation, no problems (checked as by Home Assistant 2026.11).\n");
    // Another path to the same file.
    std::os::unix::fs::symlink("larder.yaml", home.path("automations.yaml")).unwrap();
    let checked = home.larder(&[&named[..], &["automations", "check"]].concat()).exits(0).stdout;
    assert!(checked.contains(twice), "{checked}");
}

#[test]
fn a_file_of_automations_that_is_named_and_missing_is_an_error_as_missing_options_are() {
    let home = home("UTC", "");
    let missing = home.root().join("nope.yaml");
    let (missing, directory) = (missing.to_str().unwrap(), home.config());
    for command in [&["serve"][..], &["automations"], &["automations", "check"], &["states"]] {
        home.larder(&[command, &["--automations", missing]].concat())
            .exits(1)
            .says(&format!("cannot read the automations {missing}: No such file or directory"));
        home.larder(&[command, &["--options", missing]].concat()).exits(1).says("cannot read");
    }
    home.larder(&["serve", "--automations", directory.to_str().unwrap()])
        .exits(1)
        .says("it is a directory; pass a file");
    home.write("larder.toml", "automations = \"nope.yaml\"\n");
    home.larder(&["serve"]).exits(1).says("cannot read the automations ");
    home.larder(&["list", "--automations", missing]).exits(0);
}

#[test]
fn an_undeclared_field_is_refused_before_any_plugin_is_called() {
    let home = home("UTC", "");
    let plugin = PluginSetting {
        name: "heartbeat".into(),
        component: env!("LARDER_HEARTBEAT").into(),
        hosts: Hosts::listed::<&str>(&[]).unwrap(),
        settings: json!({"url": "http://127.0.0.1:9/", "minutes": 0}),
    };
    let mut service = TestService::start(HostSetup { plugins: vec![plugin], ..home.setting(START) }).unwrap();
    let plugins = service.service().host().plugins().iter();
    let actions: Vec<_> =
        plugins.flat_map(|plugin| plugin.actions().to_vec()).filter(|action| action.public).collect();
    assert!(actions.len() >= 3, "{actions:?}");
    for action in actions {
        let mut refused = |data: Value| service.call(&action.name, data).unwrap_err();
        let failure = refused(json!({"surprise": 1}));
        assert_eq!(failure.code, "invalid_format", "{}", action.name);
        assert!(failure.message.contains(&format!("{} has no field `surprise`", action.name)), "{failure}");
    }
    assert_eq!(service.state("sensor.heartbeat").attributes["problem"], Value::Null);
    assert_eq!(home.archives().len(), 0);
}

#[test]
fn an_action_that_may_be_one_of_a_plugin_that_is_not_loaded_yet_keeps_its_automation() {
    let yaml = "- {id: beat, triggers: [], actions: [{action: heartbeat.send}]}\n";
    let home = home("UTC", yaml);
    let options = home.options("");
    let setting = HostSetup { options: Some((&options).into()), ..home.setting(START) };
    let mut service = TestService::start(setting).unwrap();
    let mut reload = || {
        let reply = service.service().driver().requests().send("reload", json!({}));
        service.pass(1);
        reply.recv().unwrap().unwrap()
    };
    let reloaded = reload();
    assert_eq!((&reloaded["automations"], reloaded["problems"].as_array().unwrap().len()), (&json!(0), 1));
    home.options("[plugins.heartbeat]\ncomponent = \"heartbeat.wasm\"\n");
    let reloaded = reload();
    assert_eq!((&reloaded["automations"], reloaded["warnings"].as_array().unwrap().len()), (&json!(1), 1));
}
