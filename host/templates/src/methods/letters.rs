//! Methods of texts about case.

use super::receiver::{read, receiver};
use crate::call::Args;
use crate::context::Context;
use crate::error::Result;
use crate::format::characters::{is_cased, is_title, push_folded, push_title};
use crate::value::Value;

pub fn lower(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(Value::from(read(args, context)?.to_lowercase()))
}

pub fn upper(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(Value::from(read(args, context)?.to_uppercase()))
}

pub fn casefold(args: &mut Args, context: &Context) -> Result<Value> {
    let mut result = String::new();
    read(args, context)?.chars().for_each(|c| push_folded(c, &mut result));
    Ok(Value::from(result))
}

pub fn capitalize(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let lower = Lower::new(&text);
    let mut result = String::new();
    for (at, c) in text.char_indices() {
        match at {
            0 => push_title(c, &mut result),
            _ => lower.push(at, c, &mut result),
        }
    }
    Ok(Value::from(result))
}

pub fn title(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let lower = Lower::new(&text);
    let mut result = String::new();
    let mut inside = false;
    for (at, c) in text.char_indices() {
        match inside {
            true => lower.push(at, c, &mut result),
            false => push_title(c, &mut result),
        }
        inside = is_cased(c);
    }
    Ok(Value::from(result))
}

pub fn swapcase(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let lower = Lower::new(&text);
    let mut result = String::new();
    for (at, c) in text.char_indices() {
        match c {
            _ if c.is_uppercase() => lower.push(at, c, &mut result),
            _ if c.is_lowercase() => result.extend(c.to_uppercase()),
            _ => result.push(c),
        }
    }
    Ok(Value::from(result))
}

/// The lower case of the characters of a text. `Σ` at the end of a word is `ς`, which only the whole text shows.
struct Lower {
    /// The lower case `ς` and `σ` of every `Σ` of the text: where it is, and what it becomes.
    sigmas: Vec<(usize, char)>,
}

impl Lower {
    fn new(text: &str) -> Self {
        if !text.contains('Σ') {
            return Self { sigmas: Vec::new() };
        }
        let positions = text.char_indices().filter(|(_, c)| *c == 'Σ').map(|(at, _)| at);
        // A text in lower case has one sigma for each sigma of the text, in the same order.
        let lower = text.to_lowercase();
        let is_sigma = |c: &char| matches!(c, 'σ' | 'ς');
        let mut sources = text.chars().filter(|c| matches!(c, 'Σ' | 'σ' | 'ς'));
        let lowered = lower.chars().filter(is_sigma).filter(|_| sources.next() == Some('Σ'));
        Self { sigmas: positions.zip(lowered).collect() }
    }

    fn push(&self, at: usize, c: char, to: &mut String) {
        if c == 'Σ' {
            let found = self.sigmas.binary_search_by_key(&at, |(at, _)| *at).ok();
            to.push(found.and_then(|index| self.sigmas.get(index)).map_or('σ', |(_, c)| *c));
        } else {
            to.extend(c.to_lowercase());
        }
    }
}

pub fn islower(args: &mut Args, _: &Context) -> Result<Value> {
    let text = receiver(args);
    let wrong = text.chars().any(|c| c.is_uppercase() || is_title(c));
    Ok(Value::Bool(!wrong && text.chars().any(char::is_lowercase)))
}

pub fn isupper(args: &mut Args, _: &Context) -> Result<Value> {
    let text = receiver(args);
    let wrong = text.chars().any(|c| c.is_lowercase() || is_title(c));
    Ok(Value::Bool(!wrong && text.chars().any(char::is_uppercase)))
}

pub fn istitle(args: &mut Args, _: &Context) -> Result<Value> {
    let (mut any, mut inside) = (false, false);
    for c in receiver(args).chars() {
        let starts = c.is_uppercase() || is_title(c);
        if starts == inside && (starts || c.is_lowercase()) {
            return Ok(Value::Bool(false));
        }
        inside = starts || c.is_lowercase();
        any |= inside;
    }
    Ok(Value::Bool(any))
}
