//! Python's named tuples of times: `struct_time` and `IsoCalendarDate`.

use std::any::Any;

use chrono::{Datelike, NaiveDateTime, Timelike};

use crate::error::{Error, Result};
use crate::format::repr;
use crate::value::{Extent, Object, Value};

/// A named tuple of integers.
#[derive(Debug)]
pub struct Record {
    type_name: &'static str,
    module: &'static str,
    fields: Vec<(&'static str, i64)>,
}

impl Record {
    /// `time.struct_time`. `daylight` is 1, 0, or -1 if it is not known.
    pub fn struct_time(wall: NaiveDateTime, daylight: i64) -> Value {
        let fields = vec![
            ("tm_year", i64::from(wall.year())),
            ("tm_mon", i64::from(wall.month())),
            ("tm_mday", i64::from(wall.day())),
            ("tm_hour", i64::from(wall.hour())),
            ("tm_min", i64::from(wall.minute())),
            ("tm_sec", i64::from(wall.second())),
            ("tm_wday", i64::from(wall.weekday().num_days_from_monday())),
            ("tm_yday", i64::from(wall.ordinal())),
            ("tm_isdst", daylight),
        ];
        Value::object(Self { type_name: "struct_time", module: "time", fields })
    }

    /// `datetime.IsoCalendarDate`.
    pub fn iso_calendar(date: chrono::NaiveDate) -> Value {
        let week = date.iso_week();
        let fields = vec![
            ("year", i64::from(week.year())),
            ("week", i64::from(week.week())),
            ("weekday", i64::from(date.weekday().number_from_monday())),
        ];
        Value::object(Self { type_name: "IsoCalendarDate", module: "datetime", fields })
    }

    fn values(&self) -> Vec<Value> {
        self.fields.iter().map(|(_, number)| Value::from(*number)).collect()
    }
}

impl Object for Record {
    fn type_name(&self) -> &str {
        self.type_name
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        match name {
            "n_fields" if self.module == "time" => Some(Value::Int(11)),
            "tm_zone" | "tm_gmtoff" if self.module == "time" => Some(Value::None),
            _ => self.fields.iter().find(|(field, _)| *field == name).map(|(_, number)| Value::from(*number)),
        }
    }

    fn item(&self, key: &Value) -> Option<Value> {
        let length = i128::try_from(self.fields.len()).ok()?;
        let at = key.as_int()?;
        let at = usize::try_from(if at < 0 { at + length } else { at }).ok()?;
        self.fields.get(at).map(|(_, number)| Value::from(*number))
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.values())
    }

    fn tuple(&self) -> Option<Vec<Value>> {
        Some(self.values())
    }

    fn methods(&self) -> &'static [&'static str] {
        &["count", "index"]
    }

    fn call(&self, method: &str, args: &[Value]) -> Result<Value> {
        let [wanted] = args else {
            return Err(Error::type_error(format!(
                "{method}() takes exactly one argument ({} given)",
                args.len()
            )));
        };
        let values = self.values();
        if method == "count" {
            return Ok(Value::from(values.iter().filter(|value| value.equals(wanted)).count()));
        }
        let place = values.iter().position(|value| value.equals(wanted)).map(Value::from);
        place.ok_or_else(|| Error::value("tuple.index(x): x not in tuple"))
    }

    fn length(&self) -> Option<usize> {
        Some(self.fields.len())
    }

    fn equals(&self, other: &Value) -> bool {
        let items = match (other, other.downcast::<Self>()) {
            (_, Some(record)) => record.values(),
            (Value::Tuple(items), None) => items.items.clone(),
            _ => return false,
        };
        Value::tuple(self.values()).equals(&Value::tuple(items))
    }

    fn repr(&self) -> String {
        let fields =
            self.fields.iter().map(|(name, number)| format!("{name}={}", repr(&Value::from(*number))));
        format!("{}.{}({})", self.module, self.type_name, fields.collect::<Vec<_>>().join(", "))
    }

    fn extent(&self) -> Extent {
        Extent { depth: 1, weight: 12 }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
