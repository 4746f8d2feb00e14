//! The component itself: files that are not plugins, what the real one may do, and its cache between runs.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use larder_tests::{Run, Serving, TestHome, assert_snapshot};
use rustix::process::Signal;

use super::{MISBEHAVING, WATCHDOG, command};

/// A file passed as a plugin, and the reason why it is not one.
fn no_plugins() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = fs::read(MISBEHAVING).unwrap();
    let half = good[..good.len() / 2].to_vec();
    let import = b"larder:automation/clock";
    let mut stranger = good;
    let at = |bytes: &[u8]| bytes.windows(import.len()).position(|window| window == import);
    while let Some(at) = at(&stranger) {
        stranger[at..at + import.len()].copy_from_slice(b"larder:automation/cloak");
    }
    vec![
        ("text", b"not wasm at all".to_vec(), "is not a plugin that this host can run"),
        ("empty", Vec::new(), "is not a plugin that this host can run"),
        ("module", b"\0asm\x01\0\0\0".to_vec(), "is not a plugin that this host can run"),
        ("other-world", b"\0asm\x0d\0\x01\0".to_vec(), "larder:automation/lifecycle"),
        ("stranger", stranger, "larder:automation/cloak"),
        ("half", half, "is out of bounds"),
    ]
}

#[test]
fn what_is_no_plugin_is_named_with_the_reason() {
    let home = TestHome::new();
    for (name, bytes, says) in no_plugins() {
        let file = home.root().join(name);
        fs::write(&file, bytes).unwrap();
        let file = file.to_str().unwrap();
        for arguments in [&["create"][..], &["plugin"]] {
            let mut command = home.command(&["--plugin", file]);
            command.args(arguments);
            Run::within(WATCHDOG, command).exits(1).says(file).says(says);
        }
    }
    let run = home.larder(&["--plugin", "/nowhere/plugin.wasm", "plugin"]).exits(1);
    run.says("cannot read the plugin /nowhere/plugin.wasm: No such file");
    home.larder(&["--plugin", "/", "plugin"]).exits(1).says("cannot read the plugin /: Is a directory");
}

#[test]
fn a_component_of_an_earlier_contract_is_refused_with_the_reason() {
    let home = TestHome::new();
    let file = larder_tests::tests_directory().join("fixtures/contract-0.1.wasm");
    let file = file.to_str().unwrap();
    let says = format!(
        "{file} was built for version 0.1 of the plugin contract; this Larder needs 0.2: build it again with the wit/ directory of this version"
    );
    for command in ["create", "plugin"] {
        let run = home.larder(&["--plugin", file, command]).exits(1).says(&says);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
}

#[test]
fn the_real_component_has_no_files_no_network_and_is_described_in_full() {
    let home = TestHome::new();
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("TZ", "Europe/Berlin");
        Run::of(command).exits(0)
    };
    let rules = run(&["--json", "plugin"]).json()["tzdata"].as_str().unwrap().to_owned();
    let run = run(&["--limit", "workers=2", "plugin"]);
    for forbidden in ["wasi:filesystem", "wasi:sockets", "wasi:http"] {
        assert!(!run.stdout.contains(forbidden), "{forbidden}\n{}", run.stdout);
    }
    assert_snapshot("plugin", &run.stdout, &[(&rules, "[rules]")]);
}

/// A run with a separate cache.
#[track_caller]
fn cached(home: &TestHome, cache: &Path) {
    let mut command = command(home, &[], &["create", "--name", "job-good"]);
    command.env("XDG_CACHE_HOME", cache);
    Run::within(WATCHDOG, command).exits(0);
}

/// Every file below, with its content.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let below = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = below
        .flat_map(|path| match path.is_dir() {
            true => files(&path),
            false => vec![(path.clone(), fs::read(&path).unwrap())],
        })
        .collect();
    files.sort();
    files
}

/// A directory next to the home, with that mode.
fn directory(home: &TestHome, name: &str, mode: u32) -> PathBuf {
    let path = home.root().join(name);
    fs::create_dir_all(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn a_compiled_component_is_kept_only_where_nobody_else_can_write() {
    let home = TestHome::new();
    let own = directory(&home, "own", 0o700);
    cached(&home, &own);
    assert!(!files(&own).is_empty());

    for (name, place, mode) in [
        ("everybody's", "everybody's/larder", 0o777),
        ("group's", "group's/larder", 0o770),
        ("above", "above/mine/larder", 0o777),
    ] {
        let place = home.root().join(place);
        fs::create_dir_all(&place).unwrap();
        let shared = directory(&home, name, mode);
        cached(&home, place.parent().unwrap());
        assert!(files(&shared).is_empty(), "{name}");
    }
    let open = directory(&home, "inner/larder", 0o777);
    cached(&home, open.parent().unwrap());
    assert!(files(&open).is_empty());
}

#[test]
fn a_damaged_cache_is_no_reason_to_fail_and_is_made_anew() {
    let home = TestHome::new();
    let cache = directory(&home, "cache", 0o700);
    cached(&home, &cache);
    type Damage = fn(&[u8]) -> Vec<u8>;
    let damages: [Damage; 5] = [
        |_| Vec::new(),
        |_| b"garbage".to_vec(),
        |good| good[..good.len() / 2].to_vec(),
        |good| good.iter().map(|byte| !byte).collect(),
        |good| good.iter().enumerate().map(|(at, byte)| byte ^ u8::from(at == good.len() / 2)).collect(),
    ];
    let good = files(&cache);
    assert!(!good.is_empty());
    for damage in damages {
        for (path, bytes) in &good {
            fs::write(path, damage(bytes)).unwrap();
        }
        cached(&home, &cache);
        assert!(files(&cache) == good, "it is whole again");
    }
}

/// Changes to the cache while the program runs.
type Meddling = fn(&Path);

#[test]
fn a_running_service_does_not_depend_on_its_cache_any_more() {
    let meddlings: [(&str, Meddling); 4] = [
        ("emptied", |path| fs::write(path, "").unwrap()),
        ("cut", |path| File::options().write(true).open(path).unwrap().set_len(100_000).unwrap()),
        ("overwritten", |path| {
            let mut file = File::options().write(true).open(path).unwrap();
            file.write_all(&vec![0; 4 << 20]).unwrap();
        }),
        ("removed", |path| fs::remove_file(path).unwrap()),
    ];
    for (name, meddle) in meddlings {
        let home = TestHome::in_memory();
        let cache = directory(&home, "cache", 0o700);
        let within = |arguments: &[&str]| {
            let mut command = home.command(arguments);
            command.env("XDG_CACHE_HOME", &cache);
            command
        };
        Run::of(within(&["list"])).exits(0);
        let mut serving = Serving::start(within(&["serve", "--io", "normal"]));
        files(&cache).iter().for_each(|(path, _)| meddle(path));
        Run::of(within(&["call", "backup.create"])).exits(0);
        serving.signal(Signal::TERM);
        assert_eq!(serving.ends(), Some(0), "{name}");
        assert_eq!(home.archives().len(), 1, "{name}");
    }
}
