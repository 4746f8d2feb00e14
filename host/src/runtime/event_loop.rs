//! The event loop of a plugin's thread.

use std::future::Future;

use super::failure::Failure;
use crate::tunables::http::MAX_REQUESTS;

/// Runs a future to completion on this thread.
pub(super) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(MAX_REQUESTS)
        .build();
    match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(future);
            // A request that no caller waits for must not delay the end.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::stopped(format!("cannot start an event loop for the plugin: {error}"))),
    }
}
