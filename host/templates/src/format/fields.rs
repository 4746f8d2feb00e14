//! Reads the templates of `str.format`: literal text, and fields in braces.

use crate::error::{Error, Result};

/// A piece of a template: literal text, then perhaps a field.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    pub literal: &'a str,
    pub field: Option<Field<'a>>,
}

/// `{name!conversion:spec}`.
#[derive(Debug, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: &'a str,
    pub conversion: Option<char>,
    pub spec: &'a str,
}

/// A step from a value to a part of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Attribute(&'a str),
    Item(&'a str),
}

fn fault<T>(message: &str) -> Result<T> {
    Err(Error::value(message))
}

/// A text at a byte where a character begins and ends.
fn cut(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Without its first character, which has one byte.
fn behind(text: &str) -> &str {
    text.get(1..).unwrap_or_default()
}

/// Takes the next piece.
pub fn next_piece<'a>(rest: &mut &'a str) -> Result<Option<Piece<'a>>> {
    if rest.is_empty() {
        return Ok(None);
    }
    let Some(at) = rest.find(['{', '}']) else {
        return Ok(Some(Piece { literal: std::mem::take(rest), field: None }));
    };
    let (literal, from) = cut(rest, at);
    let brace = from.chars().next().unwrap_or('{');
    let after = behind(from);
    if after.starts_with(brace) {
        let (literal, _) = cut(rest, at + 1);
        *rest = behind(after);
        return Ok(Some(Piece { literal, field: None }));
    }
    match brace {
        '}' => fault("Single '}' encountered in format string"),
        _ if after.is_empty() => fault("Single '{' encountered in format string"),
        _ => {
            *rest = after;
            Ok(Some(Piece { literal, field: Some(next_field(rest)?) }))
        }
    }
}

fn next_field<'a>(rest: &mut &'a str) -> Result<Field<'a>> {
    let text = *rest;
    let mut in_brackets = false;
    let mut end = None;
    for (at, c) in text.char_indices() {
        match c {
            ']' => in_brackets = false,
            _ if in_brackets => {}
            '{' => return fault("unexpected '{' in field name"),
            '[' => in_brackets = true,
            '}' | ':' | '!' => {
                end = Some((at, c));
                break;
            }
            _ => {}
        }
    }
    let Some((end, mark)) = end else { return fault("expected '}' before end of string") };
    let (name, from) = cut(text, end);
    let mut after = behind(from);
    let mut conversion = None;
    if mark == '}' {
        *rest = after;
        return Ok(Field { name, conversion, spec: "" });
    }
    if mark == '!' {
        let mut chars = after.chars();
        conversion = chars.next();
        if conversion.is_none() {
            return fault("end of string while looking for conversion specifier");
        }
        after = chars.as_str();
        match chars.next() {
            Some('}') => {
                *rest = behind(after);
                return Ok(Field { name, conversion, spec: "" });
            }
            Some(':') => after = behind(after),
            Some(_) => return fault("expected ':' after conversion specifier"),
            None => {}
        }
    }
    let mut open = 1_usize;
    for (at, c) in after.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            let (spec, from) = cut(after, at);
            *rest = behind(from);
            return Ok(Field { name, conversion, spec });
        }
    }
    fault("unmatched '{' in format spec")
}

/// The first part of a field's name, and the rest of it.
pub fn first(name: &str) -> (&str, &str) {
    cut(name, name.find(['.', '[']).unwrap_or(name.len()))
}

/// Takes the next step from the rest of a field's name.
pub fn next_step<'a>(rest: &mut &'a str) -> Result<Option<Step<'a>>> {
    if rest.is_empty() {
        return Ok(None);
    }
    let after = behind(rest);
    let step = if rest.starts_with('.') {
        let (name, behind) = first(after);
        *rest = behind;
        Step::Attribute(name)
    } else if rest.starts_with('[') {
        let Some(end) = after.find(']') else { return fault("Missing ']' in format string") };
        let (key, from) = cut(after, end);
        *rest = behind(from);
        Step::Item(key)
    } else {
        return fault("Only '.' or '[' may follow ']' in format field specifier");
    };
    match step {
        Step::Attribute("") | Step::Item("") => fault("Empty attribute in format string"),
        step => Ok(Some(step)),
    }
}

/// A name of digits is a number.
pub fn number(name: &str) -> Result<Option<usize>> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let number = name.parse().ok().filter(|number| i64::try_from(*number).is_ok());
    number.map(Some).ok_or_else(|| Error::value("Too many decimal digits in format string"))
}
