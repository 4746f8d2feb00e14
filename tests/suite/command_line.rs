//! The command line as users and scripts expect it: next to a service, interrupted, with short ids, in lists and as JSON.

mod beside_service;
mod ids;
mod interrupts;
mod lists;
mod progress;
mod schema;
mod status;
