//! Python's replacement texts: `\1`, `\g<name>`, and escapes.

use fancy_regex::Captures;

use super::classes::wrong;
use super::pattern::Pattern;
use crate::error::Result;

/// A part of a replacement.
#[derive(Debug)]
enum Part {
    Text(String),
    Group(usize),
}

/// A replacement, for one pattern.
#[derive(Debug)]
pub struct Replacement(Vec<Part>);

impl Replacement {
    pub fn new(by: &str, pattern: &Pattern) -> Result<Self> {
        let (mut parts, mut text, mut rest) = (Vec::new(), String::new(), by.chars().peekable());
        while let Some(c) = rest.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            let c = rest.next().ok_or_else(|| wrong("bad escape at the end of a replacement"))?;
            let digit = |rest: &mut std::iter::Peekable<std::str::Chars>, base| {
                let digit = rest.peek().and_then(|c| c.to_digit(base))?;
                rest.next();
                Some(digit)
            };
            let group = match c {
                'g' => named(&mut rest, pattern)?,
                '0' => {
                    let first = digit(&mut rest, 8).unwrap_or(0);
                    let code = digit(&mut rest, 8).map_or(first, |second| first * 8 + second);
                    text.extend(char::from_u32(code));
                    continue;
                }
                '1'..='9' => {
                    let first = c.to_digit(10).unwrap_or_default();
                    let Some(second) = digit(&mut rest, 10) else {
                        push(&mut parts, &mut text, checked(first as usize, pattern)?);
                        continue;
                    };
                    if let (0..=7, 0..=7, Some(third)) =
                        (first, second, rest.peek().and_then(|c| c.to_digit(8)))
                    {
                        rest.next();
                        let code = first * 64 + second * 8 + third;
                        if code > 0o377 {
                            return Err(wrong("an octal escape is larger than \\377"));
                        }
                        text.extend(char::from_u32(code));
                        continue;
                    }
                    checked((first * 10 + second) as usize, pattern)?
                }
                'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' => {
                    text.push(match c {
                        'a' => '\x07',
                        'b' => '\x08',
                        'f' => '\x0c',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'v' => '\x0b',
                        c => c,
                    });
                    continue;
                }
                c if c.is_ascii_alphabetic() => {
                    return Err(wrong(format!("bad escape \\{c} in a replacement")));
                }
                c => {
                    text.extend(['\\', c]);
                    continue;
                }
            };
            push(&mut parts, &mut text, group);
        }
        parts.push(Part::Text(text));
        Ok(Self(parts))
    }

    /// Writes it for a match.
    pub fn write(&self, found: &Captures<str>, to: &mut String) {
        for part in &self.0 {
            match part {
                Part::Text(text) => to.push_str(text),
                Part::Group(number) => to.push_str(found.get(*number).map_or("", |group| group.as_str())),
            }
        }
    }
}

fn push(parts: &mut Vec<Part>, text: &mut String, group: usize) {
    parts.push(Part::Text(std::mem::take(text)));
    parts.push(Part::Group(group));
}

/// The group of `<name>` or `<1>`.
fn named(rest: &mut std::iter::Peekable<std::str::Chars>, pattern: &Pattern) -> Result<usize> {
    if rest.next() != Some('<') {
        return Err(wrong("missing < in a replacement"));
    }
    let mut name = String::new();
    loop {
        match rest.next() {
            Some('>') => break,
            Some(c) => name.push(c),
            None => return Err(wrong("missing > in a replacement")),
        }
    }
    if let Ok(number) = name.parse() {
        return checked(number, pattern);
    }
    let found = pattern.names.iter().find(|(known, _)| *known == name);
    found.map(|(_, number)| *number).ok_or_else(|| wrong(format!("unknown group name '{name}'")))
}

fn checked(number: usize, pattern: &Pattern) -> Result<usize> {
    match number <= pattern.groups {
        true => Ok(number),
        false => Err(wrong(format!("invalid group reference {number}"))),
    }
}
