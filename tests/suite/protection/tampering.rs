//! Protected parts that an attacker or a disk has changed: version 3 detects everything, older versions warn that they cannot.

use std::fs;

use larder_tests::tar::{Tar, gzip};
use larder_tests::{TestHome, assert_snapshot, noise};

use super::{INCORRECT, Scene, backup, part, refused, ways};

const MIB: usize = 1 << 20;
/// The header of version 3, and a message with what the encryption adds.
const HEADER: usize = 136;
const MESSAGE: usize = MIB + 17;
const SIZE: std::ops::Range<usize> = 16..24;

const DAMAGED: &str = "backup_damaged";

/// The result of a changed byte: where the field ends, the code, and a fragment of the message.
const FIELDS: [(usize, &str, &str); 8] = [
    // Without its magic number it can only be taken for version 1, or for an unknown format.
    (9, INCORRECT, "cannot tell which"),
    (10, "decrypt_not_supported", "SecureTar 19, which this version of Larder does not know; update Larder"),
    (16, DAMAGED, "are not zero"),
    (24, DAMAGED, "encrypted bytes do not match"),
    (32, DAMAGED, "are not zero"),
    (96, INCORRECT, "wrong password"),
    (112, DAMAGED, "message 1 of the protected part fails its authentication check"),
    (136, DAMAGED, "message 1 of the protected part fails its authentication check"),
];

/// A protected part of a home with that much noise.
fn sealed(scene: &Scene, version: &str, content: usize) -> Vec<u8> {
    let plain = scene.save(&backup(&gzip(&Tar::home().file("data/noise", noise(content)).end()), false));
    let to = scene.root("sealed.tar");
    let words = ["encrypt", plain.to_str().unwrap(), "--to", to.to_str().unwrap(), "--securetar", version];
    scene.opened(&words).exits(0);
    let sealed = part(&to);
    fs::remove_file(to).unwrap();
    sealed
}

/// `verify` must refuse it. Returns the message.
#[track_caller]
fn refused_by_verify(scene: &Scene, part: &[u8], code: &str) -> String {
    let archive = scene.save(&backup(part, true));
    refused(scene, &["verify".into(), archive.to_str().unwrap().into()], Some(&scene.right), code)
}

/// Every command must refuse it with that message.
#[track_caller]
fn refused_by_all(scene: &Scene, part: &[u8], code: &str, says: &str) {
    let archive = scene.save(&backup(part, true));
    for way in ways(scene, &archive) {
        let taken = (way[0] == "extract").then(|| taken_before_the_damage(scene, &way)).flatten();
        let said = taken.unwrap_or_else(|| refused(scene, &way, Some(&scene.right), code));
        assert!(said.contains(says), "{way:?}: `{says}` is not said: {said}");
        assert!(said.contains(archive.to_str().unwrap()), "{way:?}: it is not said of what: {said}");
    }
}

/// The message about the damage if the requested file ends before it; `None` if it does not.
fn taken_before_the_damage(scene: &Scene, way: &[String]) -> Option<String> {
    let words: Vec<&str> = ["--json"].into_iter().chain(way.iter().map(String::as_str)).collect();
    let run = scene.opened(&words);
    (run.status == Some(3)).then(|| {
        let new = scene.root("new");
        assert_eq!(fs::read_to_string(new.join("configuration.yaml")).unwrap(), "restored:\n");
        fs::remove_dir_all(new).unwrap();
        run.json()["damaged"].as_str().unwrap().to_owned()
    })
}

#[test]
fn every_changed_byte_of_the_header_of_version_3_is_noticed() {
    let scene = Scene::new();
    let good = sealed(&scene, "3", 1000);
    let archive = scene.save(&backup(&good, true));
    scene.opened(&["verify", archive.to_str().unwrap()]).exits(0);
    for at in 0..HEADER {
        let mut part = good.clone();
        part[at] ^= 0x10;
        let (_, code, says) = FIELDS.into_iter().find(|(end, ..)| at < *end).unwrap();
        // Whether the length could be that of version 1 does not depend on the byte.
        let (code, says) = match at < 9 && !good.len().is_multiple_of(16) {
            true => (DAMAGED, "neither protected nor a tar"),
            false => (code, says),
        };
        let said = refused_by_verify(&scene, &part, code);
        assert!(said.contains(says), "byte {at}: `{says}` is not said: {said}");
    }
}

