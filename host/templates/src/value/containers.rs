//! How lists, tuples, sets, and mappings are built and read.

use indexmap::IndexSet;

use super::order::ordered;
use super::types::{Dict, Extent, Key, Sequence, Set, Value};
use crate::error::{Error, Result};

impl Extent {
    const EMPTY: Self = Self { depth: 1, weight: 1 };

    /// The extent with one more member.
    fn and(self, member: Self) -> Self {
        Self {
            depth: self.depth.max(member.depth.saturating_add(1)),
            weight: self.weight.saturating_add(member.weight),
        }
    }
}

impl Sequence {
    pub fn new(items: Vec<Value>) -> Self {
        Self { extent: items.iter().map(Value::extent).fold(Extent::EMPTY, Extent::and), items, text: None }
    }
}

impl Set {
    /// An error if a member cannot be hashed.
    pub fn new(items: impl IntoIterator<Item = Value>) -> Result<Self> {
        let items = items.into_iter().map(Key::new).collect::<Result<IndexSet<_>>>()?;
        let items: IndexSet<Key> = ordered(items.into_iter().collect()).into_iter().collect();
        let extent = items.iter().map(|key| key.value().extent()).fold(Extent::EMPTY, Extent::and);
        Ok(Self { items, text: None, extent })
    }

    pub fn contains(&self, key: &Key) -> bool {
        self.items.contains(key)
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.items.iter().map(Key::value)
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Key> + ExactSizeIterator {
        self.items.iter()
    }
}

impl Key {
    /// An error if the value cannot be hashed: lists, sets, and mappings.
    pub fn new(value: Value) -> Result<Self> {
        match is_hashable(&value) {
            true => Ok(Self(value)),
            false => Err(Error::type_error(format!("unhashable type: '{}'", value.type_name()))),
        }
    }

    pub fn text(text: impl AsRef<str>) -> Self {
        Self(Value::text(text))
    }

    pub fn value(&self) -> &Value {
        &self.0
    }

    pub fn as_str(&self) -> Option<&str> {
        self.0.as_str()
    }
}

fn is_hashable(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Set(_) | Value::Dict(_) | Value::State(_) => false,
        Value::Tuple(items) => items.items.iter().all(is_hashable),
        _ => true,
    }
}

impl Default for Dict {
    fn default() -> Self {
        Self { items: Default::default(), text: None, type_name: "dict", extent: Extent::EMPTY }
    }
}

impl Dict {
    pub fn new() -> Self {
        Self::default()
    }

    /// The type of a state's attributes.
    pub fn read_only() -> Self {
        Self { type_name: "ReadOnlyDict", ..Self::default() }
    }

    /// An existing key keeps its place.
    pub fn insert(&mut self, key: Key, value: Value) {
        self.extent = self.extent.and(key.value().extent()).and(value.extent());
        self.items.insert(key, value);
    }

    pub fn insert_text(&mut self, key: impl AsRef<str>, value: impl Into<Value>) {
        self.insert(Key::text(key), value.into());
    }

    /// How large it is.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.items.get(key)
    }

    pub fn get_text(&self, key: &str) -> Option<&Value> {
        self.items.get(&Key::text(key))
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Key, &Value)> + ExactSizeIterator {
        self.items.iter()
    }

    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.items.keys().map(Key::value)
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.items.values()
    }
}

impl FromIterator<(Key, Value)> for Dict {
    fn from_iter<T: IntoIterator<Item = (Key, Value)>>(pairs: T) -> Self {
        let mut dict = Self::new();
        pairs.into_iter().for_each(|(key, value)| dict.insert(key, value));
        dict
    }
}
