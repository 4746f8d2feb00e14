//! Character classes and escapes of Python's patterns, translated.

use std::iter::Peekable;
use std::str::Chars;

use crate::error::{Error, Result};

/// The characters of a pattern that are left.
pub type Rest<'a> = Peekable<Chars<'a>>;

/// What an escape stands for.
pub enum Escape {
    Char(char),
    /// The inside of a class: `\d` and so on.
    Class(String),
    /// A backreference.
    Group(usize),
    /// A place in the text.
    Place(&'static str),
    /// The boundary of a word, or any other place.
    Boundary(bool),
}

/// The error of a pattern that Python refuses, or that this engine does not have.
pub fn wrong(what: impl AsRef<str>) -> Error {
    Error::runtime(format!("the pattern is not valid: {}", what.as_ref()))
}

/// A character that stands for itself.
pub fn literal(c: char) -> String {
    match c.is_ascii_alphanumeric() {
        true => c.to_string(),
        false => format!("\\x{{{:x}}}", c as u32),
    }
}

/// The escape after a backslash.
pub fn escape(rest: &mut Rest, in_class: bool, ascii: bool) -> Result<Escape> {
    let Some(c) = rest.next() else { return Err(wrong("bad escape (end of pattern)")) };
    Ok(match c {
        'a' => Escape::Char('\x07'),
        'f' => Escape::Char('\x0c'),
        'n' => Escape::Char('\n'),
        'r' => Escape::Char('\r'),
        't' => Escape::Char('\t'),
        'v' => Escape::Char('\x0b'),
        'b' if in_class => Escape::Char('\x08'),
        'd' | 'D' | 's' | 'S' | 'w' | 'W' => Escape::Class(class(c, ascii)),
        'x' => Escape::Char(code(rest, 2)?),
        'u' => Escape::Char(code(rest, 4)?),
        'U' => Escape::Char(code(rest, 8)?),
        'A' if !in_class => Escape::Place("\\A"),
        'Z' | 'z' if !in_class => Escape::Place("\\z"),
        'b' => Escape::Boundary(true),
        'B' if !in_class => Escape::Boundary(false),
        '0' => Escape::Char(octal(rest, 0, 2)?),
        '1'..='9' => number(c, rest, in_class)?,
        c if c.is_ascii_alphabetic() => return Err(wrong(format!("bad escape \\{c}"))),
        c => Escape::Char(c),
    })
}

/// A digit, white space, or word character, as Python's `str` methods see them.
fn class(c: char, ascii: bool) -> String {
    let inside = match (c.to_ascii_lowercase(), ascii) {
        ('d', true) => "0-9",
        ('d', false) => "\\p{Nd}",
        ('s', true) => "\\x{9}-\\x{d} ",
        ('s', false) => "\\s\\x{1c}-\\x{1f}",
        (_, true) => "0-9A-Za-z_",
        (_, false) => "\\p{L}\\p{N}_",
    };
    match c.is_ascii_uppercase() {
        true => format!("[^{inside}]"),
        false => inside.replace(' ', "\\x{20}"),
    }
}

/// The digits after the first one: an octal number or a group.
fn number(first: char, rest: &mut Rest, in_class: bool) -> Result<Escape> {
    let first = first.to_digit(10).unwrap_or_default();
    let next = |rest: &mut Rest, base: u32| {
        let digit = rest.peek().and_then(|c| c.to_digit(base))?;
        rest.next();
        Some(digit)
    };
    if in_class {
        return match first < 8 {
            true => octal(rest, first, 2).map(Escape::Char),
            false => Err(wrong(format!("bad escape \\{first}"))),
        };
    }
    let Some(second) = next(rest, 10) else { return Ok(Escape::Group(first as usize)) };
    if first < 4 && second < 8 {
        if let Some(third) = next(rest, 8) {
            return char_of(first * 64 + second * 8 + third).map(Escape::Char);
        }
    } else if first < 8 && second < 8 && rest.peek().is_some_and(|c| c.is_digit(8)) {
        return Err(wrong("an octal escape is larger than \\377"));
    }
    Ok(Escape::Group((first * 10 + second) as usize))
}

/// An octal number, of which `value` has been read, with at most `more` further digits.
fn octal(rest: &mut Rest, mut value: u32, more: usize) -> Result<char> {
    for _ in 0..more {
        let Some(digit) = rest.peek().and_then(|c| c.to_digit(8)) else { break };
        rest.next();
        value = value * 8 + digit;
    }
    match value > 0o377 {
        true => Err(wrong("an octal escape is larger than \\377")),
        false => char_of(value),
    }
}

/// A character by exactly so many hexadecimal digits.
fn code(rest: &mut Rest, digits: usize) -> Result<char> {
    let mut code: u32 = 0;
    for _ in 0..digits {
        let digit = rest.next().and_then(|c| c.to_digit(16)).ok_or_else(|| wrong("incomplete escape"))?;
        code = code
            .checked_mul(16)
            .and_then(|code| code.checked_add(digit))
            .ok_or_else(|| wrong("bad escape"))?;
    }
    char_of(code)
}

fn char_of(code: u32) -> Result<char> {
    char::from_u32(code).ok_or_else(|| wrong("the code of a character is not one"))
}

/// A class after its `[`: the translated class.
pub fn bracket(rest: &mut Rest, ascii: bool) -> Result<String> {
    let end = || wrong("unterminated character set");
    let mut class = String::from("[");
    if rest.next_if_eq(&'^').is_some() {
        class.push('^');
    }
    let mut is_first = true;
    loop {
        let c = rest.next().ok_or_else(end)?;
        if c == ']' && !is_first {
            break;
        }
        is_first = false;
        let low = member(c, rest, ascii)?;
        let mut ahead = rest.clone();
        let is_range = ahead.next() == Some('-') && !matches!(ahead.next(), Some(']'));
        if !is_range {
            class.push_str(&low.map_or_else(|class| class, literal));
            continue;
        }
        rest.next();
        let c = rest.next().ok_or_else(end)?;
        let high = member(c, rest, ascii)?;
        match (low, high) {
            (Ok(low), Ok(high)) if low <= high => {
                class.push_str(&format!("{}-{}", literal(low), literal(high)));
            }
            _ => return Err(wrong("bad character range")),
        }
    }
    class.push(']');
    Ok(class)
}

/// One member of a class: a character, or a class by its escape.
fn member(c: char, rest: &mut Rest, ascii: bool) -> Result<std::result::Result<char, String>> {
    if c != '\\' {
        return Ok(Ok(c));
    }
    Ok(match escape(rest, true, ascii)? {
        Escape::Char(c) => Ok(c),
        Escape::Class(class) => Err(class),
        Escape::Group(_) | Escape::Place(_) | Escape::Boundary(_) => {
            return Err(wrong("bad escape in a character set"));
        }
    })
}
