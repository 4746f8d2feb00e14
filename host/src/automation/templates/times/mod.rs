//! Times, days and time spans in templates, as Python's `datetime` has them.

mod functions;
mod moment;
mod parts;
mod text;

pub use functions::add;
pub use moment::Moment;
pub use parts::{Span, span_text};
