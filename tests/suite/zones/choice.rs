//! The choice of the zone on the command line, and the message when the home's cannot be used.

use larder_tests::{Run, TestHome};
use serde_json::json;

/// A home whose Home Assistant stored a zone.
pub fn home(zone: &str) -> TestHome {
    let home = TestHome::new();
    home.write(".storage/core.config", json!({"data": {"time_zone": zone}}).to_string());
    home
}

/// A home with this `configuration.yaml` and no stored zone.
pub fn written(configuration: &str) -> TestHome {
    let home = TestHome::new();
    home.write("configuration.yaml", configuration);
    home
}

/// The command with `TZ`.
fn run(home: &TestHome, tz: &str, arguments: &[&str]) -> Run {
    let mut command = home.command(arguments);
    command.env("TZ", tz);
    Run::of(command)
}

#[test]
fn a_zone_in_configuration_yaml_comes_before_the_stored_one() {
    let home = written("homeassistant: !include core.yaml\nautomation: !include_dir_list nowhere\n");
    home.write("core.yaml", "time_zone: !secret zone\npackages: !include_dir_named none\n");
    home.write("secrets.yaml", "zone: Asia/Tokyo\n");
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Europe/Berlin"}}"#);
    home.larder(&["settings", "set", "schedule.recurrence=daily", "schedule.time=03:30"]).exits(0);
    let schedule = home.larder(&["schedule", "--count", "1"]).exits(0);
    assert!(schedule.stdout.contains(" 03:30 +09:00  daily at 03:30\n"), "{}", schedule.stdout);
    assert!(schedule.stdout.contains("Time zone: Asia/Tokyo (from core.yaml:1:12)\n"), "{}", schedule.stdout);
    assert_eq!(schedule.stderr, "");
    let adopted = home.larder(&["adopt"]).exits(0);
    assert!(adopted.stdout.contains("  time zone: Asia/Tokyo (from core.yaml:1:12)\n"), "{}", adopted.stdout);
}

#[test]
fn packages_have_no_say_in_the_zone_as_in_home_assistant() {
    let packages =
        "homeassistant:\n  packages:\n    one:\n      homeassistant:\n        time_zone: Asia/Tokyo\n";
    let home = written(packages);
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Europe/Berlin"}}"#);
    let settings = home.larder(&["--json", "settings"]).exits(0).json();
    assert_eq!(settings["time_zone"]["name"], "Europe/Berlin");
}

