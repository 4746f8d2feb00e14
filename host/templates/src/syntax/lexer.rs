//! Splits a template into text and tokens, with Jinja's white space control.

use std::sync::Arc;

use super::escapes::unescaped;
use crate::error::{Error, Result};

/// Whether a text contains template syntax.
pub fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// A token and its line.
#[derive(Debug, Clone)]
pub struct Token {
    pub line: u32,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Text outside of the marks.
    Data(Arc<str>),
    VariableBegin,
    VariableEnd,
    BlockBegin,
    BlockEnd,
    Name(Arc<str>),
    Text(Arc<str>),
    Int(i128),
    Float(f64),
    /// An operator or bracket.
    Sign(&'static str),
    End,
}

/// Operators, the longer ones first.
const SIGNS: [&str; 26] = [
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<",
    "=", ".", ":", "|", ",", ";",
];

/// The tokens of a template, with `Kind::End` at the end.
pub fn tokens(source: &str) -> Result<Vec<Token>> {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let source = source.strip_suffix('\n').unwrap_or(&source);
    let mut lexer = Lexer { rest: source, line: 1, tokens: Vec::new(), strips: false };
    lexer.run()?;
    lexer.push(Kind::End);
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    rest: &'a str,
    line: u32,
    tokens: Vec<Token>,
    /// Whether the last mark strips the white space after it.
    strips: bool,
}

impl<'a> Lexer<'a> {
    fn push(&mut self, kind: Kind) {
        self.tokens.push(Token { line: self.line, kind });
    }

    /// Skips bytes and counts their lines.
    fn skip(&mut self, bytes: usize) -> &'a str {
        let (skipped, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.line += u32::try_from(skipped.matches('\n').count()).unwrap_or(0);
        self.rest = rest;
        skipped
    }

    fn run(&mut self) -> Result<()> {
        loop {
            let at = next_mark(self.rest);
            let Some(at) = at else {
                let rest = self.rest;
                self.data(rest.len(), false);
                return Ok(());
            };
            let mark = self.rest.get(at..at + 2).unwrap_or("");
            let sign = self.rest.get(at + 2..).and_then(|rest| rest.chars().next());
            let length = if matches!(sign, Some('-' | '+')) { 3 } else { 2 };
            self.data(at, sign == Some('-'));
            match mark {
                "{#" => self.comment(length)?,
                "{%" => {
                    if !self.raw(length)? {
                        self.skip(length);
                        self.push(Kind::BlockBegin);
                        self.code("%}", Kind::BlockEnd)?;
                    }
                }
                _ => {
                    self.skip(length);
                    self.push(Kind::VariableBegin);
                    self.code("}}", Kind::VariableEnd)?;
                }
            }
        }
    }

    /// Text up to a mark.
    fn data(&mut self, bytes: usize, strips_end: bool) {
        let text = self.rest.get(..bytes).unwrap_or("");
        let begun = if self.strips { text.trim_start_matches(is_space) } else { text };
        let shown = if strips_end { begun.trim_end_matches(is_space) } else { begun };
        self.strips = false;
        if !shown.is_empty() {
            self.push(Kind::Data(shown.into()));
        }
        self.skip(bytes);
    }

    fn comment(&mut self, length: usize) -> Result<()> {
        // At the very end of the template, it is closed.
        if self.rest.len() <= length {
            self.skip(length);
            return Ok(());
        }
        let end = self.rest.get(length..).and_then(|rest| rest.find("#}"));
        let end = end.ok_or_else(|| Error::syntax("a comment is not closed; add `#}`").at(self.line))?;
        self.strips = self.rest.get(..length + end).is_some_and(|text| end > 0 && text.ends_with('-'));
        self.skip(length + end + 2);
        Ok(())
    }

