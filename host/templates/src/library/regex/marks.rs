//! The parts of a pattern whose translation depends on the text, and the bounds of repetitions.

use super::classes::{Rest, wrong};
use crate::error::Result;

/// What a translation must know of the text to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Whether it ends with a newline, before which `$` matches too.
    pub before_newline: bool,
    /// Whether it has characters beyond ASCII that are no letters.
    pub has_odd_letters: bool,
}

/// `\b` or `\B`, which Python and the engine see differently beside characters that are no letters.
pub fn boundary(ascii: bool, has_odd_letters: bool, is_boundary: bool) -> &'static str {
    match (ascii, has_odd_letters, is_boundary) {
        (true, _, true) => "(?-u:\\b)",
        (true, _, false) => "(?-u:\\B)",
        (false, false, true) => "\\b",
        (false, false, false) => "\\B",
        (false, true, true) => r"(?:(?<=[\p{L}\p{N}_])(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}_])(?=[\p{L}\p{N}_]))",
        (false, true, false) => {
            r"(?:(?<=[\p{L}\p{N}_])(?=[\p{L}\p{N}_])|(?<![\p{L}\p{N}_])(?![\p{L}\p{N}_]))"
        }
    }
}

/// The bounds of a repetition after `{`. `None` if the brace stands for itself.
pub fn bounds(rest: &mut Rest) -> Result<Option<String>> {
    let mut ahead = rest.clone();
    let digits =
        |ahead: &mut Rest| -> String { std::iter::from_fn(|| ahead.next_if(char::is_ascii_digit)).collect() };
    let low = digits(&mut ahead);
    let has_comma = ahead.next_if_eq(&',').is_some();
    let high = if has_comma { digits(&mut ahead) } else { low.clone() };
    if ahead.next() != Some('}') || (low.is_empty() && !has_comma) {
        return Ok(None);
    }
    *rest = ahead;
    let number = |digits: &str| match digits.parse::<u32>() {
        Ok(number) if number <= 1000 => Ok(number),
        _ => Err(wrong("a repetition has a bound above 1000, which is not supported")),
    };
    let low = if low.is_empty() { 0 } else { number(&low)? };
    let high = if high.is_empty() { None } else { Some(number(&high)?) };
    match high {
        Some(high) if high < low => Err(wrong("min repeat greater than max repeat")),
        Some(high) => Ok(Some(format!("{{{low},{high}}}"))),
        None => Ok(Some(format!("{{{low},}}"))),
    }
}
