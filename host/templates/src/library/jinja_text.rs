//! Jinja's filters for texts: `upper`, `title`, `center`, `indent`, `truncate`, `replace`, `trim`, `wordcount`.

use super::attribute::required_length;
use super::text::{is_space, lines, text_of, text_or};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::percent;
use crate::value::{Key, Value};

pub const FILTERS: &[Builtin] = &[
    builtin("capitalize", "s", capitalize),
    builtin("center", "value, width=", center),
    builtin("format", "value, *args, **kwargs", format_text),
    builtin("indent", "s, width=, first=, blank=", indent),
    builtin("lower", "s", |args, context| cased(args, context, |text| text.to_lowercase())),
    builtin("replace", "s, old, new, count=", replace),
    builtin("string", "s, /", string),
    builtin("title", "s", title),
    builtin("trim", "value, chars=", trim),
    builtin("truncate", "s, length=, killwords=, end=, leeway=", truncate),
    builtin("upper", "s", |args, context| cased(args, context, |text| text.to_uppercase())),
    builtin("wordcount", "s", wordcount),
];

fn cased(args: &Args, context: &Context, convert: fn(&str) -> String) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    context.reserve(text.len())?;
    Ok(convert(&text).into())
}

fn string(args: &mut Args, context: &Context) -> Result<Value> {
    match args.value(0) {
        Value::Text(_) => Ok(args.take(0)),
        value => Ok(text_of(value, context)?.into()),
    }
}

fn capitalize(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    context.reserve(text.len())?;
    let Some(first) = text.chars().next() else { return Ok("".into()) };
    // The whole text is lowered, because a sigma looks at what is before it.
    let lower = text.to_lowercase();
    let rest = lower.chars().skip(first.to_lowercase().count());
    let mut upper = first.to_uppercase();
    let mut capitalized: String = upper.next().into_iter().collect();
    // A ligature becomes several letters, of which one is a capital.
    upper.for_each(|c| capitalized.extend(c.to_lowercase()));
    capitalized.extend(rest);
    Ok(capitalized.into())
}

/// Words begin after spaces, hyphens, and opening brackets.
fn title(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    context.reserve(text.len())?;
    let is_break = |c: char| is_space(c) || matches!(c, '-' | '(' | '{' | '[' | '<');
    let mut titled = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let breaks = is_break(first);
        let end = rest.find(|c| is_break(c) != breaks).unwrap_or(rest.len());
        let (part, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let tail = part.strip_prefix(first).unwrap_or_default();
        titled.extend(first.to_uppercase());
        titled.push_str(&tail.to_lowercase());
        rest = after;
    }
    Ok(titled.into())
}

fn center(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    let width = usize::try_from(args.int(1)?.unwrap_or(80).max(0)).unwrap_or(usize::MAX);
    let Some(margin) = width.checked_sub(text.chars().count()).filter(|margin| *margin > 0) else {
        return Ok(text.into());
    };
    context.reserve(margin.saturating_add(text.len()))?;
    let left = margin / 2 + (margin & width & 1);
    Ok(format!("{}{text}{}", " ".repeat(left), " ".repeat(margin - left)).into())
}

/// Formats with `%`.
fn format_text(args: &mut Args, context: &Context) -> Result<Value> {
    let (given, keywords) = (std::mem::take(&mut args.rest), std::mem::take(&mut args.keywords));
    if !given.is_empty() && !keywords.is_empty() {
        return Err(Error::runtime("can't handle positional and keyword arguments at the same time"));
    }
    let argument = match keywords.is_empty() {
        true => Value::tuple(given),
        false => Value::dict(keywords.into_iter().map(|(name, value)| (Key::text(name), value)).collect()),
    };
    Ok(percent(&text_of(args.value(0), context)?, &argument, context)?.into())
}

