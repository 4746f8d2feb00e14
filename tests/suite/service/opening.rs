//! A FIFO, a socket or a device in place of a file blocks no command.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use larder_tests::{Run, Serving, TestHome};
use rustix::process::Signal;

use super::{START, daily, home};

/// Only catches a command that never ends.
const MOST: Duration = Duration::from_secs(120);

fn fifo(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn socket(path: &Path) {
    let _ = fs::remove_file(path);
    drop(UnixListener::bind(path).unwrap());
}

fn device(path: &Path) {
    let _ = fs::remove_file(path);
    symlink("/dev/zero", path).unwrap();
}

/// The function that puts something there, and the message about it.
type Kind = (fn(&Path), &'static str);

const KINDS: [Kind; 3] =
    [(fifo, "it is a FIFO, not a regular file"), (socket, "it is a socket"), (device, "it is a device")];

fn run(home: &TestHome, arguments: &[&str]) -> Run {
    Run::within(MOST, home.command(arguments))
}

#[test]
fn a_file_of_automations_that_is_none_is_named_and_the_rest_works() {
    let say = "- {id: say, triggers: [], actions: [{event: !secret word}]}\n";
    let files = [
        ("automations.yaml", None),
        ("secrets.yaml", Some(say)),
        ("more.yaml", Some("!include more.yaml\n")),
    ];
    for (file, automations) in files {
        for (put, says) in KINDS {
            let home = home();
            automations.iter().for_each(|text| home.write("automations.yaml", text));
            put(&home.path(file));
            let checked = run(&home, &["automations", "check"]).exits(1);
            // The secret in it cannot be found, and the message says so.
            let says = if file == "secrets.yaml" { "no secret `word` in " } else { says };
            assert!(checked.stdout.contains(says), "{file}: {}", checked.stdout);
            run(&home, &["states"]).exits(0);
            let made = run(&home, &["create"]);
            assert!(matches!(made.status, Some(0 | 3)), "{made:?}");
            drop(home.serve(START));
        }
    }
}

#[test]
fn a_larder_toml_that_is_none_is_named_and_the_lock_is_free() {
    for (put, says) in KINDS {
        let home = home();
        put(&home.path("larder.toml"));
        // A program that writes to the home cannot prevent backups.
        let mut serving = Serving::start(home.command(&["serve"]));
        serving.signal(Signal::TERM);
        assert_eq!(serving.ends(), Some(0));
        let said = serving.log();
        assert!(said.contains("larder.toml") && said.contains(says), "{said}");
        let options = home.root().join("options.toml");
        fs::remove_file(home.path("larder.toml")).unwrap();
        put(&options);
        run(&home, &["--options", options.to_str().unwrap(), "serve"]).exits(1).says(says);
        run(&home, &["create"]).exits(0);
    }
}

#[test]
fn a_component_or_certificates_that_are_none_are_named() {
    let home = home();
    let component = home.root().join("x.wasm");
    let options = home.options(format!("[plugins.x]\ncomponent = \"{}\"\n", component.display()));
    for (put, says) in KINDS {
        put(&component);
        let told = run(&home, &["--options", &options, "plugin"]).exits(0).stdout;
        assert!(told.contains("x.wasm") && told.contains(says), "{told}");
        run(&home, &["--plugin", component.to_str().unwrap(), "list"]).exits(1).says(says);
    }
    let options = home.options(format!(
        "[http]\nca_file = \"{}\"\n[notify.x]\nkind = \"webhook\"\nurl = \"https://h.example\"\n",
        component.display()
    ));
    run(&home, &["--options", &options, "states"]).exits(0);
}

#[test]
fn a_home_whose_own_files_are_none_is_backed_up_without_them() {
    for file in
        ["configuration.yaml", ".storage/core.config", ".storage/core.uuid", ".storage/backup", ".HA_VERSION"]
    {
        let home = home();
        fifo(&home.path(file));
        let made = run(&home, &["create"]);
        assert!(matches!(made.status, Some(0 | 3)), "{file}: {made:?}");
        run(&home, &["settings"]).exits(0);
        let adopted = run(&home, &["adopt"]);
        assert!(adopted.status.is_some(), "{file}: {adopted:?}");
        assert_eq!(home.archives().len(), 1, "{file}");
    }
}

#[test]
fn what_larder_stored_is_replaced_or_named_when_it_is_none() {
    let home = home();
    let settings = home.root().join("settings.json");
    fs::write(&settings, daily().to_string()).unwrap();
    home.larder(&["settings", "set", "--file", settings.to_str().unwrap()]).exits(0);
    home.larder(&["call", "backup.create_automatic"]).exits(0);
    let names = ["documents/backup.json", "host/locations.json", "host/automations.json", "lock"];
    let cached = fs::read_dir(home.state().join("cache")).unwrap().map(|it| it.unwrap().path());
    for path in names.map(|name| home.state().join(name)).into_iter().chain(cached) {
        let home = (home.copy(), path.strip_prefix(home.root()).unwrap().to_owned());
        let (home, path) = (&home.0, home.0.root().join(&home.1));
        fifo(&path);
        let made = run(home, &["create"]);
        match path.ends_with("lock") {
            true => drop(made.exits(1).says("lock: it is a FIFO, not a regular file")),
            false => drop(made.exits(0)),
        }
        run(home, &["list"]).exits(0);
        run(home, &["states"]).exits(0);
    }
}

#[test]
fn a_key_ring_that_is_none_is_named() {
    let home = home();
    for (put, says) in KINDS {
        fs::create_dir_all(home.key_ring().parent().unwrap()).unwrap();
        put(&home.key_ring());
        run(&home, &["key", "list"]).exits(1).says(says);
        run(&home, &["create", "--key", "x"]).exits(1).says(says);
        run(&home, &["key", "new", "--label", "x"]).exits(1).says(says);
    }
}

/// A file that a user names for one run may be a pipe that a shell substitutes.
#[test]
fn a_password_may_come_from_a_fifo_and_from_standard_input() {
    let home = home();
    let path = home.root().join("password");
    fifo(&path);
    let to = path.clone();
    let writer = std::thread::spawn(move || {
        let mut to = fs::OpenOptions::new().write(true).open(to).unwrap();
        to.write_all(b"Pa55-w0rd-rig\n").unwrap();
    });
    run(&home, &["create", "--password-file", path.to_str().unwrap()]).exits(0);
    writer.join().unwrap();
    let archive = home.archives().remove(0);
    let mut command =
        home.command(&["check-password", archive.to_str().unwrap(), "--password-file", "/dev/stdin"]);
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(b"Pa55-w0rd-rig\n").unwrap();
    drop(writer);
    command.stdin(reader);
    Run::within(MOST, command).exits(0);
}
