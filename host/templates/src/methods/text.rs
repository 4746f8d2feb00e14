//! The table of the methods of texts, and what they share.

use super::receiver::receiver;
use super::{encode, letters, pad, search, split, translate};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::Result;
use crate::format::{characters, format_map, format_template};
use crate::value::Value;

pub const TEXT: &[Builtin] = &[
    builtin("capitalize", "self, /", letters::capitalize),
    builtin("casefold", "self, /", letters::casefold),
    builtin("center", "self, width, fillchar=, /", pad::center),
    builtin("count", "self, sub, start=, end=, /", search::count),
    builtin("encode", "self, /, encoding=, errors=", encode::encode),
    builtin("endswith", "self, suffix, start=, end=, /", search::endswith),
    builtin("expandtabs", "self, /, tabsize=", pad::expandtabs),
    builtin("find", "self, sub, start=, end=, /", search::find),
    builtin("format", "self, /, *args, **kwargs", format),
    builtin("format_map", "self, mapping, /", map),
    builtin("index", "self, sub, start=, end=, /", search::index),
    builtin("isalnum", "self, /", |args, _| {
        every(args, |c| characters::is_letter(c) || characters::is_numeric(c))
    }),
    builtin("isalpha", "self, /", |args, _| every(args, characters::is_letter)),
    builtin("isascii", "self, /", |args, _| Ok(Value::Bool(receiver(args).is_ascii()))),
    builtin("isdecimal", "self, /", |args, _| every(args, characters::is_decimal)),
    builtin("isdigit", "self, /", |args, _| every(args, characters::is_digit)),
    builtin("isidentifier", "self, /", |args, _| Ok(Value::Bool(characters::is_identifier(&receiver(args))))),
    builtin("islower", "self, /", letters::islower),
    builtin("isnumeric", "self, /", |args, _| every(args, characters::is_numeric)),
    builtin("isprintable", "self, /", |args, _| Ok(Value::Bool(characters::all_printable(&receiver(args))))),
    builtin("isspace", "self, /", |args, _| every(args, characters::is_space)),
    builtin("istitle", "self, /", letters::istitle),
    builtin("isupper", "self, /", letters::isupper),
    builtin("join", "self, iterable, /", split::join),
    builtin("ljust", "self, width, fillchar=, /", pad::ljust),
    builtin("lower", "self, /", letters::lower),
    builtin("lstrip", "self, chars=, /", pad::lstrip),
    builtin("maketrans", "self, x, y=, z=, /", translate::maketrans),
    builtin("partition", "self, sep, /", split::partition),
    builtin("removeprefix", "self, prefix, /", search::removeprefix),
    builtin("removesuffix", "self, suffix, /", search::removesuffix),
    builtin("replace", "self, old, new, /, count=", search::replace),
    builtin("rfind", "self, sub, start=, end=, /", search::rfind),
    builtin("rindex", "self, sub, start=, end=, /", search::rindex),
    builtin("rjust", "self, width, fillchar=, /", pad::rjust),
    builtin("rpartition", "self, sep, /", split::rpartition),
    builtin("rsplit", "self, /, sep=, maxsplit=", split::rsplit),
    builtin("rstrip", "self, chars=, /", pad::rstrip),
    builtin("split", "self, /, sep=, maxsplit=", split::split),
    builtin("splitlines", "self, /, keepends=", split::splitlines),
    builtin("startswith", "self, prefix, start=, end=, /", search::startswith),
    builtin("strip", "self, chars=, /", pad::strip),
    builtin("swapcase", "self, /", letters::swapcase),
    builtin("title", "self, /", letters::title),
    builtin("translate", "self, table, /", translate::translate),
    builtin("upper", "self, /", letters::upper),
    builtin("zfill", "self, width, /", pad::zfill),
];

fn every(args: &Args, is: impl Fn(char) -> bool) -> Result<Value> {
    let text = receiver(args);
    Ok(Value::Bool(!text.is_empty() && text.chars().all(is)))
}

fn format(args: &mut Args, context: &Context) -> Result<Value> {
    format_template(&receiver(args), &args.rest, &args.keywords, context).map(Value::from)
}

fn map(args: &mut Args, context: &Context) -> Result<Value> {
    format_map(&receiver(args), args.value(1), context).map(Value::from)
}
