//! The library: every function, filter, and test, by subject.

mod attribute;
mod collection;
mod cycle;
mod entity;
mod function;
mod functional;
mod group;
mod jinja_globals;
mod jinja_html;
mod jinja_json;
mod jinja_lists;
mod jinja_order;
mod jinja_pprint;
mod jinja_select;
mod jinja_tests;
mod jinja_text;
mod jinja_urlize;
mod jinja_wrap;
mod mersenne;
mod order;
mod range_object;
mod text;

pub use function::MacroFunction;
pub use range_object::Range;
