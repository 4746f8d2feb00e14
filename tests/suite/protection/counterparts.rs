//! Home Assistant's library and Larder open each other's protected backups, in every version.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::{Compression, GzBuilder};
use larder_tests::tar::Tar;
use larder_tests::{TestHome, assert_same_members, counterpart, describe, members, noise};

use super::{Scene, backup, part, says_protected, versions};

const MIB: usize = 1 << 20;

/// More than one message of SecureTar 3, and an entry of every kind.
fn rich() -> Scene {
    let home = TestHome::example();
    home.write("www/large.bin", noise(2 * MIB + 12_345));
    home.write("www/empty.txt", "");
    Scene::of(home)
}

#[test]
fn our_protected_backups_are_opened_read_and_unpacked_by_home_assistants_library() {
    let scene = rich();
    let config = scene.home.config();
    for version in [2, 3] {
        let archive = scene.ours(version);
        let Some(check) = scene.reference("check", &archive) else { return };
        assert_eq!((&check["right"], &check["parts"][0]), (&true.into(), &"homeassistant.tar.gz".into()));
        let wrong = counterpart(&["check", archive.to_str().unwrap(), "--password-file", &scene.wrong]);
        assert_eq!(wrong.unwrap()["right"], false, "version {version}");

        let read = scene.reference("read", &archive).unwrap();
        assert_eq!(read["backup"]["protected"], true);
        let read = members(&read);
        let wanted = counterpart(&[Path::new("describe"), Path::new("--prefix=data"), &config]).unwrap();
        assert_same_members(&read, &members(&wanted));

        let to = scene.root(&format!("unpacked {version}"));
        let words = ["extract", archive.to_str().unwrap(), to.to_str().unwrap()];
        counterpart(&[&words[..], &["--password-file", &scene.right]].concat()).unwrap();
        let unpacked = fs::read(to.join("data/www/large.bin")).unwrap();
        assert_eq!(unpacked, noise(2 * MIB + 12_345), "version {version}");
    }
}

