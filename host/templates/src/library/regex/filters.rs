//! The filters and tests with regular expressions.

use std::borrow::Cow;

use super::pattern::Pattern;
use super::replacement::Replacement;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::format::display;
use crate::value::Value;

const VALUE_FIND: &str = "value, find=, ignorecase=";

pub const FILTERS: &[Builtin] = &[
    builtin("regex_match", VALUE_FIND, matches),
    builtin("regex_search", VALUE_FIND, searches),
    builtin("regex_replace", "value=, find=, replace=, ignorecase=", replace),
    builtin("regex_findall", VALUE_FIND, find_all),
    builtin("regex_findall_index", "value, find=, index=, ignorecase=", find_at),
];

pub const TESTS: &[Builtin] =
    &[builtin("match", VALUE_FIND, matches), builtin("search", VALUE_FIND, searches)];

fn matches(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text(args.get(0));
    let pattern = Pattern::new(find(args)?, args.flag(2, false), true, &text, context)?;
    pattern.is_match(&text, context).map(Value::Bool)
}

fn searches(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text(args.get(0));
    let pattern = Pattern::new(find(args)?, args.flag(2, false), false, &text, context)?;
    pattern.is_match(&text, context).map(Value::Bool)
}

fn replace(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text(args.get(0));
    let by = match args.get(2) {
        None => "",
        Some(Value::Text(by)) => by,
        Some(other) => {
            let name = other.type_name();
            let message = format!("decoding to str: need a bytes-like object, {name} found");
            return Err(Error::type_error(message));
        }
    };
    let pattern = Pattern::new(find(args)?, args.flag(3, false), false, &text, context)?;
    let by = Replacement::new(by, &pattern)?;
    let (mut replaced, mut end) = (String::new(), 0);
    pattern.matches(&text, context, |found| {
        let whole = found.get(0).map_or(end..end, |whole| whole.range());
        let before = replaced.len();
        replaced.push_str(text.get(end..whole.start).unwrap_or_default());
        by.write(found, &mut replaced);
        end = whole.end;
        context.spend((replaced.len() - before) as u64 / 32)?;
        match replaced.len() > context.limits.size {
            true => Err(Error::limit("the template makes a value that is too large")),
            false => Ok(()),
        }
    })?;
    replaced.push_str(text.get(end..).unwrap_or_default());
    Ok(Value::from(replaced))
}

fn find_all(args: &mut Args, context: &Context) -> Result<Value> {
    found(args, args.flag(2, false), context).map(Value::list)
}

fn find_at(args: &mut Args, context: &Context) -> Result<Value> {
    let mut found = found(args, args.flag(3, false), context)?;
    let index = match args.get(2) {
        None => 0,
        Some(index) => index.as_int().ok_or_else(|| {
            let name = index.type_name();
            Error::type_error(format!("list indices must be integers or slices, not {name}"))
        })?,
    };
    let count = i128::try_from(found.len()).unwrap_or(i128::MAX);
    let at = if index < 0 { index + count } else { index };
    match usize::try_from(at).ok().filter(|at| *at < found.len()) {
        Some(at) => Ok(found.swap_remove(at)),
        None => Err(Error::new(ErrorKind::Index, "list index out of range")),
    }
}

/// All matches: the whole match, its only group, or a tuple of its groups.
fn found(args: &Args, ignore_case: bool, context: &Context) -> Result<Vec<Value>> {
    let text = text(args.get(0));
    let pattern = Pattern::new(find(args)?, ignore_case, false, &text, context)?;
    let mut all = Vec::new();
    pattern.matches(&text, context, |found| {
        let group = |at: usize| Value::text(found.get(at).map_or("", |group| group.as_str()));
        all.push(match pattern.groups {
            0 => group(0),
            1 => group(1),
            groups => Value::tuple((1..=groups).map(group).collect()),
        });
        context.spend(pattern.groups as u64)
    })?;
    Ok(all)
}

fn text(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None => Cow::Borrowed(""),
        Some(Value::Text(text)) => Cow::Borrowed(text),
        Some(value) => Cow::Owned(display(value)),
    }
}

fn find(args: &Args) -> Result<&str> {
    match args.get(1) {
        None => Ok(""),
        Some(Value::Text(find)) => Ok(find),
        Some(_) => Err(Error::type_error("first argument must be string or compiled pattern")),
    }
}
