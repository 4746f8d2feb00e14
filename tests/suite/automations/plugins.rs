//! A second plugin beside the one for backups: its own actions, entity, documents and grants.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use larder::assemble::Setting;
use larder::http::Hosts;
use larder::plugin::PluginSetting;
use larder_tests::{TestHome, TestService};
use serde_json::{Value, json};

use super::{home, told};

const START: &str = "2026-05-04T12:00:00+00:00";
const ENTITY: &str = "sensor.heartbeat";

/// A monitoring service that answers each request with a status, and its address.
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
    TestService::start(Setting { plugins: vec![plugin], ..home.setting(START) }).unwrap()
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
fn a_line_in_larder_toml_installs_it() {
    let (address, heard) = monitor(&[200]);
    let home = home("UTC", "");
    let options = home.options(format!(
        r#"plugins.heartbeat = {{ component = "heartbeat.wasm", hosts = ["{address}"], settings = {{ url = "http://{address}/x" }} }}"#
    ));
    std::fs::copy(env!("LARDER_HEARTBEAT"), home.root().join("machine/heartbeat.wasm")).unwrap();
    let larder = |arguments: &[&str]| home.larder(&[&["--options", &options], arguments].concat());
    let shown = larder(&["plugin"]).exits(0).stdout;
    let own = shown.split("The plugin heartbeat\n").nth(1).unwrap();
    for words in
        ["heartbeat.send", "ask other machines: the hosts that were named for it", "be called at a time"]
    {
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
fn a_host_that_was_not_named_is_not_reached() {
    let (address, heard) = monitor(&[200]);
    let settings = json!({"url": format!("http://{address}/"), "minutes": 0});
    for hosts in [&[][..], &["example.org"], &["127.0.0.1"]] {
        let home = home("UTC", "");
        let mut service = serve(&home, heartbeat(hosts, settings.clone()));
        let failure = service.call("heartbeat.send", json!({})).unwrap_err();
        assert!(
            failure.message.contains("is not among the hosts that may be reached"),
            "{}",
            failure.message
        );
    }
    assert!(heard.try_recv().is_err());
}

#[test]
fn a_second_plugin_sees_neither_the_home_nor_the_backups_nor_others_entities() {
    let component = env!("LARDER_MISBEHAVING").into();
    let plugin = PluginSetting {
        name: "rogue".into(),
        component,
        hosts: Hosts::listed::<&str>(&[]).unwrap(),
        settings: json!({}),
    };
    let home = home("UTC", "");
    let setting = Setting { plugins: vec![plugin], ..home.setting(START) };
    // It has the actions of the plugin for backups: both cannot be loaded.
    let error = TestService::start(setting).err().unwrap().to_string();
    assert!(error.starts_with("the plugin rogue: its action backup."), "{error}");
    assert!(error.ends_with("is one of backup already; remove one of them"), "{error}");
}

#[test]
fn a_plugin_whose_settings_are_wrong_or_that_is_no_plugin_is_named_with_the_reason() {
    let home = home("UTC", "");
    let start = |plugin| {
        let setting = Setting { plugins: vec![plugin], ..home.setting(START) };
        TestService::start(setting).err().unwrap().to_string()
    };
    let error = start(heartbeat(&[], json!({})));
    assert_eq!(error, "the plugin heartbeat: its settings have no `url`; add it in larder.toml");
    let error = start(PluginSetting { name: "backup".into(), ..heartbeat(&[], json!({})) });
    assert_eq!(error, "the plugin backup: this is the name of the plugin for backups; give it another");
    let component = home.root().join("no.wasm");
    let error = start(PluginSetting { component: component.clone(), ..heartbeat(&[], json!({})) });
    assert_eq!(error, format!("cannot read the plugin {}: No such file or directory", component.display()));
    std::fs::write(&component, "no component").unwrap();
    let error = start(PluginSetting { component, ..heartbeat(&[], json!({})) });
    assert!(error.contains("is not a plugin that this host can run"), "{error}");
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
fn a_plugin_that_dies_takes_only_its_own_with_it() {
    let home = home("UTC", "");
    let settings = json!({"url": "http://127.0.0.1:9/", "minutes": 1});
    let mut service = serve(&home, heartbeat(&["127.0.0.1:9"], settings));
    service.pass(61);
    // Its beat fails: that is said, and it lives on.
    let said = told(&mut service).join("\n");
    assert!(said.starts_with("heartbeat: "), "{said}");
    assert_ne!(service.state(ENTITY).attributes["problem"], Value::Null);
    service.call("backup.create", json!({})).unwrap();
}
