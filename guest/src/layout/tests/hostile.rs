//! Arbitrary bytes and names: reading and pairing never panic, and what they return can be listed.

use proptest::prelude::*;

use super::strategies::{recorded_layout, records};
use super::*;

/// Reads the bytes in each layout, and what was read as a manifest. `fuzz/record_check.rs` asserts more.
fn check(bytes: &[u8]) {
    for layout in Layout::ALL {
        for name in ["a.metadata.json", ".0badcafe.metadata.json", "a_meta.json"] {
            if let Ok(found) = read_record(layout, name, bytes) {
                assert_eq!(found.record.to_manifest().unwrap().slug(), found.record.backup_id);
            }
        }
    }
}

/// JSON of any shape.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,6}".prop_map(Value::from),
        Just(Value::from("x".repeat(2000))),
        Just(Value::from("/a/../b.tar")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// Replaces the value at one place of a document.
fn replaced(document: &mut Value, index: usize, value: Value) {
    let inner = ["backup_metadata", "metadata"].into_iter().find(|key| document.get(key).is_some());
    let at = match inner {
        Some(inner) if !index.is_multiple_of(3) => &mut document[inner],
        _ => document,
    };
    let all = at.as_object_mut().unwrap();
    let key = all.keys().nth(index % all.len()).unwrap().clone();
    all.insert(key, value);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_read_or_named(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }

    #[test]
    fn records_with_any_value_anywhere_are_read_or_named(
        layout in recorded_layout(), record in records(), index in any::<usize>(), value in value(),
    ) {
        let mut document: Value = serde_json::from_slice(&written(layout, &record).1).unwrap();
        replaced(&mut document, index, value);
        check(document.to_string().as_bytes());
    }

    #[test]
    fn records_with_changed_bytes_hide_no_other(
        layout in recorded_layout(), record in records(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let good = super::record("900d900d", "Good backup");
        let (name, mut bytes) = written(layout, &record);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        check(&bytes);
        let mut objects = BTreeMap::from([(named(layout, &good).archive, vec![0; 9]), (name, bytes)]);
        objects.extend([written(layout, &good)]);
        let paired = paired(layout, &objects);
        prop_assert!(ids(&paired).contains(&"900d900d"));
    }

    #[test]
    fn arbitrary_names_are_sorted_out(
        objects in prop::collection::btree_map(
            "[./a]{0,3}(\\.tar|\\.metadata\\.json|_meta\\.json|\\PC{0,5})?", ".{0,40}", 0..12,
        ),
    ) {
        let objects = objects.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
        for layout in Layout::ALL {
            paired(layout, &objects);
        }
    }
}
