//! Values that may contain templates, as the parser makes them.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::yaml::Place;

/// A template, rendered when its value is needed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Template {
    #[serde(rename = "template")]
    pub source: Arc<str>,
    #[serde(skip)]
    pub place: Place,
}

/// A value that may contain templates at any depth.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Data {
    Constant(Value),
    Template(Template),
    List(Vec<Data>),
    #[serde(serialize_with = "as_map")]
    /// In file order. A key is a template or a constant that is no list and no mapping.
    Map(Vec<(Data, Data)>),
}

fn as_map<S: serde::Serializer>(pairs: &[(Data, Data)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(key, data)| (key.key_text(), data)))
}

impl Data {
    /// The value, if it contains no template.
    pub fn constant(&self) -> Option<Value> {
        match self {
            Self::Constant(value) => Some(value.clone()),
            Self::Template(_) => None,
            Self::List(items) => items.iter().map(Data::constant).collect(),
            Self::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, data)| Some((key.constant_key()?, data.constant()?)));
                pairs.collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
            }
        }
    }

    /// The key of a mapping as text, if it is no template.
    pub fn constant_key(&self) -> Option<String> {
        self.constant().map(|_| self.key_text())
    }

    /// The key of a mapping as text; the source if it is a template.
    fn key_text(&self) -> String {
        match self {
            Self::Template(template) => template.source.to_string(),
            Self::Constant(Value::String(text)) => text.clone(),
            key => key.constant().unwrap_or_default().to_string(),
        }
    }

    /// A mapping without entries.
    pub fn empty() -> Self {
        Self::Map(Vec::new())
    }
}
