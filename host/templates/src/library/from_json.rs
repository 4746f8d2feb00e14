//! `from_json`: strict JSON into values, in the order of the document.

use super::number::no_default;
use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::limits::{MAX_DEPTH, MAX_WEIGHT};
use crate::value::Value;

pub const FILTERS: &[Builtin] = &[builtin("from_json", "value, default=", from_json)];

fn from_json(args: &mut Args, context: &Context) -> Result<Value> {
    let value = args.value(0);
    let bytes = match value {
        Value::Text(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        _ => &[],
    };
    context.reserve(bytes.len())?;
    match serde_json::from_slice::<Value>(bytes) {
        Ok(read) => {
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