#[test]
fn an_unusable_zone_is_named_with_its_place_and_what_counts_meanwhile() {
    let stored = ".storage/core.config";
    let cases = [
        (
            stored,
            r#"{"data": {"time_zone": "Europe/Berlin "}}"#,
            "`Europe/Berlin ` in .storage/core.config is not a time zone of tzdata 20",
        ),
        (stored, r#"{"data": {"time_zone": "europe/berlin"}}"#, "; write `Europe/Berlin`"),
        (
            stored,
            r#"{"data": {"time_zone": "Mars/Olympus"}}"#,
            "`Mars/Olympus` in .storage/core.config is not a time zone",
        ),
        (
            stored,
            r#"{"data": {"time_zone": "../../etc/passwd"}}"#,
            "`../../etc/passwd` in .storage/core.config is no",
        ),
        (stored, r#"{"data": {"time_zone": ""}}"#, "`` in .storage/core.config is not a time zone"),
        (
            stored,
            r#"{"data": {"time_zone": 5}}"#,
            ".storage/core.config has a `time_zone` that is not text: 5",
        ),
        (stored, r#"{"data": ["#, ".storage/core.config is not valid JSON"),
        (stored, "", ".storage/core.config is not valid JSON"),
        (stored, "[]", ".storage/core.config has no object `data`"),
        (
            "configuration.yaml",
            "homeassistant:\n  time_zone: Mars/Olympus\n",
            "`Mars/Olympus` in configuration.yaml:2:14 is not a time zone",
        ),
        (
            "configuration.yaml",
            "homeassistant:\n  time_zone: [UTC]\n",
            "configuration.yaml:2:14: `time_zone` is a list",
        ),
        (
            "configuration.yaml",
            "homeassistant:\n  time_zone:\n",
            "`time_zone` is nothing, not the name of a zone",
        ),
        (
            "configuration.yaml",
            "homeassistant: here\n",
            "configuration.yaml:1:16: `homeassistant`: expected a mapping, found text",
        ),
        (
            "configuration.yaml",
            "homeassistant:\n  time_zone: !secret zone\n",
            "configuration.yaml:2:14: no secret `zone`",
        ),
        (
            "configuration.yaml",
            "homeassistant:\n\ttime_zone: UTC\n",
            "configuration.yaml:2:1: this line is indented with a tab",
        ),
    ];
    for (file, text, said) in cases {
        let home = TestHome::new();
        home.write(file, text);
        let created = run(&home, "Asia/Tokyo", &["--json", "create"]).exits(0);
        assert!(created.json()["date"].as_str().unwrap().ends_with("+09:00"), "{}", created.stdout);
        assert!(warning(&created).contains(said), "{text}: {}", created.stderr);
        let meanwhile = "; using Asia/Tokyo instead (from the environment variable TZ)";
        assert!(warning(&created).ends_with(meanwhile), "{text}: {}", created.stderr);
    }
    let home = home("Mars/Olympus");
    for command in [&["schedule"][..], &["settings"], &["retention", "--dry-run"], &["automations", "list"]] {
        let run = run(&home, "Asia/Tokyo", command).exits(0);
        assert!(
            warning(&run).contains("`Mars/Olympus` in .storage/core.config"),
            "{command:?}: {}",
            run.stderr
        );
    }
}

/// The messages of a command about the time zone.
fn warning(run: &Run) -> &str {
    run.stderr.lines().find(|line| line.starts_with("warning: time zone: ")).unwrap_or_default()
}

#[test]
fn a_secret_that_is_no_zone_is_not_shown() {
    let home = written("homeassistant:\n  time_zone: !secret api_key\n");
    home.write("secrets.yaml", "api_key: hunter2\n");
    let run = home.larder(&["schedule"]).exits(0);
    assert!(
        run.stderr.contains("the secret in configuration.yaml:2:14 is not a time zone"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn nothing_is_said_of_a_good_zone_but_where_one_asks() {
    // Configurations that Home Assistant accepts: a duplicate key (the last one counts), missing files elsewhere.
    let twice = "homeassistant:\n  time_zone: Mars/Olympus\nhomeassistant:\n  time_zone: Asia/Tokyo\nscene: !include scenes.yaml\n";
    for home in [home("Asia/Tokyo"), written(twice)] {
        for command in [&["create"][..], &["settings"], &["schedule"], &["list"], &["retention", "--dry-run"]]
        {
            let run = home.larder(command).exits(0);
            assert!(!run.stderr.contains("zone"), "{command:?}: {}", run.stderr);
        }
        assert!(!home.larder(&["create"]).exits(0).stdout.contains("zone"));
        let verbose = home.larder(&["--verbose", "create"]).exits(0);
        assert!(verbose.stderr.contains("time zone Asia/Tokyo (from "), "{}", verbose.stderr);
        assert!(verbose.stderr.contains("; tzdata 20"), "{}", verbose.stderr);
        let plugin = home.larder(&["plugin"]).exits(0);
        assert!(plugin.stdout.contains("  tzdata 20"), "{}", plugin.stdout);
    }
}

#[test]
fn tz_counts_where_the_home_names_no_zone() {
    let home = TestHome::new();
    let name = |tz: &str| {
        run(&home, tz, &["--json", "settings"]).exits(0).json()["time_zone"]["name"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(name("America/New_York"), "America/New_York");
    assert_eq!(name(":America/New_York"), "America/New_York");
    assert_eq!(name("/usr/share/zoneinfo/America/New_York"), "America/New_York");
    assert_eq!(name(""), "UTC");
    run(&home, "CET-1CEST", &["schedule"])
        .exits(0)
        .says("`CET-1CEST` in the environment variable TZ is not a time zone");
}

#[test]
fn the_machines_rules_count_when_they_are_newer_and_only_then() {
    let home = home("Europe/Berlin");
    let database = home.root().join("zoneinfo");
    std::fs::create_dir_all(database.join("Europe")).unwrap();
    // Rules that exist nowhere else, so that they can be recognized.
    let tokyo = larder::time::timezone::Tables::new("/nonexistent".as_ref()).zone("Asia/Tokyo").unwrap().0;
    std::fs::write(database.join("Europe/Berlin"), tokyo.tzif()).unwrap();
    let date = |version: &str, file: &str| {
        for name in ["+VERSION", "tzdata.zi"] {
            let _ = std::fs::remove_file(database.join(name));
        }
        std::fs::write(database.join(file), version).unwrap();
        let mut command = home.command(&["--json", "create"]);
        command.env("TZDIR", &database);
        let date = Run::of(command).exits(0).json()["date"].as_str().unwrap().to_owned();
        date[date.len() - 6..].to_owned()
    };
    let newer = [("2199a\n", "+VERSION"), ("# version 2199a\n# more\n", "tzdata.zi")];
    for (version, file) in newer {
        assert_eq!(date(version, file), "+09:00", "{file}");
    }
    for (version, file) in
        [("2025b\n", "+VERSION"), ("# version 2025b\n", "tzdata.zi"), ("latest", "+VERSION")]
    {
        assert_ne!(date(version, file), "+09:00", "{version}");
    }
}
