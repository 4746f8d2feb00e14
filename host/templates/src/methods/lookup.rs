//! Finds methods and attributes by the kind of a value and their name.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::{bytes, dict, list, number, set, text, times};
use crate::call::{Builtin, Entry};
use crate::library::state;
use crate::value::{Callable, Dict, Kind, Value};

const METHODS: &[(Kind, &[Builtin])] = &[
    (Kind::Text, text::TEXT),
    (Kind::Bytes, bytes::BYTES),
    (Kind::Bool, number::INT),
    (Kind::Int, number::INT),
    (Kind::Float, number::FLOAT),
    (Kind::List, list::LIST),
    (Kind::Tuple, list::TUPLE),
    (Kind::Dict, dict::DICT),
    (Kind::Set, set::SET),
    (Kind::Moment, times::MOMENT),
    (Kind::Date, times::DATE),
    (Kind::Time, times::TIME),
    (Kind::Span, times::SPAN),
    (Kind::State, state::METHODS),
];

/// Methods that change their receiver.
const REFUSED: &[(Kind, &[&str])] =
    &[(Kind::List, list::REFUSED), (Kind::Dict, dict::REFUSED), (Kind::Set, set::REFUSED)];

static ENTRIES: LazyLock<HashMap<Kind, HashMap<&'static str, Entry>>> = LazyLock::new(|| {
    let table = |methods: &[Builtin]| methods.iter().map(|it| (it.name, Entry::new(*it))).collect();
    METHODS.iter().map(|(kind, methods)| (*kind, table(methods))).collect()
});

/// A method of a type. Its first argument is the receiver.
pub fn find(kind: Kind, name: &str) -> Option<&'static Entry> {
    ENTRIES.get(&kind)?.get(name)
}

/// Every method.
pub fn entries() -> impl Iterator<Item = (Kind, &'static Entry)> {
    ENTRIES.iter().flat_map(|(kind, methods)| methods.values().map(|entry| (*kind, entry)))
}

/// The entries of that name, of any type.
pub fn all(name: &str) -> impl Iterator<Item = &'static Entry> {
    ENTRIES.values().filter_map(move |methods| methods.get(name))
}

/// An attribute that is no method: `now().year`.
pub fn attribute(value: &Value, name: &str) -> Option<Value> {
    match value.kind() {
        Kind::Bool | Kind::Int | Kind::Float => number::attribute(value, name),
        _ => times::attribute(value, name),
    }
}

/// An attribute of a function that is a class: `timedelta.max`.
pub fn class_attribute(function: &str, name: &str) -> Option<Value> {
    match function {
        "timedelta" => times::span_class_attribute(name),
        "dict" if name == "fromkeys" => {
            let method = Callable::Method(Value::dict(Dict::new()), "fromkeys");
            Some(Value::Callable(Arc::new(method)))
        }
        _ => None,
    }
}

/// Whether the sandbox refuses a method, because it changes its receiver.
pub fn is_refused(kind: Kind, name: &str) -> bool {
    REFUSED.iter().any(|(of, names)| *of == kind && names.contains(&name))
}

/// Whether the sandbox refuses a method of that name for some type.
pub fn is_refused_anywhere(name: &str) -> bool {
    REFUSED.iter().any(|(_, names)| names.contains(&name))
}

/// The method with the most similar name.
pub fn nearest(name: &str) -> Option<&'static str> {
    crate::suggestion::nearest(name, ENTRIES.values().flat_map(|methods| methods.keys().copied()))
}
