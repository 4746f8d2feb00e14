//! Tests of the manager with a host that only pretends: its clock is moved by the test, and its jobs end at once or when told to.

mod fake;
mod memory;
mod retention;
mod schedules;
mod simulated;
