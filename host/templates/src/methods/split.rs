//! Methods of texts that split and join them.

use super::receiver::{read, receiver};
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::format::characters::is_space;
use crate::format::grow::push;
use crate::value::Value;

/// How a text is split.
struct Plan<'a> {
    /// `None`: at white space.
    separator: Option<&'a str>,
    /// The largest number of splits.
    most: usize,
}

fn plan<'a>(args: &'a Args) -> Result<Plan<'a>> {
    let separator = match args.get(1) {
        None | Some(Value::None) => None,
        Some(Value::Text(text)) if text.is_empty() => return Err(Error::value("empty separator")),
        Some(Value::Text(text)) => Some(text.as_ref()),
        Some(other) => {
            return Err(Error::type_error(format!("must be str or None, not {}", other.type_name())));
        }
    };
    let most = args.int(2)?.unwrap_or(-1);
    Ok(Plan { separator, most: usize::try_from(most).unwrap_or(usize::MAX) })
}

/// A list of texts; counts the work.
fn list<'a>(parts: impl Iterator<Item = &'a str>, context: &Context) -> Result<Vec<Value>> {
    let mut items = Vec::new();
    for part in parts {
        if items.len() % 4 == 0 {
            context.spend(1)?;
        }
        items.push(Value::text(part));
    }
    context.reserve(items.len())?;
    Ok(items)
}

pub fn split(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let plan = plan(args)?;
    let items = match plan.separator {
        Some(separator) => list(text.splitn(plan.most.saturating_add(1), separator), context)?,
        None => {
            let mut rest = text.trim_start_matches(is_space);
            let mut left = plan.most;
            let parts = std::iter::from_fn(|| {
                if rest.is_empty() {
                    return None;
                }
                let end = if left == 0 { rest.len() } else { rest.find(is_space).unwrap_or(rest.len()) };
                left = left.saturating_sub(1);
                let (part, behind) = rest.split_at_checked(end)?;
                rest = behind.trim_start_matches(is_space);
                Some(part)
            });
            list(parts, context)?
        }
    };
    Ok(Value::list(items))
}

pub fn rsplit(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let plan = plan(args)?;
    let mut items = match plan.separator {
        Some(separator) => list(text.rsplitn(plan.most.saturating_add(1), separator), context)?,
        None => {
            let mut rest = text.trim_end_matches(is_space);
            let mut left = plan.most;
            let parts = std::iter::from_fn(|| {
                if rest.is_empty() {
                    return None;
                }
                let space = if left == 0 { None } else { rest.char_indices().rfind(|(_, c)| is_space(*c)) };
                let start = space.map_or(0, |(at, c)| at + c.len_utf8());
                left = left.saturating_sub(1);
                let (before, part) = rest.split_at_checked(start)?;
                rest = before.trim_end_matches(is_space);
                Some(part)
            });
            list(parts, context)?
        }
    };
    items.reverse();
    Ok(Value::list(items))
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

pub fn splitlines(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let keep = args.flag(1, false);
    let mut rest = text.as_ref();
    let lines = std::iter::from_fn(|| {
        if rest.is_empty() {
            return None;
        }
        let (end, mark) = rest.char_indices().find(|(_, c)| is_line_end(*c)).unwrap_or((rest.len(), ' '));
        let (line, behind) = rest.split_at_checked(end)?;
        let size = match behind.starts_with("\r\n") {
            true => 2,
            false if behind.is_empty() => 0,
            false => mark.len_utf8(),
        };
        let (with_end, behind) = rest.split_at_checked(end + size)?;
        rest = behind;
        Some(if keep { with_end } else { line })
    });
    list(lines, context).map(Value::list)
}

fn separator(args: &Args) -> Result<&str> {
    match args.value(1) {
        Value::Text(text) if text.is_empty() => Err(Error::value("empty separator")),
        Value::Text(text) => Ok(text),
        other => Err(Error::type_error(format!("must be str, not {}", other.type_name()))),
    }
}

fn three(one: &str, two: &str, three: &str) -> Value {
    Value::tuple(vec![Value::text(one), Value::text(two), Value::text(three)])
}

pub fn partition(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let separator = separator(args)?;
    Ok(match text.split_once(separator) {
        Some((before, after)) => three(before, separator, after),
        None => three(&text, "", ""),
    })
}

pub fn rpartition(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let separator = separator(args)?;
    Ok(match text.rsplit_once(separator) {
        Some((before, after)) => three(before, separator, after),
        None => three("", "", &text),
    })
}

pub fn join(args: &mut Args, context: &Context) -> Result<Value> {
    let separator = receiver(args);
    let items = context.items(args.value(1)).map_err(|error| match error.kind {
        ErrorKind::Type => Error::type_error("can only join an iterable"),
        _ => error,
    })?;
    let mut result = String::new();
    for (at, item) in items.iter().enumerate() {
        let Some(part) = item.as_str() else {
            let name = item.type_name();
            return Err(Error::type_error(format!(
                "sequence item {at}: expected str instance, {name} found"
            )));
        };
        let before = if at == 0 { "" } else { separator.as_ref() };
        push(before, &mut result, context)?;
        push(part, &mut result, context)?;
    }
    Ok(Value::from(result))
}
