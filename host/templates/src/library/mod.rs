//! The library: every function, filter, and test, by subject.

mod attribute;
mod base64;
mod bits;
mod collection;
mod crypto;
mod cycle;
mod datetime;
mod entity;
mod from_json;
mod function;
mod functional;
mod group;
mod jinja_globals;
mod jinja_html;
mod jinja_json;
mod jinja_lists;
mod jinja_numbers;
mod jinja_order;
mod jinja_pprint;
mod jinja_select;
mod jinja_tests;
mod jinja_text;
mod jinja_urlize;
mod jinja_wrap;
mod math;
mod mersenne;
mod number;
mod order;
mod pack;
mod python_set;
mod range;
mod range_object;
mod regex;
mod registry;
mod round;
mod slug;
mod slug_ranges;
pub mod state;
mod states;
mod statistics;
mod string;
mod table;
mod text;
mod to_json;
mod type_cast;
mod version;

pub use function::MacroFunction;
pub use range_object::Range;
pub use table::{
    Names, all_names, call_states, call_states_entry, constant, find, is_limited, names, nearest, refusal,
    state_attribute, state_item,
};
