//! The index of the last backup is never believed: missing, stale, damaged or forged, the next backup is complete and right.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use larder_tests::{TestHome, noise};
use serde_json::Value;

use super::{create, home, unchanged};

const DIGEST: usize = 8;
const ENTRY: usize = 24;
/// Magic and length, before what the index is about.
const HEAD: usize = 16;

fn index(home: &TestHome) -> PathBuf {
    home.state().join("cache/last-backup")
}

/// The backup holds what the home does.
#[track_caller]
fn is_right(home: &TestHome, created: &Value, what: &str) {
    let restored = home.restore(&home.backups().join(created["file"].as_str().unwrap()));
    for name in [
        "zigbee2mqtt/log.txt",
        "media/noise.bin",
        "media/zeros.bin",
        "packages/399.yaml",
        "home-assistant_v2.db",
    ] {
        assert!(
            fs::read(restored.join(name)).unwrap() == fs::read(home.path(name)).unwrap(),
            "{what}: {name}"
        );
    }
}

/// The index with its entries changed, and a digest that fits again.
fn forged(index: &[u8], change: impl Fn(usize, &mut [u8; ENTRY])) -> Vec<u8> {
    let mut bytes = index[..index.len() - DIGEST].to_vec();
    let about = u32::from_le_bytes(bytes[12..HEAD].try_into().unwrap()) as usize;
    for (number, entry) in bytes[HEAD + about..].chunks_exact_mut(ENTRY).enumerate() {
        change(number, entry.try_into().unwrap());
    }
    let digest = xxhash_rust::xxh3::xxh3_64(&bytes);
    bytes.extend_from_slice(&digest.to_le_bytes());
    bytes
}

#[test]
fn an_index_that_is_not_whole_is_made_anew() {
    let home = home();
    create(&home, &[]);
    let good = fs::read(index(&home)).unwrap();
    let flipped: Vec<_> =
        good.iter().enumerate().map(|(at, byte)| if at == 100 { !byte } else { *byte }).collect();
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("cut", good[..good.len() / 2].to_vec()),
        ("noise", noise(5000)),
        ("flipped", flipped),
        ("huge", vec![0; 33 << 20]),
    ] {
        fs::write(index(&home), bytes).unwrap();
        let created = create(&home, &[]);
        assert_eq!(unchanged(&created), 0, "{what}");
        is_right(&home, &created, what);
        assert!(unchanged(&create(&home, &[])) > 1_000_000, "{what}: there is a good one again");
    }
    fs::remove_file(index(&home)).unwrap();
    fs::create_dir(index(&home)).unwrap();
    let created = create(&home, &[]);
    is_right(&home, &created, "a directory in its place");
}

#[test]
fn a_forged_index_makes_no_wrong_backup() {
    let home = home();
    let first = create(&home, &[]);
    let good = fs::read(index(&home)).unwrap();
    let archive = home.backups().join(first["file"].as_str().unwrap());
    type Change = Box<dyn Fn(usize, &mut [u8; ENTRY])>;
    let put = |at: usize, value: u64, count: usize| -> Change {
        Box::new(move |_, entry| entry[at..at + count].copy_from_slice(&value.to_le_bytes()[..count]))
    };
    let changes: Vec<(&str, Change)> = vec![
        (
            "another block's place",
            Box::new(|number, entry| {
                let shift = (number as u64 + 1) * 977;
                let offset = u64::from_le_bytes(entry[12..20].try_into().unwrap());
                entry[12..20].copy_from_slice(&(offset ^ shift).to_le_bytes());
            }),
        ),
        ("behind the end", put(12, u64::MAX - 5, 8)),
        ("the first block for all", put(12, 28, 8)),
        ("sizes of nothing", put(20, 0, 4)),
        ("sizes of everything", put(20, u64::from(u32::MAX), 4)),
        ("sizes that are cut", Box::new(|_, entry| entry[20] = entry[20].wrapping_sub(1))),
        ("digests of others", put(0, 0, 8)),
    ];
    for (what, change) in changes {
        fs::write(index(&home), forged(&good, change)).unwrap();
        let created = create(&home, &[]);
        is_right(&home, &created, what);
        fs::remove_file(home.backups().join(created["file"].as_str().unwrap())).unwrap();
    }
    assert!(archive.exists());
}

#[test]
fn another_archive_in_the_place_of_the_last_one_makes_no_wrong_backup() {
    let home = home();
    let last = || {
        let created = create(&home, &[]);
        home.backups().join(created["file"].as_str().unwrap())
    };
    let archive = last();
    fs::remove_file(&archive).unwrap();
    let created = create(&home, &[]);
    assert_eq!(unchanged(&created), 0, "it is gone");
    is_right(&home, &created, "gone");

    let archive = last();
    fs::copy(&archive, home.root().join("shorter.tar")).unwrap();
    OpenOptions::new()
        .append(true)
        .open(&archive)
        .unwrap()
        .set_len(fs::metadata(&archive).unwrap().len() - 512)
        .unwrap();
    let created = create(&home, &[]);
    assert_eq!(unchanged(&created), 0, "it has another size");
    is_right(&home, &created, "shorter");

    // The same size, and bytes that are not those: some blocks still fit, the others are made anew.
    let archive = last();
    let middle = fs::metadata(&archive).unwrap().len() / 4;
    OpenOptions::new().write(true).open(&archive).unwrap().write_all_at(&noise(20_000), middle).unwrap();
    let created = create(&home, &[]);
    is_right(&home, &created, "overwritten");
    home.larder(&["verify", created["backup_id"].as_str().unwrap()]).exits(0);
}
