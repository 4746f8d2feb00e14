//! Jinja's filter `urlize`: makes links of the addresses in a text.

use std::sync::LazyLock;

use regex::Regex;

use super::jinja_html::escaped;
use super::text::{push, text_of};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::repr;
use crate::value::Value;

pub const FILTERS: &[Builtin] =
    &[builtin("urlize", "value, trim_url_limit=, nofollow=, target=, rel=, extra_schemes=", urlize)];

/// What links look like.
struct Links {
    /// `rel` and `target`.
    attributes: String,
    limit: Option<usize>,
    schemes: Vec<String>,
}

const WEB: &str = r"(?ix)^ (?:
    (?:https?://|www\.) (?:(?:[\w%-]+\.)+)? (?:[a-z]{2,63}|xn--[\w%]{2,59})
    | (?:[\w%-]{2,63}\.)+ (?:com|net|int|edu|gov|org|info|mil)
    | https?:// (?:\d{1,3}(?:\.\d{1,3}){3} | \[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\])
    ) (?::\d{1,5})? (?:[/?\#]\S*)? $";
const MAIL: &str = r"^\S+@\w[\w.-]*\.\w+$";
const SCHEME: &str = r"^(?:[\w.+-]{2,}:/{0,2})$";

/// The patterns are constants; a test compiles them.
static PATTERNS: LazyLock<Option<[Regex; 3]>> =
    LazyLock::new(|| Some([Regex::new(WEB).ok()?, Regex::new(MAIL).ok()?, Regex::new(SCHEME).ok()?]));

fn urlize(args: &mut Args, context: &Context) -> Result<Value> {
    let Some([web, mail, scheme]) = PATTERNS.as_ref() else {
        return Err(Error::runtime("urlize is not available"));
    };
    let text = escaped(&text_of(args.value(0), context)?);
    context.reserve(text.len())?;
    context.spend(text.len() as u64)?;
    let links = links(args, scheme, context)?;
    let mut linked = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let space = first.is_whitespace();
        let end = rest.find(|c: char| c.is_whitespace() != space).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        match space {
            true => push(&mut linked, word, context)?,
            false => links.word(word, [web, mail], &mut linked, context)?,
        }
        rest = after;
    }
    Ok(linked.into())
}

fn links(args: &Args, scheme: &Regex, context: &Context) -> Result<Links> {
    let given = |at: usize| args.get(at).filter(|value| !value.is_none());
    let rel = given(4).map(|rel| text_of(rel, context)).transpose()?.unwrap_or_default();
    let mut rel: Vec<&str> = rel.split_whitespace().chain(["noopener"]).collect();
    if args.flag(2, false) {
        rel.push("nofollow");
    }
    rel.sort_unstable();
    rel.dedup();
    let mut attributes = format!(" rel=\"{}\"", escaped(&rel.join(" ")));
    if let Some(target) = given(3).filter(|target| target.is_true()) {
        attributes += &format!(" target=\"{}\"", escaped(&text_of(target, context)?));
    }
    let mut schemes = Vec::new();
    for value in given(5).map(|schemes| context.items(schemes)).transpose()?.unwrap_or_default() {
        match value.as_str().filter(|text| scheme.is_match(text)) {
            Some(text) => schemes.push(text.to_owned()),
            None => {
                return Err(Error::runtime(format!("{} is not a valid URI scheme prefix.", repr(&value))));
            }
        }
    }
    let limit = given(1).and_then(Value::as_int).map(|limit| usize::try_from(limit).unwrap_or(0));
    Ok(Links { attributes, limit, schemes })
}

impl Links {
    fn word(&self, word: &str, [web, mail]: [&Regex; 2], to: &mut String, context: &Context) -> Result<()> {
        let (head, rest) = opening(word);
        let (middle, tail) = balanced(rest);
        context.spend(self.schemes.len() as u64)?;
        push(to, head, context)?;
        let scheme = |scheme: &&String| middle != scheme.as_str() && middle.starts_with(scheme.as_str());
        if web.is_match(middle) {
            let known = middle.starts_with("https://") || middle.starts_with("http://");
            let address = if known { middle.to_owned() } else { format!("https://{middle}") };
            self.link(&address, &self.trimmed(middle), to, context)?;
        } else if let Some(address) = middle.strip_prefix("mailto:").filter(|address| mail.is_match(address))
        {
            push(to, &format!("<a href=\"{middle}\">{address}</a>"), context)?;
        } else if middle.contains('@')
            && !middle.starts_with("www.")
            && !middle.starts_with('@')
            && !middle.contains(':')
            && mail.is_match(middle)
        {
            push(to, &format!("<a href=\"mailto:{middle}\">{middle}</a>"), context)?;
        } else if self.schemes.iter().any(|one| scheme(&one)) {
            self.link(middle, middle, to, context)?;
        } else {
            push(to, middle, context)?;
        }
        push(to, tail, context)
    }

    fn link(&self, address: &str, shown: &str, to: &mut String, context: &Context) -> Result<()> {
        for part in ["<a href=\"", address, "\"", &self.attributes, ">", shown, "</a>"] {
            push(to, part, context)?;
        }
        Ok(())
    }

    fn trimmed(&self, address: &str) -> String {
        match self.limit.filter(|limit| address.chars().count() > *limit) {
            Some(limit) => address.chars().take(limit).chain("...".chars()).collect(),
            None => address.to_owned(),
        }
    }
}

/// Splits the opening brackets off.
fn opening(word: &str) -> (&str, &str) {
    let mut rest = word;
    while let Some(next) = ["(", "<", "&lt;"].iter().find_map(|open| rest.strip_prefix(open)) {
        rest = next;
    }
    word.split_at_checked(word.len() - rest.len()).unwrap_or((word, ""))
}

/// Splits closing brackets and punctuation off, unless a bracket was opened before.
fn balanced(word: &str) -> (&str, &str) {
    let mut middle = word;
    let marks = [")", ">", ".", ",", "\n", "&gt;"];
    while let Some(next) = marks.iter().find_map(|mark| middle.strip_suffix(mark)) {
        middle = next;
    }
    let mut end = middle.len();
    for (open, close) in [("(", ")"), ("<", ">"), ("&lt;", "&gt;")] {
        let (middle, mut tail) = word.split_at_checked(end).unwrap_or((word, ""));
        let opened = middle.matches(open).count();
        if opened <= middle.matches(close).count() {
            continue;
        }
        for _ in 0..opened {
            let Some((before, after)) = tail.split_once(close) else { break };
            end += before.len() + close.len();
            tail = after;
        }
    }
    word.split_at_checked(end).unwrap_or((word, ""))
}
