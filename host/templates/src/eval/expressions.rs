//! Evaluates expressions.

use std::cmp::Ordering;

use super::operators;
use super::run::{Run, bounded};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::display;
use crate::syntax::{Binary, Comparison, Expr, Unary};
use crate::value::{Dict, Key, Value};

impl Run<'_> {
    pub fn eval(&self, expr: &Expr, frame: usize, context: &Context) -> Result<Value> {
        match expr {
            Expr::Constant(value) => Ok(value.clone()),
            Expr::Name(name) => Ok(self.lookup(frame, name)),
            _ => {
                context.spend(1)?;
                self.nested(context, || match left(expr) {
                    Some(first) => self.eval_chain(expr, first, frame, context),
                    None => self.eval_parts(expr, frame, context),
                })
            }
        }
    }

    /// Evaluates `a + b + c` and `x.y | f | g` from the left, without recursion.
    fn eval_chain(&self, expr: &Expr, first: &Expr, frame: usize, context: &Context) -> Result<Value> {
        let Some(mut at) = left(first) else {
            let value = self.eval(first, frame, context)?;
            return self.eval_link(expr, value, frame, context);
        };
        let mut links = vec![expr, first];
        while let Some(next) = left(at) {
            links.push(at);
            at = next;
        }
        let mut value = self.eval(at, frame, context)?;
        for link in links.into_iter().rev() {
            context.spend(1)?;
            value = self.eval_link(link, value, frame, context)?;
        }
        Ok(value)
    }

    /// Evaluates the rest of an expression whose left part has this value.
    fn eval_link(&self, expr: &Expr, value: Value, frame: usize, context: &Context) -> Result<Value> {
        match expr {
            Expr::Attribute(_, name) => self.attribute_of(&value, name, context),
            Expr::Item(_, key) => {
                let key = self.eval(key, frame, context)?;
                self.item_of(&value, &key, context)
            }
            Expr::Slice(sliced, bounds) => {
                let mut evaluated = [Value::None, Value::None, Value::None];
                for (bound, place) in bounds.iter().zip(evaluated.iter_mut()) {
                    if let Some(bound) = bound {
                        *place = self.eval(bound, frame, context)?;
                    }
                }
                let slice = self.slice_of(&value, &evaluated, context)?;
                // Jinja computes constants itself, and is content if they cannot be sliced; Python is not.
                let is_literal =
                    matches!(**sliced, Expr::Constant(_) | Expr::Dict(_) | Expr::List(_) | Expr::Tuple(_));
                match &slice {
                    Value::Undefined(message) if !is_literal => Err(Error::type_error(message.as_ref())),
                    _ => Ok(slice),
                }
            }
            Expr::Call(_, call) => self.eval_call(&value, call, Vec::new(), frame, context),
            Expr::Filter(_, call) => {
                self.filter(value, call, frame, context).map_err(|error| error.at(call.line))
            }
            Expr::Test(_, call) => {
                self.test(value, call, frame, context).map_err(|error| error.at(call.line))
            }
            Expr::Binary(operator, _, other) => {
                let other = self.eval(other, frame, context)?;
                if *operator == Binary::Remainder {
                    context.charge(&other)?;
                }
                bounded(operators::binary(*operator, &value, &other, context)?)
            }
            Expr::And(_, other) => {
                if self.is_true(&value, context)? {
                    self.eval(other, frame, context)
                } else {
                    Ok(value)
                }
            }
            Expr::Or(_, other) => {
                if self.is_true(&value, context)? {
                    Ok(value)
                } else {
                    self.eval(other, frame, context)
                }
            }
            _ => Ok(value),
        }
    }

    fn eval_parts(&self, expr: &Expr, frame: usize, context: &Context) -> Result<Value> {
        match expr {
            Expr::Constant(value) => Ok(value.clone()),
            Expr::Name(name) => Ok(self.lookup(frame, name)),
            Expr::List(items) => bounded(Value::list(self.eval_all(items, frame, context)?)),
            Expr::Tuple(items) => bounded(Value::tuple(self.eval_all(items, frame, context)?)),
            Expr::Dict(pairs) => {
                let mut dict = Dict::new();
                for (key, value) in pairs {
                    let key = self.eval(key, frame, context)?;
                    context.charge(&key)?;
                    let key = Key::new(key)?;
                    dict.insert(key, self.eval(value, frame, context)?);
                }
                bounded(Value::dict(dict))
            }
            Expr::Unary(operator, value) => {
                let value = self.eval(value, frame, context)?;
                match operator {
                    Unary::Not => Ok(Value::from(!self.is_true(&value, context)?)),
                    Unary::Negate => operators::negate(&value),
                    Unary::Plus => operators::plus(&value),
                }
            }
            Expr::Compare(first, rest) => self.compare(first, rest, frame, context),
            Expr::Concat(parts) => {
                let mut text = String::new();
                for part in parts {
                    let part = self.eval(part, frame, context)?;
                    context.charge(&part)?;
                    let part = display(&part);
                    context.reserve(text.len() + part.len())?;
                    text.push_str(&part);
                }
                Ok(Value::from(text))
            }
            Expr::If { condition, value, otherwise } => {
                let condition = self.eval(condition, frame, context)?;
                match (self.is_true(&condition, context)?, otherwise) {
                    (true, _) => self.eval(value, frame, context),
                    (false, Some(otherwise)) => self.eval(otherwise, frame, context),
                    (false, None) => Ok(Value::undefined(
                        "the inline if-expression evaluated to false and no else section was defined.",
                    )),
                }
            }
            // Chains.
            _ => Ok(Value::None),
        }
    }

    pub fn eval_all(&self, items: &[Expr], frame: usize, context: &Context) -> Result<Vec<Value>> {
        items.iter().map(|item| self.eval(item, frame, context)).collect()
    }

    /// Python's truth; `states` is true if there is an entity.
    pub fn is_true(&self, value: &Value, context: &Context) -> Result<bool> {
        match value {
            Value::States(domain) => Ok(!context.states(domain.as_deref())?.is_empty()),
            value => Ok(value.is_true()),
        }
    }

    fn compare(
        &self,
        first: &Expr,
        rest: &[(Comparison, Expr)],
        frame: usize,
        context: &Context,
    ) -> Result<Value> {
        let mut left = self.eval(first, frame, context)?;
        for (comparison, right) in rest {
            let right = self.eval(right, frame, context)?;
            context.spend(u64::from(left.extent().weight / 16))?;
            if !compared(*comparison, &left, &right, context)? {
                return Ok(Value::from(false));
            }
            left = right;
        }
        Ok(Value::from(true))
    }
}

