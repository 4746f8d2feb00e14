//! The library: every function, filter, and test, by subject.

mod base64;
mod bits;
mod crypto;
mod from_json;
mod math;
mod number;
mod pack;
mod range;
mod regex;
pub mod registry;
mod round;
mod slug;
mod slug_ranges;
pub mod state;
mod states;
mod statistics;
mod string;
mod to_json;
mod type_cast;
mod version;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::call::{Builtin, Entry};
use crate::context::{Context, Keywords};
use crate::error::Result;
use crate::value::{Table, Value};

const GLOBALS: &[&[Builtin]] = &[
    bits::GLOBALS,
    crypto::GLOBALS,
    math::GLOBALS,
    pack::GLOBALS,
    range::GLOBALS,
    states::GLOBALS,
    statistics::GLOBALS,
    string::GLOBALS,
    type_cast::GLOBALS,
    version::GLOBALS,
];
const FILTERS: &[&[Builtin]] = &[
    base64::FILTERS,
    bits::FILTERS,
    crypto::FILTERS,
    from_json::FILTERS,
    math::FILTERS,
    pack::FILTERS,
    to_json::FILTERS,
    range::FILTERS,
    regex::FILTERS,
    round::FILTERS,
    states::FILTERS,
    statistics::FILTERS,
    string::FILTERS,
    type_cast::FILTERS,
    version::FILTERS,
];
const TESTS: &[&[Builtin]] = &[regex::TESTS, states::TESTS, type_cast::TESTS];

static ENTRIES: LazyLock<HashMap<Table, HashMap<&'static str, Entry>>> = LazyLock::new(|| {
    let table = |parts: &[&[Builtin]]| {
        let rows = parts.iter().flat_map(|part| part.iter());
        rows.map(|builtin| (builtin.name, Entry::new(*builtin))).collect()
    };
    [(Table::Global, table(GLOBALS)), (Table::Filter, table(FILTERS)), (Table::Test, table(TESTS))].into()
});

/// A function, filter, or test.
pub fn find(table: Table, name: &str) -> Option<&'static Entry> {
    ENTRIES.get(&table)?.get(name)
}

/// The names in a table.
pub fn names(table: Table) -> impl Iterator<Item = &'static str> {
    ENTRIES.get(&table).into_iter().flat_map(|entries| entries.keys().copied())
}

/// A global that is no function: `pi`, `states`.
pub fn constant(name: &str) -> Option<Value> {
    let number = || math::CONSTANTS.iter().find(|(known, _)| *known == name);
    match name {
        "states" => Some(Value::States(None)),
        name => number().map(|(_, number)| Value::Float(*number)),
    }
}

/// `value.name` of `states` or a state.
pub fn state_attribute(value: &Value, name: &str, context: &Context) -> Result<Option<Value>> {
    state::attribute(value, name, context)
}

/// `value[name]` of `states` or a state.
pub fn state_item(value: &Value, name: &str, context: &Context) -> Result<Option<Value>> {
    state::item(value, name, context)
}

/// `states('sensor.t')`.
pub fn call_states(args: Vec<Value>, keywords: Keywords, context: &Context) -> Result<Value> {
    Entry::new(states::CALL).call(args, keywords, context)
}

/// Whether a limited template may not use it.
pub fn is_limited(name: &str) -> bool {
    registry::LIMITED.contains(&name)
}
