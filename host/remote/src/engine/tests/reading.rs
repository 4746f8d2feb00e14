//! A reader returns the right bytes whatever the order and whatever breaks, or an error.

use proptest::prelude::*;

use super::faulty::{Fault, Faulty};
use super::world::{World, bytes};
use crate::error::Kind;

#[test]
fn reading_in_order_is_few_requests_and_reading_anywhere_is_right() {
    let world = World::new(Faulty::new(None));
    let content = bytes(3 << 20);
    world.server.put("a", content.clone());
    let reader = world.remote().open("a", world.stop.clone()).unwrap();
    assert_eq!(reader.size(), 3 << 20);
    let mut found = Vec::new();
    loop {
        let piece = reader.read(found.len() as u64, 10_000).unwrap();
        if piece.is_empty() {
            break;
        }
        found.extend(piece);
    }
    assert!(found == content);
    assert!(world.server.calls("read") <= 3, "{}", world.server.calls("read"));

    let mut announced = reader.clone();
    announced.read_ahead(1000, 2 << 20);
    let piece = announced.read(1000, 5000).unwrap();
    assert!(!piece.is_empty() && piece == content[1000..1000 + piece.len()]);
    assert!(announced.read(u64::MAX, 10).unwrap().is_empty());
    assert!(announced.read(0, 0).unwrap().is_empty());
}

#[test]
fn an_object_that_is_replaced_while_it_is_read_is_an_error() {
    let world = World::new(Faulty::new(None));
    world.server.put("a", bytes(200_000));
    let reader = world.remote().open("a", world.stop.clone()).unwrap();
    world.server.put("a", bytes(190_000));
    world.server.script(vec![Some(Fault::Half)]);
    assert_eq!(reader.read(0, 100_000).unwrap_err().kind, Kind::Invalid);
    assert_eq!(world.remote().open("b", world.stop.clone()).err().unwrap().kind, Kind::NotFound);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_breaks_the_bytes_are_right(
        reads in prop::collection::vec((0u64..700_000, 1usize..300_000, any::<bool>()), 1..20),
        faults in prop::collection::vec(
            prop_oneof![2 => Just(None), 1 => Just(Some(Fault::Half)), 1 => Just(Some(Fault::Refuse(Kind::Interrupted)))],
            0..20,
        ),
    ) {
        let world = World::new(Faulty::new(None));
        let content = bytes(600_000);
        world.server.put("a", content.clone());
        let mut reader = world.remote().open("a", world.stop.clone()).unwrap();
        world.server.script(faults);
        let mut next = 0;
        for (offset, max, is_in_order) in reads {
            let offset = if is_in_order { next } else { offset };
            if max % 3 == 0 {
                reader.read_ahead(offset, max as u64 * 2);
            }
            let piece = match reader.read(offset, max) {
                Ok(piece) => piece,
                Err(error) => {
                    prop_assert!(error.message.contains("given up"), "{error}");
                    continue;
                }
            };
            prop_assert_eq!(piece.is_empty(), offset >= 600_000);
            let start = usize::try_from(offset).unwrap().min(600_000);
            prop_assert!(piece.len() <= max && piece == content[start..start + piece.len()]);
            next = offset + piece.len() as u64;
        }
    }
}
