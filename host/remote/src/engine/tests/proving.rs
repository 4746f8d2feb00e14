//! What is at the server is compared with the source as far as is asked, and what is wrong does not stay.

use super::faulty::{Fault, Faulty};
use super::world::{File, World};
use crate::engine::{Proof, Verify};
use crate::error::Kind;

#[test]
fn the_proof_is_what_was_asked_or_the_next_that_is_possible() {
    let large = 6 << 20;
    let cases = [
        (Verify::Digest, true, large, Proof::Digest),
        (Verify::Digest, false, large, Proof::Sample),
        (Verify::Digest, false, 5000, Proof::Full),
        (Verify::Sample, true, large, Proof::Sample),
        (Verify::Full, true, large, Proof::Full),
        (Verify::Digest, true, 0, Proof::Full),
    ];
    for (verify, wants_md5, size, proof) in cases {
        let server = Faulty { wants_md5, ..Faulty::new(Some(1 << 20)) };
        let world = World { verify, ..World::new(server) };
        assert_eq!(world.store(&File::new(size)).unwrap().proof, proof, "{verify:?} {wants_md5} {size}");
    }
}

#[test]
fn a_location_that_cannot_be_read_proves_the_size_and_says_so() {
    let world = World::new(Faulty { is_write_only: true, ..Faulty::new(None) });
    let stored = world.store(&File::new(5000)).unwrap();
    assert_eq!(stored.proof, Proof::Size);
    assert!(stored.notes[0].contains("cannot be read back"), "{stored:?}");
}

#[test]
fn other_bytes_at_the_server_are_deleted_and_an_error() {
    for part_size in [Some(1000), None] {
        let world = World { verify: Verify::Digest, ..World::new(Faulty::new(part_size)) };
        world.server.script(vec![None, None, Some(Fault::Corrupt)]);
        let error = world.store(&File::new(3500)).unwrap_err();
        assert_eq!(error.kind, Kind::Interrupted);
        assert!(error.message.contains("are wrong at the server"), "{error}");
        assert_eq!(world.server.object("backup.tar"), None);
        assert!(world.has_nothing_unfinished());
    }
}

#[test]
fn a_name_that_is_taken_is_left_alone() {
    let world = World::new(Faulty::new(None));
    world.server.put("backup.tar", b"another's".to_vec());
    assert_eq!(world.store(&File::new(3500)).unwrap_err().kind, Kind::Exists);
    assert_eq!(world.store(&File::new(9)).unwrap_err().kind, Kind::Exists);
    assert_eq!(world.server.object("backup.tar"), Some(b"another's".to_vec()));
    assert!(world.has_nothing_unfinished());
}

#[test]
fn a_source_that_changes_is_never_finished() {
    type Change = fn(&File);
    let changes: [(&str, Change); 2] = [
        ("shorter", |file| file.bytes.lock().unwrap().truncate(100)),
        ("touched", |file| *file.fingerprint.lock().unwrap() = "second".to_owned()),
    ];
    for (what, change) in changes {
        for part_size in [Some(1000), None] {
            let world = World::new(Faulty::new(part_size));
            let file = File::new(3500);
            let changed = file.clone();
            let is_changed = std::sync::atomic::AtomicBool::new(false);
            let at_start = move |_| {
                if !is_changed.swap(true, std::sync::atomic::Ordering::SeqCst) {
                    change(&changed);
                }
            };
            // The first report comes when the parts begin; a slow server gives it time.
            world.server.script(vec![None, None, Some(Fault::Refuse(Kind::Interrupted))]);
            let result = world.remote().store("backup.tar", file.clone(), &at_start, &world.stop);
            if let Err(error) = result {
                assert_eq!(error.kind, Kind::Changed, "{what}: {error}");
                assert_eq!(world.server.object("backup.tar"), None, "{what}");
                assert!(world.has_nothing_unfinished(), "{what}");
            }
        }
    }
}

#[test]
fn a_small_object_is_read_back() {
    let world = World { verify: Verify::Digest, ..World::new(Faulty::new(None)) };
    let remote = world.remote();
    remote.put("record.json", b"{}", &world.stop).unwrap();
    assert_eq!(world.server.object("record.json"), Some(b"{}".to_vec()));
    assert!(world.server.calls("read") > 0);
    assert_eq!(remote.put("record.json", b"[]", &world.stop).unwrap_err().kind, Kind::Exists);
}

#[test]
fn the_test_of_a_location_says_what_it_can_and_leaves_nothing() {
    for part_size in [Some(1 << 20), None] {
        let world = World::new(Faulty::new(part_size));
        let checks = world.remote().test(&world.stop);
        assert!(checks.iter().all(|check| check.result.is_ok()), "{checks:?}");
        assert!(checks.iter().any(|check| check.what == "existing names"
            && check.result.as_ref().unwrap().starts_with("are protected")));
        assert!(world.server.state.lock().unwrap().objects.is_empty());
        assert!(world.has_nothing_unfinished());
    }
    for cut in 0..30 {
        let world = World::new(Faulty::new(None));
        let mut script = vec![None; cut];
        script.push(Some(Fault::Kill));
        world.server.script(script);
        world.remote().test(&world.stop);
        world.server.revive();
        world.remote().clean(&|_| true, &world.stop);
        assert!(world.server.state.lock().unwrap().objects.is_empty(), "cut at call {cut}");
        assert!(world.has_nothing_unfinished(), "cut at call {cut}");
    }
}
