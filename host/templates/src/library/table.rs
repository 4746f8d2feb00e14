//! The tables of the library. A later row replaces an earlier one of the same name, as Home Assistant replaces Jinja's.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use super::{
    base64, bits, collection, crypto, datetime, from_json, functional, jinja_globals, jinja_html, jinja_json,
    jinja_lists, jinja_numbers, jinja_order, jinja_pprint, jinja_select, jinja_tests, jinja_text,
    jinja_urlize, jinja_wrap, math, pack, range, regex, registry as needs, round, state, states, statistics,
    string, to_json, type_cast, version,
};
use crate::call::{Builtin, Entry};
use crate::context::{Context, Keywords};
use crate::error::Result;
use crate::suggestion;
use crate::value::{Table, Value};

const GLOBALS: &[&[Builtin]] = &[
    jinja_globals::GLOBALS,
    bits::GLOBALS,
    collection::GLOBALS,
    crypto::GLOBALS,
    datetime::GLOBALS,
    functional::GLOBALS,
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
    base64::FILTERS,
    bits::FILTERS,
    collection::FILTERS,
    crypto::FILTERS,
    datetime::FILTERS,
    from_json::FILTERS,
    functional::FILTERS,
    math::FILTERS,
    pack::FILTERS,
    range::FILTERS,
    regex::FILTERS,
    round::FILTERS,
    states::FILTERS,
    statistics::FILTERS,
    string::FILTERS,
    to_json::FILTERS,
    type_cast::FILTERS,
    version::FILTERS,
];
const TESTS: &[&[Builtin]] = &[
    jinja_tests::TESTS,
    collection::TESTS,
    datetime::TESTS,
    functional::TESTS,
    regex::TESTS,
    states::TESTS,
    type_cast::TESTS,
];

type Rows = HashMap<&'static str, Entry>;

static ENTRIES: LazyLock<[Rows; 3]> = LazyLock::new(|| {
    [GLOBALS, FILTERS, TESTS].map(|parts| {
        let rows = parts.iter().flat_map(|part| part.iter());
        rows.map(|builtin| (builtin.name, Entry::new(*builtin))).collect()
    })
});

static CALL_STATES: LazyLock<Entry> = LazyLock::new(|| Entry::new(states::CALL));

fn rows(table: Table) -> &'static Rows {
    let [globals, filters, tests] = &*ENTRIES;
    match table {
        Table::Global => globals,
        Table::Filter => filters,
        Table::Test => tests,
    }
}

/// A function, filter, or test.
pub fn find(table: Table, name: &str) -> Option<&'static Entry> {
    rows(table).get(name)
}

/// The names in a table.
pub fn names(table: Table) -> impl Iterator<Item = &'static str> {
    rows(table).keys().copied()
}

/// What a template can use by its name, sorted. For the documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Functions and constants.
    pub globals: BTreeSet<&'static str>,
    pub filters: BTreeSet<&'static str>,
    pub tests: BTreeSet<&'static str>,
    /// Functions, filters, and tests of Home Assistant that are refused, because they need something that Larder does not have.
    pub refused: BTreeSet<&'static str>,
}

/// Every name of the library.
pub fn all_names() -> Names {
    let evaluators = ["namespace", "states"];
    let constants = math::CONSTANTS.iter().map(|(name, _)| *name);
    Names {
        globals: names(Table::Global).chain(constants).chain(evaluators).collect(),
        filters: names(Table::Filter).collect(),
        tests: names(Table::Test).collect(),
        refused: needs::NEEDS.iter().map(|(name, _)| *name).collect(),
    }
}

/// The function, filter, or test with the most similar name.
pub fn nearest(table: Table, name: &str) -> Option<&'static str> {
    suggestion::nearest(name, names(table))
}

/// A global that is no function: `pi`, `states`.
pub fn constant(name: &str) -> Option<Value> {
    match name {
        "states" => Some(Value::States(None)),
        name => {
            math::CONSTANTS.iter().find(|(known, _)| *known == name).map(|(_, number)| Value::Float(*number))
        }
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

/// The row of a call of `states`.
pub fn call_states_entry() -> &'static Entry {
    &CALL_STATES
}

/// `states('sensor.t')`.
pub fn call_states(args: Vec<Value>, keywords: Keywords, context: &Context) -> Result<Value> {
    CALL_STATES.call(args, keywords, context)
}

/// Whether a limited template may not use it.
pub fn is_limited(name: &str) -> bool {
    needs::LIMITED.contains(&name)
}

/// Why a name of Home Assistant is refused, if it needs something that Larder does not have.
pub fn refusal(table: Table, name: &str) -> Option<String> {
    needs::refusal(table, name)
}
