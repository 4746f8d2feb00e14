//! What the filters for texts share: lines, white space, and growing a text within the limits.

use super::attribute::no_attribute;
use crate::context::Context;
use crate::error::Result;
use crate::format::display;
use crate::value::Value;

/// The text of a value; the work counts.
pub fn text_of(value: &Value, context: &Context) -> Result<String> {
    context.spend(u64::from(value.extent().weight))?;
    Ok(display(value))
}

/// Python's white space: Unicode's, and four separators.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Python's `str.splitlines`.
pub fn lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((at, end)) = rest.char_indices().find(|(_, c)| is_line_end(*c)) {
        let (line, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        lines.push(line);
        rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(end)).unwrap_or_default();
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// What ends a line in Python.
pub fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The text of a value that must be one. The error is that of the method that only texts have.
pub fn text_or<'a>(value: &'a Value, method: &str) -> Result<&'a str> {
    value.as_str().ok_or_else(|| no_attribute(value, method))
}

/// Adds to a text, within the limits.
pub fn push(to: &mut String, part: &str, context: &Context) -> Result<()> {
    context.spend(part.len() as u64 / 32)?;
    let length = to.len().saturating_add(part.len());
    if length > context.limits.size {
        context.reserve(length)?;
    }
    to.push_str(part);
    Ok(())
}
