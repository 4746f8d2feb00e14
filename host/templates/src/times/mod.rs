//! Python's `datetime`: points in time, dates, times of day, spans, and offsets.

mod arithmetic;
mod fields;
mod iso;
mod moment;
mod parse;
mod record;
mod show;
mod span;
mod stamp;
mod strftime;
mod strptime;
#[cfg(test)]
pub mod tests;
mod tz;
mod tzinfo;
mod weeks;

pub use arithmetic::{binary, negate};
pub use fields::{check_date, check_time, fold_of, ordinal, whole};
pub use iso::{date_from_iso, moment_from_iso, time_from_iso};
pub use moment::{Moment, date_of_ordinal, in_range};
pub use parse::{parse_datetime, parse_duration, parse_time};
pub use record::Record;
pub use show::{Precision, date_repr, iso_time, span_repr, span_text, time_repr, time_text};
pub use span::{MAX_SPAN, MIN_SPAN, Part, divide, from_parts, micros, span, split, total_seconds};
pub use stamp::{as_moment, is_daylight, moment_of_timestamp, now, of_timestamp, system, zone_names};
pub use strftime::strftime;
pub use strptime::{Parsed, strptime};
pub use tz::{Abbreviation, Tz};
pub use tzinfo::TzInfo;
pub use weeks::of_iso_week;
