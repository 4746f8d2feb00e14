//! Home Assistant's functions for collections: `flatten`, `shuffle`, `union` and the like, `set`, `tuple`.

use std::cmp::Ordering;

use super::attribute::{is_iterable, member, spend_on_hash};
use super::group::Group;
use super::mersenne::Mersenne;
use super::python_set::{Operation, PythonSet};
use crate::call::{Args, Builtin, Run, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::operators::binary;
use crate::syntax::Binary;
use crate::value::{Set, Value};

pub const GLOBALS: &[Builtin] = &[
    FLATTEN,
    SHUFFLE,
    two("intersect", INTERSECT),
    two("difference", DIFFERENCE),
    two("union", UNION),
    two("symmetric_difference", SYMMETRIC_DIFFERENCE),
    builtin("set", "value", set),
    builtin("tuple", "value", |args, context| Ok(Value::tuple(context.items(args.value(0))?))),
];

pub const FILTERS: &[Builtin] = &[
    FLATTEN,
    SHUFFLE,
    two("intersect", INTERSECT),
    two("difference", DIFFERENCE),
    two("union", UNION),
    two("symmetric_difference", SYMMETRIC_DIFFERENCE),
];

pub const TESTS: &[Builtin] = &[
    builtin("list", "value", |args, _| Ok(matches!(args.value(0), Value::List(_)).into())),
    builtin("set", "value", |args, _| Ok(matches!(args.value(0), Value::Set(_)).into())),
    builtin("tuple", "value", |args, _| {
        let value = args.value(0);
        Ok((matches!(value, Value::Tuple(_)) || value.downcast::<Group>().is_some()).into())
    }),
];

const FLATTEN: Builtin = builtin("flatten", "value, levels=", flatten);
const SHUFFLE: Builtin = builtin("shuffle", "*args, seed=", shuffle);

const fn two(name: &'static str, run: Run) -> Builtin {
    builtin(name, "value, other", run)
}

const INTERSECT: Run = |args, context| combine("intersect", Operation::And, args, context);
const DIFFERENCE: Run = |args, context| combine("difference", Operation::Minus, args, context);
const UNION: Run = |args, context| combine("union", Operation::Or, args, context);
const SYMMETRIC_DIFFERENCE: Run =
    |args, context| combine("symmetric_difference", Operation::Xor, args, context);

/// A list of the result of an operation with two sets.
fn combine(name: &str, operation: Operation, args: &Args, context: &Context) -> Result<Value> {
    for at in 0..2 {
        require_list(name, args.value(at))?;
    }
    let mut sets = [PythonSet::default(), PythonSet::default()];
    for (at, set) in sets.iter_mut().enumerate() {
        set.extend(members(args.value(at), context)?)?;
    }
    let [left, right] = &sets;
    Ok(Value::list(left.combined(right, operation).into_members()))
}

fn set(args: &mut Args, context: &Context) -> Result<Value> {
    let items = members(args.value(0), context)?;
    items.iter().try_for_each(|item| member(item.clone()).map(drop))?;
    Set::new(items).map(Value::set)
}

fn require_list(name: &str, value: &Value) -> Result<()> {
    match is_iterable(value) && value.as_str().is_none() {
        true => Ok(()),
        false => Err(Error::type_error(format!("{name} expected a list, got {}", value.type_name()))),
    }
}

/// The items of a value that become a set.
pub fn members(value: &Value, context: &Context) -> Result<Vec<Value>> {
    let items = context.items(value)?;
    for (at, item) in items.iter().enumerate() {
        spend_on_hash(item, at, context)?;
        member(item.clone())?;
    }
    Ok(items)
}

fn flatten(args: &mut Args, context: &Context) -> Result<Value> {
    let levels = match args.get(1) {
        Some(value) if !value.is_none() => Some(value),
        _ => None,
    };
    require_list("flatten", args.value(0))?;
    let mut flat = Vec::new();
    add_flat(args.value(0), levels, &mut flat, context)?;
    Ok(Value::list(flat))
}

/// Values do not nest deeper than their limit.
fn add_flat(value: &Value, levels: Option<&Value>, to: &mut Vec<Value>, context: &Context) -> Result<()> {
    for item in context.items(value)? {
        if !is_iterable(&item) || item.as_str().is_some() {
            to.push(item);
            continue;
        }
        let Some(left) = levels else {
            add_flat(&item, None, to, context)?;
            continue;
        };
        match left.order(&Value::Int(1), ">=")? {
            Some(Ordering::Greater | Ordering::Equal) => {
                let left = binary(Binary::Subtract, left, &Value::Int(1), context)?;
                add_flat(&item, Some(&left), to, context)?;
            }
            _ => to.push(item),
        }
    }
    context.spend(1)
}

fn shuffle(args: &mut Args, context: &Context) -> Result<Value> {
    let mut seed = args.get(0).filter(|seed| !seed.is_none()).cloned();
    let given = std::mem::take(&mut args.rest);
    let mut items = match given.first() {
        None => return Err(Error::type_error("shuffle expected at least 1 argument, got 0")),
        Some(first) if is_iterable(first) && first.as_str().is_none() => {
            seed = seed.or_else(|| given.get(1).filter(|seed| !seed.is_none()).cloned());
            context.items(first)?
        }
        Some(first) if given.len() == 1 => {
            let name = first.type_name();
            return Err(Error::type_error(format!("'{name}' object is not iterable")));
        }
        Some(_) => given,
    };
    context.spend(items.len() as u64)?;
    let mut mersenne = seed.map(|seed| Mersenne::seeded(&seed, context)).transpose()?;
    for at in (1..items.len()).rev() {
        let other = match &mut mersenne {
            Some(mersenne) => mersenne.below(at + 1),
            None => usize::try_from(context.random() % (at as u64 + 1)).unwrap_or_default(),
        };
        items.swap(at, other);
    }
    Ok(Value::list(items))
}