    /// `{% raw %}…{% endraw %}`. Returns whether it was one.
    fn raw(&mut self, length: usize) -> Result<bool> {
        let inner = self.rest.get(length..).unwrap_or("");
        let Some(after_begin) = block(inner, "raw").filter(|it| !it.has_plus) else { return Ok(false) };
        let begin = self.rest.len() - after_begin.rest.len();
        let is_last = match after_begin.strips {
            true => after_begin.rest.trim_start_matches(is_space).is_empty(),
            false => after_begin.rest.is_empty(),
        };
        if is_last {
            self.skip(self.rest.len());
            return Ok(true);
        }
        let mut from = 0;
        loop {
            let found = after_begin.rest.get(from..).and_then(|rest| rest.find("{%"));
            let Some(at) = found.map(|at| at + from) else {
                return Err(Error::syntax("`raw` is not closed; add `{% endraw %}`").at(self.line));
            };
            let mark = after_begin.rest.get(at + 2..).unwrap_or("");
            let (sign, inner) = match mark.strip_prefix(['-', '+']) {
                Some(inner) => (mark.starts_with('-'), inner),
                None => (false, mark),
            };
            if let Some(after_end) = block(inner, "endraw") {
                self.skip(begin);
                self.strips = after_begin.strips;
                self.data(at, sign);
                let rest = after_end.rest.len();
                self.skip(self.rest.len() - rest);
                self.strips = after_end.strips;
                return Ok(true);
            }
            from = at + 2;
        }
    }

    /// Tokens up to the end of a mark.
    fn code(&mut self, end: &str, end_kind: Kind) -> Result<()> {
        let mut open = Vec::new();
        loop {
            let spaces = self.rest.len() - self.rest.trim_start_matches(is_space).len();
            self.skip(spaces);
            if open.is_empty() {
                let signed = self
                    .rest
                    .strip_prefix('-')
                    .or_else(|| self.rest.strip_prefix('+').filter(|_| end == "%}"));
                if self.rest.starts_with(end) {
                    self.push(end_kind);
                    self.skip(end.len());
                    return Ok(());
                }
                if signed.is_some_and(|rest| rest.starts_with(end)) {
                    self.strips = self.rest.starts_with('-');
                    self.push(end_kind);
                    self.skip(end.len() + 1);
                    return Ok(());
                }
            }
            let Some(first) = self.rest.chars().next() else {
                return Err(Error::syntax(format!("`{end}` is missing")).at(self.line));
            };
            if first == '"' || first == '\'' {
                self.quoted(first)?;
            } else if first.is_ascii_digit() {
                self.number()?;
            } else if first.is_alphabetic() || first == '_' {
                let length = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let name = self.rest.get(..length.unwrap_or(self.rest.len())).unwrap_or("");
                self.push(Kind::Name(name.into()));
                self.skip(name.len());
            } else {
                self.sign(first, &mut open)?;
            }
        }
    }

    fn sign(&mut self, first: char, open: &mut Vec<&'static str>) -> Result<()> {
        let Some(sign) = SIGNS.iter().find(|sign| self.rest.starts_with(**sign)) else {
            return Err(Error::syntax(format!("unexpected character `{first}`")).at(self.line));
        };
        match *sign {
            "(" => open.push(")"),
            "[" => open.push("]"),
            "{" => open.push("}"),
            ")" | "]" | "}" => match open.pop() {
                Some(expected) if expected == *sign => {}
                Some(expected) => {
                    return Err(
                        Error::syntax(format!("unexpected `{sign}`, expected `{expected}`")).at(self.line)
                    );
                }
                None => return Err(Error::syntax(format!("unexpected `{sign}`")).at(self.line)),
            },
            _ => {}
        }
        self.push(Kind::Sign(sign));
        self.skip(sign.len());
        Ok(())
    }

