//! A second plugin in addition to the backup plugin: its actions, entity, documents and grants.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use larder::assemble::HostSetup;
use larder::http_client::Hosts;
use larder::plugin::PluginSetting;
use larder_tests::{TestHome, TestService};
use serde_json::{Value, json};

use super::{home, told};

const START: &str = "2026-05-04T12:00:00+00:00";
const ENTITY: &str = "sensor.heartbeat";

/// Starts a monitoring service that answers every request with a status, and returns its address.
fn monitor(statuses: &'static [u16]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heard_in, heard) = channel();
    std::thread::spawn(move || {
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
                request.extend_from_slice(&byte);
            }
            write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
            heard_in.send(String::from_utf8(request).unwrap().lines().next().unwrap().to_owned()).unwrap();
        }
    });
    (address, heard)
}

fn heartbeat(hosts: &[&str], settings: Value) -> PluginSetting {
    let component = env!("LARDER_HEARTBEAT").into();
    PluginSetting { name: "heartbeat".into(), component, hosts: Hosts::listed(hosts).unwrap(), settings }
}

fn serve(home: &TestHome, plugin: PluginSetting) -> TestService {
    TestService::start(HostSetup { plugins: vec![plugin], ..home.setting(START) }).unwrap()
}

#[test]
fn a_second_plugin_has_actions_an_entity_a_timer_and_documents_of_its_own() {
    let (address, heard) = monitor(&[200, 200, 503]);
    let home = home("UTC", "");
    let settings = json!({"url": format!("http://{address}/ping/kitchen"), "minutes": 30});
    let mut service = serve(&home, heartbeat(&[&address], settings));
    service.pass(1799);
    assert_eq!(service.state(ENTITY).state, "unknown");
    service.pass(1);
    assert_eq!(heard.recv().unwrap(), "POST /ping/kitchen HTTP/1.1");
    assert_eq!(service.state(ENTITY).state, "1777897800");
    service.call("heartbeat.send", json!({})).unwrap();
    let mut service = service.restart();
    assert_eq!(service.state(ENTITY).state, "1777897800", "it remembers across a restart");
    let failure = service.call("heartbeat.send", json!({})).unwrap_err();
    assert_eq!(failure.message, "the monitoring service answered with status 503");
    assert_eq!(service.state(ENTITY).attributes["problem"], failure.message);
    assert!(home.state().join("plugins/heartbeat/documents/beat.json").exists());
    service.call("backup.create", json!({})).unwrap();
    assert_eq!(home.archives().len(), 1, "the plugin for backups lives beside it");
}

#[test]
fn a_table_in_larder_toml_installs_a_plugin() {
    let (address, heard) = monitor(&[200]);
    let home = home("UTC", "");
    let options = home.options(format!(
        r#"plugins.heartbeat = {{ component = "heartbeat.wasm", hosts = ["{address}"], settings = {{ url = "http://{address}/x" }} }}"#
    ));
    std::fs::copy(env!("LARDER_HEARTBEAT"), home.root().join("machine/heartbeat.wasm")).unwrap();
    let larder = |arguments: &[&str]| home.larder(&[&["--options", &options], arguments].concat());
    let shown = larder(&["plugin"]).exits(0).stdout;
    let own = shown.split("The plugin heartbeat\n").nth(1).unwrap();
    for words in [
        "message (string): text to send along",
        "heartbeat.send",
        "make HTTP requests to the hosts that were allowed for it",
        "be called at a set time",
    ] {
        assert!(own.contains(words), "{words} is not in:\n{own}");
    }
    assert!(!own.contains("larder:automation/files"), "{own}");
    larder(&["call", "heartbeat.send"]).exits(0);
    assert_eq!(heard.recv().unwrap(), "POST /x HTTP/1.1");
    assert!(larder(&["states"]).exits(0).stdout.contains("sensor.heartbeat"));
}

#[test]
fn automations_call_a_second_plugin() {
    let (address, heard) = monitor(&[200]);
    let yaml = r#"
- alias: Tell when a backup is made
  triggers:
    - {trigger: state, entity_id: sensor.backup_backup_manager_state, from: create_backup, to: idle}
  actions: [{action: heartbeat.send}]
"#;
    let settings = json!({"url": format!("http://{address}/done"), "minutes": 0});
    let home = home("UTC", yaml);
    let mut service = serve(&home, heartbeat(&[&address], settings));
    service.pass(1);
    service.call("backup.create", json!({})).unwrap();
    service.pass(1);
    assert_eq!(heard.recv().unwrap(), "POST /done HTTP/1.1");
}

