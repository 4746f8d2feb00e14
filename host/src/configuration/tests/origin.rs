//! Tables that are allowed, by the file's origin.

use super::*;

/// One table of each kind.
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
fn a_file_in_the_home_may_only_name_network_targets() {
    let loaded = load_from(Origin::Home, ALL).unwrap();
    assert_eq!(loaded.notify.keys().collect::<Vec<_>>(), ["hook", "log", "topic"]);
    assert_eq!(loaded.automations.as_deref(), Some(Path::new("/config/mine.yaml")));
    assert!(loaded.plugins.is_empty() && loaded.http.proxy.is_none());
    let told: Vec<_> =
        loaded.ignored.iter().map(|text| text.split(", which a file").next().unwrap()).collect();
    let expected = [
        "larder.toml:18:2: [http] is ignored: it redirects all requests",
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
                "move it to /etc/larder/larder.toml, or to a file outside the home that is passed with --options"
            ),
            "{text}"
        );
    }
    assert_eq!(load(ALL).unwrap().ignored, [""; 0]);
    // Errors in ignored tables are still reported.
    assert!(load_from(Origin::Home, "[plugins.x]\nhosts = []").is_err());
}

#[test]
fn the_file_outside_the_home_wins_over_the_one_inside() {
    let home = r#"
automations = "home.yaml"
[notify.phone]
kind = "log"
[notify.own]
kind = "log"
"#;
    let outside = "[notify.phone]\nkind = \"file\"\npath = \"x\"\n[http]\ntimeout = 7\n";
    let both = load(outside).unwrap().with_fallback(load_from(Origin::Home, home).unwrap());
    assert!(matches!(both.notify["phone"], Target::File(_)) && matches!(both.notify["own"], Target::Log));
    assert_eq!(both.http.time.as_secs(), 7);
    assert_eq!(both.automations.as_deref(), Some(Path::new("/config/home.yaml")));
    assert_eq!(both.files.len(), 2);
    let named = load("automations = \"outside.yaml\"").unwrap();
    let both = named.with_fallback(load_from(Origin::Home, home).unwrap());
    assert_eq!(both.automations.as_deref(), Some(Path::new("/config/outside.yaml")));
}

#[test]
fn a_file_in_the_home_defines_neither_locations_nor_schedules() {
    let text = r#"
[locations.nas]
kind = "directory"
path = "/mnt/nas"
[locations.hostile]
kind = "sftp"
password_file = "/run/secrets/id"
[schedules.mine]
recurrence = "never"
"#;
    let inside = load_from(Origin::Home, text).unwrap();
    assert!(inside.locations.by_name.is_empty() && inside.schedules.is_null());
    let told: Vec<_> =
        inside.locations.warnings.iter().map(|text| text.split(", which a file").next().unwrap()).collect();
    let expected = [
        "larder.toml:5:12: [locations.hostile] is ignored: it receives the backups and names files of keys",
        "larder.toml:2:12: [locations.nas] is ignored: it receives the backups and names files of keys",
        "larder.toml:8:12: [schedules.mine] is ignored: it decides what is stored where and how long it is kept",
    ];
    let place = |text: &str| text.split_once(": ").unwrap().1.to_owned();
    assert_eq!(told.iter().map(|text| place(text)).collect::<Vec<_>>(), expected.map(place));
    // What the file outside says stays.
    let outside = load("[locations.nas]\nkind = \"directory\"\npath = \"/mnt/other\"\n").unwrap();
    let both = outside.with_fallback(inside);
    assert_eq!(both.locations.by_name.len(), 1);
    assert_eq!(both.locations.warnings.len(), 3);
}