#[test]
fn home_assistants_protected_backups_of_every_version_are_verified_and_restored_here() {
    let scene = rich();
    let wanted = describe(&scene.home.config(), &[]);
    for version in [1, 2, 3] {
        let Some(archive) = scene.theirs(version) else { return };
        let archive = archive.to_str().unwrap();
        let verified = scene.opened(&["--json", "verify", archive]).exits(0).json();
        assert_eq!((&verified["securetar"], &verified["restorable"]), (&version.into(), &true.into()));
        let checked = scene.opened(&["--json", "check-password", archive]).exits(0).json();
        assert_eq!((&checked["verdict"], &checked["securetar"]), (&"right".into(), &version.into()));
        let to = scene.root(&format!("restored {version}"));
        scene.opened(&["restore", archive, "--to", to.to_str().unwrap()]).exits(0);
        // Python keeps whole microseconds.
        let without_time = |tree: std::collections::BTreeMap<PathBuf, String>| {
            tree.into_iter()
                .map(|(path, line)| (path, line.rsplit_once(' ').unwrap().0.to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(without_time(describe(&to, &[])), without_time(wanted.clone()), "version {version}");
        let picked = scene.root(&format!("picked {version}"));
        let words = ["extract", archive, "www/large.bin", "--to", picked.to_str().unwrap()];
        scene.opened(&words).exits(0);
        assert_eq!(fs::read(picked.join("www/large.bin")).unwrap().len(), 2 * MIB + 12_345);
    }
}

/// A home as gzip of exactly that many bytes: a comment in gzip's header fills the rest.
fn gzip_of(length: usize) -> Vec<u8> {
    let tar = Tar::home().file("data/noise", noise(length - 40_000)).end();
    let commented = |comment: usize| {
        let mut sink = GzBuilder::new().comment(vec![b'c'; comment]).write(Vec::new(), Compression::none());
        sink.write_all(&tar).unwrap();
        sink.finish().unwrap()
    };
    let bytes = commented(length - commented(0).len());
    assert_eq!(bytes.len(), length);
    bytes
}

#[test]
fn parts_of_sizes_around_the_borders_of_messages_go_both_ways() {
    let scene = Scene::new();
    for length in [MIB - 1, MIB, MIB + 1, 2 * MIB - 16, 2 * MIB, 2 * MIB + 1] {
        let plain = gzip_of(length);
        let original = scene.save(&backup(&plain, false));
        for version in ["2", "3"] {
            let (sealed, opened) = (scene.root("sealed.tar"), scene.root("opened.tar"));
            let [from, sealed_name, to] = [&original, &sealed, &opened].map(|path| path.to_str().unwrap());
            scene.opened(&["encrypt", from, "--to", sealed_name, "--securetar", version]).exits(0);
            scene.opened(&["verify", sealed_name]).exits(0);
            let Some(parts) = scene.reference("parts", &sealed) else { return };
            let names = parts["parts"]["homeassistant.tar.gz"].as_array().unwrap();
            assert_eq!(names.len(), 3, "{length} bytes in version {version}");
            scene.opened(&["decrypt", sealed_name, "--to", to]).exits(0);
            assert!(part(&opened) == plain, "{length} bytes in version {version}");

            theirs_is_the_same(&scene, &plain, version);
            [&sealed, &opened].into_iter().for_each(|path| fs::remove_file(path).unwrap());
        }
    }
}

/// The part as Home Assistant's library protects it opens here.
fn theirs_is_the_same(scene: &Scene, plain: &[u8], version: &str) {
    let (source, theirs) = (scene.root("part.gz"), scene.root("part.sealed"));
    fs::write(&source, plain).unwrap();
    let words = ["encrypt", source.to_str().unwrap(), theirs.to_str().unwrap()];
    let options = ["--securetar-version", version, "--password-file", &scene.right];
    counterpart(&[&words[..], &options].concat()).unwrap();
    let archive = scene.root("theirs.tar");
    fs::write(&archive, backup(&fs::read(&theirs).unwrap(), true)).unwrap();
    scene.opened(&["verify", archive.to_str().unwrap()]).exits(0);
}

/// A Supervisor's backup, unprotected if no version is given.
fn supervisors(scene: &Scene, version: Option<u8>) -> Option<PathBuf> {
    let archive = scene.root(&format!("supervisor {version:?}.tar"));
    let version = version.map(|version| version.to_string());
    let mut words = vec!["create-supervisor", archive.to_str().unwrap()];
    let config = scene.home.config();
    words.push(config.to_str().unwrap());
    if let Some(version) = &version {
        words.extend(["--securetar-version", version, "--password-file", &scene.right]);
    }
    counterpart(&words).map(|_| archive)
}

#[test]
fn a_supervisors_protected_backup_is_verified_and_each_part_of_its_decrypted_copy_is_read_by_python() {
    let scene = Scene::of(TestHome::example());
    for version in [2, 3] {
        let Some(archive) = supervisors(&scene, Some(version)) else { return };
        let verified = scene.opened(&["--json", "verify", archive.to_str().unwrap()]).exits(0).json();
        assert_eq!(verified["securetar"], version);
        let (copy, file) = (scene.root(&format!("decrypted {version}.tar")), archive.to_str().unwrap());
        scene.opened(&["decrypt", file, "--to", copy.to_str().unwrap()]).exits(0);
        let wanted = scene.reference("parts", &archive).unwrap();
        let found = counterpart(&["parts", copy.to_str().unwrap()]).unwrap();
        assert_eq!(wanted["parts"].as_object().unwrap().len(), 4, "an add-on, the home and two folders");
        assert_eq!(found["parts"], wanted["parts"]);
        assert_eq!((&wanted["protected"], &found["protected"]), (&true.into(), &false.into()));
        assert_eq!(versions(&copy), [None; 4]);
        scene.home.larder(&["verify", copy.to_str().unwrap()]).exits(0);
    }
}

#[test]
fn a_supervisors_backup_that_was_encrypted_here_is_opened_part_by_part_by_home_assistants_library() {
    let scene = Scene::of(TestHome::example());
    let Some(archive) = supervisors(&scene, None) else { return };
    let wanted = counterpart(&["parts", archive.to_str().unwrap()]).unwrap();
    for version in [2, 3] {
        let copy = scene.root(&format!("encrypted {version}.tar"));
        let (from, to) = (archive.to_str().unwrap(), copy.to_str().unwrap());
        scene.opened(&["encrypt", from, "--to", to, "--securetar", &version.to_string()]).exits(0);
        assert_eq!(scene.reference("check", &copy).unwrap()["right"], true);
        let found = scene.reference("parts", &copy).unwrap();
        assert_eq!(found["parts"], wanted["parts"], "version {version}");
        assert_eq!((&found["protected"], says_protected(&copy)), (&true.into(), true.into()));
        assert_eq!(versions(&copy), [Some(version); 4]);
        scene.opened(&["verify", to]).exits(0);
    }
}
