//! Properties that hold for any text.

use proptest::prelude::*;

use super::*;

/// All places in a document, as JSON pointers.
fn places(value: &Value, at: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| places(value, format!("{at}/{name}"), all))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, format!("{at}/{index}"), all));
        }
        _ => {}
    }
    all.push(at);
}

fn stored(minor: usize) -> Value {
    match OLDER.get(minor.wrapping_sub(1)) {
        Some(text) => serde_json::from_str::<Value>(text).unwrap()["stored"].take(),
        None => recorded(),
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!([PASSWORD])),
        Just(json!({"password": PASSWORD, "state": PASSWORD})),
        Just(json!(PASSWORD)),
        Just(json!("daily")),
        any::<bool>().prop_map(Value::from),
        (-1_i64..4).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

fn holds(text: &str) -> std::result::Result<(), TestCaseError> {
    match Document::parse(text) {
        Ok(document) => {
            let once = written(&document);
            prop_assert_eq!(written(&Document::parse(&once).unwrap()), once);
        }
        Err(error) => prop_assert!(!format!("{error} {error:?}").contains(PASSWORD), "{}", error),
    }
    Ok(())
}

proptest! {
    #[test]
    fn document_with_odd_values_is_read_completely_or_refused_without_its_content(
        minor in 1_usize..=9,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_value(), any::<bool>()), 1..4),
    ) {
        let mut document = stored(minor);
        for (index, value, add) in changes {
            let mut all = Vec::new();
            places(&document, String::new(), &mut all);
            let place = document.pointer_mut(&all[index.index(all.len())]).unwrap();
            match place {
                Value::Object(fields) if add => _ = fields.insert("later".into(), value),
                place => *place = value,
            }
        }
        holds(&document.to_string())?;
    }

    #[test]
    fn truncated_or_flipped_document_never_panics(minor in 1_usize..=9, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = serde_json::to_vec_pretty(&stored(minor)).unwrap();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        holds(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        holds(&text)?;
    }
}
