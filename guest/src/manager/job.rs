//! Runs jobs: passes the data of an action, emits the progress, and returns the answer.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Failure, Result};
use crate::manager::announce;
use crate::ports::{Event, Host};

/// Runs a job to its end with the action's own data. `on_progress` gets the stage, the bytes done and the bytes in total.
pub async fn job(
    host: &dyn Host,
    kind: &str,
    data: &str,
    on_progress: &mut dyn FnMut(&str, u64, Option<u64>),
) -> Result<String> {
    let job = host.start_job(kind, data)?;
    loop {
        match job.next().await {
            Event::Finished(result) => return result,
            Event::Progress { stage, done, total } => {
                on_progress(&stage, done, total);
                announce::progress(host, kind, &stage, done, total);
            }
        }
    }
}

/// Runs a job whose stages are not announced; its answer as JSON.
pub async fn run(host: &dyn Host, kind: &str, data: &str) -> Result<Value> {
    parsed(&job(host, kind, data, &mut |_, _, _| ()).await?)
}

/// JSON text as a value.
pub fn parsed<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| Failure::invalid(error.to_string()))
}
