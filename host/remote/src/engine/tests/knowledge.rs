//! What is known of a location stays known over restarts and errors.

use super::faulty::{Fault, Faulty};
use super::world::World;
use crate::error::Kind;

#[test]
fn a_listing_is_sorted_without_temporary_names_and_remembered() {
    let world = World::new(Faulty::new(None));
    assert_eq!(world.remote().remembered(), None);
    for name in ["b", "a", ".larder-x.part", ".hidden"] {
        world.server.put(name, name.as_bytes().to_vec());
    }
    let listing = world.remote().list(&world.stop).unwrap();
    let names: Vec<_> = listing.objects.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(names, [".hidden", "a", "b"]);
    assert_eq!(world.remote().remembered(), Some(listing.clone()));
    assert_eq!(world.remote().state().free, Some(1000));

    world.server.script(vec![Some(Fault::Refuse(Kind::Denied))]);
    world.remote().list(&world.stop).unwrap_err();
    let state = world.remote().state();
    assert_eq!(state.error, Some((1_700_000_000, "cannot list mem.test: list was refused".to_owned())));
    assert_eq!(world.remote().remembered(), Some(listing), "what was known stays");

    world.server.revive();
    let remote = world.remote();
    remote.put("c", b"c", &world.stop).unwrap();
    remote.delete("a", &world.stop).unwrap();
    let names: Vec<_> = remote.remembered().unwrap().objects.into_iter().map(|object| object.name).collect();
    assert_eq!(names, [".hidden", "b", "c"]);
    assert_eq!(remote.state().error, None);
}

#[test]
fn small_objects_are_read_once_and_one_bad_one_hides_no_other() {
    let world = World::new(Faulty { parallel: 4, ..Faulty::new(None) });
    for index in 0..50 {
        world.server.put(&format!("{index:02}"), vec![b'x'; index]);
    }
    let remote = world.remote();
    let mut objects = remote.list(&world.stop).unwrap().objects;
    let mut absent = objects[10].clone();
    absent.name = "absent".to_owned();
    objects.insert(5, absent);
    let answers = remote.small(&objects, 40, &world.stop);
    assert_eq!(answers.len(), 51);
    for (object, answer) in objects.iter().zip(&answers) {
        match (object.name.as_str(), answer) {
            ("absent", Err(error)) => assert_eq!(error.kind, Kind::NotFound),
            (_, Err(error)) => assert!(object.size > 40 && error.kind == Kind::Invalid),
            (_, Ok(bytes)) => assert_eq!(bytes.len() as u64, object.size),
        }
    }
    let before = world.server.calls("read");
    objects.remove(5);
    assert_eq!(
        world.remote().small(&objects, 40, &world.stop).iter().filter(|answer| answer.is_ok()).count(),
        41
    );
    assert_eq!(world.server.calls("read"), before, "nothing is read again, after a restart neither");

    world.server.put("07", b"another".to_vec());
    remote.delete("08", &world.stop).unwrap();
    let objects = remote.list(&world.stop).unwrap().objects;
    let answers = remote.small(&objects[7..8], 40, &world.stop);
    assert_eq!(answers, [Ok(b"another".to_vec())]);
    assert!(!world.memory.0.lock().unwrap()["mem.test.small"].contains("\"08\""), "forgotten");
}

#[test]
fn one_location_loads_its_small_objects_once() {
    let world = World::new(Faulty::new(None));
    for name in ["a", "b"] {
        world.server.put(name, name.as_bytes().to_vec());
    }
    let remote = world.remote();
    let objects = remote.list(&world.stop).unwrap().objects;
    remote.small(&objects, 40, &world.stop);
    let before = world.server.calls("read");
    // A listing asks for its records in many calls; parsing the document for each took most of its time.
    world.memory.0.lock().unwrap().remove("mem.test.small");
    for object in objects {
        let read = remote.small(std::slice::from_ref(&object), 40, &world.stop);
        assert_eq!(read, [Ok(object.name.into_bytes())]);
    }
    assert_eq!(world.server.calls("read"), before);
}
