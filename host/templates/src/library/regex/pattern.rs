//! Compiled patterns: their limits, their cache, and the search for all matches in Python's order.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

use fancy_regex::{Captures, Regex, RegexBuilder};

use super::marks::Text;
use super::translate::translate;
use crate::context::Context;
use crate::error::{Error, Result};

/// The most steps back of one search.
const MAX_BACKTRACKS: usize = 50_000;
/// How many patterns a thread keeps.
const CACHE: usize = 16;
/// The longest pattern, in bytes.
const MAX_LENGTH: usize = 4096;

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    key: Key,
    any: Regex,
    source: String,
    limit: usize,
    pub names: Vec<(String, usize)>,
    /// How many groups it has.
    pub groups: usize,
    backtracks: bool,
}

/// The pattern, whether it ignores case, is anchored at the start; its texts; the limit of its memory.
type Key = (String, bool, bool, Text, usize);

thread_local! {
    static PATTERNS: RefCell<Vec<Rc<Pattern>>> = const { RefCell::new(Vec::new()) };
}

impl Pattern {
    /// Compiles a pattern for a text. `anchored`: it must match at the start, like Python's `match`.
    pub fn new(
        find: &str,
        ignore_case: bool,
        anchored: bool,
        text: &str,
        context: &Context,
    ) -> Result<Rc<Self>> {
        if find.len() > MAX_LENGTH {
            return Err(Error::limit(format!("a pattern is longer than {MAX_LENGTH} bytes")));
        }
        let key = (find.to_owned(), ignore_case, anchored, Text::of(text), context.limits.pattern);
        let known = PATTERNS.with_borrow_mut(|patterns| {
            let at = patterns.iter().position(|pattern| pattern.key == key)?;
            let pattern = patterns.remove(at);
            patterns.push(Rc::clone(&pattern));
            Some(pattern)
        });
        if let Some(pattern) = known {
            context.spend(10)?;
            return Ok(pattern);
        }
        context.spend(500)?;
        let pattern = Rc::new(Self::compiled(key)?);
        PATTERNS.with_borrow_mut(|patterns| {
            if patterns.len() >= CACHE {
                patterns.remove(0);
            }
            patterns.push(Rc::clone(&pattern));
        });
        Ok(pattern)
    }

    fn compiled(key: Key) -> Result<Self> {
        let (find, ignore_case, anchored, text, limit) = &key;
        let translated = translate(find, *ignore_case, *text)?;
        let start = if *anchored { "\\A" } else { "" };
        let flag = if translated.ignore_case { "(?i)" } else { "" };
        let source = format!("{flag}{start}(?:{})", translated.text);
        let any = build(&source, *limit, false)?;
        Ok(Self {
            any,
            source,
            limit: *limit,
            names: translated.names,
            groups: translated.groups,
            backtracks: translated.backtracks,
            key,
        })
    }

    /// Whether it matches somewhere.
    pub fn is_match(&self, text: &str, context: &Context) -> Result<bool> {
        self.spend(text.len(), context)?;
        self.any.is_match(text).map_err(failed)
    }

    /// Calls `each` for all matches. As in Python, an empty match may follow another match at once, but not an empty one.
    pub fn matches<'t>(
        &self,
        text: &'t str,
        context: &Context,
        mut each: impl FnMut(&Captures<'t, str>) -> Result<()>,
    ) -> Result<()> {
        let (mut at, mut was_empty) = (0, false);
        let mut filled = None;
        loop {
            context.spend((text.len() - at) as u64 / 512)?;
            let mut found = None;
            if was_empty {
                // A match at the same place that is not empty comes before later ones.
                // A pattern that matches only the empty text cannot be built so.
                let filled = filled.get_or_insert_with(|| build(&self.source, self.limit, true).ok());
                if let Some(filled) = filled {
                    found = self.search(filled, text, at, context)?.filter(|found| start(found) == at);
                }
                let next = text.get(at..).and_then(|rest| rest.chars().next()).map(char::len_utf8);
                match (found.is_none(), next) {
                    (true, Some(length)) => at += length,
                    (true, None) => return Ok(()),
                    (false, _) => {}
                }
            }
            if found.is_none() {
                found = self.search(&self.any, text, at, context)?;
            }
            let Some(found) = found else { return Ok(()) };
            let whole = found.get(0).map_or(at..at, |whole| whole.range());
            each(&found)?;
            (at, was_empty) = (whole.end, whole.is_empty());
        }
    }

    fn search<'t>(
        &self,
        pattern: &Regex,
        text: &'t str,
        at: usize,
        context: &Context,
    ) -> Result<Option<Captures<'t, str>>> {
        let found = pattern.captures_from_pos(text, at).map_err(failed)?;
        let end = found.as_ref().and_then(|found| found.get(0)).map_or(text.len(), |whole| whole.end());
        self.spend(end.saturating_sub(at), context)?;
        Ok(found)
    }

    /// Counts the steps of one search through so many bytes.
    fn spend(&self, bytes: usize, context: &Context) -> Result<()> {
        let each = if self.backtracks { 100 } else { 1 };
        context.spend(each + bytes as u64 / 32)
    }
}

impl Text {
    fn of(text: &str) -> Self {
        static ODD: LazyLock<Option<regex::Regex>> =
            LazyLock::new(|| regex::Regex::new(r"[^\x00-\x7f\p{L}]").ok());
        Self {
            before_newline: text.ends_with('\n'),
            has_odd_letters: !text.is_ascii() && ODD.as_ref().is_some_and(|odd| odd.is_match(text)),
        }
    }
}

fn start(found: &Captures<str>) -> usize {
    found.get(0).map_or(0, |whole| whole.start())
}

fn build(source: &str, limit: usize, not_empty: bool) -> Result<Regex> {
    let mut builder = RegexBuilder::new(source);
    builder.backtrack_limit(MAX_BACKTRACKS).delegate_size_limit(limit).delegate_dfa_size_limit(limit);
    builder.max_prog_size(limit / 32).find_not_empty(not_empty);
    builder.build().map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Error::runtime(format!("the pattern is not valid here: {last}"))
    })
}

fn failed(error: fancy_regex::Error) -> Error {
    Error::limit(format!("a regular expression takes too long: {error}"))
}