#[test]
fn a_host_that_is_not_listed_is_not_reached() {
    let (address, heard) = monitor(&[200]);
    let settings = json!({"url": format!("http://{address}/"), "minutes": 0});
    for hosts in [&[][..], &["example.org"], &["127.0.0.1"]] {
        let home = home("UTC", "");
        let mut service = serve(&home, heartbeat(hosts, settings.clone()));
        let failure = service.call("heartbeat.send", json!({})).unwrap_err();
        assert!(failure.message.contains("is not an allowed host"), "{}", failure.message);
    }
    assert!(heard.try_recv().is_err());
}

/// The misbehaving component, loaded as a plugin; its settings select what it does.
fn rogue(settings: Value) -> PluginSetting {
    let component = env!("LARDER_MISBEHAVING").into();
    PluginSetting { name: "rogue".into(), component, hosts: Hosts::listed::<&str>(&[]).unwrap(), settings }
}

fn limited(home: &TestHome, plugins: Vec<PluginSetting>) -> TestService {
    let mut limits = larder::tunables::Limits::default();
    ["compute-time=1", "memory=64"].iter().for_each(|limit| limits.set(limit).unwrap());
    TestService::start(HostSetup { plugins, limits, ..home.setting(START) }).unwrap()
}

/// The output at startup.
fn notices(service: &mut TestService) -> Vec<String> {
    service.service().host().notices.clone()
}

#[test]
fn a_plugin_that_does_not_start_is_reported_and_everything_else_continues() {
    for (settings, says) in [
        (json!({"set-up": "loop"}), "limit compute-time"),
        (json!({"set-up": "trap"}), "unreachable"),
        (json!({"set-up": "memory"}), "limit memory"),
        (json!({"set-up": "complain"}), "xxx"),
        // It has the actions of the backup plugin, so both cannot be loaded.
        (json!({}), "its action backup.generate already belongs to backup; remove one of them"),
    ] {
        let home = home("UTC", "");
        let mut service = limited(&home, vec![rogue(settings.clone())]);
        let told = notices(&mut service).join("\n");
        assert!(told.starts_with("rogue: the plugin cannot be started: ") && told.contains(says), "{told}");
        service.call("backup.create", json!({})).unwrap();
        assert_eq!(home.archives().len(), 1, "{settings}");
        let failure = service.call("rogue.do", json!({})).unwrap_err();
        assert!(failure.message.starts_with("the plugin rogue is not running: "), "{failure}");
    }
}

#[test]
fn a_plugin_that_does_not_start_is_retried_and_works_once_fixed() {
    let home = home("UTC", "");
    let component = home.root().join("late.wasm");
    let settings = json!({"url": "http://127.0.0.1:9/", "minutes": 0});
    let late = PluginSetting { component: component.clone(), ..heartbeat(&["127.0.0.1:9"], settings) };
    let mut service = limited(&home, vec![late]);
    let path = component.display();
    let reason = format!("cannot read the plugin {path}: No such file or directory");
    assert_eq!(notices(&mut service), [format!("heartbeat: the plugin cannot be started: {reason}")]);
    service.pass(4);
    let said = format!("heartbeat: the plugin cannot be started: {reason}; next try in");
    assert_eq!(told(&mut service), [format!("{said} 2 s"), format!("{said} 4 s")]);
    std::fs::copy(env!("LARDER_HEARTBEAT"), &component).unwrap();
    service.pass(4);
    assert_eq!(told(&mut service), ["heartbeat: the plugin was restarted"]);
    assert_eq!(service.state(ENTITY).state, "unknown");
}

