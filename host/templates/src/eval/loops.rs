//! The variable `loop`.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::limits::MAX_DEPTH;
use crate::value::{Extent, Object, Value};

/// The loop at one of its items.
#[derive(Debug)]
pub struct Loop {
    pub index: usize,
    pub depth: usize,
    pub items: Arc<Vec<Value>>,
    /// The arguments of the last call of `loop.changed`.
    pub changed: Arc<Mutex<Option<Vec<Value>>>>,
    /// The number of a recursive loop in the rendering.
    pub recursion: Option<usize>,
}

impl Object for Loop {
    fn type_name(&self) -> &str {
        "LoopContext"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let (index, length) = (self.index, self.items.len());
        Some(match name {
            "index" => Value::from(index + 1),
            "index0" => Value::from(index),
            "revindex" => Value::from(length.saturating_sub(index)),
            "revindex0" => Value::from(length.saturating_sub(index + 1)),
            "first" => Value::from(index == 0),
            "last" => Value::from(index + 1 == length),
            "length" => Value::from(length),
            "depth" => Value::from(self.depth + 1),
            "depth0" => Value::from(self.depth),
            "previtem" => match index.checked_sub(1).and_then(|at| self.items.get(at)) {
                Some(item) => item.clone(),
                None => Value::undefined("there is no previous item"),
            },
            "nextitem" => match self.items.get(index + 1) {
                Some(item) => item.clone(),
                None => Value::undefined("there is no next item"),
            },
            _ => return None,
        })
    }

    fn length(&self) -> Option<usize> {
        Some(self.items.len())
    }

    fn methods(&self) -> &'static [&'static str] {
        &["cycle", "changed"]
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        match method {
            "cycle" => match self.index.checked_rem(args.len()).and_then(|at| args.get(at)) {
                Some(value) => Ok(value.clone()),
                None => Err(Error::type_error("no items for cycling given")),
            },
            "changed" => {
                let mut last = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
                let is_same = last.as_ref().is_some_and(|last| {
                    last.len() == args.len() && last.iter().zip(args).all(|(one, other)| one.equals(other))
                });
                *last = Some(args.to_vec());
                Ok(Value::from(!is_same))
            }
            _ => Err(Error::type_error("the loop must have the 'recursive' marker to be called recursively")),
        }
    }

    fn is_callable(&self) -> bool {
        true
    }

    fn repr(&self) -> String {
        format!("<LoopContext {}/{}>", self.index + 1, self.items.len())
    }

    fn extent(&self) -> Extent {
        Extent { depth: MAX_DEPTH, weight: 1 }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
