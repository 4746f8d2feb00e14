//! Translates Python's regular expressions to those of `fancy-regex`, and refuses what Python refuses.
//!
//! Nothing of the pattern is passed on as it is, so that a construct never means something else than in Python.

use super::classes::{Escape, Rest, bracket, escape, literal, wrong};
use super::marks::{Text, boundary, bounds};
use crate::error::Result;

/// How deep groups may nest.
const MAX_NESTING: usize = 40;
/// The most groups.
const MAX_GROUPS: usize = 100;

/// A translated pattern.
#[derive(Debug, Default)]
pub struct Translated {
    pub text: String,
    /// The names of groups with their numbers.
    pub names: Vec<(String, usize)>,
    pub groups: usize,
    /// Whether all of it ignores case.
    pub ignore_case: bool,
    /// Whether only a backtracking engine can match it.
    pub backtracks: bool,
}

/// Flags of a part of a pattern.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Flags {
    ignore_case: bool,
    multi_line: bool,
    dot_all: bool,
    verbose: bool,
    ascii: bool,
}

/// What may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing that can be repeated.
    Nothing,
    Item,
    Repeat,
}

/// A group that is open.
struct Open {
    flags: Flags,
    /// The number, if it captures.
    number: Option<usize>,
}

struct Translator<'a> {
    rest: Rest<'a>,
    out: Translated,
    flags: Flags,
    open: Vec<Open>,
    closed: Vec<bool>,
    last: Last,
    text: Text,
}

/// Translates a pattern, for a text.
pub fn translate(pattern: &str, ignore_case: bool, text: Text) -> Result<Translated> {
    let mut translator = Translator {
        rest: pattern.chars().peekable(),
        out: Translated::default(),
        flags: Flags { ignore_case, ..Flags::default() },
        open: Vec::new(),
        closed: vec![true],
        last: Last::Nothing,
        text,
    };
    translator.leading_flags()?;
    translator.out.ignore_case = translator.flags.ignore_case;
    while let Some(c) = translator.rest.next() {
        translator.step(c)?;
    }
    if !translator.open.is_empty() {
        return Err(wrong("missing ), unterminated subpattern"));
    }
    translator.out.groups = translator.closed.len() - 1;
    Ok(translator.out)
}

