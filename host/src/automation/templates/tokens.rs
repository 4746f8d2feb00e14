//! Splits a template into text and code, and code into tokens; lists the names that it uses. Knows no precedence and
//! compiles nothing.

use std::collections::BTreeSet;

/// Whether a text contains template syntax.
pub fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// Keywords that end an operand.
pub const KEYWORDS: [&str; 22] = [
    "if",
    "else",
    "elif",
    "and",
    "or",
    "not",
    "in",
    "is",
    "for",
    "set",
    "recursive",
    "with",
    "do",
    "call",
    "filter",
    "macro",
    "endfor",
    "endif",
    "endset",
    "endwith",
    "endcall",
    "endfilter",
];

/// The filters, tests and functions that a template uses.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub filters: BTreeSet<String>,
    pub tests: BTreeSet<String>,
    pub calls: BTreeSet<String>,
}

/// Collects the names of filters, tests and functions.
pub fn names(source: &str) -> Names {
    let mut names = Names::default();
    for segment in segments(source) {
        let Segment::Code { tokens, .. } = segment else { continue };
        let text = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |token| token.text);
        for (at, token) in tokens.iter().enumerate() {
            if token.kind != Kind::Name {
                continue;
            }
            let before = text(at.checked_sub(1));
            let name = token.text.to_owned();
            if before == "|" {
                names.filters.insert(name);
            } else if (before == "is" && token.text != "not")
                || (before == "not" && text(at.checked_sub(2)) == "is")
            {
                names.tests.insert(name);
            } else if text(Some(at + 1)) == "("
                && before != "."
                && !matches!(before, "macro" | "filter" | "call")
                && !KEYWORDS.contains(&token.text)
            {
                names.calls.insert(name);
            }
        }
    }
    names
}

/// Functions and filters whose first argument must be an existing entity. `has_value` is not one: it checks that.
const OF_ENTITIES: [&str; 4] = ["states", "state_attr", "is_state", "is_state_attr"];

/// The entities that a template names as literals: `states('sensor.a')`, `'sensor.a' | states`, `states.sensor.a`.
pub fn entities(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for segment in segments(source) {
        let Segment::Code { tokens, .. } = segment else { continue };
        for at in 0..tokens.len() {
            let next: Vec<&str> = tokens.iter().skip(at).take(5).map(|token| token.text).collect();
            let is_method =
                at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|token| token.text == ".");
            found.extend(match next.as_slice() {
                _ if is_method => None,
                [name, "(", literal, ..] if OF_ENTITIES.contains(name) => unquoted(literal),
                [literal, "|", name, ..] if OF_ENTITIES.contains(name) => unquoted(literal),
                ["states", ".", domain, ".", name] => Some(format!("{domain}.{name}")),
                _ => None,
            });
        }
    }
    found
}

fn unquoted(literal: &str) -> Option<String> {
    let quote = literal.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some(literal.strip_prefix(quote)?.strip_suffix(quote)?.to_owned())
}

/// The kind of a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Name,
    Literal,
    Open,
    Close,
    Operator,
}

/// One token of the code in a template.
pub struct Token<'a> {
    pub kind: Kind,
    /// White space before the token.
    pub space: &'a str,
    pub text: &'a str,
}

/// A piece of a template.
pub enum Segment<'a> {
    Text(&'a str),
    Code { open: &'a str, tokens: Vec<Token<'a>>, close: &'a str },
}

/// Alternating text and code. An unclosed block is text; the compiler reports it.
pub fn segments(source: &str) -> Vec<Segment<'_>> {
    let (mut segments, mut rest) = (Vec::new(), source);
    while let Some(at) = ["{{", "{%", "{#"].iter().filter_map(|mark| rest.find(mark)).min() {
        let (before, code) = rest.split_at_checked(at).unwrap_or((rest, ""));
        segments.push(Segment::Text(before));
        if code.starts_with("{#") {
            let length = code.find("#}").map_or(code.len(), |end| end + 2);
            let (comment, after) = code.split_at_checked(length).unwrap_or((code, ""));
            segments.push(Segment::Text(comment));
            rest = after;
            continue;
        }
        let end = if code.starts_with("{{") { "}}" } else { "%}" };
        let marked = |at: usize| code.get(at..).is_some_and(|rest| rest.starts_with(['-', '+']));
        let (open, inner) = code.split_at_checked(if marked(2) { 3 } else { 2 }).unwrap_or((code, ""));
        let (tokens, after) = tokens(inner, end);
        let closed = inner.len() - after.len();
        let tail = tokens.last().map_or(0, |token| offset(inner, token.text) + token.text.len());
        let close = inner.get(tail..closed).unwrap_or("");
        let is_raw = end == "%}" && tokens.first().is_some_and(|token| token.text == "raw");
        segments.push(Segment::Code { open, tokens, close });
        rest = after;
        if is_raw {
            let length = rest.find("endraw").unwrap_or(rest.len());
            let length = rest.get(..length).and_then(|text| text.rfind("{%")).unwrap_or(rest.len());
            let (raw, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            segments.push(Segment::Text(raw));
            rest = after;
        }
    }
    segments.push(Segment::Text(rest));
    segments
}

/// The offset of `part`, a slice of `whole`.
fn offset(whole: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

/// The tokens up to `end`, and the rest.
fn tokens<'a>(code: &'a str, end: &str) -> (Vec<Token<'a>>, &'a str) {
    let (mut tokens, mut rest, mut depth) = (Vec::new(), code, 0_usize);
    loop {
        let trimmed = rest.trim_start();
        let space = rest.get(..rest.len() - trimmed.len()).unwrap_or("");
        let unmarked = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
        if (depth == 0 || end == "%}")
            && let Some(after) = trimmed.strip_prefix(end).or_else(|| unmarked.strip_prefix(end))
        {
            return (tokens, after);
        }
        let Some(first) = trimmed.chars().next() else { return (tokens, "") };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let up_to = |stop: &dyn Fn(char) -> bool| trimmed.find(stop).unwrap_or(trimmed.len());
        let (kind, length) = match first {
            '"' | '\'' => (Kind::Literal, quoted(trimmed, first)),
            c if c.is_ascii_digit() => (Kind::Literal, number(trimmed)),
            c if is_word(c) => (Kind::Name, up_to(&|c| !is_word(c))),
            '(' | '[' | '{' => (Kind::Open, 1),
            ')' | ']' | '}' => (Kind::Close, 1),
            _ => {
                let two = ["==", "!=", "<=", ">=", "//", "**"].iter().any(|sign| trimmed.starts_with(sign));
                (Kind::Operator, if two { 2 } else { first.len_utf8() })
            }
        };
        match kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        let (text, after) = trimmed.split_at_checked(length).unwrap_or((trimmed, ""));
        tokens.push(Token { kind, space, text });
        rest = after;
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a number: `1.5`, but not the `.` of `1.method`.
fn number(text: &str) -> usize {
    let is_digit = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let whole = text.find(|c| !is_digit(c)).unwrap_or(text.len());
    let fraction = text.get(whole..).and_then(|rest| rest.strip_prefix('.'));
    match fraction {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => {
            whole + 1 + rest.find(|c| !is_digit(c)).unwrap_or(rest.len())
        }
        _ => whole,
    }
}
