//! Regular expression filters and tests with Python's names, on an engine with linear run time.
//!
//! Features that only Python's engine has (lookaround, backreferences) are refused with a message, so that a pattern
//! never matches differently.

use minijinja::{Environment, Error, Value};
use regex::{Regex, RegexBuilder};

use super::error::invalid;
use crate::tunables::automations::MAX_PATTERN;

/// Adds them to the engine.
pub fn add(environment: &mut Environment<'static>) {
    let matches = |text: Value, find: Option<String>, ignorecase: Option<bool>| {
        let found = pattern(&find.unwrap_or_default(), ignorecase)?;
        // Python's `match` is anchored at the start.
        Ok::<_, Error>(found.find(&text.to_string()).is_some_and(|found| found.start() == 0))
    };
    let searches = |text: Value, find: Option<String>, ignorecase: Option<bool>| {
        Ok::<_, Error>(pattern(&find.unwrap_or_default(), ignorecase)?.is_match(&text.to_string()))
    };
    for name in ["regex_match", "match"] {
        environment.add_test(name, matches);
    }
    environment.add_filter("regex_match", matches);
    for name in ["regex_search", "search"] {
        environment.add_test(name, searches);
    }
    environment.add_filter("regex_search", searches);
    environment.add_filter(
        "regex_replace",
        |text: Value, find: Option<String>, replace: Option<String>, ignorecase: Option<bool>| {
            let pattern = pattern(&find.unwrap_or_default(), ignorecase)?;
            let by = replacement(&replace.unwrap_or_default())?;
            Ok::<_, Error>(pattern.replace_all(&text.to_string(), by.as_str()).into_owned())
        },
    );
    environment.add_filter("regex_findall", |text: Value, find: Option<String>, ignorecase: Option<bool>| {
        found(&text.to_string(), &pattern(&find.unwrap_or_default(), ignorecase)?)
    });
    environment.add_filter(
        "regex_findall_index",
        |text: Value, find: Option<String>, index: Option<usize>, ignorecase: Option<bool>| {
            let found = found(&text.to_string(), &pattern(&find.unwrap_or_default(), ignorecase)?)?;
            let item = found.get_item(&Value::from(index.unwrap_or(0)))?;
            match item.is_undefined() {
                true => Err(invalid(
                    "regex_findall_index: there is no match with this index; check with `is search` first",
                )),
                false => Ok(item),
            }
        },
    );
}

fn pattern(find: &str, ignorecase: Option<bool>) -> Result<Regex, Error> {
    let refused = [
        ("(?=", "lookahead"),
        ("(?!", "lookahead"),
        ("(?<=", "lookbehind"),
        ("(?<!", "lookbehind"),
        // In a character class these mean something else in Python.
        ("&&", "a set operator"),
        ("~~", "a set operator"),
        ("[[:", "a set operator"),
    ];
    if let Some((mark, what)) = refused.iter().find(|(mark, _)| find.contains(mark)) {
        return Err(invalid(format!(
            "the pattern `{find}` uses {what}, which is not supported; write it without `{mark}`"
        )));
    }
    let built = RegexBuilder::new(&translated(find)?)
        .case_insensitive(ignorecase.unwrap_or(false))
        .size_limit(MAX_PATTERN)
        .build();
    built.map_err(|error| {
        let text = error.to_string();
        let last = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        invalid(format!("the pattern `{find}` is not valid: {last}"))
    })
}

/// Translates what Python writes differently: `\Z` is the end of the text. Refuses backreferences.
fn translated(find: &str) -> Result<String, Error> {
    let (mut text, mut chars) = (String::new(), find.chars());
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            (_, Some('Z')) => text.push_str("\\z"),
            (_, Some(digit @ '1'..='9')) => {
                return Err(invalid(format!(
                    "the pattern `{find}` uses the backreference `\\{digit}`, which is not supported; write the text out"
                )));
            }
            (c, Some(next)) => text.extend([c, next]),
            (c, None) => text.push(c),
        }
    }
    Ok(text)
}

/// Python's `\1` and `\g<name>` as `${1}` and `${name}`.
fn replacement(by: &str) -> Result<String, Error> {
    let (mut text, mut rest) = (String::new(), by);
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..).unwrap_or("");
        match c {
            '$' => text.push_str("$$"),
            '\\' => {
                let (group, after) = group(rest).ok_or_else(|| {
                    invalid(format!("the replacement `{by}` has an unknown escape; double the backslash"))
                })?;
                text.push_str(&group);
                rest = after;
            }
            c => text.push(c),
        }
    }
    Ok(text)
}

/// Translates the escape after a backslash and returns the rest.
fn group(rest: &str) -> Option<(String, &str)> {
    if let Some(named) = rest.strip_prefix("g<") {
        let (name, after) = named.split_once('>')?;
        return Some((format!("${{{name}}}"), after));
    }
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 {
        return Some((format!("${{{}}}", rest.get(..digits)?), rest.get(digits..)?));
    }
    let c = rest.chars().next()?;
    let plain = match c {
        'n' => '\n',
        't' => '\t',
        '\\' => '\\',
        _ => return None,
    };
    Some((plain.to_string(), rest.get(c.len_utf8()..)?))
}

/// All matches as Python returns them: the whole match, its only group, or a list of its groups.
fn found(text: &str, pattern: &Regex) -> Result<Value, Error> {
    let group = |captures: &regex::Captures, at: usize| {
        captures.get(at).map_or("", |found| found.as_str()).to_owned()
    };
    let found = pattern.captures_iter(text).map(|captures| match captures.len() {
        1 => Value::from(group(&captures, 0)),
        2 => Value::from(group(&captures, 1)),
        count => Value::from((1..count).map(|at| group(&captures, at)).collect::<Vec<_>>()),
    });
    Ok(Value::from(found.collect::<Vec<_>>()))
}