/// The left part of an expression that is evaluated from the left.
fn left(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Attribute(value, _)
        | Expr::Item(value, _)
        | Expr::Slice(value, _)
        | Expr::Call(value, _)
        | Expr::Filter(value, _)
        | Expr::Test(value, _)
        | Expr::Binary(_, value, _)
        | Expr::And(value, _)
        | Expr::Or(value, _) => Some(value),
        _ => None,
    }
}

fn compared(comparison: Comparison, one: &Value, other: &Value, context: &Context) -> Result<bool> {
    let ordered = |sign: &str, holds: fn(Ordering) -> bool| -> Result<bool> {
        Ok(one.order(other, sign)?.is_some_and(holds))
    };
    match comparison {
        Comparison::Equal => Ok(one.equals(other)),
        Comparison::NotEqual => Ok(!one.equals(other)),
        Comparison::Less => ordered("<", Ordering::is_lt),
        Comparison::LessOrEqual => ordered("<=", Ordering::is_le),
        Comparison::Greater => ordered(">", Ordering::is_gt),
        Comparison::GreaterOrEqual => ordered(">=", Ordering::is_ge),
        Comparison::In => contains(other, one, context),
        Comparison::NotIn => contains(other, one, context).map(|is_in| !is_in),
    }
}

/// Python's `item in container`.
pub fn contains(container: &Value, item: &Value, context: &Context) -> Result<bool> {
    match container {
        Value::Text(text) => match item {
            Value::Text(part) => {
                context.spend(text.len() as u64 / 64)?;
                Ok(text.contains(&**part))
            }
            Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
            item => Err(Error::type_error(format!(
                "'in <string>' requires string as left operand, not {}",
                item.type_name()
            ))),
        },
        Value::Dict(dict) => Ok(dict.get(&Key::new(item.clone())?).is_some()),
        Value::Set(set) => Ok(set.contains(&Key::new(item.clone())?)),
        Value::List(items) | Value::Tuple(items) => {
            context.spend(items.items.len() as u64 / 16)?;
            context.charge(container)?;
            Ok(items.items.iter().any(|it| it.equals(item)))
        }
        Value::Undefined(_) | Value::Bytes(_) | Value::States(_) | Value::Object(_) => {
            Ok(context.items(container)?.iter().any(|it| it.equals(item)))
        }
        other => Err(Error::type_error(format!(
            "argument of type '{}' is not a container or iterable",
            other.type_name()
        ))),
    }
}
