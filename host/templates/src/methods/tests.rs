//! Methods, `%`, and `format` answer what Python answers: the rows of `fixtures/python.json`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod home;
mod literal;

use std::sync::Arc;

use super::{BYTES, DICT, FLOAT, INT, LIST, SET, TEXT, TUPLE};
use crate::call::{Args, Builtin};
use crate::context::{Context, Keywords};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{ascii, display, format_spec, percent, repr};
use crate::limits::Limits;
use crate::value::{Kind, Value};

/// The arguments by parameter. All rows give them by position.
fn bound(builtin: &Builtin, receiver: Value, args: Vec<Value>, keywords: Keywords) -> Args {
    let names = builtin.signature.split(", ").filter(|name| *name != "/" && !name.starts_with('*'));
    let mut given = std::iter::once(receiver).chain(args);
    let values = names.map(|_| given.next()).collect();
    Args { values, rest: given.collect(), keywords }
}

fn run(
    operation: &str,
    value: Value,
    args: Vec<Value>,
    keywords: Keywords,
    context: &Context,
) -> Result<Value> {
    let table = match (operation, value.kind()) {
        ("repr", _) => return Ok(Value::from(repr(&value))),
        ("str", _) => return Ok(Value::from(display(&value))),
        ("ascii", _) => return Ok(Value::from(ascii(&value))),
        ("%", _) => return percent(value.as_str().unwrap(), &args[0], context).map(Value::from),
        ("format()", _) => return format_spec(&value, args[0].as_str().unwrap(), context).map(Value::from),
        (_, Kind::Text) => TEXT,
        (_, Kind::Bytes) => BYTES,
        (_, Kind::Int | Kind::Bool) => INT,
        (_, Kind::Float) => FLOAT,
        (_, Kind::List) => LIST,
        (_, Kind::Tuple) => TUPLE,
        (_, Kind::Dict) => DICT,
        (_, Kind::Set) => SET,
        (_, kind) => panic!("{kind:?}"),
    };
    let builtin = table.iter().find(|builtin| builtin.name == operation).unwrap();
    (builtin.run)(&mut bound(builtin, value, args, keywords), context)
}

/// Python's name of an error.
fn exception(error: &Error) -> &'static str {
    match error.kind {
        ErrorKind::Type => "TypeError",
        ErrorKind::Value => "ValueError",
        ErrorKind::Key => "KeyError",
        ErrorKind::Index => "IndexError",
        ErrorKind::Overflow => "OverflowError",
        ErrorKind::Runtime => "LookupError",
        _ => "another error",
    }
}

/// The rows that differ. With `messages` the texts of errors are compared, too.
fn differences(rows: &[[String; 5]], messages: bool) -> Vec<String> {
    let mut differences = Vec::new();
    for row @ [operation, value, args, keywords, expected] in rows {
        let context = Context::new(&home::Empty, &home::Empty, Limits::default());
        let args = literal::value(args).as_sequence().unwrap().to_vec();
        let keywords = literal::value(keywords);
        let keywords = keywords.as_dict().unwrap().iter();
        let keywords =
            keywords.map(|(key, value)| (Arc::from(key.as_str().unwrap()), value.clone())).collect();
        let answer = match run(operation, literal::value(value), args, keywords, &context) {
            // Sets have no order.
            Ok(value) if matches!(value, Value::Set(_)) && value.equals(&literal::value(expected)) => {
                continue;
            }
            Ok(value) => repr(&value),
            Err(error) => format!("!{}: {error}", exception(&error)),
        };
        let shown = |text: &str| match text.strip_prefix('!').and_then(|text| text.split_once(':')) {
            Some((kind, _)) if !messages => kind.to_owned(),
            _ => text.to_owned(),
        };
        if shown(&answer) != shown(expected) {
            differences.push(format!("{}: {answer}", row.join(" | ")));
        }
    }
    differences
}

#[test]
fn methods_and_formats_answer_what_python_answers() {
    let rows: Vec<[String; 5]> = serde_json::from_str(include_str!("../../fixtures/python.json")).unwrap();
    assert!(rows.len() > 1000);
    let differences = differences(&rows, false);
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn local_rows() {
    let Ok(path) = std::env::var("ROWS") else { return };
    let rows: Vec<[String; 5]> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for messages in [false, true] {
        let differences = differences(&rows, messages);
        println!("{messages} {} of {} differ:\n{}", differences.len(), rows.len(), differences.join("\n"));
    }
}