    fn quoted(&mut self, quote: char) -> Result<()> {
        let mut is_escaped = false;
        let end = self.rest.char_indices().skip(1).find(|(_, c)| match c {
            _ if is_escaped => {
                is_escaped = false;
                false
            }
            '\\' => {
                is_escaped = true;
                false
            }
            c => *c == quote,
        });
        let Some((end, _)) = end else {
            return Err(Error::syntax("a text is not closed; add the quote").at(self.line));
        };
        let text = unescaped(self.rest.get(1..end).unwrap_or(""));
        let text = text.map_err(|reason| Error::syntax(reason).at(self.line))?;
        self.push(Kind::Text(text.into()));
        self.skip(end + 1);
        Ok(())
    }

    fn number(&mut self) -> Result<()> {
        let bytes = self.rest.as_bytes();
        let digits = |from: usize, is_digit: fn(&u8) -> bool| {
            let mut at = from;
            loop {
                match (bytes.get(at), bytes.get(at + 1)) {
                    (Some(byte), _) if is_digit(byte) => at += 1,
                    (Some(b'_'), Some(next)) if at > from && is_digit(next) => at += 1,
                    _ => return at,
                }
            }
        };
        let radix = match (bytes.first(), bytes.get(1)) {
            (Some(b'0'), Some(b'x' | b'X')) => 16,
            (Some(b'0'), Some(b'o' | b'O')) => 8,
            (Some(b'0'), Some(b'b' | b'B')) => 2,
            _ => 10,
        };
        if radix != 10 {
            let end = digits(2, u8::is_ascii_hexdigit);
            let text = self.rest.get(2..end).unwrap_or("").replace('_', "");
            let number = i128::from_str_radix(&text, radix);
            let number = number.map_err(|_| Error::syntax("a number is not valid").at(self.line))?;
            self.push(Kind::Int(number));
            self.skip(end);
            return Ok(());
        }
        let whole = digits(0, u8::is_ascii_digit);
        let mut end = whole;
        // After a dot, `0.1` are two items: `x.0.1`.
        let follows_dot = matches!(self.tokens.last(), Some(Token { kind: Kind::Sign("."), .. }));
        if !follows_dot {
            if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
                end = digits(end + 1, u8::is_ascii_digit);
            }
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
                if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
                    end = digits(end + 1 + sign, u8::is_ascii_digit);
                }
            }
        }
        let text = self.rest.get(..end).unwrap_or("").replace('_', "");
        let wrong = || Error::syntax(format!("the number `{text}` is not valid")).at(self.line);
        let kind = match end == whole {
            true if text.len() > 1 && text.starts_with('0') && text.bytes().any(|byte| byte != b'0') => {
                // Jinja reads `007` as 0 and 07.
                return Err(wrong());
            }
            true => Kind::Int(text.parse().map_err(|_| wrong())?),
            false => Kind::Float(text.parse().map_err(|_| wrong())?),
        };
        self.push(kind);
        self.skip(end);
        Ok(())
    }
}

/// Where the next mark begins.
fn next_mark(text: &str) -> Option<usize> {
    let braces = text.match_indices('{').map(|(at, _)| at);
    let mut marks = braces.filter(|at| matches!(text.as_bytes().get(at + 1), Some(b'{' | b'%' | b'#')));
    marks.next()
}

/// A text without white space at its ends, as Python's `strip` leaves it.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The white space that Jinja skips: that of Python's `\s`.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// What follows a block without arguments.
struct AfterBlock<'a> {
    rest: &'a str,
    strips: bool,
    /// Whether it ends with `+%}`, which `raw` must not.
    has_plus: bool,
}

/// Reads ` name %}`.
fn block<'a>(inner: &'a str, name: &str) -> Option<AfterBlock<'a>> {
    let rest = inner.trim_start_matches(is_space).strip_prefix(name)?.trim_start_matches(is_space);
    if let Some(rest) = rest.strip_prefix("-%}") {
        return Some(AfterBlock { rest, strips: true, has_plus: false });
    }
    if let Some(rest) = rest.strip_prefix("+%}") {
        return Some(AfterBlock { rest, strips: false, has_plus: true });
    }
    Some(AfterBlock { rest: rest.strip_prefix("%}")?, strips: false, has_plus: false })
}
