//! Times, dates and time spans in templates, modeled on Python's `datetime`.

mod functions;
mod moment;
mod parts;
mod text;

pub use functions::add;
pub use moment::Moment;
pub use parts::{Span, span_text};
