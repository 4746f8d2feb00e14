//! A process that is killed at any call continues, and repeats at most one part.

use super::faulty::{Fault, Faulty};
use super::world::{File, World};
use crate::error::Kind;

#[test]
fn an_upload_in_parts_that_is_killed_at_any_call_repeats_at_most_one_part() {
    for wants_md5 in [true, false] {
        let undisturbed = World::new(Faulty { wants_md5, ..Faulty::new(Some(1000)) });
        let file = File::new(7500);
        undisturbed.store(&file).unwrap();
        let total = undisturbed.server.state.lock().unwrap().calls.len();
        assert_eq!(undisturbed.server.calls("send"), 8);
        for cut in 0..total {
            let world = World::new(Faulty { wants_md5, ..Faulty::new(Some(1000)) });
            let mut script = vec![None; cut];
            script.push(Some(Fault::Kill));
            world.server.script(script);
            assert_eq!(world.store(&file).unwrap_err().kind, Kind::Stopped, "cut at call {cut}");
            world.server.revive();
            world.store(&file).unwrap_or_else(|error| panic!("cut at call {cut}: {error}"));
            assert_eq!(world.server.object("backup.tar"), Some(file.content()));
            assert!(world.server.calls("send") <= 9, "cut at call {cut}: {}", world.server.calls("send"));
            assert!(world.has_nothing_unfinished(), "cut at call {cut}");
        }
    }
}

#[test]
fn an_upload_that_is_killed_at_any_call_and_not_wanted_is_cleaned_up() {
    for part_size in [Some(1000), None] {
        for cut in 0..20 {
            let world = World::new(Faulty::new(part_size));
            let file = File::new(3500);
            let mut script = vec![None; cut];
            script.push(Some(Fault::Kill));
            world.server.script(script);
            let _ = world.store(&file);
            world.server.revive();
            world.remote().clean(&|_| false, &world.stop);
            assert!(world.has_nothing_unfinished(), "cut at call {cut}");
            let there = world.server.object("backup.tar");
            assert!(there.is_none() || there == Some(file.content()), "cut at call {cut}");
        }
    }
}

#[test]
fn what_is_wanted_is_not_cleaned_up() {
    let world = World::new(Faulty::new(Some(1000)));
    world.server.script(vec![None, None, None, Some(Fault::Kill)]);
    let _ = world.store(&File::new(3500));
    world.server.revive();
    assert!(world.remote().clean(&|name| name == "backup.tar", &world.stop).is_empty());
    assert_eq!(world.server.unfinished(), 1);
    assert_eq!(
        world.remote().clean(&|_| false, &world.stop),
        ["removed the unfinished upload of backup.tar"]
    );
}

#[test]
fn another_file_or_a_forgotten_upload_begins_anew() {
    let world = World::new(Faulty::new(Some(1000)));
    let kill = vec![None, None, None, Some(Fault::Kill)];
    world.server.script(kill.clone());
    let _ = world.store(&File::new(3500));
    world.server.revive();
    let other = File::new(3600);
    world.store(&other).unwrap();
    assert_eq!(world.server.object("backup.tar"), Some(other.content()));
    assert!(world.has_nothing_unfinished());

    let world = World::new(Faulty::new(Some(1000)));
    let file = File::new(3500);
    world.server.script(kill);
    let _ = world.store(&file);
    world.server.revive();
    world.server.state.lock().unwrap().uploads.clear();
    world.store(&file).unwrap();
    assert_eq!(world.server.object("backup.tar"), Some(file.content()));
    assert!(world.has_nothing_unfinished());
}

#[test]
fn an_upload_keeps_its_part_size_when_the_settings_have_another() {
    let world = World::new(Faulty::new(Some(1000)));
    let file = File::new(3500);
    world.server.script(vec![None, None, None, None, Some(Fault::Kill)]);
    let _ = world.store(&file);
    world.server.revive();
    let parts = std::mem::take(&mut *world.server.state.lock().unwrap());
    let server = Faulty::new(Some(700));
    *server.state.lock().unwrap() = parts;
    let world = World { server: std::sync::Arc::new(server), ..world };
    world.store(&file).unwrap();
    assert_eq!(world.server.object("backup.tar"), Some(file.content()));
    assert_eq!(world.server.calls("send"), 4);
}

#[test]
fn a_lost_answer_to_the_end_sends_nothing_again() {
    for part_size in [Some(1000), None] {
        for kind in [Kind::Unclear, Kind::Interrupted] {
            let world = World::new(Faulty::new(part_size));
            let file = File::new(900);
            world.server.script(vec![None, None, None, Some(Fault::Lose(kind))]);
            world.store(&file).unwrap();
            assert_eq!((world.server.calls("send"), world.server.calls("finish")), (1, 1));
            assert_eq!(world.server.object("backup.tar"), Some(file.content()));
            assert!(world.has_nothing_unfinished());
        }
    }
}