#[test]
fn a_changed_field_of_the_header_of_version_3_is_noticed_in_every_way_to_read() {
    let scene = Scene::new();
    let good = sealed(&scene, "3", 1000);
    for (at, code, says) in FIELDS.map(|(end, code, says)| (end - 1, code, says)).into_iter().skip(1) {
        let mut part = good.clone();
        part[at] ^= 0x10;
        refused_by_all(&scene, &part, code, says);
    }
}

#[test]
fn changed_bytes_all_over_the_messages_of_version_3_are_noticed() {
    let scene = Scene::new();
    let good = sealed(&scene, "3", 3 * MIB + 4000);
    let messages = (good.len() - HEADER).div_ceil(MESSAGE);
    assert!(messages >= 4);
    let sampled = (HEADER..good.len()).step_by(good.len() / 32);
    // The first and last byte of each message: its encrypted tag and its authentication.
    let borders =
        (0..messages).flat_map(|n| [HEADER + n * MESSAGE, (HEADER + (n + 1) * MESSAGE).min(good.len()) - 1]);
    for at in sampled.chain(borders) {
        let mut part = good.clone();
        part[at] ^= 1 << (at % 8);
        let said = refused_by_verify(&scene, &part, DAMAGED);
        let number = (at - HEADER) / MESSAGE + 1;
        let says = format!("message {number} of the protected part fails its authentication check");
        assert!(said.contains(&says), "byte {at}: {said}");
    }
}

/// Messages in another order or number, with a header whose size agrees, as an attacker would have it.
fn rearranged(good: &[u8], order: &[usize]) -> Vec<u8> {
    let messages: Vec<&[u8]> = good[HEADER..].chunks(MESSAGE).collect();
    let body: Vec<&[u8]> = order.iter().map(|number| messages[number - 1]).collect();
    let size: usize = body.iter().map(|message| message.len() - 17).sum();
    let mut part = [&good[..HEADER], &body.concat()].concat();
    part[SIZE].copy_from_slice(&(size as u64).to_be_bytes());
    part
}

#[test]
fn messages_of_version_3_that_are_swapped_dropped_or_repeated_are_noticed() {
    let scene = Scene::new();
    let good = sealed(&scene, "3", 3 * MIB + 4000);
    let cases: [(&[usize], &str); 9] = [
        (&[2, 1, 3, 4], "message 1 of the protected part fails its authentication check"),
        (&[1, 3, 2, 4], "message 2 of the protected part fails its authentication check"),
        (&[2, 3, 4], "message 1 of the protected part fails its authentication check"),
        (&[1, 3, 4], "message 2 of the protected part fails its authentication check"),
        (&[1, 2, 4], "message 3 of the protected part fails its authentication check"),
        (&[1, 2, 3], "the protected part is cut off after message 3"),
        (&[1], "the protected part is cut off after message 1"),
        (&[1, 1, 2, 3, 4], "message 2 of the protected part fails its authentication check"),
        (&[1, 2, 2, 3, 4], "message 3 of the protected part fails its authentication check"),
    ];
    assert_eq!(rearranged(&good, &[1, 2, 3, 4]), good);
    for (order, says) in cases {
        refused_by_all(&scene, &rearranged(&good, order), DAMAGED, says);
    }
    // The last message must be as long as all others to be followed by one: only then is its mark what is wrong.
    let even = sealed_of_whole_messages(&scene);
    refused_by_all(
        &scene,
        &rearranged(&even, &[1, 2, 1]),
        DAMAGED,
        "ends at message 2, but more data follows",
    );
}

