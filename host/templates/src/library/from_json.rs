//! `from_json`: strict JSON into values, in the order of the document.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::number::no_default;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::limits::{MAX_DEPTH, MAX_WEIGHT};
use crate::value::{Dict, Value};

pub const FILTERS: &[Builtin] = &[builtin("from_json", "value, default=", from_json)];

fn from_json(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    let bytes = match value {
        Value::Text(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        _ => &[],
    };
    context.reserve(bytes.len())?;
    match serde_json::from_slice::<Json>(bytes) {
        Ok(Json(read)) => {
            let extent = read.extent();
            context.spend(u64::from(extent.weight) / 4)?;
            match extent.depth > MAX_DEPTH || extent.weight > MAX_WEIGHT {
                true => Err(too_large()),
                false => Ok(read),
            }
        }
        Err(error) if error.to_string().contains("recursion limit") => Err(too_large()),
        Err(_) => args.get(1).cloned().ok_or_else(|| no_default("from_json", value)),
    }
}

fn too_large() -> Error {
    Error::limit("the JSON document is too large or nests too deep")
}

struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Json)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_bool<E>(self, flag: bool) -> std::result::Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> std::result::Result<Value, E> {
        Ok(Value::Int(i128::from(number)))
    }

    fn visit_u64<E>(self, number: u64) -> std::result::Result<Value, E> {
        Ok(Value::Int(i128::from(number)))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> std::result::Result<Value, E> {
        match number.is_finite() {
            true => Ok(Value::Float(number)),
            false => Err(E::custom("number out of range")),
        }
    }

    fn visit_str<E>(self, text: &str) -> std::result::Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Json(item)) = items.next_element()? {
            list.push(item);
        }
        let list = Value::list(list);
        if list.extent().depth > MAX_DEPTH {
            return Err(A::Error::custom("recursion limit exceeded"));
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> std::result::Result<Value, A::Error> {
        let mut dict = Dict::new();
        while let Some((key, Json(value))) = pairs.next_entry::<String, Json>()? {
            dict.insert_text(key, value);
        }
        Ok(Value::dict(dict))
    }
}
