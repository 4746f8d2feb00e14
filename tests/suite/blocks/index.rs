//! The index of the previous backup is a cache: even if it is missing, stale, damaged or forged, the next backup is complete
//! and correct.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use larder_guest::blocks::fingerprint::{Fingerprints, SEAL};
use larder_guest::securetar::Password;
use larder_tests::{TestHome, noise};
use serde_json::Value;

use super::{create, home, unchanged};

/// One block: fingerprint, length, offset, deflated, check, deflated fingerprint.
const ENTRY: usize = 52;
const LENGTH: std::ops::Range<usize> = 16..20;
const OFFSET: usize = 20;
const DEFLATED: usize = 28;
const CHECK: usize = 32;
const DEFLATED_FINGERPRINT: usize = 36;
/// Magic number and length, before the header.
const HEAD: usize = 16;

fn index(home: &TestHome) -> PathBuf {
    home.state().join("cache/last-backup")
}

/// The backup contains what the home does.
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

/// The key that seals this home's index.
fn key(home: &TestHome) -> String {
    let document = fs::read(home.state().join("documents/backup.json")).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    document["data"]["larder"]["index_key"].as_str().unwrap().to_owned()
}

/// The index with its entries changed, sealed again with a key.
fn forged(index: &[u8], key: &str, change: impl Fn(&mut [&mut [u8]])) -> Vec<u8> {
    let mut bytes = index[..index.len() - SEAL].to_vec();
    let about = u32::from_le_bytes(bytes[12..HEAD].try_into().unwrap()) as usize;
    change(&mut bytes[HEAD + about..].chunks_exact_mut(ENTRY).collect::<Vec<_>>());
    let seal = Fingerprints::new(&Password::new(key)).unwrap().seal(&bytes);
    bytes.extend_from_slice(&seal);
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
fn an_index_that_was_sealed_with_another_key_is_none() {
    let home = home();
    create(&home, &[]);
    let good = fs::read(index(&home)).unwrap();
    fs::write(index(&home), forged(&good, "not this home's key", |_| ())).unwrap();
    let created = create(&home, &[]);
    assert_eq!(unchanged(&created), 0);
    is_right(&home, &created, "another key");
    // Sealed with the home's key it is accepted, so the key decides.
    let good = fs::read(index(&home)).unwrap();
    fs::write(index(&home), forged(&good, &key(&home), |_| ())).unwrap();
    assert!(unchanged(&create(&home, &[])) > 1_000_000);
}

/// Something done to all entries.
type Change = Box<dyn Fn(&mut [&mut [u8]])>;

fn each(change: impl Fn(usize, &mut [u8]) + 'static) -> Change {
    Box::new(move |entries| {
        for (number, entry) in entries.iter_mut().enumerate() {
            change(number, entry);
        }
    })
}

fn put(at: usize, value: u128, count: usize) -> Change {
    each(move |_, entry| entry[at..at + count].copy_from_slice(&value.to_le_bytes()[..count]))
}

#[test]
fn an_index_that_leads_to_other_bytes_makes_no_wrong_backup_even_with_the_right_seal() {
    let home = home();
    create(&home, &[]);
    let (good, key) = (fs::read(index(&home)).unwrap(), key(&home));
    let changes = [
        ("another block's place", each(|number, entry| entry[OFFSET] ^= number as u8 | 1)),
        ("behind the end", put(OFFSET, u128::MAX - 5, 8)),
        ("the first block for all", put(OFFSET, 28, 8)),
        ("sizes of everything", put(DEFLATED, u128::MAX, 4)),
        ("sizes that are cut", each(|_, entry| entry[DEFLATED] = entry[DEFLATED].wrapping_sub(1))),
        ("sizes of nothing", put(DEFLATED, 0, 4)),
        ("fingerprints of others", put(0, 0, 16)),
    ];
    for (what, change) in changes {
        fs::write(index(&home), forged(&good, &key, change)).unwrap();
        let created = create(&home, &[]);
        is_right(&home, &created, what);
        fs::remove_file(home.backups().join(created["file"].as_str().unwrap())).unwrap();
    }
}

#[test]
fn an_index_that_is_not_true_of_the_last_backup_is_thrown_away_and_the_backup_made_anew() {
    let home = home();
    // Each block is described as its neighbor, where both have the same length.
    let exchanged: Change = Box::new(|entries| {
        for pair in entries.chunks_exact_mut(2) {
            if let [a, b] = pair
                && a[LENGTH] == b[LENGTH]
            {
                a[OFFSET..].swap_with_slice(&mut b[OFFSET..]);
            }
        }
    });
    let changes = [
        ("blocks exchanged", exchanged),
        ("other check values", each(|_, entry| entry[CHECK] ^= 1)),
        ("other fingerprints of what lies there", each(|_, entry| entry[DEFLATED_FINGERPRINT] ^= 1)),
    ];
    for (what, change) in changes {
        create(&home, &[]);
        let good = fs::read(index(&home)).unwrap();
        fs::write(index(&home), forged(&good, &key(&home), change)).unwrap();
        let created = create(&home, &[]);
        assert_eq!(unchanged(&created), 0, "{what}");
        is_right(&home, &created, what);
        home.larder(&["verify", created["backup_id"].as_str().unwrap()]).exits(0);
        assert!(unchanged(&create(&home, &[])) > 1_000_000, "{what}: there is a good one again");
    }
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

    // The same size but different bytes: detected when the new backup is read back, which is then made again.
    let archive = last();
    // After all headers, in the database.
    OpenOptions::new().write(true).open(&archive).unwrap().write_all_at(&noise(4000), 8192).unwrap();
    let before = home.archives();
    let created = create(&home, &[]);
    assert_eq!(unchanged(&created), 0, "nothing is taken from it");
    let doubted = &created["doubted"][0];
    assert_eq!(doubted["path"].as_str(), archive.file_name().unwrap().to_str());
    assert!(doubted["reason"].as_str().unwrap().contains("`larder verify` shows"), "{doubted}");
    is_right(&home, &created, "overwritten");
    home.larder(&["verify", created["backup_id"].as_str().unwrap()]).exits(0);
    assert_eq!(home.archives().len(), before.len() + 1, "nothing is left of the first try");
}
