//! The kinds of values, with Python's names of their types.

use super::types::{Callable, Value};

/// The kind of a value. Methods are looked up by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Undefined,
    None,
    Bool,
    Int,
    Float,
    Text,
    Bytes,
    List,
    Tuple,
    Set,
    Dict,
    Moment,
    Date,
    Time,
    Span,
    State,
    States,
    Callable,
    Object,
}

impl Value {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Undefined(_) => Kind::Undefined,
            Self::None => Kind::None,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::List(_) => Kind::List,
            Self::Tuple(_) => Kind::Tuple,
            Self::Set(_) => Kind::Set,
            Self::Dict(_) => Kind::Dict,
            Self::Moment(_) => Kind::Moment,
            Self::Date(_) => Kind::Date,
            Self::Time(_) => Kind::Time,
            Self::Span(_) => Kind::Span,
            Self::State(_) => Kind::State,
            Self::States(_) => Kind::States,
            Self::Callable(_) => Kind::Callable,
            Self::Object(_) => Kind::Object,
        }
    }

    /// Python's name of its type, for messages and `typeof`: `str`, `dict`, `datetime`.
    pub fn type_name(&self) -> &str {
        match self {
            Self::Undefined(_) => "LoggingUndefined",
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Set(_) => "set",
            Self::Dict(dict) => dict.type_name,
            Self::Moment(_) => "datetime",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::Span(_) => "timedelta",
            Self::State(_) => "TemplateState",
            Self::States(None) => "AllStates",
            Self::States(Some(_)) => "DomainStates",
            Self::Callable(callable) => match callable.as_ref() {
                Callable::Function(..) | Callable::Limited(_) => "function",
                Callable::Method(..) => "builtin_function_or_method",
                Callable::Macro(..) => "Macro",
            },
            Self::Object(object) => object.type_name(),
        }
    }
}
