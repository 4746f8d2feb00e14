//! The methods of sets.

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::{Key, Set, Value};

pub const SET: &[Builtin] = &[
    builtin("copy", "self, /", |args, context| of(members(args, context)?)),
    builtin("difference", "self, /, *others", difference),
    builtin("intersection", "self, /, *others", intersection),
    builtin("isdisjoint", "self, other, /", is_disjoint),
    builtin("issubset", "self, other, /", is_subset),
    builtin("issuperset", "self, other, /", is_superset),
    builtin("symmetric_difference", "self, other, /", symmetric_difference),
    builtin("union", "self, /, *others", union),
];

/// Those that change a set.
pub const REFUSED: &[&str] = &[
    "add",
    "clear",
    "difference_update",
    "discard",
    "pop",
    "remove",
    "symmetric_difference_update",
    "update",
];

fn of(members: impl IntoIterator<Item = Value>) -> Result<Value> {
    Ok(Value::set(Set::new(members)?))
}

/// The members of the receiver.
fn members(args: &Args, context: &Context) -> Result<Vec<Value>> {
    context.items(args.value(0))
}

/// Another iterable as a set. Python names the method's purpose in the error of a member that cannot be hashed if it is `added`.
fn other(value: &Value, added: bool, context: &Context) -> Result<Set> {
    let items = context.items(value)?;
    if added && let Some(item) = items.iter().find(|item| Key::new((*item).clone()).is_err()) {
        let name = item.type_name();
        let what = format!("cannot use '{name}' as a set element (unhashable type: '{name}')");
        return Err(Error::type_error(what));
    }
    Set::new(items)
}

fn has(set: &Set, member: &Value) -> bool {
    Key::new(member.clone()).is_ok_and(|key| set.contains(&key))
}

fn union(args: &mut Args, context: &Context) -> Result<Value> {
    let mut all = members(args, context)?;
    for value in &args.rest {
        all.extend(other(value, true, context)?.iter().cloned());
        context.reserve(all.len())?;
    }
    of(all)
}

fn intersection(args: &mut Args, context: &Context) -> Result<Value> {
    let mut left = members(args, context)?;
    for value in &args.rest {
        let set = other(value, false, context)?;
        left.retain(|member| has(&set, member));
    }
    of(left)
}

fn difference(args: &mut Args, context: &Context) -> Result<Value> {
    let mut left = members(args, context)?;
    for value in &args.rest {
        let set = other(value, true, context)?;
        left.retain(|member| !has(&set, member));
    }
    of(left)
}

fn symmetric_difference(args: &mut Args, context: &Context) -> Result<Value> {
    let one = Set::new(members(args, context)?)?;
    let two = other(args.value(1), true, context)?;
    let only =
        |set: &Set, other: &Set| set.iter().filter(|member| !has(other, member)).cloned().collect::<Vec<_>>();
    let mut both = only(&one, &two);
    both.extend(only(&two, &one));
    of(both)
}

fn is_disjoint(args: &mut Args, context: &Context) -> Result<Value> {
    let set = other(args.value(1), true, context)?;
    Ok(Value::Bool(!members(args, context)?.iter().any(|member| has(&set, member))))
}

fn is_subset(args: &mut Args, context: &Context) -> Result<Value> {
    let set = other(args.value(1), false, context)?;
    Ok(Value::Bool(members(args, context)?.iter().all(|member| has(&set, member))))
}

fn is_superset(args: &mut Args, context: &Context) -> Result<Value> {
    let set = Set::new(members(args, context)?)?;
    Ok(Value::Bool(other(args.value(1), true, context)?.iter().all(|member| has(&set, member))))
}
