//! Progress on a terminal and in a log: bytes within a file count, there is one bar, and no number is made up.

use std::fs;
use std::process::Command;

use larder_tests::{TestHome, on_terminal};

/// A home with one large file and little else.
fn home() -> TestHome {
    let home = TestHome::in_memory();
    home.write("large.bin", (0..48u32 << 20 >> 2).flat_map(u32::to_le_bytes).collect::<Vec<_>>());
    home
}

#[test]
fn bytes_within_a_large_file_count() {
    let home = home();
    let mut service = home.serve("2026-11-30T12:00:00+01:00");
    service.call("backup.create", serde_json::json!({})).unwrap();
    let within = service.events().into_iter().filter(|event| {
        let (done, total) = (event.data["done"].as_u64(), event.data["total"].as_u64());
        event.topic == "larder/progress"
            && event.data["stage"] == "home_assistant"
            && matches!((done, total), (Some(done), Some(total)) if done > 0 && done < total * 9 / 10)
    });
    assert!(within.count() > 0);
}

#[test]
fn a_terminal_shows_one_bar_that_fits_and_is_gone_at_the_end() {
    let home = home();
    let narrow = |words: &[&str]| {
        let own = home.command(words);
        let mut command = Command::new("sh");
        command
            .args(["-c", "stty rows 24 cols 60; exec \"$@\"", "sh"])
            .arg(own.get_program())
            .args(own.get_args());
        on_terminal(&command, "y\n")
    };
    let Some(create) = narrow(&["create"]) else { return };
    let create = create.exits(0);
    // As indicatif draws: each frame starts again at the left edge.
    for picture in create.stdout.split(['\r', '\n']) {
        let shown = plain(picture);
        if !shown.starts_with("backing up") && !shown.starts_with("verifying") {
            continue;
        }
        assert!(shown.chars().count() <= 60, "{shown:?}");
        assert!(!shown.contains("0/0") && !shown.contains(" 0s left"), "{shown:?}");
    }
    let restore = narrow(&["restore", "latest"]).unwrap().exits(0);
    assert!(!restore.stdout.contains("0/0"), "{}", restore.stdout);
    assert_eq!(fs::read_dir(home.backups()).unwrap().count(), 2);
}

/// Without control sequences for the terminal.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' => {
                characters.by_ref().find(|c| c.is_ascii_alphabetic());
            }
            _ => shown.push(c),
        }
    }
    shown
}

#[test]
fn the_first_start_says_what_it_waits_for_and_the_next_does_not() {
    let home = TestHome::new();
    let run = || {
        let mut command = home.command(&["create"]);
        command.env("XDG_CACHE_HOME", home.root().join("cache"));
        larder_tests::Run::of(command).exits(0).stderr
    };
    // A fast machine is done before progress is shown.
    assert!(["", "compiling the plugin (only once)\n"].contains(&run().as_str()));
    assert_eq!(run(), "");
}
