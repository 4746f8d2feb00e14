//! Whatever fails, and whenever: nothing that is not whole is under its final name afterwards, nothing is left over, and each call ends.

use proptest::prelude::*;

use super::faulty::{Fault, Faulty};
use super::world::{File, World};
use crate::error::Kind;

fn fault() -> impl Strategy<Value = Option<Fault>> {
    let kind = prop_oneof![
        6 => Just(Kind::Interrupted),
        3 => Just(Kind::Unclear),
        1 => Just(Kind::Denied),
        1 => Just(Kind::NoSpace),
    ];
    prop_oneof![
        6 => Just(None),
        2 => kind.clone().prop_map(|kind| Some(Fault::Refuse(kind))),
        2 => kind.prop_map(|kind| Some(Fault::Lose(kind))),
        1 => Just(Some(Fault::Half)),
        1 => Just(Some(Fault::Forget)),
        1 => Just(Some(Fault::Kill)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_not_whole_has_a_final_name_and_nothing_is_left(
        script in prop::collection::vec(fault(), 0..40),
        size in 0usize..5000,
        part_size in prop::option::of(500u64..2000),
        parallel in 1usize..4,
        wants_md5: bool,
        is_direct: bool,
        attempts in 1usize..4,
    ) {
        let is_direct = is_direct && part_size.is_none();
        let world = World::new(Faulty { parallel, wants_md5, is_direct, ..Faulty::new(part_size) });
        let file = File::new(size);
        world.server.script(script);
        let mut is_stored = false;
        for _ in 0..attempts {
            let result = world.store(&file);
            let there = world.server.object("backup.tar");
            if !is_direct {
                prop_assert!(there.is_none() || there == Some(file.content()));
            }
            if result.is_ok() {
                prop_assert_eq!(there, Some(file.content()));
                is_stored = true;
                break;
            }
            world.server.state.lock().unwrap().is_dead = false;
        }
        world.server.revive();
        if is_stored {
            // A later start removes what could not be removed at once.
            world.remote().clean(&|_| false, &world.stop);
            prop_assert_eq!(world.server.object("backup.tar"), Some(file.content()));
        } else if attempts == 1 {
            world.remote().clean(&|_| false, &world.stop);
            let there = world.server.object("backup.tar");
            prop_assert!(there.is_none() || there == Some(file.content()));
        } else {
            let result = world.store(&file);
            prop_assert!(result.is_ok(), "{result:?}");
            prop_assert_eq!(world.server.object("backup.tar"), Some(file.content()));
        }
        prop_assert!(world.has_nothing_unfinished());
    }
}
