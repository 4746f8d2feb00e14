//! The command line as people and scripts expect it: beside a service, interrupted, with short ids, in lists and as JSON.

mod beside_service;
mod ids;
mod interrupts;
mod lists;
mod progress;
mod schema;
mod status;
