//! Work that is stopped or makes no progress ends; the rate limit holds.

use std::sync::Arc;

use super::faulty::{Fault, Faulty};
use super::world::{File, World};
use crate::engine::time::Time as _;
use crate::error::Kind;
use crate::limits;

#[test]
fn a_server_that_never_works_ends_the_upload_with_its_own_words() {
    let world = World::new(Faulty::new(Some(1000)));
    let mut script = vec![None; 2];
    script.extend([Some(Fault::Half); 2000]);
    world.server.script(script);
    let error = world.store(&File::new(3500)).unwrap_err();
    assert_eq!(error.kind, Kind::Interrupted);
    assert!(error.message.contains("without progress"), "{error}");
    assert!(world.time.now() < limits::UPLOAD_PATIENCE * 2);
    world.server.revive();
    world.store(&File::new(3500)).unwrap();
}

#[test]
fn what_cannot_get_better_is_not_tried_again() {
    for kind in [Kind::Denied, Kind::NoSpace, Kind::Invalid] {
        let world = World::new(Faulty::new(None));
        world.server.script(vec![None, None, Some(Fault::Refuse(kind))]);
        assert_eq!(world.store(&File::new(3500)).unwrap_err().kind, kind);
        assert_eq!(world.server.calls("send"), 1);
        assert!(world.has_nothing_unfinished(), "an upload in one piece is discarded at once");
        let state = world.remote().state();
        assert!(state.error.is_some(), "{state:?}");
    }
}

#[test]
fn a_stopped_upload_stays_in_the_ledger() {
    let world = World { bandwidth: Some(1000), ..World::new(Faulty::new(Some(1000))) };
    let file = File::new(3500);
    let stop = world.stop.clone();
    let at_2000 = move |bytes| {
        if bytes >= 1 {
            stop.stop();
        }
    };
    let result = world.remote().store("backup.tar", file.clone(), &at_2000, &world.stop);
    let world = World { stop: crate::stop::Stop::default(), ..world };
    if let Err(error) = result {
        assert_eq!(error.kind, Kind::Stopped);
        assert_eq!(world.server.unfinished(), 1);
        world.store(&file).unwrap();
    }
    assert_eq!(world.server.object("backup.tar"), Some(file.content()));
    assert!(world.has_nothing_unfinished());
}

#[test]
fn the_rate_limit_holds_for_both_directions_and_all_parts() {
    let server = Faulty { parallel: 4, ..Faulty::new(Some(100_000)) };
    let world = World { bandwidth: Some(100_000), ..World::new(server) };
    world.store(&File::new(1_000_000)).unwrap();
    // 10 s up and 10 s back for the proof.
    let seconds = world.time.now().as_secs_f64();
    assert!((19.0..90.0).contains(&seconds), "{seconds}");
}

#[test]
fn one_name_is_uploaded_once_at_a_time() {
    let world = World::new(Faulty::new(None));
    let remote = Arc::new(world.remote());
    let (file, again) = (File::new(100), remote.clone());
    let inner = std::sync::Mutex::new(None);
    let twice = |_| {
        let mut inner = inner.lock().unwrap();
        if inner.is_none() {
            *inner = Some(again.put("backup.tar", b"x", &world.stop).unwrap_err().kind);
        }
    };
    remote.store("backup.tar", file, &twice, &world.stop).unwrap();
    assert_eq!(*inner.lock().unwrap(), Some(Kind::Invalid));
}
