//! The library: every function, filter, and test, by subject.

mod datetime;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::call::{Builtin, Entry};
use crate::context::{Context, Keywords};
use crate::error::Result;
use crate::value::{Table, Value};

const GLOBALS: &[&[Builtin]] = &[datetime::GLOBALS];
const FILTERS: &[&[Builtin]] = &[datetime::FILTERS];
const TESTS: &[&[Builtin]] = &[datetime::TESTS];

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
    match name {
        "states" => Some(Value::States(None)),
        _ => None,
    }
}

/// `value.name` of `states` or a state.
pub fn state_attribute(_value: &Value, _name: &str, _context: &Context) -> Result<Option<Value>> {
    Ok(None)
}

/// `value[name]` of `states` or a state.
pub fn state_item(_value: &Value, _name: &str, _context: &Context) -> Result<Option<Value>> {
    Ok(None)
}

/// `states('sensor.t')`.
pub fn call_states(_args: Vec<Value>, _keywords: Keywords, _context: &Context) -> Result<Value> {
    Ok(Value::None)
}

/// Whether a limited template may not use it.
pub fn is_limited(name: &str) -> bool {
    datetime::LIMITED.contains(&name)
}

/// The registry of Home Assistant that a function needs, if it needs one.
pub fn registry(_name: &str) -> Option<&'static str> {
    None
}

/// The function, filter, or test with the most similar name.
pub fn nearest(table: Table, name: &str) -> Option<&'static str> {
    crate::suggestion::nearest(name, names(table))
}
