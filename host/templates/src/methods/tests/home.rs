//! A home without anything, for methods that need none.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use larder_zone::Zone;

use crate::context::{Context, Interpreter, Keywords, World};
use crate::error::Result;
use crate::methods::attribute;
use crate::value::{Key, State, Value};

pub struct Empty;

impl World for Empty {
    fn state(&self, _: &str) -> Option<Arc<State>> {
        None
    }

    fn states(&self, _: Option<&str>) -> Vec<Arc<State>> {
        Vec::new()
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn zone(&self) -> Zone {
        Zone::UTC
    }

    fn random(&self) -> u64 {
        0
    }

    fn custom_template(&self, _: &str) -> Option<Arc<str>> {
        None
    }
}

impl Interpreter for Empty {
    fn call(&self, _: &Value, _: Vec<Value>, _: Keywords, _: &Context) -> Result<Value> {
        Ok(Value::None)
    }

    fn filter(&self, _: &str) -> Result<Value> {
        Ok(Value::None)
    }

    fn test(&self, _: &str) -> Result<Value> {
        Ok(Value::None)
    }

    fn attribute(&self, value: &Value, name: &str, context: &Context) -> Result<Value> {
        match attribute(value, name) {
            Some(value) => Ok(value),
            None => self.item(value, &Value::text(name), context),
        }
    }

    fn item(&self, value: &Value, key: &Value, _: &Context) -> Result<Value> {
        let found = match value {
            Value::Dict(dict) => dict.get(&Key::new(key.clone())?).cloned(),
            Value::List(items) | Value::Tuple(items) => {
                key.as_int().and_then(|at| items.items.get(usize::try_from(at).ok()?)).cloned()
            }
            Value::Text(text) => {
                let at = key.as_int().and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| text.chars().nth(at)).map(|c| Value::from(c.to_string()))
            }
            _ => None,
        };
        Ok(found.unwrap_or_else(|| Value::undefined("there is no such item")))
    }
}
