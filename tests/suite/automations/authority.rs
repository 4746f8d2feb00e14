//! The home is data: its `larder.toml` cannot act on this machine with the rights of the service.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use larder::assemble::HostSetup;
use larder_tests::{Receiver, TestHome, TestService};
use serde_json::json;

use super::home;

const START: &str = "2026-05-04T12:00:00+00:00";
const SAY: [&str; 4] = ["call", "notify.script", "--data", r#"{"message": "m"}"#];

/// A program that creates a file, a file target, a plugin, and a webhook.
fn text(home: &TestHome, address: &str) -> String {
    let ran = ran(home);
    format!(
        r#"
        [notify.script]
        kind = "command"
        command = ["/bin/touch", "{}"]
        [notify.diary]
        kind = "file"
        path = "{}"
        [notify.hook]
        kind = "webhook"
        url = "{address}/hook"
        [http]
        proxy = ""
        [plugins.heartbeat]
        component = "{}"
        settings = {{ url = "http://127.0.0.1:9/", minutes = 0 }}
        "#,
        ran.display(),
        ran.display(),
        env!("LARDER_HEARTBEAT")
    )
}

fn ran(home: &TestHome) -> PathBuf {
    home.root().join("ran")
}

const TABLES: [&str; 4] = ["notify.script", "notify.diary", "http", "plugins.heartbeat"];

#[test]
fn tables_that_act_on_this_machine_are_reported_and_ignored_in_the_home() {
    let Some(mut receiver) = Receiver::start(&[200]) else { return };
    let home = home("UTC", "");
    home.write("larder.toml", text(&home, &receiver.address));
    let mut service = home.serve(START);
    let notices = service.service().host().notices.clone();
    for table in TABLES {
        let told: Vec<_> =
            notices.iter().filter(|it| it.contains(&format!("[{table}] is ignored"))).collect();
        assert_eq!(told.len(), 1, "{table}: {notices:?}");
        assert!(told[0].starts_with("larder.toml:"), "{told:?}");
        assert!(
            told[0].contains("move it to /etc/larder/larder.toml, or to a file outside the home"),
            "{told:?}"
        );
    }
    service.call("backup.create", json!({})).unwrap();
    assert!(service.service().host().plugins().len() == 1);
    drop(service);
    home.larder(&SAY).exits(2).says("there is no notification target").says("[notify.script] is ignored");
    home.larder(&["call", "notify.hook", "--data", r#"{"message": "m"}"#]).exits(0);
    assert_eq!(receiver.request()["path"], "/hook");
    assert!(!ran(&home).exists());
}

#[test]
fn a_named_path_that_leads_through_the_home_counts_as_inside() {
    let ways: [fn(&TestHome, &str) -> PathBuf; 4] = [
        |home, text| {
            home.write("mine.toml", text);
            home.path("mine.toml")
        },
        |home, text| {
            home.write("mine.toml", text);
            let link = home.root().join("link.toml");
            symlink("config/mine.toml", &link).unwrap();
            link
        },
        |home, text| {
            let link = home.path("mine.toml");
            symlink(home.options(text), &link).unwrap();
            link
        },
        |home, text| {
            home.write("mine.toml", text);
            home.root().join("state/../config/mine.toml")
        },
    ];
    for way in ways {
        let home = home("UTC", "");
        fs::create_dir(home.state()).unwrap();
        let options = way(&home, &text(&home, "http://127.0.0.1:9"));
        let arguments = [&["--options", options.to_str().unwrap()], &SAY[..]].concat();
        home.larder(&arguments).exits(2).says("[notify.script] is ignored: it runs a program");
        assert!(!ran(&home).exists(), "{}", options.display());
    }
}

#[test]
fn the_file_outside_the_home_is_combined_with_the_one_inside() {
    let Some(mut receiver) = Receiver::start(&[200]) else { return };
    let home = home("UTC", "");
    let hook =
        |path: &str| format!("[notify.hook]\nkind = \"webhook\"\nurl = \"{}{path}\"\n", receiver.address);
    home.write("larder.toml", hook("/home") + &hook("/own").replace("notify.hook", "notify.own"));
    let script = format!(
        "[notify.script]\nkind = \"command\"\ncommand = [\"/bin/touch\", \"{}\"]\n",
        ran(&home).display()
    );
    let machine = home.options(hook("/machine") + &script);
    let run = |setting: HostSetup| {
        let mut service = TestService::start(setting).unwrap();
        assert_eq!(service.service().host().notices, [""; 0]);
        for name in ["script", "hook", "own"] {
            let request = json!({"action": format!("notify.{name}"), "data": {"message": "m"}});
            let reply = service.service().driver().requests().send("call", request);
            service.pass(1);
            reply.recv().unwrap().unwrap();
        }
        assert!(ran(&home).exists());
        fs::remove_file(ran(&home)).unwrap();
    };
    run(HostSetup { options: Some(machine.clone().into()), ..home.setting(START) });
    run(HostSetup { machine_options: Some(machine.into()), ..home.setting(START) });
    for _ in 0..2 {
        // Each target has its own queue.
        let mut paths = [receiver.request(), receiver.request()].map(|request| request["path"].to_string());
        paths.sort();
        assert_eq!(paths, ["\"/machine\"", "\"/own\""]);
    }
    // The named file replaces the machine's.
    let none = home.root().join("none.toml");
    fs::write(&none, "").unwrap();
    let setting = HostSetup {
        options: Some(none),
        machine_options: Some(Path::new("/nonexistent").into()),
        ..home.setting(START)
    };
    let mut service = TestService::start(setting).unwrap();
    let reply = service
        .service()
        .driver()
        .requests()
        .send("call", json!({"action": "notify.script", "data": {"message": "m"}}));
    service.pass(1);
    assert!(reply.recv().unwrap().unwrap_err().message.contains("there is no notification target"));
}

#[test]
fn the_password_in_the_environment_is_sent_nowhere_by_a_file_of_the_home() {
    let home = home("UTC", "- {id: x, triggers: [], actions: [{event: !env_var LARDER_PASSWORD}]}\n");
    let mut command = home.command(&["automations", "check"]);
    command.env("LARDER_PASSWORD", "Pa55-w0rd-rig");
    let run = larder_tests::Run::of(command).exits(1);
    assert!(run.stdout.contains("the environment variable `LARDER_PASSWORD` is not set"), "{}", run.stdout);
}

#[test]
fn an_invalid_file_stops_what_changes_something_and_nothing_that_reads() {
    let home = home("UTC", "");
    let id = home.create();
    let file = home.options("[locations.nas]\nkind = \"directory\"\n");
    let larder = |words: &[&str]| home.larder(&[&["--options", file.as_str()], words].concat());
    let problem = "a directory location needs `path` (the directory); add it";
    let copy = home.root().join("copy");
    for words in [
        &["list"][..],
        &["status"],
        &["show", "latest"],
        &["verify", "latest"],
        &["restore", "latest", "--to", copy.to_str().unwrap()],
    ] {
        larder(words).exits(0).says(problem).says("only the local location is known until this is fixed");
    }
    for words in [&["create"][..], &["delete", &id], &["settings", "set", "retention.copies=3"], &["states"]]
    {
        larder(words).exits(1).says(problem);
    }
    assert_eq!(
        fs::read_dir(home.path("backups"))
            .unwrap()
            .filter(|it| { it.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tar") })
            .count(),
        1
    );
}
