//! Python's `datetime`: points in time, dates, times of day, and spans.

mod moment;
mod show;

pub use moment::{Moment, Tz};
pub use show::{date_repr, span_repr, span_text, time_repr, time_text};
