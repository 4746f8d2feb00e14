//! The library: every function, filter, and test, by subject.

mod attribute;
mod collection;
mod cycle;
mod entity;
mod function;
mod functional;
mod group;
mod hash;
mod jinja_globals;
mod jinja_html;
mod jinja_json;
mod jinja_lists;
mod jinja_numbers;
mod jinja_order;
mod jinja_pprint;
mod jinja_select;
mod jinja_tests;
mod jinja_text;
mod jinja_urlize;
mod jinja_wrap;
mod mersenne;
mod order;
mod python_set;
mod range_object;
mod text;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::call::{Builtin, Entry};
use crate::context::{Context, Keywords};
use crate::error::Result;
use crate::value::{Table, Value};

pub use function::MacroFunction;
pub use range_object::Range;

const GLOBALS: &[&[Builtin]] = &[jinja_globals::GLOBALS, collection::GLOBALS, functional::GLOBALS];
const FILTERS: &[&[Builtin]] = &[
    jinja_html::FILTERS,
    jinja_json::FILTERS,
    jinja_lists::FILTERS,
    jinja_numbers::FILTERS,
    jinja_order::FILTERS,
    jinja_pprint::FILTERS,
    jinja_select::FILTERS,
    jinja_text::FILTERS,
    jinja_urlize::FILTERS,
    jinja_wrap::FILTERS,
    collection::FILTERS,
    functional::FILTERS,
];
const TESTS: &[&[Builtin]] = &[jinja_tests::TESTS, collection::TESTS, functional::TESTS];

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
pub fn is_limited(_name: &str) -> bool {
    false
}
