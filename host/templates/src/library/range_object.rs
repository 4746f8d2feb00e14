//! Python's `range` object, of at most as many numbers as Jinja's sandbox allows.

use std::any::Any;

use crate::error::{Error, ErrorKind, Result};
use crate::value::{Extent, Object, Value};

/// The longest range.
const MAX_RANGE: i128 = 100_000;

/// The numbers from `start` by `step`, without `stop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    start: i128,
    stop: i128,
    step: i128,
    length: i128,
}

impl Range {
    pub fn new(start: i128, stop: i128, step: i128) -> Result<Self> {
        if step == 0 {
            return Err(Error::value("range() arg 3 must not be zero"));
        }
        let distance = if step > 0 { stop.checked_sub(start) } else { start.checked_sub(stop) };
        // A distance beyond 127 bits with a step of any size is too long, or the other way round.
        let length = match distance {
            Some(distance) if distance <= 0 => 0,
            Some(distance) => (distance - 1) / step.checked_abs().unwrap_or(i128::MAX) + 1,
            None if (step > 0) == (start < stop) => i128::MAX,
            None => 0,
        };
        if length > MAX_RANGE {
            return Err(Error::overflow(format!(
                "Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MAX_RANGE})."
            )));
        }
        Ok(Self { start, stop, step, length })
    }

    /// The number at an index from 0.
    fn at(&self, index: i128) -> i128 {
        self.start.saturating_add(index.saturating_mul(self.step))
    }

    fn position(&self, value: &Value) -> Option<i128> {
        #[allow(clippy::cast_possible_truncation, reason = "a float beyond it is in no range")]
        let number = match value {
            Value::Float(number) if number.fract() == 0.0 => *number as i128,
            value => value.as_int()?,
        };
        let from = number.checked_sub(self.start)?;
        let index = from.checked_div(self.step).filter(|_| from.checked_rem(self.step) == Some(0))?;
        (0..self.length).contains(&index).then_some(index)
    }

    pub fn contains(&self, value: &Value) -> bool {
        self.position(value).is_some()
    }

    /// Python's `range(…)[start:stop:step]`.
    pub fn slice(&self, [start, stop, step]: [Option<i128>; 3]) -> Result<Value> {
        let step = step.unwrap_or(1);
        if step == 0 {
            return Err(Error::value("slice step cannot be zero"));
        }
        let (low, high) = if step > 0 { (0, self.length) } else { (-1, self.length - 1) };
        let bound = |index: i128| {
            let index = if index < 0 { index.saturating_add(self.length) } else { index };
            index.clamp(low, high)
        };
        let (first, last) = if step > 0 { (low, high) } else { (high, low) };
        let (start, stop) = (start.map_or(first, bound), stop.map_or(last, bound));
        Self::new(self.at(start), self.at(stop), self.step.saturating_mul(step)).map(Value::object)
    }
}

impl Object for Range {
    fn type_name(&self) -> &str {
        "range"
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "start" => Some(self.start.into()),
            "stop" => Some(self.stop.into()),
            "step" => Some(self.step.into()),
            _ => None,
        }
    }

    fn item(&self, key: &Value) -> Option<Value> {
        let index = key.as_int()?;
        let index = if index < 0 { index.checked_add(self.length)? } else { index };
        (0..self.length).contains(&index).then(|| self.at(index).into())
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some((0..self.length).map(|index| self.at(index).into()).collect())
    }

    fn length(&self) -> Option<usize> {
        usize::try_from(self.length).ok()
    }

    fn methods(&self) -> &'static [&'static str] {
        &["count", "index"]
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        match (method, args) {
            ("count", [value]) => Ok(i128::from(self.contains(value)).into()),
            ("index", [value]) => {
                let missing = || Error::value(format!("{} is not in range", crate::format::repr(value)));
                self.position(value).map(Value::Int).ok_or_else(missing)
            }
            ("", _) => Err(Error::type_error("'range' object is not callable")),
            _ => Err(Error::new(
                ErrorKind::Type,
                format!("range.{method}() takes exactly one argument ({} given)", args.len()),
            )),
        }
    }

    fn is_true(&self) -> bool {
        self.length > 0
    }

    fn equals(&self, other: &Value) -> bool {
        other.downcast::<Self>().is_some_and(|other| {
            self.length == other.length
                && (self.length == 0 || self.start == other.start)
                && (self.length <= 1 || self.step == other.step)
        })
    }

    fn repr(&self) -> String {
        match self.step {
            1 => format!("range({}, {})", self.start, self.stop),
            step => format!("range({}, {}, {step})", self.start, self.stop),
        }
    }

    fn extent(&self) -> Extent {
        Extent { depth: 1, weight: 1 }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