/// Two messages of 1 MiB each.
fn sealed_of_whole_messages(scene: &Scene) -> Vec<u8> {
    let tar = Tar::home().file("data/noise", noise(2 * MIB - 3 * 512 - 1024 - 512)).cut();
    let tar = [tar, vec![0; 1024]].concat();
    assert_eq!(tar.len(), 2 * MIB);
    let mut manifest = larder_tests::tar::manifest();
    manifest["compressed"] = false.into();
    let outer = Tar::default().file("./backup.json", manifest.to_string()).file("homeassistant.tar", tar);
    let (plain, to) = (scene.save(&outer.end()), scene.root("sealed.tar"));
    scene.opened(&["encrypt", plain.to_str().unwrap(), "--to", to.to_str().unwrap()]).exits(0);
    let sealed = part(&to);
    fs::remove_file(to).unwrap();
    assert_eq!(sealed.len(), HEADER + 2 * MESSAGE);
    sealed
}

#[test]
fn a_protected_part_that_is_cut_off_or_lies_about_its_size_is_noticed() {
    let scene = Scene::new();
    for (version, header) in [("3", HEADER), ("2", 48)] {
        let good = sealed(&scene, version, 2 * MIB);
        for length in
            [header + 1, header + 16, header + MIB, good.len() - 17, good.len() - 16, good.len() - 1]
        {
            refused_by_all(&scene, &good[..length], DAMAGED, "encrypted bytes do not match that size");
        }
        for length in [0, 1, 15, 31, header - 1] {
            let said = refused_by_verify(&scene, &good[..length], DAMAGED);
            assert!(
                said.contains("neither protected nor a tar") || said.contains("cut off"),
                "{length}: {said}"
            );
        }
        let size = u64::from_be_bytes(good[SIZE].try_into().unwrap());
        let lies = [0, 1, size - 16, size + 16, size + MIB as u64, u64::MAX, u64::MAX - 16];
        for lie in lies {
            let mut part = good.clone();
            part[SIZE].copy_from_slice(&lie.to_be_bytes());
            let said = refused_by_verify(&scene, &part, DAMAGED);
            assert!(said.contains(&format!("claims {lie} bytes")), "{said}");
        }
    }
}

#[test]
fn changed_bytes_all_over_a_part_of_version_2_are_noticed_by_the_check_value_of_gzip() {
    let scene = Scene::new();
    let good = sealed(&scene, "2", 50_000);
    for at in (48..good.len()).step_by(good.len() / 40).chain([good.len() - 17, good.len() - 1]) {
        let mut part = good.clone();
        part[at] ^= 1 << (at % 8);
        // Only the first block is read to check a password.
        let code = if at < 64 { INCORRECT } else { DAMAGED };
        let said = refused_by_verify(&scene, &part, code);
        assert!(said.contains("damaged"), "byte {at}: {said}");
    }
}

#[test]
fn show_and_verify_say_which_versions_carry_no_authentication() {
    let scene = Scene::of(TestHome::example());
    for (version, archive) in scene.every_version() {
        let file = archive.to_str().unwrap();
        let shown = scene.home.larder(&["--json", "show", file]).exits(0).json();
        let verified = scene.opened(&["--json", "verify", file]).exits(0).json();
        for warnings in [&shown["backup"]["warnings"], &verified["warnings"]] {
            let said = warnings
                .to_string()
                .contains(&format!("SecureTar {version} does not authenticate its contents"));
            assert_eq!(said, version < 3, "version {version}: {warnings}");
            assert_eq!(warnings.as_array().unwrap().len(), usize::from(version < 3));
        }
        let id = verified["backup_id"].as_str().unwrap();
        let root = scene.home.root().to_str().unwrap();
        let known = [(root, "[root]"), (id, "[id]")];
        let show = scene.home.larder(&["show", file]).exits(0).stdout;
        let verify = scene.opened(&["verify", file]).exits(0).stdout;
        assert_snapshot(&format!("show-protected-{version}"), &show, &known);
        assert_snapshot(&format!("verify-protected-{version}"), &verify, &known);
    }
}
