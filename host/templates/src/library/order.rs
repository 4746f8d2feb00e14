//! Python's stable sort, over keys whose comparison may fail or may not be an order.

use std::cmp::Ordering;

use crate::context::Context;
use crate::error::Result;
use crate::value::Value;

/// A key and the item that it belongs to.
pub type Pair = (Value, Value);

/// How many items are sorted by insertion, before their runs are merged.
const RUN: usize = 63;

/// Sorts by the keys. Equal ones keep their order, also if the order is reversed.
pub fn sorted(mut pairs: Vec<Pair>, reverse: bool, context: &Context) -> Result<Vec<Pair>> {
    let weight: u64 = pairs.iter().map(|(key, _)| u64::from(key.extent().weight)).sum();
    context.spend(weight * u64::from(pairs.len().max(1).ilog2() + 1) / 16)?;
    if reverse {
        pairs.reverse();
    }
    let mut runs = Vec::new();
    let mut pairs = pairs.into_iter().peekable();
    while pairs.peek().is_some() {
        runs.push(insertion(pairs.by_ref().take(RUN))?);
    }
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut rest = runs.into_iter();
        while let Some(one) = rest.next() {
            merged.push(match rest.next() {
                Some(other) => merge(one, other)?,
                None => one,
            });
        }
        runs = merged;
    }
    let mut sorted = runs.pop().unwrap_or_default();
    if reverse {
        sorted.reverse();
    }
    Ok(sorted)
}

fn less(one: &Pair, other: &Pair) -> Result<bool> {
    Ok(one.0.order(&other.0, "<")? == Some(Ordering::Less))
}

/// Compares in the order in which Python does, so that values without an order give the same result.
fn insertion(pairs: impl Iterator<Item = Pair>) -> Result<Vec<Pair>> {
    let mut sorted: Vec<Pair> = Vec::new();
    let mut ascending = true;
    for pair in pairs {
        if ascending {
            let Some(last) = sorted.last() else {
                sorted.push(pair);
                continue;
            };
            if !less(&pair, last)? {
                sorted.push(pair);
                continue;
            }
            ascending = false;
        }
        let (mut low, mut high) = (0, sorted.len());
        while let Some(other) = sorted.get(low + (high - low) / 2).filter(|_| low < high) {
            let middle = low + (high - low) / 2;
            match less(&pair, other)? {
                true => high = middle,
                false => low = middle + 1,
            }
        }
        sorted.insert(low, pair);
    }
    Ok(sorted)
}

fn merge(one: Vec<Pair>, other: Vec<Pair>) -> Result<Vec<Pair>> {
    let mut merged = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        let next = if less(right, left)? { other.next() } else { one.next() };
        merged.extend(next);
    }
    merged.extend(one);
    merged.extend(other);
    Ok(merged)
}
