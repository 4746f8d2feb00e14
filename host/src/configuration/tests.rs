//! `larder.toml` from outside: text in, typed values or the error at its place out.

use std::collections::BTreeMap;

use serde_json::json;
use url::Url;

use super::*;
use crate::automation::tests::Given;
use crate::notify::{Command, File, Ntfy, Webhook};

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
fn everything_that_can_be_said_is_read() {
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
fn a_program_is_found_in_the_path_or_beside_this_file() {
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
fn what_must_not_be_shown_is_collected() {
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

#[test]
fn what_is_wrong_is_told_at_its_place() {
    let hook = "[notify.x]\nkind = \"webhook\"\nurl = \"https://h.example/\"\n";
    let command = "[notify.x]\nkind = \"command\"\n";
    let cases = [
        ("a = [", "larder.toml:1:6: this is no TOML: unclosed array, expected `]`; correct the line"),
        ("a = 1\na = 2", "larder.toml:2:1: this is no TOML: duplicate key; correct the line"),
        (
            "\n  automation = \"x\"",
            "larder.toml:2:3: `automation` is not supported in this file; it takes automations, http, notify, plugins: remove it or correct its spelling",
        ),
        ("automations = 1", "larder.toml:1:15: `automations` is a number; write a text in quotes"),
        (
            "[http]\ntimeout = 0",
            "larder.toml:2:11: `timeout` is a number of seconds, more than 0 and at most 3600; write one",
        ),
        (
            "[http]\ntimeout = \"5\"",
            "larder.toml:2:11: `timeout` is a number of seconds, more than 0 and at most 3600; write one",
        ),
        ("[http]\nno_proxy = \"x\"", "larder.toml:2:12: `no_proxy` is a text; write a list: [\"…\", \"…\"]"),
        (
            "[http]\nca = \"x\"",
            "larder.toml:2:1: `ca` is not supported in [http]; it takes ca_file, no_proxy, proxy, timeout: remove it or correct its spelling",
        ),
        ("notify = 1", "larder.toml:1:10: `notify` is a number; write tables: [notify.NAME]"),
        (
            "[notify.Phone]\nkind = \"log\"",
            "larder.toml:1:9: `Phone` cannot be a name; write small letters, digits and `_`",
        ),
        (
            "[notify.x]\n",
            "larder.toml:1:1: a target needs `kind`: webhook, ntfy, command, file or log; add it",
        ),
        (
            "[notify.x]\nkind = \"email\"",
            "larder.toml:2:8: `kind` cannot be `email`; write one of webhook, ntfy, command, file, log",
        ),
        (
            "[notify.x]\nkind = \"log\"\nlevel = 1",
            "larder.toml:3:1: `level` is not supported in a target of the kind `log`; it takes kind: remove it or correct its spelling",
        ),
        (
            "[notify.x]\nkind = \"webhook\"",
            "larder.toml:1:1: a webhook needs `url`: where it is sent to; add it",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"h.example\"",
            "larder.toml:3:7: the address is not valid (relative URL without a base); write http://HOST/… or https://HOST/…",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"!secret nix\"",
            "larder.toml:3:7: no secret `nix` in /config/secrets.yaml; add a line `nix: …` there",
        ),
        (
            "[notify.x]\nkind = \"webhook\"\nurl = \"!env_var NIX\"",
            "larder.toml:3:7: the environment has no `NIX`; set it, or write a default after the name",
        ),
        (
            &format!("{hook}body = \"{{{{ mesage(1) }}}}\""),
            "larder.toml:4:8: the template's function `mesage` is not supported; write it without",
        ),
        (
            &format!("{hook}method = \"post\""),
            "larder.toml:4:10: `post` is not a method; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
        ),
        (
            &format!("{hook}method = \"GET\"\nbody = \"x\""),
            "larder.toml:5:8: a GET request has no body; remove `body`, or use POST, PUT or PATCH",
        ),
        (
            &format!("{hook}headers = {{ Host = \"x\" }}"),
            "larder.toml:4:13: the header `host` is set by Larder; remove it",
        ),
        (
            &format!("{hook}headers = {{ X = \"a\\nb\" }}"),
            "larder.toml:4:17: the header `x` contains a line break or another control character; remove it",
        ),
        (&format!("{hook}retries = 11"), "larder.toml:1:1: `retries` is at most 10; write less"),
        (
            &format!("{hook}token = \"x\"\npassword = \"y\""),
            "larder.toml:1:1: give either `token`, or `username` and `password`",
        ),
        (
            "[notify.x]\nkind = \"ntfy\"\nurl = \"https://n.example\"\ntopic = \"a/b\"",
            "larder.toml:4:9: a topic has 1 to 64 letters, digits, `_` and `-`; write one",
        ),
        (
            &format!("{command}command = \"rm -rf /\""),
            "larder.toml:3:11: `command` is a text; write a list: [\"…\", \"…\"]",
        ),
        (
            &format!("{command}command = []"),
            "larder.toml:3:11: `command` is empty; write [\"/path/of/program\", \"argument\", …]",
        ),
        (
            &format!("{command}command = [\"{{{{ message }}}}\"]"),
            "larder.toml:3:12: the program's name is no template; write it out",
        ),
        (
            &format!("{hook}token = \"x\"\nheaders = {{ Authorization = \"y\" }}"),
            "larder.toml:1:1: `headers` holds `authorization` beside `token` or `password`; keep one of them",
        ),
        (
            "[plugins.x]\nhosts = []",
            "larder.toml:1:1: a plugin needs `component`: the file of its WebAssembly component, relative to this one; add it",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nhosts = [\"a\", \"http://b\"]",
            "larder.toml:3:15: `http://b` is not a host; write `example.org`, `example.org:8443` or `*.example.org`",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nsettings = 1",
            "larder.toml:3:12: here is a number, where a table of settings is expected; write it as `key: value`",
        ),
        (
            "[plugins.x]\ncomponent = \"x\"\nsettings = { at = 2026-11-23 }",
            "larder.toml:3:19: a date has no meaning here; put it in quotes",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), expected, "{text}");
    }
}

#[test]
fn places_count_characters_and_texts_hide_what_is_secret() {
    let told = error("[notify.x]\nkind = \"ntfy\"\nurl = \"https://n.example\"\nü = 1\ntopic = \"t\"");
    assert!(told.starts_with("larder.toml:4:1: "), "{told}");
    let told = error("[http]\nno_proxy = [\"é\", 1]");
    assert!(told.starts_with("larder.toml:2:18: "), "{told}");
    let told = error("[notify.x]\nkind = \"webhook\"\nurl = \"https://me:hunter22@h.example/\"");
    assert!(!told.contains("hunter22"), "{told}");
}

#[test]
fn too_many_targets_and_a_missing_file_are_told() {
    let many: String = (0..33).map(|number| format!("[notify.t{number}]\nkind = \"log\"\n")).collect();
    assert!(error(&many).ends_with(": more than 32 targets; keep fewer"));
    let problem = super::load(&Given::default(), Path::new(PATH), Origin::Outside).err().unwrap();
    let expected =
        "larder.toml:1:1: cannot read /config/larder.toml: no such file; check the path and its permissions";
    assert_eq!(problem.to_string(), expected);
}

/// One of each kind.
const ALL: &str = r#"
automations = "mine.yaml"
[notify.hook]
kind = "webhook"
url = "https://h.example/"
[notify.topic]
kind = "ntfy"
url = "https://n.example"
topic = "t"
[notify.log]
kind = "log"
[notify.script]
kind = "command"
command = ["x"]
[notify.diary]
kind = "file"
path = "diary"
[http]
proxy = "http://p.example"
[plugins.heartbeat]
component = "x.wasm"
"#;

#[test]
fn a_file_in_the_home_says_whom_to_tell_and_nothing_that_acts_on_this_machine() {
    let loaded = load_from(Origin::Home, ALL).unwrap();
    assert_eq!(loaded.notify.keys().collect::<Vec<_>>(), ["hook", "log", "topic"]);
    assert_eq!(loaded.automations.as_deref(), Some(Path::new("/config/mine.yaml")));
    assert!(loaded.plugins.is_empty() && loaded.http.proxy.is_none());
    let told: Vec<_> = loaded.ignored.iter().map(|text| text.split(", and a file").next().unwrap()).collect();
    let expected = [
        "larder.toml:18:2: [http] is ignored: all requests would go by it",
        "larder.toml:15:9: [notify.diary] is ignored: it writes a file",
        "larder.toml:12:9: [notify.script] is ignored: it runs a program",
        "larder.toml:20:10: [plugins.heartbeat] is ignored: it loads a program",
    ];
    let place = |text: &str| text.split_once(": ").unwrap().1.to_owned();
    assert_eq!(told.iter().map(|text| place(text)).collect::<Vec<_>>(), expected.map(place));
    for text in &loaded.ignored {
        assert!(text.starts_with("larder.toml:"), "{text}");
        assert!(
            text.ends_with(
                "move it to /etc/larder/larder.toml, or to a file outside the home that --options names"
            ),
            "{text}"
        );
    }
    assert_eq!(load(ALL).unwrap().ignored, [""; 0]);
    // What is wrong in it is told all the same.
    assert!(load_from(Origin::Home, "[plugins.x]\nhosts = []").is_err());
}

#[test]
fn of_two_files_the_one_outside_the_home_counts_where_both_say_something() {
    let home = r#"
automations = "home.yaml"
[notify.phone]
kind = "log"
[notify.own]
kind = "log"
"#;
    let outside = "[notify.phone]\nkind = \"file\"\npath = \"x\"\n[http]\ntimeout = 7\n";
    let both = load(outside).unwrap().over(load_from(Origin::Home, home).unwrap());
    assert!(matches!(both.notify["phone"], Target::File(_)) && matches!(both.notify["own"], Target::Log));
    assert_eq!(both.http.time.as_secs(), 7);
    assert_eq!(both.automations.as_deref(), Some(Path::new("/config/home.yaml")));
    assert_eq!(both.files.len(), 2);
    let named = load("automations = \"outside.yaml\"").unwrap();
    let both = named.over(load_from(Origin::Home, home).unwrap());
    assert_eq!(both.automations.as_deref(), Some(Path::new("/config/outside.yaml")));
}
