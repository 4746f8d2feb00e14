//! Jinja's functions: `range`, `dict`, `cycler`, `joiner`, `lipsum`.

use super::attribute::{dict_key, is_iterable, length, spend_on_hash};
use super::cycle::{Cycler, Joiner};
use super::range_object::Range;
use super::text::push;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Dict, Key, Value};

pub const GLOBALS: &[Builtin] = &[
    builtin("cycler", "*items", |args, _| Cycler::value(std::mem::take(&mut args.rest))),
    builtin("dict", "iterable=, /, **kwargs", dict),
    builtin("joiner", "sep=", |args, _| {
        Ok(Joiner::value(args.get(0).cloned().unwrap_or_else(|| ", ".into())))
    }),
    builtin("lipsum", "n=, html=, min=, max=", lipsum),
    builtin("range", "start, stop=, step=, /", range),
];

fn range(args: &mut Args, context: &Context) -> Result<Value> {
    context.spend(1)?;
    let first = args.int(0)?.unwrap_or_default();
    let step = args.int(2)?.unwrap_or(1);
    let range = match args.int(1)? {
        None => Range::new(0, first, step),
        Some(stop) => Range::new(first, stop, step),
    };
    range.map(Value::object)
}

fn dict(args: &mut Args, context: &Context) -> Result<Value> {
    let mut dict = match args.get(0) {
        None => Dict::new(),
        Some(Value::Dict(dict)) => {
            context.spend(dict.len() as u64)?;
            dict.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        Some(Value::Undefined(message)) => return Err(Error::undefined(message.as_ref())),
        Some(pairs) => from_pairs(pairs, context)?,
    };
    for (name, value) in std::mem::take(&mut args.keywords) {
        dict.insert(Key::text(name), value);
    }
    Ok(Value::dict(dict))
}

fn from_pairs(pairs: &Value, context: &Context) -> Result<Dict> {
    let mut dict = Dict::new();
    for (at, pair) in context.items(pairs)?.iter().enumerate() {
        if !is_iterable(pair) {
            return Err(Error::type_error("object is not iterable"));
        }
        let length = length(pair, context)?;
        let mut items = match length {
            Some(length) if length > 2 => Vec::new(),
            _ => context.items(pair)?,
        };
        let found = length.unwrap_or(items.len());
        match (items.pop(), items.pop(), found) {
            (Some(value), Some(key), 2) => {
                spend_on_hash(&key, dict.len(), context)?;
                dict.insert(dict_key(key)?, value);
            }
            _ => {
                let message =
                    format!("dictionary update sequence element #{at} has length {found}; 2 is required");
                return Err(Error::value(message));
            }
        }
    }
    Ok(dict)
}

const WORDS: [&str; 24] = [
    "ad",
    "amet",
    "consectetuer",
    "cras",
    "diam",
    "dolor",
    "elit",
    "eros",
    "felis",
    "integer",
    "ipsum",
    "justo",
    "lorem",
    "mauris",
    "nibh",
    "nulla",
    "porta",
    "quam",
    "risus",
    "sed",
    "tellus",
    "urna",
    "velit",
    "vitae",
];

/// Paragraphs of as many random words as asked for.
fn lipsum(args: &mut Args, context: &Context) -> Result<Value> {
    let paragraphs = args.int(0)?.unwrap_or(5).max(0);
    let html = args.flag(1, true);
    let (low, high) = (args.int(2)?.unwrap_or(20), args.int(3)?.unwrap_or(100));
    if low >= high {
        return Err(Error::value(format!("empty range in randrange({low}, {high})")));
    }
    let mut text = String::new();
    for at in 0..paragraphs {
        if at > 0 {
            push(&mut text, if html { "\n" } else { "\n\n" }, context)?;
        }
        let words = i128::from(context.random()).rem_euclid(high.saturating_sub(low)).saturating_add(low);
        push(&mut text, if html { "<p>" } else { "" }, context)?;
        for at in 0..words.max(0) {
            context.spend(1)?;
            let index = usize::try_from(context.random() % WORDS.len() as u64).unwrap_or_default();
            let word = WORDS.get(index).copied().unwrap_or_default();
            match at {
                0 => push(
                    &mut text,
                    &(word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default()),
                    context,
                )?,
                _ => push(&mut text, &format!(" {word}"), context)?,
            }
        }
        push(&mut text, if html { ".</p>" } else { "." }, context)?;
    }
    Ok(text.into())
}

/// The error of an index that is not there.
pub fn index_error(message: &str) -> Error {
    Error::new(ErrorKind::Index, message)
}
