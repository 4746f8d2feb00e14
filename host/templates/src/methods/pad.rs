//! Methods of texts that fill them up, or strip them.

use std::collections::HashSet;

use super::receiver::{read, receiver};
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::characters::is_space;
use crate::value::Value;

/// The fill character, and how many of them are missing.
fn missing(args: &Args, context: &Context) -> Result<(char, usize)> {
    let width = args.int(1)?.unwrap_or(0);
    let width = usize::try_from(width.max(0)).unwrap_or(usize::MAX);
    let fill = match args.get(2) {
        None => ' ',
        Some(Value::Text(text)) => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(fill), None) => fill,
                _ => return Err(Error::type_error("The fill character must be exactly one character long")),
            }
        }
        Some(other) => {
            let name = other.type_name();
            return Err(Error::type_error(format!(
                "The fill character must be a unicode character, not {name}"
            )));
        }
    };
    context.reserve(width.saturating_mul(fill.len_utf8()))?;
    Ok((fill, width.saturating_sub(receiver(args).chars().count())))
}

fn filled(args: &Args, left: usize, right: usize, fill: char) -> Value {
    let mut result = String::new();
    result.extend(std::iter::repeat_n(fill, left));
    result.push_str(&receiver(args));
    result.extend(std::iter::repeat_n(fill, right));
    Value::from(result)
}

pub fn ljust(args: &mut Args, context: &Context) -> Result<Value> {
    let (fill, missing) = missing(args, context)?;
    Ok(filled(args, 0, missing, fill))
}

pub fn rjust(args: &mut Args, context: &Context) -> Result<Value> {
    let (fill, missing) = missing(args, context)?;
    Ok(filled(args, missing, 0, fill))
}

pub fn center(args: &mut Args, context: &Context) -> Result<Value> {
    let (fill, missing) = missing(args, context)?;
    // An odd one goes to the left if the width is odd.
    let width = receiver(args).chars().count() + missing;
    let left = missing / 2 + (missing & width & 1);
    Ok(filled(args, left, missing - left, fill))
}

pub fn zfill(args: &mut Args, context: &Context) -> Result<Value> {
    let (_, missing) = missing(args, context)?;
    let text = receiver(args);
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => text.split_at_checked(text.len() - digits.len()).unwrap_or(("", digits)),
        None => ("", text.as_ref()),
    };
    let mut result = String::from(sign);
    result.extend(std::iter::repeat_n('0', missing));
    result.push_str(digits);
    Ok(Value::from(result))
}

pub fn expandtabs(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let size = args.int(1)?.unwrap_or(8);
    if i32::try_from(size).is_err() {
        return Err(Error::overflow("Python int too large to convert to C int"));
    }
    let size = usize::try_from(size.max(0)).unwrap_or(0);
    let tabs = text.bytes().filter(|byte| *byte == b'\t').count();
    context.reserve(text.len().saturating_add(tabs.saturating_mul(size)))?;
    let mut result = String::new();
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' if size == 0 => {}
            '\t' => {
                let spaces = size - column % size;
                result.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            _ => {
                result.push(c);
                column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
            }
        }
    }
    Ok(Value::from(result))
}

/// What is stripped.
enum Chars {
    Space,
    These(HashSet<char>),
}

impl Chars {
    fn has(&self, c: char) -> bool {
        match self {
            Self::Space => is_space(c),
            Self::These(these) => these.contains(&c),
        }
    }
}

fn chars(args: &Args, method: &str, context: &Context) -> Result<Chars> {
    match args.get(1) {
        None | Some(Value::None) => Ok(Chars::Space),
        Some(Value::Text(text)) => {
            context.spend(text.len() as u64 / 8)?;
            Ok(Chars::These(text.chars().collect()))
        }
        Some(_) => Err(Error::type_error(format!("{method} arg must be None or str"))),
    }
}

pub fn strip(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let chars = chars(args, "strip", context)?;
    Ok(Value::text(text.trim_matches(|c| chars.has(c))))
}

pub fn lstrip(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let chars = chars(args, "lstrip", context)?;
    Ok(Value::text(text.trim_start_matches(|c| chars.has(c))))
}

pub fn rstrip(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let chars = chars(args, "rstrip", context)?;
    Ok(Value::text(text.trim_end_matches(|c| chars.has(c))))
}
