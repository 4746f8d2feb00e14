//! `.HA_VERSION` as a power cut, another program or a mistake leaves it.

use std::fs;

use larder_tests::TestHome;
use serde_json::json;

#[test]
fn a_damaged_version_does_not_prevent_a_backup() {
    let long = "1".repeat(300);
    let odd: [&[u8]; 7] =
        [&[0; 9], b"../../etc", b"2026/11", long.as_bytes(), b"\xff\xfe2", b"latest", b"2026.11.0 \x1b[31m"];
    for text in odd {
        let home = TestHome::new();
        home.write(".HA_VERSION", text);
        let created = home.larder(&["--json", "create"]).exits(0).json();
        assert_eq!(created["name"], "Custom backup 0.0.0");
        let warning = created["warnings"][0].as_str().unwrap();
        assert!(warning.starts_with(".HA_VERSION contains no version (`"), "{warning}");
        assert!(!warning.contains(char::is_control), "{warning}");
        home.larder(&["settings", "set", "create_backup.agent_ids=backup.local"]).exits(0);
        let automatic = home.larder(&["--json", "call", "backup.create_automatic"]).exits(0);
        assert_eq!(automatic.json()["name"], "Automatic backup 0.0.0");
        assert!(automatic.stderr.contains(".HA_VERSION contains no version"), "{}", automatic.stderr);
        // The file itself is restored unchanged.
        assert_eq!(fs::read(home.restore_latest().join(".HA_VERSION")).unwrap(), text);
    }
}

#[test]
fn a_version_is_the_first_line() {
    let home = TestHome::new();
    home.write(".HA_VERSION", "2026.11.0b2\nand more\n");
    let created = home.larder(&["--json", "create"]).exits(0).json();
    assert_eq!((&created["name"], &created["warnings"]), (&json!("Custom backup 2026.11.0b2"), &json!([])));
}
