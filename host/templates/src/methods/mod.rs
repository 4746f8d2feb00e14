//! The methods of Python's types.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::call::{Builtin, Entry};
use crate::value::{Kind, Value};

const METHODS: &[(Kind, &[Builtin])] = &[(Kind::State, crate::library::state::METHODS)];

static ENTRIES: LazyLock<HashMap<Kind, HashMap<&'static str, Entry>>> = LazyLock::new(|| {
    let table = |methods: &[Builtin]| methods.iter().map(|it| (it.name, Entry::new(*it))).collect();
    METHODS.iter().map(|(kind, methods)| (*kind, table(methods))).collect()
});

/// A method of a type. Its first argument is the receiver.
pub fn find(kind: Kind, name: &str) -> Option<&'static Entry> {
    ENTRIES.get(&kind)?.get(name)
}

/// The entries of that name, of any type.
pub fn all(name: &str) -> impl Iterator<Item = &'static Entry> {
    ENTRIES.values().filter_map(move |methods| methods.get(name))
}

/// An attribute that is no method: `now().year`.
pub fn attribute(_value: &Value, _name: &str) -> Option<Value> {
    None
}

/// Whether the sandbox refuses a method, because it changes its receiver.
pub fn is_refused(_kind: Kind, _name: &str) -> bool {
    false
}
