//! `str.format` as Jinja's sandbox runs it.

use std::sync::Arc;

use super::apply::format_spec;
use super::fields::{self, Step, next_piece};
use super::grow::push;
use super::show::{ascii, display, repr};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Key, Value};

/// How deep specifications contain fields.
const DEPTH: usize = 2;

/// What the fields take their values from.
struct Source<'a> {
    args: &'a [Value],
    keywords: Keywords<'a>,
    context: &'a Context<'a>,
    /// The next field without a name; `None` once a field had a number.
    next: Option<usize>,
}

enum Keywords<'a> {
    Named(&'a [(Arc<str>, Value)]),
    Mapping(&'a Value),
}

/// `template.format(*args, **keywords)`.
pub fn format_template(
    template: &str,
    args: &[Value],
    keywords: &[(Arc<str>, Value)],
    context: &Context,
) -> Result<String> {
    let keywords = Keywords::Named(keywords);
    expand(template, &mut Source { args, keywords, context, next: Some(0) }, DEPTH)
}

/// `template.format_map(mapping)`.
pub fn format_map(template: &str, mapping: &Value, context: &Context) -> Result<String> {
    let keywords = Keywords::Mapping(mapping);
    expand(template, &mut Source { args: &[], keywords, context, next: Some(0) }, DEPTH)
}

fn expand(template: &str, source: &mut Source, depth: usize) -> Result<String> {
    let mut result = String::new();
    let mut rest = template;
    while let Some(piece) = next_piece(&mut rest)? {
        source.context.spend(1)?;
        push(piece.literal, &mut result, source.context)?;
        let Some(field) = piece.field else { continue };
        let value = source.field(field.name)?;
        let value = match field.conversion {
            None => value,
            Some('s') => Value::from(display(&value)),
            Some('r') => Value::from(repr(&value)),
            Some('a') => Value::from(ascii(&value)),
            Some(other) => return Err(Error::value(format!("Unknown conversion specifier {other}"))),
        };
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Error::value("Max string recursion exceeded"));
        };
        let spec = expand(field.spec, source, depth)?;
        push(&format_spec(&value, &spec, source.context)?, &mut result, source.context)?;
    }
    Ok(result)
}

impl Source<'_> {
    /// The value of a field.
    fn field(&mut self, name: &str) -> Result<Value> {
        let (first, mut rest) = fields::first(name);
        let mut value = match (first, fields::number(first)?) {
            ("", _) => {
                let Some(next) = &mut self.next else {
                    let what = "cannot switch from manual field specification to automatic field numbering";
                    return Err(Error::value(what));
                };
                let at = *next;
                *next += 1;
                self.positional(at)?
            }
            (_, Some(at)) => {
                if self.next.is_some_and(|next| next > 0) {
                    let what = "cannot switch from automatic field numbering to manual field specification";
                    return Err(Error::value(what));
                }
                self.next = None;
                self.positional(at)?
            }
            (name, None) => self.named(name)?,
        };
        let interpreter = self.context.interpreter;
        while let Some(step) = fields::next_step(&mut rest)? {
            self.context.spend(1)?;
            value = match step {
                Step::Attribute(name) => interpreter.attribute(&value, name, self.context)?,
                Step::Item(key) => {
                    let key = fields::number(key)?.map_or_else(|| Value::text(key), Value::from);
                    interpreter.item(&value, &key, self.context)?
                }
            };
        }
        Ok(value)
    }

    fn positional(&self, at: usize) -> Result<Value> {
        let wrong = || Error::new(ErrorKind::Index, "tuple index out of range");
        self.args.get(at).cloned().ok_or_else(wrong)
    }

    fn named(&self, name: &str) -> Result<Value> {
        let found = match self.keywords {
            Keywords::Named(keywords) => {
                keywords.iter().find(|(key, _)| key.as_ref() == name).map(|(_, value)| value.clone())
            }
            Keywords::Mapping(Value::Dict(dict)) => dict.get(&Key::text(name)).cloned(),
            Keywords::Mapping(Value::Undefined(message)) => return Err(Error::undefined(message.as_ref())),
            Keywords::Mapping(mapping) => {
                let what = format!("'{}' object is not subscriptable by a text", mapping.type_name());
                return Err(Error::type_error(what));
            }
        };
        found.ok_or_else(|| Error::new(ErrorKind::Key, repr(&Value::text(name))))
    }
}
