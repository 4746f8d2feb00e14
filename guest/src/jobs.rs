//! Which job is which: from a kind and JSON text to the function that does it, and back.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Failure, Result};
use crate::ports::Outside;
use crate::{create, inspect, restore, verify};

/// Runs one job in this instance.
pub fn run(outside: &dyn Outside, kind: &str, input: &str) -> Result<String> {
    match kind {
        "create" => answer(&create::create(outside, &typed(kind, input)?)?),
        "preview" => answer(&create::preview(outside, &typed(kind, input)?)?),
        "info" => answer(&inspect::info(outside, &typed(kind, input)?)?),
        "details" => answer(&inspect::details(outside, &typed(kind, input)?)?),
        "verify" => answer(&verify::verify(outside, &typed(kind, input)?)?),
        "restore" => answer(&restore::restore(outside, &typed(kind, input)?)?),
        "extract" => answer(&restore::extract(outside, &typed(kind, input)?)?),
        "delete" => answer(&inspect::delete(outside, &typed(kind, input)?)?),
        _ => Err(Failure::invalid(format!("there is no job {kind}"))),
    }
}

fn typed<T: DeserializeOwned>(kind: &str, input: &str) -> Result<T> {
    serde_json::from_str(input).map_err(|error| Failure::invalid(format!("job {kind}: {error}")))
}

fn answer(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Failure::invalid(format!("an answer that is not JSON: {error}")))
}
