//! The methods and attributes of points in time, dates, times of day, and spans.

mod attributes;
mod classes;
mod day;
mod moment;
mod receiver;
mod tables;

pub use attributes::{attribute, span_class_attribute};
pub use tables::{DATE, MOMENT, SPAN, TIME};