impl Translator<'_> {
    /// `(?im)` at the start of the pattern.
    fn leading_flags(&mut self) -> Result<()> {
        loop {
            let mut ahead = self.rest.clone();
            if (ahead.next(), ahead.next()) != (Some('('), Some('?')) {
                return Ok(());
            }
            let letters: String = std::iter::from_fn(|| ahead.next_if(char::is_ascii_alphabetic)).collect();
            if letters.is_empty() || ahead.next() != Some(')') {
                return Ok(());
            }
            for letter in letters.chars() {
                set(&mut self.flags, letter, true)?;
            }
            self.rest = ahead;
        }
    }

    fn step(&mut self, c: char) -> Result<()> {
        if self.flags.verbose && self.skips(c) {
            return Ok(());
        }
        match c {
            '\\' => self.escape()?,
            '[' => {
                let class = bracket(&mut self.rest, self.flags.ascii)?;
                self.item(&class);
            }
            '(' => self.group()?,
            ')' => self.close()?,
            '|' => self.mark("|"),
            '^' => self.mark(if self.flags.multi_line { "(?m:^)" } else { "\\A" }),
            '$' => self.dollar(),
            '.' => self.item(if self.flags.dot_all { "(?s:.)" } else { "[^\\x{a}]" }),
            '*' => self.repeat("*")?,
            '+' => self.repeat("+")?,
            '?' => self.repeat("?")?,
            '{' => match bounds(&mut self.rest)? {
                Some(bounds) => self.repeat(&bounds)?,
                None => self.char('{'),
            },
            c => self.char(c),
        }
        Ok(())
    }

    /// White space and comments of a verbose pattern.
    fn skips(&mut self, c: char) -> bool {
        if c == '#' {
            while self.rest.next().is_some_and(|c| c != '\n') {}
        }
        c == '#' || matches!(c, ' ' | '\t'..='\r')
    }

    fn item(&mut self, text: &str) {
        self.out.text.push_str(text);
        self.last = Last::Item;
    }

    /// A place in the text, or an alternative: it cannot be repeated.
    fn mark(&mut self, text: &str) {
        self.out.text.push_str(text);
        self.last = Last::Nothing;
    }

    fn char(&mut self, c: char) {
        self.item(&literal(c));
    }

    fn dollar(&mut self) {
        match (self.flags.multi_line, self.text.before_newline) {
            (true, _) => self.mark("(?m:$)"),
            (false, false) => self.mark("\\z"),
            (false, true) => {
                self.out.backtracks = true;
                self.mark("(?=\\x{a}?\\z)");
            }
        }
    }

    fn escape(&mut self) -> Result<()> {
        match escape(&mut self.rest, false, self.flags.ascii)? {
            Escape::Char(c) => self.char(c),
            Escape::Class(class) => self.item(&format!("[{class}]")),
            Escape::Place(place) => self.mark(place),
            Escape::Boundary(is_boundary) => self.boundary(is_boundary),
            Escape::Group(number) => self.backreference(number)?,
        }
        Ok(())
    }

    /// `\b` or `\B`. Python and the engine differ about which characters are letters of words.
    fn boundary(&mut self, is_boundary: bool) {
        self.out.backtracks |= self.text.has_odd_letters && !self.flags.ascii;
        self.mark(boundary(self.flags.ascii, self.text.has_odd_letters, is_boundary));
    }

    fn backreference(&mut self, number: usize) -> Result<()> {
        match self.closed.get(number) {
            None | Some(_) if number == 0 => Err(wrong("invalid group reference 0")),
            None => Err(wrong(format!("invalid group reference {number}"))),
            Some(false) => Err(wrong("cannot refer to an open group")),
            Some(true) => {
                self.out.backtracks = true;
                self.item(&format!("(?:\\{number})"));
                Ok(())
            }
        }
    }

    fn repeat(&mut self, bounds: &str) -> Result<()> {
        match self.last {
            Last::Nothing => return Err(wrong("nothing to repeat")),
            Last::Repeat => return Err(wrong("multiple repeat")),
            Last::Item => self.out.text.push_str(bounds),
        }
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.text.push('?');
        } else if self.rest.next_if_eq(&'+').is_some() {
            self.out.text.push('+');
            self.out.backtracks = true;
        }
        self.last = Last::Repeat;
        Ok(())
    }

    /// A group, after its parenthesis.
    fn group(&mut self) -> Result<()> {
        if self.open.len() >= MAX_NESTING || self.closed.len() > MAX_GROUPS {
            return Err(wrong("it has too many groups"));
        }
        if self.rest.next_if_eq(&'?').is_none() {
            return self.capture(None);
        }
        let end = || wrong("unexpected end of pattern");
        match self.rest.next().ok_or_else(end)? {
            'P' => match self.rest.next().ok_or_else(end)? {
                '<' => {
                    let name = self.until('>')?;
                    self.capture(Some(name))
                }
                '=' => {
                    let name = self.until(')')?;
                    let number = self.number(&name)?;
                    self.backreference(number)
                }
                c => Err(wrong(format!("unknown extension ?P{c}"))),
            },
            ':' => self.begin("(?:"),
            '#' => self.until(')').map(drop),
            '=' => self.look("(?="),
            '!' => self.look("(?!"),
            '>' => self.look("(?>"),
            '<' => match self.rest.next().ok_or_else(end)? {
                '=' => self.look("(?<="),
                '!' => self.look("(?<!"),
                c => Err(wrong(format!("unknown extension ?<{c}"))),
            },
            '(' => {
                let name = self.until(')')?;
                let number = match name.parse() {
                    Ok(number) if number > 0 && number < self.closed.len() => number,
                    Ok::<usize, _>(number) => return Err(wrong(format!("invalid group reference {number}"))),
                    Err(_) => self.number(&name)?,
                };
                self.look(&format!("(?({number})"))
            }
            c => self.scoped(c),
        }
    }

    /// `(?i-m:…)`.
    fn scoped(&mut self, first: char) -> Result<()> {
        let (mut flags, mut on, mut c) = (self.flags, true, first);
        loop {
            match c {
                ':' => break,
                ')' => return Err(wrong("global flags not at the start of the expression")),
                '-' if on => on = false,
                c => set(&mut flags, c, on)?,
            }
            c = self.rest.next().ok_or_else(|| wrong("missing : in a group with flags"))?;
        }
        self.begin(if flags.ignore_case { "(?i:" } else { "(?-i:" })?;
        self.flags = flags;
        Ok(())
    }

    fn look(&mut self, text: &str) -> Result<()> {
        self.out.backtracks = true;
        self.begin(text)
    }

    fn begin(&mut self, text: &str) -> Result<()> {
        self.open.push(Open { flags: self.flags, number: None });
        self.mark(text);
        Ok(())
    }

    fn capture(&mut self, name: Option<String>) -> Result<()> {
        let number = self.closed.len();
        if let Some(name) = name {
            let is_name = name.chars().enumerate().all(|(at, c)| match at {
                0 => c.is_alphabetic() || c == '_',
                _ => c.is_alphanumeric() || c == '_',
            });
            if name.is_empty() || !is_name {
                return Err(wrong(format!("bad character in group name '{name}'")));
            }
            if self.number(&name).is_ok() {
                return Err(wrong(format!("redefinition of group name '{name}'")));
            }
            self.out.names.push((name, number));
        }
        self.closed.push(false);
        self.open.push(Open { flags: self.flags, number: Some(number) });
        self.mark("(");
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let Some(group) = self.open.pop() else { return Err(wrong("unbalanced parenthesis")) };
        if let Some(closed) = group.number.and_then(|number| self.closed.get_mut(number)) {
            *closed = true;
        }
        self.flags = group.flags;
        self.item(")");
        Ok(())
    }

    fn number(&self, name: &str) -> Result<usize> {
        let found = self.out.names.iter().find(|(known, _)| known == name);
        found.map(|(_, number)| *number).ok_or_else(|| wrong(format!("unknown group name '{name}'")))
    }

    fn until(&mut self, end: char) -> Result<String> {
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some(c) if c == end => return Ok(text),
                Some(c) => text.push(c),
                None => return Err(wrong(format!("missing {end}"))),
            }
        }
    }
}

fn set(flags: &mut Flags, letter: char, on: bool) -> Result<()> {
    match letter {
        'i' => flags.ignore_case = on,
        'm' => flags.multi_line = on,
        's' => flags.dot_all = on,
        'x' => flags.verbose = on,
        'a' if on => flags.ascii = true,
        'u' if on => flags.ascii = false,
        letter => return Err(wrong(format!("unknown flag '{letter}'"))),
    }
    Ok(())
}
