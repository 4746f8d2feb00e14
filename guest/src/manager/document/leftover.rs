//! What a document holds beside what is understood here, so that writing it again loses nothing of a person.
//!
//! Only adds keys to objects that are still there: a location that was removed does not come back with half its settings.
//! Lists are left alone; their items keep what they have themselves.

use std::collections::BTreeMap;

use serde_json::Value;

/// By key: what stands there and is not understood, or what such there is within something that is.
#[derive(Debug, Clone, Default)]
pub(super) struct Leftover(BTreeMap<String, Part>);

#[derive(Clone)]
enum Part {
    Whole(Value),
    Within(Leftover),
}

/// It may hold what a newer program keeps secret.
impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Whole(_) => f.write_str("(hidden)"),
            Self::Within(leftover) => leftover.fmt(f),
        }
    }
}

impl Leftover {
    /// What `all` has and `understood` has not.
    pub(super) fn of(all: &Value, understood: &Value) -> Self {
        let (Value::Object(all), Value::Object(understood)) = (all, understood) else {
            return Self::default();
        };
        let part = |(key, value): (&String, &Value)| {
            let part = match understood.get(key) {
                None => Part::Whole(value.clone()),
                Some(inner) => Part::Within(Self::of(value, inner)),
            };
            (key.clone(), part)
        };
        Self(all.iter().map(part).filter(|(_, part)| !part.is_nothing()).collect())
    }

    pub(super) fn add_to(&self, understood: &mut Value) {
        let Value::Object(fields) = understood else {
            return;
        };
        for (key, part) in &self.0 {
            match (part, fields.get_mut(key)) {
                (Part::Whole(value), None) => {
                    fields.insert(key.clone(), value.clone());
                }
                (Part::Within(leftover), Some(inner)) => leftover.add_to(inner),
                (Part::Whole(_), Some(_)) | (Part::Within(_), None) => {}
            }
        }
    }
}

impl Part {
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Within(leftover) if leftover.0.is_empty())
    }
}
