//! Black-box tests of `larder.toml`: text in; typed values, or an error with its place, out.

mod errors;
mod location_errors;
mod locations;
mod origin;
mod schedules;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use url::Url;

use super::{Configuration, Origin};
use crate::automation::tests::Given;
use crate::notify::{Command, File, Ntfy, Target, Webhook};
use crate::tunables::http::REQUEST_TIME;

const PATH: &str = "/config/larder.toml";

fn load(text: &str) -> Result<Configuration, String> {
    load_from(Origin::Outside, text)
}

fn load_from(origin: Origin, text: &str) -> Result<Configuration, String> {
    let files =
        [(PATH, text), ("/config/secrets.yaml", "ntfy_token: tk_secret\nhook: https://h.example/s3cr3t\n")];
    let files = files.into_iter().map(|(path, text)| (PathBuf::from(path), text.to_owned())).collect();
    let variables = BTreeMap::from([("TOPIC".to_owned(), "attic".to_owned())]);
    super::load(&Given { files, variables }, Path::new(PATH), origin).map_err(|problem| problem.to_string())
}

fn error(text: &str) -> String {
    load(text).err().unwrap()
}

#[test]
fn every_setting_is_read() {
    let loaded = load(
        r##"
        automations = "automations.yaml"

        [http]
        proxy = "http://proxy.example:3128"
        no_proxy = ["localhost", "10.0.0.0/8"]
        ca_file = "certs/ca.pem"
        timeout = 2.5

        [notify.mobile_app_phone]
        kind = "webhook"
        url = "!secret hook"
        method = "PUT"
        headers = { X-Title = "{{ title }}", X-Plain = "é" }
        body = "{{ message }}"
        retries = 0

        [notify.phone]
        kind = "ntfy"
        url = "https://ntfy.example.org"
        topic = "!env_var TOPIC"
        token = "!secret ntfy_token"

        [notify.script]
        kind = "command"
        command = ["/usr/bin/x", "--", "{{ message }}"]
        input = "{{ title }}"
        timeout = 5

        [notify.diary]
        kind = "file"
        path = "log/diary"

        [notify.log]
        kind = "log"

        [plugins.heartbeat]
        component = "heartbeat.wasm"
        hosts = ["hc.example.org"]
        settings = { url = "!secret hook", deep = { list = [1, 2.5, true, "!env_var NONE x y"] } }

        [plugins.quiet]
        component = "/lib/quiet.wasm"
        "##,
    )
    .unwrap();
    assert_eq!(loaded.automations, Some("/config/automations.yaml".into()));
    assert_eq!(loaded.http.proxy.as_deref(), Some("http://proxy.example:3128"));
    assert_eq!(loaded.http.no_proxy, ["localhost", "10.0.0.0/8"]);
    assert_eq!(loaded.http.ca_file, Some("/config/certs/ca.pem".into()));
    assert_eq!(loaded.http.time.as_millis(), 2500);
    let Target::Webhook(Webhook { url, method, headers, body, retries, .. }) =
        &loaded.notify["mobile_app_phone"]
    else {
        panic!()
    };
    assert_eq!((url.as_str(), method.as_str(), *retries), ("https://h.example/s3cr3t", "PUT", 0));
    let names: Vec<_> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["X-Plain", "X-Title"]);
    assert_eq!(&*body.as_ref().unwrap().source, "{{ message }}");
    let Target::Ntfy(Ntfy { topic, authorization, retries, .. }) = &loaded.notify["phone"] else { panic!() };
    assert_eq!((topic.as_str(), authorization.as_deref(), *retries), ("attic", Some("Bearer tk_secret"), 5));
    let Target::Command(Command { program, arguments, input, time }) = &loaded.notify["script"] else {
        panic!()
    };
    assert_eq!(
        (program.as_str(), arguments.len(), input.is_some(), time.as_secs()),
        ("/usr/bin/x", 2, true, 5)
    );
    let Target::File(File { path, .. }) = &loaded.notify["diary"] else { panic!() };
    assert_eq!(path, Path::new("/config/log/diary"));
    assert!(matches!(loaded.notify["log"], Target::Log));
    let heartbeat = &loaded.plugins["heartbeat"];
    assert_eq!(heartbeat.component, Path::new("/config/heartbeat.wasm"));
    let permits = |url: &str| heartbeat.hosts.permits(&Url::parse(url).unwrap());
    assert!(permits("https://hc.example.org/ping") && !permits("https://example.org/"));
    let expected = json!({"url": "https://h.example/s3cr3t", "deep": {"list": [1, 2.5, true, "x y"]}});
    assert_eq!(heartbeat.settings, expected);
    let quiet = &loaded.plugins["quiet"];
    assert_eq!((quiet.component.as_path(), &quiet.settings), (Path::new("/lib/quiet.wasm"), &json!({})));
    assert!(!quiet.hosts.permits(&Url::parse("https://hc.example.org/").unwrap()));
    assert_eq!(loaded.files, [Path::new(PATH), Path::new("/config/secrets.yaml")]);
}

#[test]
fn a_program_is_looked_up_in_the_path_or_next_to_the_file() {
    for (given, expected) in [("x", "x"), ("/bin/x", "/bin/x"), ("scripts/x", "/config/scripts/x")] {
        let loaded = load(&format!("[notify.x]\nkind = \"command\"\ncommand = [\"{given}\"]")).unwrap();
        let Target::Command(Command { program, .. }) = &loaded.notify["x"] else { panic!() };
        assert_eq!(program, expected);
    }
}

#[test]
fn an_empty_file_is_a_configuration() {
    let loaded = load("").unwrap();
    assert!(loaded.automations.is_none() && loaded.notify.is_empty() && loaded.plugins.is_empty());
    assert_eq!(loaded.http.time, REQUEST_TIME);
}

#[test]
fn secrets_are_collected() {
    let loaded = load(
        r#"
        [notify.a]
        kind = "ntfy"
        url = "https://n.example"
        topic = "t"
        token = "!secret ntfy_token"
        [notify.b]
        kind = "webhook"
        url = "!secret hook"
        username = "me"
        password = "hunter22"
        "#,
    );
    let secrets = loaded.unwrap().secrets;
    for secret in ["tk_secret", "https://h.example/s3cr3t", "hunter22", "bWU6aHVudGVyMjI="] {
        assert!(secrets.iter().any(|known| known == secret), "{secret} in {secrets:?}");
    }
}