fn indent(args: &mut Args, context: &Context) -> Result<Value> {
    let text = match args.value(0) {
        Value::Text(text) => text,
        Value::Undefined(message) => return Err(Error::undefined(message.as_ref())),
        value => {
            let name = value.type_name();
            return Err(Error::type_error(format!("unsupported operand type(s) for +=: '{name}' and 'str'")));
        }
    };
    let indention = match args.get(1) {
        None => "    ".to_owned(),
        Some(Value::Text(indention)) => indention.to_string(),
        Some(width) => {
            let Some(width) = width.as_int() else {
                let name = width.type_name();
                return Err(Error::type_error(format!(
                    "can't multiply sequence by non-int of type '{name}'"
                )));
            };
            let width = usize::try_from(width.max(0)).unwrap_or(usize::MAX);
            context.reserve(width)?;
            " ".repeat(width)
        }
    };
    let blank = args.flag(3, false);
    let whole = format!("{text}\n");
    let lines = lines(&whole);
    context.reserve(indention.len().saturating_mul(lines.len()).saturating_add(text.len()))?;
    context.spend(lines.len() as u64)?;
    let mut indented = String::new();
    for (at, line) in lines.into_iter().enumerate() {
        let wanted = match at {
            0 => args.flag(2, false),
            _ => blank || !line.is_empty(),
        };
        if at > 0 {
            indented.push('\n');
        }
        if wanted {
            indented.push_str(&indention);
        }
        indented.push_str(line);
    }
    Ok(indented.into())
}

fn replace(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    let (old, new) = (text_of(args.value(1), context)?, text_of(args.value(2), context)?);
    let count = match args.get(3) {
        Some(value) if !value.is_none() => args.int(3)?.unwrap_or(-1),
        _ => -1,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    context.spend(text.len() as u64 / 32)?;
    let found = text.matches(&old).take(count).count();
    context.reserve(found.saturating_mul(new.len()).saturating_add(text.len()))?;
    Ok(text.replacen(&old, &new, count).into())
}

fn trim(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    match args.get(1) {
        None | Some(Value::None) => Ok(text.trim_matches(is_space).into()),
        Some(Value::Text(chars)) => {
            context.spend(chars.len() as u64 * (text.len() as u64 / 64 + 1))?;
            Ok(text.trim_matches(|c| chars.contains(c)).into())
        }
        Some(other) => {
            let name = other.type_name();
            Err(Error::type_error(format!("strip arg must be None or str, not {name}")))
        }
    }
}

fn truncate(args: &mut Args, context: &Context) -> Result<Value> {
    let length = args.int(1)?.unwrap_or(255);
    let end = args.text(3)?.unwrap_or("...");
    let leeway = match args.get(4) {
        Some(value) if !value.is_none() => args.int(4)?.unwrap_or(5),
        _ => 5,
    };
    let mark = i128::try_from(end.chars().count()).unwrap_or(i128::MAX);
    if length < mark {
        return Err(Error::runtime(format!("expected length >= {mark}, got {length}")));
    }
    if leeway < 0 {
        return Err(Error::runtime(format!("expected leeway >= 0, got {leeway}")));
    }
    let found = i128::try_from(required_length(args.value(0), context)?).unwrap_or(i128::MAX);
    if found <= length.saturating_add(leeway) {
        return Ok(args.take(0));
    }
    let text = text_or(args.value(0), "rsplit")?;
    let kept = usize::try_from(length - mark).unwrap_or(usize::MAX);
    context.reserve(text.len().min(kept.saturating_mul(4)).saturating_add(end.len()))?;
    let mut kept: String = text.chars().take(kept).collect();
    if !args.flag(2, false) {
        let at = kept.rfind(' ').unwrap_or(kept.len());
        kept.truncate(at);
    }
    kept.push_str(end);
    Ok(kept.into())
}

fn wordcount(args: &mut Args, context: &Context) -> Result<Value> {
    let text = text_of(args.value(0), context)?;
    context.spend(text.len() as u64 / 32)?;
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    Ok(words.count().into())
}
