//! Jinja's filters that apply another filter, a test, or an attribute to each item: `map`, `select`, `reject`.

use super::attribute::Getter;
use crate::call::{Args, Builtin, builtin};
use crate::context::{Context, Keywords};
use crate::error::{Error, Result};
use crate::format::repr;
use crate::value::{Generator, Value};

pub const FILTERS: &[Builtin] = &[
    builtin("map", "value, *args, **kwargs", map),
    builtin("select", "value, *args, **kwargs", |args, context| pick(args, context, true, false)),
    builtin("reject", "value, *args, **kwargs", |args, context| pick(args, context, false, false)),
    builtin("selectattr", "value, *args, **kwargs", |args, context| pick(args, context, true, true)),
    builtin("rejectattr", "value, *args, **kwargs", |args, context| pick(args, context, false, true)),
];

/// A function that is applied to each item: a filter or a test with its further arguments.
struct Function {
    callee: Value,
    args: Vec<Value>,
    keywords: Keywords,
}

impl Function {
    fn call(&self, item: Value, context: &Context) -> Result<Value> {
        let mut args = Vec::with_capacity(self.args.len() + 1);
        args.push(item);
        args.extend(self.args.iter().cloned());
        context.spend(1 + self.args.len() as u64)?;
        context.interpreter.call(&self.callee, args, self.keywords.clone(), context)
    }
}

fn map(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.take(0);
    if !value.is_true() {
        return Ok(Generator::value("generator", Vec::new()));
    }
    let mapped = if args.rest.is_empty() && args.keywords.iter().any(|(name, _)| &**name == "attribute") {
        let getter = attribute(&args.keywords)?;
        context.items(&value)?.iter().map(|item| getter.get(item, context)).collect::<Result<Vec<_>>>()?
    } else {
        let mut rest = std::mem::take(&mut args.rest).into_iter();
        let name = rest.next().ok_or_else(|| Error::runtime("map requires a filter argument"))?;
        let Value::Text(name) = &name else {
            return Err(Error::runtime(format!("No filter named {}.", repr(&name))));
        };
        let callee = context.interpreter.filter(name)?;
        let function =
            Function { callee, args: rest.collect(), keywords: std::mem::take(&mut args.keywords) };
        let items = context.items(&value)?;
        items.into_iter().map(|item| function.call(item, context)).collect::<Result<Vec<_>>>()?
    };
    Ok(Generator::value("generator", mapped))
}

fn attribute(keywords: &Keywords) -> Result<Getter> {
    let (mut attribute, mut default) = (None, None);
    for (name, value) in keywords {
        match name.as_ref() {
            "attribute" => attribute = Some(value),
            "default" => default = Some(value),
            name => return Err(Error::runtime(format!("Unexpected keyword argument '{name}'"))),
        }
    }
    Ok(Getter::new(attribute, false).or(default))
}

/// Keeps the items for which the test has the answer `wanted`.
fn pick(args: &mut Args, context: &Context, wanted: bool, by_attribute: bool) -> Result<Value> {
    let value = args.take(0);
    if !value.is_true() {
        return Ok(Generator::value("generator", Vec::new()));
    }
    let mut rest = std::mem::take(&mut args.rest).into_iter();
    let getter = match by_attribute {
        true => {
            let attribute =
                rest.next().ok_or_else(|| Error::runtime("Missing parameter for attribute name"))?;
            Getter::new(Some(&attribute), false)
        }
        false => Getter::new(None, false),
    };
    let test = match rest.next() {
        None => None,
        Some(Value::Text(name)) => Some(Function {
            callee: context.interpreter.test(&name)?,
            args: rest.collect(),
            keywords: std::mem::take(&mut args.keywords),
        }),
        Some(name) => return Err(Error::runtime(format!("No test named {}.", repr(&name)))),
    };
    let mut kept = Vec::new();
    for item in context.items(&value)? {
        let tested = getter.get(&item, context)?;
        let answer = match &test {
            Some(test) => test.call(tested, context)?.is_true(),
            None => tested.is_true(),
        };
        if answer == wanted {
            kept.push(item);
        }
    }
    Ok(Generator::value("generator", kept))
}
