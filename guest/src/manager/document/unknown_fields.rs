//! The fields of a document that this version does not know. They are kept and written back.
//!
//! Adds keys only to objects that still exist: a removed location does not reappear with half its settings. Does not descend
//! into lists; their items keep their own unknown fields.

use std::collections::BTreeMap;

use serde_json::Value;

/// By key: an unknown value, or the unknown fields within a known one.
#[derive(Debug, Clone, Default)]
pub(super) struct UnknownFields(BTreeMap<String, Field>);

#[derive(Clone)]
enum Field {
    Unknown(Value),
    Known(UnknownFields),
}

/// Hides values: a newer program may keep secrets there.
impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(_) => f.write_str("(hidden)"),
            Self::Known(inner) => inner.fmt(f),
        }
    }
}

impl UnknownFields {
    /// The fields of `all` that `known` lacks.
    pub(super) fn of(all: &Value, known: &Value) -> Self {
        let (Value::Object(all), Value::Object(known)) = (all, known) else {
            return Self::default();
        };
        let field = |(key, value): (&String, &Value)| {
            let field = match known.get(key) {
                None => Field::Unknown(value.clone()),
                Some(inner) => Field::Known(Self::of(value, inner)),
            };
            (key.clone(), field)
        };
        Self(all.iter().map(field).filter(|(_, field)| !field.is_empty()).collect())
    }

    pub(super) fn add_to(&self, known: &mut Value) {
        let Value::Object(fields) = known else {
            return;
        };
        for (key, field) in &self.0 {
            match (field, fields.get_mut(key)) {
                (Field::Unknown(value), None) => {
                    fields.insert(key.clone(), value.clone());
                }
                (Field::Known(unknown), Some(inner)) => unknown.add_to(inner),
                (Field::Unknown(_), Some(_)) | (Field::Known(_), None) => {}
            }
        }
    }
}

impl Field {
    fn is_empty(&self) -> bool {
        matches!(self, Self::Known(unknown) if unknown.0.is_empty())
    }
}
