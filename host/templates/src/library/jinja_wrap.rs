//! Jinja's filter `wordwrap`: Python's `textwrap`, line by line.

use std::collections::VecDeque;

use super::text::{is_space, lines, text_or};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

pub const FILTERS: &[Builtin] =
    &[builtin("wordwrap", "s, width=, break_long_words=, wrapstring=, break_on_hyphens=", wordwrap)];

/// How lines are broken.
struct Wrap {
    width: usize,
    long_words: bool,
    hyphens: bool,
}

fn wordwrap(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_or(args.value(0), "splitlines")?;
    let width = args.int(1)?.unwrap_or(79);
    let wrapstring = match args.get(3) {
        Some(value) if !value.is_none() => args.text(3)?.unwrap_or_default(),
        _ => "\n",
    };
    context.spend(text.len() as u64 / 8)?;
    let mut wrapped: Vec<String> = Vec::new();
    for line in lines(text) {
        if width <= 0 {
            return Err(Error::value(format!("invalid width {width} (must be > 0)")));
        }
        let wrap = Wrap {
            width: usize::try_from(width).unwrap_or(usize::MAX),
            long_words: args.flag(2, true),
            hyphens: args.flag(4, true),
        };
        let line: Vec<char> = line.chars().collect();
        let parts = wrap.lines(&line);
        if parts.is_empty() {
            wrapped.push(String::new());
        }
        wrapped.extend(parts);
    }
    context.reserve(wrapped.len().saturating_mul(wrapstring.len()).saturating_add(text.len()))?;
    Ok(wrapped.join(wrapstring).into())
}

impl Wrap {
    fn lines(&self, text: &[char]) -> Vec<String> {
        let mut chunks = self.chunks(text);
        let mut lines: Vec<String> = Vec::new();
        while let Some(first) = chunks.front() {
            if !lines.is_empty() && is_blank(first) {
                chunks.pop_front();
            }
            let (mut line, mut length) = (Vec::new(), 0_usize);
            while let Some(chunk) = chunks.front().filter(|chunk| length + chunk.len() <= self.width) {
                length += chunk.len();
                line.push(*chunk);
                chunks.pop_front();
            }
            if let Some(chunk) = chunks.front_mut().filter(|chunk| chunk.len() > self.width) {
                let room = self.width - length;
                if self.long_words && room > 0 {
                    let (start, rest) = chunk.split_at_checked(self.cut(chunk, room)).unwrap_or((chunk, &[]));
                    line.push(start);
                    *chunk = rest;
                } else if line.is_empty() {
                    line.extend(chunks.pop_front());
                }
            }
            if line.last().is_some_and(|chunk| is_blank(chunk)) {
                line.pop();
            }
            if !line.is_empty() {
                lines.push(line.into_iter().flatten().collect());
            }
        }
        lines
    }

    /// Where a word that is too long is cut: after a hyphen, if there is one.
    fn cut(&self, chunk: &[char], room: usize) -> usize {
        let start = chunk.get(..room).unwrap_or(chunk);
        let hyphen = start.iter().rposition(|c| *c == '-').filter(|_| self.hyphens);
        let before = hyphen.and_then(|at| start.get(..at)).unwrap_or_default();
        match hyphen {
            Some(at) if before.iter().any(|c| *c != '-') => at + 1,
            _ => room,
        }
    }

    /// The pieces between which a line may break.
    fn chunks<'a>(&self, text: &'a [char]) -> VecDeque<&'a [char]> {
        let mut chunks = VecDeque::new();
        let mut at = 0;
        while at < text.len() {
            let end = self.end_of_chunk(text, at);
            chunks.extend(text.get(at..end));
            at = end.max(at + 1);
        }
        chunks
    }

    fn end_of_chunk(&self, text: &[char], start: usize) -> usize {
        let char_at = |at: usize| text.get(at).copied();
        let run = |at: usize, of: fn(char) -> bool| {
            text.get(at..).unwrap_or_default().iter().take_while(|c| of(**c)).count()
        };
        if char_at(start).is_some_and(is_break) {
            return start + run(start, is_break);
        }
        if !self.hyphens {
            return start + run(start, |c| !is_break(c));
        }
        let before = |at: usize, back: usize| at.checked_sub(back).and_then(char_at);
        // Two or more hyphens between words.
        let dash = |at: usize| {
            // Checked first: a long run of hyphens is counted once.
            before(at, 1).filter(|c| is_word_end(*c))?;
            let dashes = run(at, |c| c == '-');
            (dashes >= 2 && char_at(at + dashes).is_some_and(is_word)).then_some(at + dashes)
        };
        if let Some(end) = dash(start) {
            return end;
        }
        for at in start + 1..text.len() {
            let Some(c) = char_at(at) else { break };
            if c == '-' {
                let letters = before(at, 1).is_some_and(is_letter) && before(at, 2).is_some_and(is_letter);
                let short = before(at, 1).is_some_and(is_word_end)
                    && before(at, 2) == Some('-')
                    && before(at, 3).is_some_and(is_letter);
                let after = match char_at(at + 2) {
                    Some('-') => char_at(at + 3),
                    other => other,
                };
                let follows = char_at(at + 1).is_some_and(is_letter) && after.is_some_and(is_letter);
                if (letters || short) && follows {
                    return at + 1;
                }
            }
            if is_break(c) || (c == '-' && dash(at).is_some()) {
                return at;
            }
        }
        text.len()
    }
}

fn is_blank(chunk: &[char]) -> bool {
    chunk.iter().all(|c| is_space(*c))
}

/// The white space at which `textwrap` breaks lines.
fn is_break(c: char) -> bool {
    matches!(c, '\t'..='\r' | ' ')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `[^\d\W]`: also an underscore.
fn is_letter(c: char) -> bool {
    is_word(c) && !c.is_ascii_digit()
}

fn is_word_end(c: char) -> bool {
    is_word(c) || matches!(c, '!' | '"' | '\'' | '&' | '.' | ',' | '?')
}