#[test]
fn commands_work_without_a_plugin_that_does_not_start() {
    let home = home("UTC", "");
    let options = home.options(r#"plugins.late = { component = "late.wasm", hosts = [] }"#);
    let named = ["--options", &options];
    for command in [&["states"][..], &["call", "backup.create"], &["plugin"], &["automations"]] {
        let run = home.larder(&[&named, command].concat()).exits(0);
        let said = run.stderr + &run.stdout;
        assert!(said.contains("cannot read the plugin"), "{command:?}: {said}");
    }
    let mut serving = larder_tests::Serving::begin(home.command(&[&named[..], &["serve"]].concat()));
    serving.until("late: the plugin cannot be started: cannot read the plugin");
    serving.until("serving; ");
    serving.until("next try in 2 s");
}

#[test]
fn a_timer_repeatedly_set_to_the_past_fires_once_a_second() {
    let home = home("UTC", "");
    let settings = json!({"action": "rogue.do", "set-up": "timer-past", "timer": "timer-past"});
    let mut service = limited(&home, vec![rogue(settings)]);
    service.pass(60);
    let says = "rogue: its timer past is repeatedly set to a past time; it fires only every 1 s";
    assert_eq!(told(&mut service), [says]);
    service.call("backup.create", json!({})).unwrap();
    assert_eq!(home.archives().len(), 1);
}

#[test]
fn a_plugin_that_logs_too_much_does_not_silence_others() {
    let home = home("UTC", "");
    let options = home.options(format!(
        r#"plugins.rogue = {{ component = {:?}, hosts = [], settings = {{ action = "rogue.do", timer = "emit-much", set-up = "timer-past" }} }}"#,
        env!("LARDER_MISBEHAVING")
    ));
    let mut serving = larder_tests::Serving::start(home.command(&["--options", &options, "serve"]));
    serving.until("number 0");
    serving.until("messages are missing here");
    serving.signal(rustix::process::Signal::HUP);
    serving.until("reloaded: ");
}

#[test]
fn an_invalid_plugin_or_invalid_settings_are_reported_with_the_reason() {
    let home = home("UTC", "");
    let start = |plugin| {
        let setting = HostSetup { plugins: vec![plugin], ..home.setting(START) };
        notices(&mut TestService::start(setting).unwrap()).join("\n")
    };
    let cannot = |name: &str, reason: &str| format!("{name}: the plugin cannot be started: {reason}");
    let reason = "its settings have no `url`; add it in larder.toml";
    assert_eq!(start(heartbeat(&[], json!({}))), cannot("heartbeat", reason));
    let told = start(PluginSetting { name: "backup".into(), ..heartbeat(&[], json!({})) });
    assert!(told.ends_with("the backup plugin has this name; choose another"), "{told}");
    let component = home.root().join("no.wasm");
    std::fs::write(&component, "no component").unwrap();
    let told = start(PluginSetting { component, ..heartbeat(&[], json!({})) });
    let expected = "is not a plugin that this host can run: it is not a WebAssembly component; give the .wasm file that a build for wasm32-wasip2 makes";
    assert!(told.contains(expected), "{told}");
}

#[test]
fn a_file_that_is_not_a_component_is_reported_in_one_line() {
    let home = home("UTC", "");
    for bytes in [&b""[..], b"no component", b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0garbage", &[0x7f; 5000]] {
        home.write("x.wasm", bytes);
        let run = home.larder(&["--plugin", home.path("x.wasm").to_str().unwrap(), "plugin"]).exits(1);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        assert!(
            run.stderr.contains("is not a plugin that this host can run: ") && run.stderr.len() < 400,
            "{}",
            run.stderr
        );
    }
}

#[test]
fn the_documents_page_shows_the_example_as_it_is() {
    let root = larder_tests::tests_directory().parent().unwrap().to_owned();
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let page = read("docs/plugins.md");
    for path in ["examples/guest-heartbeat/src/lib.rs", "examples/guest-heartbeat/Cargo.toml"] {
        for block in read(path).split("\n\n") {
            assert!(
                page.contains(block.trim_end()),
                "docs/plugins.md does not show this of {path}:\n{block}"
            );
        }
    }
}

#[test]
fn a_plugin_that_dies_affects_only_itself() {
    let home = home("UTC", "");
    let settings = json!({"url": "http://127.0.0.1:9/", "minutes": 1});
    let mut service = serve(&home, heartbeat(&["127.0.0.1:9"], settings));
    service.pass(61);
    // Its request fails: this is logged, and the plugin keeps running.
    let said = told(&mut service).join("\n");
    assert!(said.starts_with("heartbeat: "), "{said}");
    assert_ne!(service.state(ENTITY).attributes["problem"], Value::Null);
    service.call("backup.create", json!({})).unwrap();
}
