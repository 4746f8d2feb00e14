//! The value of `tzinfo`: a zone or an offset that templates can ask and pass on.

use std::any::Any;

use super::moment::Moment;
use super::tz::Tz;
use crate::error::{Error, Result};
use crate::value::{Object, Value};

/// A `tzinfo`.
#[derive(Debug)]
pub struct TzInfo(pub Tz);

impl TzInfo {
    /// The value of an optional zone.
    pub fn value(tz: Option<Tz>) -> Value {
        tz.map_or(Value::None, |tz| Value::object(Self(tz)))
    }

    /// The zone of an argument that is `None` or a `tzinfo`.
    pub fn argument(value: &Value) -> Result<Option<Tz>> {
        match (value, value.downcast::<Self>()) {
            (Value::None, _) => Ok(None),
            (_, Some(tz)) => Ok(Some(tz.0)),
            _ => Err(Error::type_error(format!(
                "tzinfo argument must be None or of a tzinfo subclass, not type '{}'",
                value.type_name()
            ))),
        }
    }
}

impl Object for TzInfo {
    fn type_name(&self) -> &str {
        self.0.type_name()
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let timezone = matches!(self.0, Tz::Fixed(_) | Tz::Named(..));
        match (name, self.0) {
            ("key", Tz::Zone(zone)) => Some(Value::text(zone.name())),
            ("utc", _) if timezone => Some(Self::value(Some(Tz::UTC))),
            ("min", _) if timezone => Some(Self::value(Some(Tz::Fixed(-86340)))),
            ("max", _) if timezone => Some(Self::value(Some(Tz::Fixed(86340)))),
            _ => None,
        }
    }

    fn methods(&self) -> &'static [&'static str] {
        &["utcoffset", "tzname", "dst", "fromutc"]
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        let wrong = |found: usize| {
            Error::type_error(format!("{method}() takes exactly one argument ({found} given)"))
        };
        let [argument] = args else { return Err(wrong(args.len())) };
        let moment = match argument {
            Value::Moment(moment) => Some(**moment),
            Value::None => None,
            _ => {
                let found = argument.type_name();
                return Err(Error::type_error(format!(
                    "{method}(dt) argument must be a datetime instance or None, not {found}"
                )));
            }
        };
        let here = moment.map(|moment| Moment { tz: Some(self.0), ..moment });
        let is_zone = matches!(self.0, Tz::Zone(_));
        let here = if is_zone { here } else { here.or(Some(Moment::naive(Default::default()))) };
        let Some(here) = here else { return Ok(Value::None) };
        Ok(match method {
            "utcoffset" => {
                Value::Span(chrono::TimeDelta::seconds(i64::from(self.0.offset(here.wall, here.fold))))
            }
            "tzname" => Value::from(self.0.name(here.wall, here.fold)),
            "dst" => self.0.daylight(here.wall, here.fold).map_or(Value::None, Value::Span),
            _ => match moment {
                Some(Moment { tz: Some(tz), wall, .. }) if tz == self.0 => {
                    Value::from(Moment::local(wall, tz)?)
                }
                Some(_) => return Err(Error::value("fromutc: dt.tzinfo is not self")),
                None => {
                    return Err(Error::type_error(
                        "fromutc: argument must be a datetime instance, not NoneType",
                    ));
                }
            },
        })
    }

    fn equals(&self, other: &Value) -> bool {
        other.downcast::<Self>().is_some_and(|other| self.0.equals(other.0))
    }

    fn repr(&self) -> String {
        self.0.repr()
    }

    fn display(&self) -> String {
        self.0.display()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
