//! One rendering: what it may see, what it has read, and how much it may still do.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use larder_zone::Zone;

use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::value::{State, Value};

/// The home as templates see it.
pub trait World {
    /// One entity.
    fn state(&self, entity_id: &str) -> Option<Arc<State>>;
    /// All entities, or those of a domain, in the order in which they appeared.
    fn states(&self, domain: Option<&str>) -> Vec<Arc<State>>;
    fn now(&self) -> DateTime<Utc>;
    fn zone(&self) -> Zone;
    /// A random number, for `random` and `shuffle`.
    fn random(&self) -> u64;
    /// A file of `custom_templates`, by its path in that directory.
    fn custom_template(&self, name: &str) -> Option<Arc<str>>;
}

/// What a rendering read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    pub entities: BTreeSet<String>,
    /// Whether it iterated over all entities or those of a domain.
    pub all: bool,
    pub time: bool,
}

/// Arguments by keyword.
pub type Keywords = Vec<(Arc<str>, Value)>;

/// The interpreter, for functions that call others or look names up: `map`, `select`, `apply`.
pub trait Interpreter {
    /// Calls a value.
    fn call(&self, callee: &Value, args: Vec<Value>, keywords: Keywords, context: &Context) -> Result<Value>;
    /// A filter by its name. The first argument of a call is the value.
    fn filter(&self, name: &str) -> Result<Value>;
    /// A test by its name. The first argument of a call is the value.
    fn test(&self, name: &str) -> Result<Value>;
    /// `value.name`, or `value[name]` if there is no such attribute; undefined if there is neither.
    fn attribute(&self, value: &Value, name: &str, context: &Context) -> Result<Value>;
    /// `value[key]`, or the attribute of that name; undefined if there is neither.
    fn item(&self, value: &Value, key: &Value, context: &Context) -> Result<Value>;
}

/// One rendering. Functions get it as their last argument.
pub struct Context<'a> {
    world: &'a dyn World,
    pub interpreter: &'a dyn Interpreter,
    pub limits: Limits,
    reads: RefCell<Reads>,
    steps: Cell<u64>,
}

impl<'a> Context<'a> {
    pub fn new(world: &'a dyn World, interpreter: &'a dyn Interpreter, limits: Limits) -> Self {
        Self { world, interpreter, limits, reads: RefCell::default(), steps: Cell::new(0) }
    }

    /// Counts steps. An error when there are too many of them.
    pub fn spend(&self, steps: u64) -> Result<()> {
        let steps = self.steps.get().saturating_add(steps);
        self.steps.set(steps);
        match steps > self.limits.steps {
            true => Err(Error::limit("the template takes too long")),
            false => Ok(()),
        }
    }

    /// Must be called before a text or list of this size is built, in bytes or items, unless it is as short as its parts.
    pub fn reserve(&self, size: usize) -> Result<()> {
        if size > self.limits.size {
            return Err(Error::limit("the template makes a value that is too large"));
        }
        self.spend(size as u64 / 32)
    }

    /// Counts the work of going through a whole value: to show, hash, or compare it.
    pub fn charge(&self, value: &Value) -> Result<()> {
        let weight = u64::from(value.extent().weight);
        self.spend(if matches!(value, Value::Text(_) | Value::Bytes(_)) { weight / 4 } else { weight / 64 })
    }

    /// The items of a value that can be iterated: those of a list, the characters of a text, the keys of a mapping. None of an undefined
    /// value, as in Jinja.
    pub fn items(&self, value: &Value) -> Result<Vec<Value>> {
        match value {
            // Before they are copied.
            Value::List(items) | Value::Tuple(items) => self.spend(items.items.len() as u64 / 4)?,
            Value::Text(text) => self.spend(text.len() as u64 / 4)?,
            Value::Bytes(bytes) => self.spend(bytes.len() as u64 / 4)?,
            _ => {}
        }
        let items = match value {
            Value::Undefined(_) => Vec::new(),
            Value::List(items) | Value::Tuple(items) => items.items.clone(),
            Value::Set(set) => set.iter().cloned().collect(),
            Value::Dict(dict) => dict.keys().cloned().collect(),
            Value::Text(text) => text.chars().map(|c| Value::text(c.encode_utf8(&mut [0; 4]))).collect(),
            Value::Bytes(bytes) => bytes.iter().map(|byte| Value::from(i64::from(*byte))).collect(),
            Value::States(domain) => self.states(domain.as_deref())?.into_iter().map(Value::State).collect(),
            Value::Object(object) => object.items().ok_or_else(|| not_iterable(value))?,
            _ => return Err(not_iterable(value)),
        };
        if !matches!(value, Value::List(_) | Value::Tuple(_) | Value::Text(_) | Value::Bytes(_)) {
            self.spend(items.len() as u64 / 4)?;
        }
        Ok(items)
    }

    /// Reads one entity.
    pub fn state(&self, entity_id: &str) -> Option<Arc<State>> {
        self.read_entity(entity_id);
        self.world.state(entity_id)
    }

    /// Notes that an entity was read.
    pub fn read_entity(&self, entity_id: &str) {
        let mut reads = self.reads.borrow_mut();
        if !reads.entities.contains(entity_id) {
            reads.entities.insert(entity_id.to_owned());
        }
    }

    /// Reads all entities, or those of a domain.
    pub fn states(&self, domain: Option<&str>) -> Result<Vec<Arc<State>>> {
        self.reads.borrow_mut().all = true;
        let states = self.world.states(domain);
        self.spend(states.len() as u64)?;
        Ok(states)
    }

    /// The current time. The template must be rendered again as time passes.
    pub fn now(&self) -> DateTime<Utc> {
        self.reads.borrow_mut().time = true;
        self.world.now()
    }

    pub fn zone(&self) -> Zone {
        self.world.zone()
    }

    pub fn random(&self) -> u64 {
        self.world.random()
    }

    pub fn custom_template(&self, name: &str) -> Option<Arc<str>> {
        self.world.custom_template(name)
    }

    pub fn reads(&self) -> Reads {
        self.reads.borrow().clone()
    }
}

fn not_iterable(value: &Value) -> Error {
    Error::type_error(format!("'{}' object is not iterable", value.type_name()))
}
