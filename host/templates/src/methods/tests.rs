//! Methods, `%`, and `format` answer what Python answers: the rows of `fixtures/python.json`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod home;
mod literal;

use std::sync::Arc;

use super::find;
use crate::context::{Context, Keywords};
use crate::error::{Error, ErrorKind, Result};
use crate::format::{ascii, display, format_spec, percent, repr};
use crate::limits::Limits;
use crate::value::{Set, Value};

fn run(
    operation: &str,
    value: Value,
    args: Vec<Value>,
    keywords: Keywords,
    context: &Context,
) -> Result<Value> {
    match operation {
        "repr" => Ok(Value::from(repr(&value))),
        "str" => Ok(Value::from(display(&value))),
        "set" => Set::new(value.as_sequence().unwrap().to_vec()).map(Value::set),
        "ascii" => Ok(Value::from(ascii(&value))),
        "%" => percent(value.as_str().unwrap(), &args[0], context).map(Value::from),
        "format()" => format_spec(&value, args[0].as_str().unwrap(), context).map(Value::from),
        name => {
            let method = find(value.kind(), name).unwrap();
            method.call(std::iter::once(value).chain(args).collect(), keywords, context)
        }
    }
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

/// The rows that differ.
fn differences(rows: &[[String; 5]]) -> Vec<String> {
    let mut differences = Vec::new();
    for row @ [operation, value, args, keywords, expected] in rows {
        let context = Context::new(&home::Empty, &home::Empty, Limits::default());
        let args = literal::value(args).as_sequence().unwrap().to_vec();
        let keywords = literal::value(keywords);
        let keywords = keywords.as_dict().unwrap().iter();
        let keywords =
            keywords.map(|(key, value)| (Arc::from(key.as_str().unwrap()), value.clone())).collect();
        let answer = match run(operation, literal::value(value), args, keywords, &context) {
            // Sets have no order if there are texts in them.
            Ok(value)
                if operation != "set"
                    && matches!(value, Value::Set(_))
                    && value.equals(&literal::value(expected)) =>
            {
                continue;
            }
            Ok(value) => repr(&value),
            Err(error) => format!("!{}: {error}", exception(&error)),
        };
        if answer != *expected {
            differences.push(format!("{}: {answer}", row.join(" | ")));
        }
    }
    differences
}

#[test]
fn methods_and_formats_answer_what_python_answers() {
    let rows: Vec<[String; 5]> = serde_json::from_str(include_str!("../../fixtures/python.json")).unwrap();
    assert!(rows.len() > 1000);
    let differences = differences(&rows);
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn nothing_is_built_beyond_the_limit() {
    let long = Value::from("a\t".repeat(1 << 17));
    let wide = || Value::Int(1 << 40);
    let text = |text: &str| Value::text(text);
    let other = || long.clone();
    for (operation, value, args) in [
        ("center", text("a"), vec![wide()]),
        ("ljust", text("a"), vec![wide(), text("é")]),
        ("zfill", text("a"), vec![wide()]),
        ("expandtabs", other(), vec![Value::Int(1 << 30)]),
        ("replace", other(), vec![text("a"), other()]),
        ("replace", other(), vec![text(""), text("0123456789")]),
        ("join", other(), vec![other()]),
        ("translate", other(), vec![Value::list(vec![other(); 128])]),
        ("format", text(&"{0}".repeat(100)), vec![other()]),
        ("format", text("{:>{}}"), vec![text("a"), wide()]),
        ("format", text("{:.{}f}"), vec![Value::Float(0.5), Value::Int(1 << 30)]),
        ("%", text("%*d"), vec![Value::tuple(vec![wide(), Value::Int(1)])]),
        ("%", text("%.2000000000f"), vec![Value::Float(0.5)]),
        ("to_bytes", Value::Int(1), vec![wide()]),
    ] {
        let context = Context::new(&home::Empty, &home::Empty, Limits::default());
        let shown = format!("{operation} {}", repr(&value).chars().take(20).collect::<String>());
        let answer = run(operation, value, args, Keywords::new(), &context);
        assert_eq!(answer.map(|it| it.extent()).unwrap_err().kind, ErrorKind::Limit, "{shown}");
    }
}
