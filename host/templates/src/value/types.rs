//! The types of values: one file, because they contain each other.
//!
//! Containers keep their order, integers and text stay apart, and a list, tuple, set, or mapping that came out of a template keeps the
//! text that it was rendered to, as in Home Assistant.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use indexmap::{IndexMap, IndexSet};

use crate::error::{Error, Result};
use crate::times::Moment;

/// A value of a template.
#[derive(Clone, Debug)]
pub enum Value {
    /// A missing variable or attribute, with the message of the error when it is used: `'x' is undefined`.
    Undefined(Arc<str>),
    None,
    Bool(bool),
    /// Python's integers have no limit; beyond 127 bits a calculation is an error here.
    Int(i128),
    Float(f64),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Arc<Sequence>),
    Tuple(Arc<Sequence>),
    Set(Arc<Set>),
    Dict(Arc<Dict>),
    /// `datetime.datetime`, with or without a zone.
    Moment(Arc<Moment>),
    /// `datetime.date`.
    Date(NaiveDate),
    /// `datetime.time` without a zone.
    Time(NaiveTime),
    /// `datetime.timedelta`, in whole microseconds.
    Span(TimeDelta),
    /// The state object of an entity.
    State(Arc<State>),
    /// `states`, or with a domain `states.sensor`.
    States(Option<Arc<str>>),
    /// A function, filter, method, or macro.
    Callable(Arc<Callable>),
    /// A type that only a few templates see: a range, a generator, a namespace.
    Object(Arc<dyn Object>),
}

/// How large a value is. Code may recurse through values within the limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How deep it nests: 0 without other values in it.
    pub depth: u16,
    /// How many values it holds at all depths, counting shared ones each time. 32 bytes of text count as one.
    pub weight: u32,
}

/// The items of a list or tuple.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    pub items: Vec<Value>,
    /// The output of the template that returned it.
    pub text: Option<Arc<str>>,
    pub(super) extent: Extent,
}

/// A set. Numbers are in the order of Python's hash table, other members in that in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Set {
    pub(super) items: IndexSet<Key>,
    /// The output of the template that returned it.
    pub text: Option<Arc<str>>,
    pub(super) extent: Extent,
}

/// A mapping, in the order in which its keys were added.
#[derive(Clone, Debug)]
pub struct Dict {
    pub(super) items: IndexMap<Key, Value>,
    /// The output of the template that returned it.
    pub text: Option<Arc<str>>,
    /// `dict`, or `ReadOnlyDict` for the attributes of a state.
    pub type_name: &'static str,
    pub(super) extent: Extent,
}

/// A value that Python can hash: the key of a mapping, or a member of a set. `1`, `1.0`, and `True` are the same key.
#[derive(Clone, Debug)]
pub struct Key(pub(super) Value);

/// The state of one entity.
#[derive(Debug, Clone)]
pub struct State {
    pub entity_id: Arc<str>,
    pub state: Arc<str>,
    /// A mapping of the type `ReadOnlyDict`.
    pub attributes: Value,
    pub last_changed: DateTime<Utc>,
    pub last_reported: DateTime<Utc>,
    pub last_updated: DateTime<Utc>,
    /// The ID, the parent's ID, and the user's ID of its context.
    pub context: [Option<Arc<str>>; 3],
}

/// The tables of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    Global,
    Filter,
    Test,
}

/// Something that can be called.
#[derive(Debug)]
pub enum Callable {
    /// A function of the library, by its table and name.
    Function(Table, &'static str),
    /// A method of a value: `receiver.name`.
    Method(Value, &'static str),
    /// A function that a limited template may not call.
    Limited(Arc<str>),
    /// A macro, by its number in the rendering.
    Macro(usize, Arc<str>),
}

/// A type with behavior of its own that needs neither the home nor the library. Whatever it does not implement is an error, as in Python.
pub trait Object: fmt::Debug + Send + Sync {
    /// Python's name of the type.
    fn type_name(&self) -> &str;

    /// `value.name`. `None` if there is no such attribute.
    fn attribute(&self, _name: &str) -> Option<Value> {
        None
    }

    /// `value[key]`. `None` if there is no such item, or if it has no items.
    fn item(&self, _key: &Value) -> Option<Value> {
        None
    }

    /// Its items, if it can be iterated. An iterator is empty the second time.
    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    /// Its items, if it is a named tuple: operators and slices treat it as a tuple.
    fn tuple(&self) -> Option<Vec<Value>> {
        None
    }

    /// Its length, if it has one.
    fn length(&self) -> Option<usize> {
        None
    }

    /// The methods that `call` knows.
    fn methods(&self) -> &'static [&'static str] {
        &[]
    }

    /// Calls it (`method` is empty), or one of its methods.
    fn call(&self, method: &str, _args: &[Value]) -> Result<Value> {
        let name = self.type_name();
        Err(match method {
            "" => Error::type_error(format!("'{name}' object is not callable")),
            _ => Error::undefined(format!("'{name} object' has no attribute '{method}'")),
        })
    }

    fn is_callable(&self) -> bool {
        false
    }

    fn is_true(&self) -> bool {
        true
    }

    /// Whether it equals another value.
    fn equals(&self, _other: &Value) -> bool {
        false
    }

    /// Its order to another value, as `Value::order`. `None` if it has none.
    fn order(&self, _other: &Value) -> Option<Result<Option<Ordering>>> {
        None
    }

    /// Python's `repr`.
    fn repr(&self) -> String;

    /// Python's `str`.
    fn display(&self) -> String {
        self.repr()
    }

    /// How large it is. Types that can change return the largest depth, so that they never contain each other.
    fn extent(&self) -> Extent {
        Extent::default()
    }

    /// For `Value::downcast`: `self`.
    fn as_any(&self) -> &dyn Any;
}
