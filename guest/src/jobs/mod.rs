//! Jobs: turns the kind of a job and its JSON input into a function call, and the result into JSON.
//!
//! Only dispatches. Nothing in a job imports from here.

pub mod apply_retention;
pub mod create;
pub mod delete;
pub mod extract;
pub mod import;
pub mod inflate;
pub mod inspect;
pub mod keys;
pub mod listing;
pub mod lost_attributes;
pub mod part;
pub mod records;
pub mod restorable;
pub mod restore;
pub mod restore_memory;
pub mod rewrite;
pub mod space;
pub mod stored_backups;
pub mod upload;
pub mod verify;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::blocks::{protocol, worker};
use crate::error::{Failure, Result};
use crate::ports::Host;

/// Runs one job in this instance.
pub fn run(host: &dyn Host, kind: &str, input: &str) -> Result<String> {
    match kind {
        "create" => answer(&create::create(host, &typed(kind, input)?)?),
        "preview" => answer(&create::preview::preview(host, &typed(kind, input)?)?),
        "info" => answer(&inspect::info(host, &typed(kind, input)?)?),
        "details" => answer(&inspect::details(host, &typed(kind, input)?)?),
        "verify" => answer(&verify::verify(host, &typed(kind, input)?)?),
        "check_password" => answer(&inspect::check_password(host, &typed(kind, input)?)?),
        "encrypt" => answer(&rewrite::encrypt(host, &typed(kind, input)?)?),
        "decrypt" => answer(&rewrite::decrypt(host, &typed(kind, input)?)?),
        "rekey" => answer(&rewrite::rekey(host, &typed(kind, input)?)?),
        "import" => answer(&import::import(host, &typed(kind, input)?)?),
        "retention" => answer(&apply_retention::retain(host, &typed(kind, input)?)?),
        "new_key" => answer(&keys::new_key(host)),
        "add_key" => answer(&keys::add_key(host, &typed(kind, input)?)?),
        "remove_key" => answer(&keys::remove_key(&typed(kind, input)?)?),
        "rename_key" => answer(&keys::rename_key(&typed(kind, input)?)?),
        "show_key" => answer(&keys::show_key(&typed(kind, input)?)?),
        "keys" => answer(&keys::list(&typed(kind, input)?)?),
        "emergency_kit" => answer(&keys::emergency_kit(host, &typed(kind, input)?)?),
        "restore" => answer(&restore::restore(host, &typed(kind, input)?)?),
        "extract" => answer(&extract::extract(host, &typed(kind, input)?)?),
        protocol::KIND => worker::work(host).map(|()| "{}".into()),
        inflate::KIND => inflate::work(host).map(|()| "{}".into()),
        "copy" => answer(&upload::upload(host, &typed(kind, input)?)?),
        "stage" => answer(&rewrite::stage(host, &typed(kind, input)?)?),
        "abandon" => answer(&upload::abandon(host, &typed(kind, input)?)?),
        "clean" => answer(&upload::clean(host, &typed(kind, input)?)?),
        "test_agent" => answer(&upload::test(host, &typed(kind, input)?)?),
        "delete" => answer(&delete::delete(host, &typed(kind, input)?)?),
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
