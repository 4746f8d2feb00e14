//! Damaged archives: truncated or with flipped bits at any point. Wrong data is never taken for what was stored.

use std::fs;
use std::path::Path;

use larder_tests::tar::{Tar, backup_of, gzip, outer};
use larder_tests::{Run, TestHome, describe, noise};

use super::{Before, all_are_refused, case, elsewhere, run, save, stood_before_the_damage, victim, ways};

/// A backup made by Larder, and the end of its last byte that is not padding.
fn good(home: &TestHome) -> (Vec<u8>, usize) {
    let id = home.create();
    let bytes = fs::read(&home.archives()[0]).unwrap();
    home.larder(&["delete", &id]).exits(0);
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap().next_multiple_of(512);
    (bytes, end)
}

#[test]
fn an_archive_cut_off_anywhere_is_refused() {
    let home = victim();
    let (bytes, end) = good(&home);
    let before = Before::of(&home);
    // Without the zeros after it, a member is still complete.
    let lengths = (0..end).step_by(end / 40).chain([1, 511, 512, 513, 1024, end - 512, end - 1]);
    for length in lengths {
        let archive = save(&home, &bytes[..length]);
        for (way, arguments) in ways(&home, &archive) {
            let run = run(&home, &arguments);
            let what = format!("cut to {length} of {end}, {way}: {}{}", run.stdout, run.stderr);
            let says = |words| run.stderr.contains(words) || run.stdout.contains(words);
            assert!(says("cut off") || says("truncated"), "{what}");
            if way == "extract" && run.status == Some(3) {
                stood_before_the_damage(&home, "default_config:\n", &what);
                continue;
            }
            assert_eq!(run.status, Some(1), "{what}");
            before.is_still_so(&home, &what);
        }
    }
}

#[test]
fn an_archive_with_a_flipped_bit_is_refused_or_restores_what_was_stored() {
    let home = victim();
    // Then most of the archive is content and not padding.
    home.write("www/noise.bin", noise(20_000));
    let (bytes, end) = good(&home);
    let original = restored(&home, &bytes).expect("the original restores");
    let before = Before::of(&home);
    let mut refused = 0;
    for bit in (0..end * 8).step_by(end * 8 / 150) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        match restored(&home, &flipped) {
            Ok(tree) => assert_eq!(tree, original, "bit {bit}"),
            Err(run) => {
                assert_eq!(run.status, Some(1), "bit {bit}: {}", run.stderr);
                refused += 1;
            }
        }
        before.is_still_so(&home, &format!("bit {bit}"));
    }
    assert!(refused > 100, "only {refused} were noticed");
}

type Tree = std::collections::BTreeMap<std::path::PathBuf, String>;

/// The result of restoring an archive elsewhere, which is then removed.
fn restored(home: &TestHome, bytes: &[u8]) -> Result<Tree, Run> {
    let archive = save(home, bytes);
    let to = elsewhere(home);
    let run = home.larder(&["restore", archive.to_str().unwrap(), "--to", to.to_str().unwrap()]);
    if run.status != Some(0) {
        return Err(run);
    }
    let tree = describe(&to, &[]);
    fs::remove_dir_all(&to).unwrap();
    Ok(tree)
}

#[test]
fn damage_at_every_layer_is_named() {
    let with_flip = |place: fn(usize) -> usize| {
        let mut inner = gzip(&Tar::home().file("data/f", noise(4000)).end());
        let at = place(inner.len());
        inner[at] ^= 0x10;
        backup_of(&inner)
    };
    let flipped_header = {
        let mut bytes = Tar::home().file("data/f", "x").cut();
        bytes[1536 + 3] ^= 1;
        Tar::default().raw(bytes).backup()
    };
    let truncated_inside = {
        let inner = Tar::home().file("data/f", noise(4000)).end();
        let whole = gzip(&inner);
        outer().file("homeassistant.tar.gz", &whole[..whole.len() - 9]).end()
    };
    all_are_refused(vec![
        case("the gzip check value", with_flip(|length| length - 8), "gzip"),
        case("the gzip length", with_flip(|length| length - 1), "gzip"),
        case("the middle of the gzip stream", with_flip(|length| length / 2), "damaged archive"),
        case("the end of the gzip stream missing", truncated_inside, "cut off"),
        case("a header of the inner tar", flipped_header, "checksum"),
        case(
            "more behind the end mark, without a check value",
            behind_the_end(),
            "follows the end-of-archive marker",
        ),
    ]);
}

fn behind_the_end() -> Vec<u8> {
    outer().file("homeassistant.tar", Tar::home().raw([0; 1024]).file("data/evil", "x").end()).end()
}

#[test]
fn an_archive_that_is_no_file_or_not_there_is_refused() {
    let home = victim();
    let before = Before::of(&home);
    for path in [Path::new("/nowhere/x.tar"), home.root(), Path::new("/dev/null")] {
        for (way, arguments) in ways(&home, path) {
            let run = run(&home, &arguments);
            assert_eq!(run.status, Some(1), "{path:?}, {way}: {}", run.stderr);
            assert!(run.stderr.contains(path.to_str().unwrap()), "{path:?}, {way}: {}", run.stderr);
        }
        before.is_still_so(&home, path.to_str().unwrap());
    }
}
