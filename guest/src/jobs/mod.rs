//! Jobs: turns the kind of a job and its JSON input into a function call, and the result into JSON.
//!
//! Only dispatches. Nothing in a job imports from here.

pub mod create;
pub mod extract;
pub mod import;
pub mod inflate;
pub mod inspect;
pub mod keys;
pub mod library;
pub mod lost_attributes;
pub mod memory;
pub mod part;
pub mod restorable;
pub mod restore;
pub mod retain;
pub mod rewrite;
pub mod space;
pub mod verify;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::blocks::{protocol, worker};
use crate::error::{Failure, Result};
use crate::ports::Outside;

/// Runs one job in this instance.
pub fn run(outside: &dyn Outside, kind: &str, input: &str) -> Result<String> {
    match kind {
        "create" => answer(&create::create(outside, &typed(kind, input)?)?),
        "preview" => answer(&create::preview::preview(outside, &typed(kind, input)?)?),
        "info" => answer(&inspect::info(outside, &typed(kind, input)?)?),
        "details" => answer(&inspect::details(outside, &typed(kind, input)?)?),
        "verify" => answer(&verify::verify(outside, &typed(kind, input)?)?),
        "check_password" => answer(&inspect::check_password(outside, &typed(kind, input)?)?),
        "encrypt" => answer(&rewrite::encrypt(outside, &typed(kind, input)?)?),
        "decrypt" => answer(&rewrite::decrypt(outside, &typed(kind, input)?)?),
        "rekey" => answer(&rewrite::rekey(outside, &typed(kind, input)?)?),
        "import" => answer(&import::import(outside, &typed(kind, input)?)?),
        "retention" => answer(&retain::retain(outside, &typed(kind, input)?)?),
        "new_key" => answer(&keys::new_key(outside)),
        "add_key" => answer(&keys::add_key(outside, &typed(kind, input)?)?),
        "remove_key" => answer(&keys::remove_key(&typed(kind, input)?)?),
        "rename_key" => answer(&keys::rename_key(&typed(kind, input)?)?),
        "show_key" => answer(&keys::show_key(&typed(kind, input)?)?),
        "keys" => answer(&keys::list(&typed(kind, input)?)?),
        "emergency_kit" => answer(&keys::emergency_kit(outside, &typed(kind, input)?)?),
        "restore" => answer(&restore::restore(outside, &typed(kind, input)?)?),
        "extract" => answer(&extract::extract(outside, &typed(kind, input)?)?),
        protocol::KIND => worker::work(outside).map(|()| "{}".into()),
        inflate::KIND => inflate::work(outside).map(|()| "{}".into()),
        "delete" => answer(&inspect::delete(outside, &typed(kind, input)?)?),
        _ => Err(Failure::invalid(format!("there is no job {kind}"))),
    }
}

fn typed<T: DeserializeOwned>(kind: &str, input: &str) -> Result<T> {
    serde_json::from_str(input).map_err(|error| Failure::invalid(format!("job {kind}: {error}")))
}

fn answer(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Failure::invalid(format!("the answer cannot be written as JSON: {error}")))
}
