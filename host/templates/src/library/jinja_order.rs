//! Jinja's filters that compare items: `sort`, `dictsort`, `unique`, `min`, `max`, `groupby`.

use indexmap::IndexSet;

use super::attribute::{Getter, getters, member, pairs, spend_on_hash};
use super::group::Group;
use super::order::{Pair, sorted};
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::{Generator, Value};

pub const FILTERS: &[Builtin] = &[
    builtin("sort", "value, reverse=, case_sensitive=, attribute=", sort),
    builtin("dictsort", "value, case_sensitive=, by=, reverse=", dictsort),
    builtin("unique", "value, case_sensitive=, attribute=", unique),
    builtin("min", "value, case_sensitive=, attribute=", |args, context| {
        extreme(args, context, "<", std::cmp::Ordering::Less)
    }),
    builtin("max", "value, case_sensitive=, attribute=", |args, context| {
        extreme(args, context, ">", std::cmp::Ordering::Greater)
    }),
    builtin("groupby", "value, attribute, default=, case_sensitive=", groupby),
];

fn sort(args: &mut Args, context: &Context) -> Result<Value> {
    let getters = getters(args.get(3), !args.flag(2, false));
    let mut pairs = Vec::new();
    for item in context.items(args.value(0))? {
        let key = getters.iter().map(|getter| getter.get(&item, context)).collect::<Result<Vec<_>>>()?;
        pairs.push((Value::list(key), item));
    }
    let sorted = sorted(pairs, args.flag(1, false), context)?;
    Ok(Value::list(sorted.into_iter().map(|(_, item)| item).collect()))
}

fn dictsort(args: &mut Args, context: &Context) -> Result<Value> {
    let by_key = match args.get(2) {
        None => true,
        Some(Value::Text(by)) if &**by == "key" => true,
        Some(Value::Text(by)) if &**by == "value" => false,
        Some(_) => return Err(Error::runtime("You can only sort by either \"key\" or \"value\"")),
    };
    let getter = Getter::new(None, !args.flag(1, false));
    let mut items: Vec<Pair> = Vec::new();
    for (key, value) in pairs(args.value(0))? {
        let by = getter.get(if by_key { &key } else { &value }, context)?;
        items.push((by, Value::tuple(vec![key, value])));
    }
    context.spend(items.len() as u64 / 4)?;
    let sorted = sorted(items, args.flag(3, false), context)?;
    Ok(Value::list(sorted.into_iter().map(|(_, item)| item).collect()))
}

fn unique(args: &mut Args, context: &Context) -> Result<Value> {
    let getter = Getter::new(args.get(2), !args.flag(1, false));
    let mut seen = IndexSet::new();
    let mut kept = Vec::new();
    for item in context.items(args.value(0))? {
        let key = getter.get(&item, context)?;
        spend_on_hash(&key, seen.len(), context)?;
        if seen.insert(member(key)?) {
            kept.push(item);
        }
    }
    Ok(Generator::value("generator", kept))
}

fn extreme(args: &Args, context: &Context, sign: &str, wanted: std::cmp::Ordering) -> Result<Value> {
    let getter = Getter::new(args.get(2), !args.flag(1, false));
    let mut best: Option<Pair> = None;
    for item in context.items(args.value(0))? {
        let key = getter.get(&item, context)?;
        let better = match &best {
            None => true,
            Some((best, _)) => {
                context.spend(u64::from(key.extent().weight) / 16)?;
                key.order(best, sign)? == Some(wanted)
            }
        };
        if better {
            best = Some((key, item));
        }
    }
    let empty = || Value::undefined("No aggregated item, sequence was empty.");
    Ok(best.map_or_else(empty, |(_, item)| item))
}

fn groupby(args: &mut Args, context: &Context) -> Result<Value> {
    let fold = !args.flag(3, false);
    let getter = Getter::new(args.get(1), fold).or(args.get(2));
    let mut items: Vec<Pair> = Vec::new();
    for item in context.items(args.value(0))? {
        items.push((getter.get(&item, context)?, item));
    }
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for (key, item) in sorted(items, false, context)? {
        match groups.last_mut() {
            Some((last, items)) if last.equals(&key) => items.push(item),
            _ => groups.push((key, vec![item])),
        }
    }
    let shown = Getter::new(args.get(1), false).or(args.get(2));
    let mut grouped = Vec::new();
    for (key, items) in groups {
        // The key of the first item as it is, not in lower case.
        let key = match (fold, items.first()) {
            (true, Some(first)) => shown.get(first, context)?,
            _ => key,
        };
        grouped.push(Value::object(Group::new(key, items)));
    }
    Ok(Value::list(grouped))
}
