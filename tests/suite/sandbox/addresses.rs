//! Little memory: address space that the system refuses, and homes whose list takes more than usual.

use std::fs::{self, File};
use std::process::Command;

use larder_tests::{Run, TestHome, noise};

use super::WATCHDOG;

/// The command line under a limit set by the shell.
fn within(home: &TestHome, limit: &str, arguments: &[&str]) -> Run {
    let wanted = home.command(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\"")]);
    command.arg(wanted.get_program()).args(wanted.get_args());
    for (name, value) in wanted.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Run::within(WATCHDOG, command)
}

#[test]
fn a_backup_is_made_checked_and_restored_with_few_addresses_and_many_workers() {
    let home = TestHome::in_memory();
    (0..4).for_each(|number| home.write(format!("www/{number}"), noise(1_000_000)));
    // KiB of addresses.
    for limit in ["-v 30000000", "-v 12000000", "-v 3000000"] {
        let within = |arguments: &[&str]| within(&home, limit, arguments).exits(0);
        let run = within(&["--json", "--limit", "workers=6", "create"]);
        let id = run.json()["backup_id"].as_str().unwrap().to_owned();
        within(&["verify", &id]);
        let to = home.root().join(limit);
        within(&["restore", &id, "--to", to.to_str().unwrap()]);
        assert_eq!(fs::read(to.join("www/3")).unwrap(), fs::read(home.path("www/3")).unwrap());
        within(&["list"]);
    }
}

#[test]
fn fewer_addresses_than_the_least_are_refused_in_a_sentence_that_says_what_to_set() {
    let home = TestHome::in_memory();
    let run = within(&home, "-v 900000", &["list"]).exits(1);
    let run =
        run.says("878 MiB of addresses (`ulimit -v`, `LimitAS=`); raise that limit to at least 1024 MiB");
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
}

#[test]
fn a_file_that_may_not_grow_so_large_is_an_error_and_not_the_end_of_the_program() {
    let home = TestHome::in_memory();
    home.write("www/large", noise(3_000_000));
    // In blocks of 512 bytes: less than a backup of this home, and less than the program itself needs.
    for blocks in [4096, 40] {
        within(&home, &format!("-f {blocks}"), &["create"]).exits(1).says("`ulimit -f`");
        assert!(home.archives().is_empty());
    }
}

/// Enough that their list takes more than the limit of these tests.
const MANY: usize = 40_000;

fn with_many_files() -> TestHome {
    let home = TestHome::in_memory();
    for number in 0..MANY {
        let path = home.path(format!("www/community/card-{:02}/translation-{number:06}.json", number % 40));
        if number < 40 {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
        }
        File::create(path).unwrap();
    }
    home
}

#[test]
fn the_memory_limit_follows_the_home_and_a_dry_run_says_so_before() {
    let home = with_many_files();
    let small = ["--limit", "memory=16"];
    let dry = home.larder(&[&small[..], &["create", "--dry-run"]].concat()).exits(0);
    assert!(dry.stdout.contains("memory    up to 55 MiB for the list of files"), "{}", dry.stdout);
    let made = home.larder(&[&small[..], &["--json", "create"]].concat()).exits(0).json();
    assert_eq!(made["files"], MANY + 2);
    let again = home.larder(&[&small[..], &["--json", "create"]].concat()).exits(0).json();
    assert_eq!(again["files"], MANY + 2);
}

#[test]
fn a_home_beyond_the_ceiling_is_refused_with_what_to_set_by_the_dry_run_too() {
    let home = with_many_files();
    let none = ["--limit", "memory=16", "--limit", "home-memory=0"];
    for command in [&["create", "--dry-run"][..], &["create"]] {
        let run =
            home.larder(&[&none[..], command].concat()).exits(1).says("16 MiB are allowed (limit memory)");
        let (_, enough) = run.stderr.trim().rsplit_once("allow more with --limit memory=").unwrap();
        assert!((20..100).contains(&enough.parse::<u32>().unwrap()), "{}", run.stderr);
    }
}
