//! Python's `==`, its order of values, and its hashes.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::types::{Dict, Key, Sequence, Set, Value};
use crate::error::{Error, Result};
use crate::times::Moment;

impl Value {
    /// Python's `==`. Values of different types are not equal, numbers apart.
    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Undefined(_), Self::Undefined(_)) | (Self::None, Self::None) => true,
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Bytes(one), Self::Bytes(other)) => one == other,
            (Self::List(one), Self::List(other)) | (Self::Tuple(one), Self::Tuple(other)) => {
                one.items.len() == other.items.len()
                    && one.items.iter().zip(&other.items).all(|(one, other)| one.equals(other))
            }
            (Self::Set(one), Self::Set(other)) => one.items == other.items,
            (Self::Dict(one), Self::Dict(other)) => dicts_equal(one, other),
            (Self::Moment(one), Self::Moment(other)) => one.equals(other),
            (Self::Date(one), Self::Date(other)) => one == other,
            (Self::Time(one), Self::Time(other)) => one == other,
            (Self::Span(one), Self::Span(other)) => one == other,
            (Self::State(one), Self::State(other)) => {
                one.entity_id == other.entity_id
                    && one.state == other.state
                    && one.attributes.equals(&other.attributes)
            }
            (Self::States(one), Self::States(other)) => one == other,
            (Self::Callable(one), Self::Callable(other)) => Arc::ptr_eq(one, other),
            (Self::Object(one), Self::Object(other)) if Arc::ptr_eq(one, other) => true,
            (Self::Object(object), value) | (value, Self::Object(object)) => object.equals(value),
            _ => matches!(order_of_numbers(self, other), Some(Some(Ordering::Equal))),
        }
    }

    /// Python's order, for the operator `sign`. `None` if neither is less (`nan`), an error if the types have no order.
    pub fn order(&self, other: &Self, sign: &str) -> Result<Option<Ordering>> {
        if let Some(order) = order_of_numbers(self, other) {
            return Ok(order);
        }
        if let Some(tuple) = self.named_tuple() {
            return tuple.order(other, sign);
        }
        if let Some(tuple) = other.named_tuple() {
            return self.order(&tuple, sign);
        }
        let of_object = match (self, other) {
            (Self::Object(object), other) => object.order(other),
            (one, Self::Object(object)) => {
                object.order(one).map(|order| order.map(|order| order.map(Ordering::reverse)))
            }
            _ => None,
        };
        if let Some(order) = of_object {
            return order;
        }
        match (self, other) {
            (Self::Undefined(message), _) | (_, Self::Undefined(message)) => {
                Err(Error::undefined(message.as_ref()))
            }
            (Self::Text(one), Self::Text(other)) => Ok(Some(one.cmp(other))),
            (Self::Bytes(one), Self::Bytes(other)) => Ok(Some(one.cmp(other))),
            (Self::List(one), Self::List(other)) | (Self::Tuple(one), Self::Tuple(other)) => {
                order_of_items(one, other, sign)
            }
            (Self::Set(one), Self::Set(other)) => Ok(order_of_sets(one, other)),
            (Self::Moment(one), Self::Moment(other)) => one
                .order(other)
                .map(Some)
                .ok_or_else(|| Error::type_error("can't compare offset-naive and offset-aware datetimes")),
            (Self::Date(one), Self::Date(other)) => Ok(Some(one.cmp(other))),
            (Self::Time(one), Self::Time(other)) => Ok(Some(one.cmp(other))),
            (Self::Span(one), Self::Span(other)) => Ok(Some(one.cmp(other))),
            _ => Err(Error::type_error(format!(
                "'{sign}' not supported between instances of '{}' and '{}'",
                self.type_name(),
                other.type_name()
            ))),
        }
    }
}

fn order_of_items(one: &Sequence, other: &Sequence, sign: &str) -> Result<Option<Ordering>> {
    for (one, other) in one.items.iter().zip(&other.items) {
        if !one.equals(other) {
            return one.order(other, sign);
        }
    }
    Ok(Some(one.items.len().cmp(&other.items.len())))
}

/// The order of two numbers: the outer `None` if one is not a number, the inner one if one is `nan`.
fn order_of_numbers(one: &Value, other: &Value) -> Option<Option<Ordering>> {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => Some(one.partial_cmp(other)),
        (Value::Float(one), _) => other.as_int().map(|other| order_of_mixed(*one, other)),
        (_, Value::Float(other)) => {
            one.as_int().map(|one| order_of_mixed(*other, one).map(Ordering::reverse))
        }
        _ => one.as_int().zip(other.as_int()).map(|(one, other)| Some(one.cmp(&other))),
    }
}

/// Compares a float with an integer without rounding the integer.
fn order_of_mixed(float: f64, int: i128) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.abs() > 1e38 {
        return Some(if float > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded above")]
    let whole = float.trunc() as i128;
    let by_fraction = float.fract().partial_cmp(&0.0).unwrap_or(Ordering::Equal);
    Some(whole.cmp(&int).then(by_fraction))
}

/// Sets are ordered by inclusion.
fn order_of_sets(one: &Set, other: &Set) -> Option<Ordering> {
    match (one.items.is_subset(&other.items), other.items.is_subset(&one.items)) {
        (true, true) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (false, false) => None,
    }
}

fn dicts_equal(one: &Dict, other: &Dict) -> bool {
    one.len() == other.len()
        && one.iter().all(|(key, value)| other.get(key).is_some_and(|other| value.equals(other)))
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(&other.0)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

/// Equal values have equal hashes. Types that few templates use as keys share one.
fn hash<H: Hasher>(value: &Value, state: &mut H) {
    match value {
        Value::Bool(_) | Value::Int(_) => value.as_int().hash(state),
        #[allow(clippy::cast_possible_truncation, reason = "whole floats equal integers and must hash alike")]
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e38 => {
            Some(*number as i128).hash(state);
        }
        Value::Float(number) => number.to_bits().hash(state),
        Value::Text(text) => text.hash(state),
        Value::Bytes(bytes) => bytes.hash(state),
        Value::Tuple(items) => items.items.iter().for_each(|item| hash(item, state)),
        // Equal points in time have the same first reading.
        Value::Moment(moment) => Moment { fold: false, ..**moment }.utc().hash(state),
        Value::Date(date) => date.hash(state),
        Value::Time(time) => time.hash(state),
        Value::Span(span) => span.hash(state),
        Value::State(entity) => entity.entity_id.hash(state),
        Value::States(domain) => domain.hash(state),
        Value::Callable(callable) => Arc::as_ptr(callable).hash(state),
        _ => 0_u8.hash(state),
    }
}
