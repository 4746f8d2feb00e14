//! Extraction from damaged archives: files before the damage are extracted, and marked.

use std::fs;
use std::path::{Path, PathBuf};

use larder_tests::tar::{Tar, gzip, manifest};
use larder_tests::{Run, TestHome, noise};

use super::{elsewhere, save, victim};

fn extract(home: &TestHome, archive: &Path, words: &[&str]) -> Run {
    let to = elsewhere(home);
    let _ = fs::remove_dir_all(&to);
    home.larder(&[&["extract", archive.to_str().unwrap(), "--to", to.to_str().unwrap()], words].concat())
}

fn came_out(home: &TestHome, path: &str) -> Option<Vec<u8>> {
    fs::read(elsewhere(home).join(path)).ok()
}

/// A backup of a large home, truncated long after its first files.
fn cut(home: &TestHome, options: &[&str]) -> PathBuf {
    home.write("www/early", "early");
    home.write("zzz/late", noise(3_000_000));
    home.larder(&[&["create"], options].concat()).exits(0);
    let mut bytes = fs::read(home.archives().remove(0)).unwrap();
    bytes.truncate(2_000_000);
    save(home, &bytes)
}

#[test]
fn a_file_that_is_whole_comes_out_of_a_backup_that_is_cut_off_behind_it() {
    for is_protected in [false, true] {
        let home = victim();
        let password = home.password_file("password", "correct horse\n");
        let options: &[&str] = if is_protected { &["--password-file", &password] } else { &[] };
        let archive = cut(&home, options);
        let extract = |words: &[&str]| extract(&home, &archive, &[words, options].concat());
        let run = extract(&["configuration.yaml", "www/early"]).exits(3);
        assert!(
            run.stdout.contains("This backup is damaged") && run.stdout.contains("cut off"),
            "{}",
            run.stdout
        );
        assert_eq!(came_out(&home, "configuration.yaml").unwrap(), b"default_config:\n");
        assert_eq!(came_out(&home, "www/early").unwrap(), b"early");
        // It is unknown whether a directory is complete, and a truncated file is not.
        for asked in ["www", "zzz/late", ".", "nowhere"] {
            extract(&[asked]).exits(1).says("cut off").says("--keep-going");
            assert!(!elsewhere(&home).exists(), "{asked}");
        }
        let run = extract(&[".", "--keep-going"]).exits(3);
        assert!(run.stdout.contains("This backup is damaged"), "{}", run.stdout);
        assert_eq!(came_out(&home, "www/early").unwrap(), b"early");
        assert_eq!(came_out(&home, "zzz/late"), None, "it is not whole");
        let run = extract(&["www", "zzz/late", "--keep-going"]).exits(3);
        assert!(run.stdout.contains("zzz/late: nothing of it precedes the damage"), "{}", run.stdout);
        extract(&["zzz/late", "--keep-going"]).exits(1);
        assert!(!elsewhere(&home).exists());
    }
}

#[test]
fn what_stands_before_an_entry_that_leads_out_comes_out_when_told_to_keep_going_only() {
    let home = victim();
    let archive = save(&home, &Tar::home().file("data/../../evil", "x").file("data/late", "x").backup());
    extract(&home, &archive, &["configuration.yaml"]).exits(1).says("--keep-going");
    extract(&home, &archive, &["configuration.yaml", "--keep-going"]).exits(3);
    assert_eq!(came_out(&home, "configuration.yaml").unwrap(), b"restored:\n");
}

/// The announced size of the home's part covers the members after it. Returns also where its content really ends.
fn oversized(is_first: bool) -> (Vec<u8>, usize, usize) {
    let part = gzip(&Tar::home().end());
    let about = Tar::default().file("./backup.json", manifest().to_string()).cut();
    let behind = Tar::default().file("core_ssh.tar.gz", &part).cut();
    let behind = if is_first { behind } else { [behind, about.clone()].concat() };
    let start = if is_first { about } else { Vec::new() };
    let reach = part.len().next_multiple_of(512) + behind.len();
    let (begin, filled) = (start.len() + 512, part.len().next_multiple_of(512));
    let content = [part.clone(), vec![0; filled - part.len()], behind].concat();
    let bytes =
        Tar::default().raw(start).member(b'0', "homeassistant.tar.gz", "", reach as u64, content).end();
    (bytes, begin + part.len(), begin + reach)
}

#[test]
fn a_part_that_reaches_over_its_neighbours_is_named_with_both_its_ends_and_gives_its_files() {
    for is_first in [true, false] {
        let home = victim();
        let (bytes, real, announced) = oversized(is_first);
        let archive = save(&home, &bytes);
        let file = archive.to_str().unwrap();
        let run = home.larder(&["verify", file]).exits(1).says("homeassistant.tar.gz").says("may be hidden");
        run.says(&format!("byte {announced}")).says(&format!("byte {real};"));
        home.larder(&["restore", file, "--yes"]).exits(1);
        let shown = home.larder(&["show", file]).exits(i32::from(!is_first));
        let said = shown.stdout + &shown.stderr;
        assert!(said.contains("hidden in") && said.contains(&format!("byte {announced}")), "{said}");
        let run = extract(&home, &archive, &["configuration.yaml"]).exits(3);
        assert!(run.stdout.contains("This backup is damaged"), "{}", run.stdout);
        assert_eq!(came_out(&home, "configuration.yaml").unwrap(), b"restored:\n");
    }
}
