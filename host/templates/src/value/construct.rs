//! Makes values from Rust's types, and reads them back.

use std::sync::Arc;

use super::types::{Callable, Dict, Extent, Object, Sequence, Set, Value};

impl Value {
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Arc::from(text.as_ref()))
    }

    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(Sequence::new(items)))
    }

    pub fn tuple(items: Vec<Value>) -> Self {
        Self::Tuple(Arc::new(Sequence::new(items)))
    }

    pub fn dict(dict: Dict) -> Self {
        Self::Dict(Arc::new(dict))
    }

    pub fn set(set: Set) -> Self {
        Self::Set(Arc::new(set))
    }

    pub fn object(object: impl Object + 'static) -> Self {
        Self::Object(Arc::new(object))
    }

    /// The same list, tuple, set, or mapping with the text that it was rendered to.
    #[must_use]
    pub fn rendered_to(self, text: &str) -> Self {
        let text = Some(Arc::from(text));
        match self {
            Self::List(items) => Self::List(Arc::new(Sequence { text, ..Sequence::clone(&items) })),
            Self::Tuple(items) => Self::Tuple(Arc::new(Sequence { text, ..Sequence::clone(&items) })),
            Self::Set(set) => Self::Set(Arc::new(Set { text, ..Set::clone(&set) })),
            Self::Dict(dict) => Self::Dict(Arc::new(Dict { text, ..Dict::clone(&dict) })),
            value => value,
        }
    }

    /// An undefined value with its message.
    pub fn undefined(message: impl AsRef<str>) -> Self {
        Self::Undefined(Arc::from(message.as_ref()))
    }

    pub fn is_undefined(&self) -> bool {
        matches!(self, Self::Undefined(_))
    }

    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An integer; as in Python, a boolean is one.
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(flag) => Some(i128::from(*flag)),
            _ => None,
        }
    }

    /// A number as a float; a boolean is a number.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            #[allow(clippy::cast_precision_loss, reason = "Python rounds too")]
            _ => self.as_int().map(|number| number as f64),
        }
    }

    /// The items of a list or tuple.
    pub fn as_sequence(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) | Self::Tuple(items) => Some(&items.items),
            _ => None,
        }
    }

    /// The tuple that a named tuple is.
    pub fn named_tuple(&self) -> Option<Self> {
        match self {
            Self::Object(object) => object.tuple().map(Self::tuple),
            _ => None,
        }
    }

    pub fn as_dict(&self) -> Option<&Dict> {
        match self {
            Self::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// An object of a Rust type.
    pub fn downcast<T: Object + 'static>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Python's truth of a value. `states` is true if there is an entity; only its caller knows that.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Undefined(_) | Self::None => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::List(items) | Self::Tuple(items) => !items.items.is_empty(),
            Self::Set(set) => !set.is_empty(),
            Self::Dict(dict) => !dict.is_empty(),
            Self::Span(span) => !span.is_zero(),
            Self::Moment(_) | Self::Date(_) | Self::Time(_) => true,
            Self::State(_) | Self::States(_) | Self::Callable(_) => true,
            Self::Object(object) => object.is_true(),
        }
    }

    /// How large it is.
    pub fn extent(&self) -> Extent {
        match self {
            Self::List(items) | Self::Tuple(items) => items.extent,
            Self::Set(set) => set.extent,
            Self::Dict(dict) => dict.extent,
            Self::Object(object) => object.extent(),
            Self::Callable(callable) => match callable.as_ref() {
                Callable::Method(receiver, _) => receiver.extent(),
                _ => Extent { depth: 0, weight: 1 },
            },
            Self::State(state) => state.attributes.extent(),
            Self::Text(text) => Extent { depth: 0, weight: weight(text.len()) },
            Self::Bytes(bytes) => Extent { depth: 0, weight: weight(bytes.len()) },
            _ => Extent { depth: 0, weight: 1 },
        }
    }
}

fn weight(bytes: usize) -> u32 {
    u32::try_from(bytes / 32).unwrap_or(u32::MAX).saturating_add(1)
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i128> for Value {
    fn from(number: i128) -> Self {
        Self::Int(number)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(i128::from(number))
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(i128::from(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i128::from(number))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Int(i128::try_from(number).unwrap_or(i128::MAX))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Arc::from(text))
    }
}
