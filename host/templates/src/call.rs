//! How functions, filters, tests, and methods are declared, and how Python binds arguments to their parameters.

use std::fmt;
use std::sync::Arc;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// A function, filter, test, or method of the library.
///
/// The signature is written like Python's, without default values: `value, default=, /, *, precision=, *args, **kwargs`. A parameter
/// with `=` may be left out. `/` ends the parameters that are given by position only; `*` begins those given by keyword only. The first
/// parameter of a filter and of a test is the value, that of a method the receiver (`self`).
#[derive(Clone, Copy)]
pub struct Builtin {
    pub name: &'static str,
    pub signature: &'static str,
    pub run: Run,
}

/// The implementation.
pub type Run = fn(&mut Args, &Context) -> Result<Value>;

/// A row of a table of the library.
pub const fn builtin(name: &'static str, signature: &'static str, run: Run) -> Builtin {
    Builtin { name, signature, run }
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.signature)
    }
}

/// The arguments of a call, bound to the parameters of a signature.
#[derive(Debug, Default, Clone)]
pub struct Args {
    /// By parameter, in the order of the signature; `None` if it was not given. `/`, `*`, `*args`, and `**kwargs` do not count.
    pub values: Vec<Option<Value>>,
    /// `*args`.
    pub rest: Vec<Value>,
    /// `**kwargs`.
    pub keywords: Vec<(Arc<str>, Value)>,
}

impl Args {
    /// An argument, if it was given.
    pub fn get(&self, at: usize) -> Option<&Value> {
        self.values.get(at).and_then(Option::as_ref)
    }

    /// An argument of a required parameter.
    pub fn value(&self, at: usize) -> &Value {
        self.get(at).unwrap_or(&Value::None)
    }

    /// Takes an argument of a required parameter.
    pub fn take(&mut self, at: usize) -> Value {
        self.values.get_mut(at).and_then(Option::take).unwrap_or(Value::None)
    }

    /// The text of an argument that must be one, if it was given.
    pub fn text(&self, at: usize) -> Result<Option<&str>> {
        let Some(value) = self.get(at) else { return Ok(None) };
        let wrong = || Error::type_error(format!("expected str instance, {} found", value.type_name()));
        value.as_str().map(Some).ok_or_else(wrong)
    }

    /// The integer of an argument that must be one, if it was given.
    pub fn int(&self, at: usize) -> Result<Option<i128>> {
        let Some(value) = self.get(at) else { return Ok(None) };
        let wrong = || {
            let name = value.type_name();
            Error::type_error(format!("'{name}' object cannot be interpreted as an integer"))
        };
        value.as_int().map(Some).ok_or_else(wrong)
    }

    /// Whether an argument is true, or `default` if it was not given.
    pub fn flag(&self, at: usize, default: bool) -> bool {
        self.get(at).map_or(default, Value::is_true)
    }
}

/// The parameters of a builtin.
#[derive(Debug, Clone)]
pub struct Signature {
    parameters: Vec<Parameter>,
    has_rest: bool,
    has_more: bool,
}

#[derive(Debug, Clone, Copy)]
struct Parameter {
    name: &'static str,
    is_required: bool,
    by_position: bool,
    by_keyword: bool,
}

impl Signature {
    /// Reads the text of a signature.
    pub fn parse(text: &'static str) -> Self {
        let mut signature = Self { parameters: Vec::new(), has_rest: false, has_more: false };
        let mut by_position = true;
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part {
                "/" => signature.parameters.iter_mut().for_each(|parameter| parameter.by_keyword = false),
                "*" => by_position = false,
                part if part.starts_with("**") => signature.has_more = true,
                part if part.starts_with('*') => (signature.has_rest, by_position) = (true, false),
                part => {
                    let (name, is_required) = match part.strip_suffix('=') {
                        Some(name) => (name, false),
                        None => (part, true),
                    };
                    let parameter = Parameter { name, is_required, by_position, by_keyword: true };
                    signature.parameters.push(parameter);
                }
            }
        }
        signature
    }

    /// Binds arguments to the parameters, as Python does. `name` is for errors.
    pub fn bind(&self, name: &str, args: Vec<Value>, keywords: Vec<(Arc<str>, Value)>) -> Result<Args> {
        let mut bound = Args { values: vec![None; self.parameters.len()], ..Args::default() };
        let mut places = self
            .parameters
            .iter()
            .zip(bound.values.iter_mut())
            .filter(|(parameter, _)| parameter.by_position);
        let count = args.len();
        for arg in args {
            match places.next() {
                Some((_, place)) => *place = Some(arg),
                None if self.has_rest => bound.rest.push(arg),
                None => return Err(self.too_many(name, count)),
            }
        }
        for (keyword, value) in keywords {
            let mut places = self.parameters.iter().zip(bound.values.iter_mut());
            match places.find(|(parameter, _)| parameter.by_keyword && parameter.name == &*keyword) {
                Some((_, place @ None)) => *place = Some(value),
                Some(_) => {
                    let text = format!("{name}() got multiple values for argument '{keyword}'");
                    return Err(Error::call(text));
                }
                None if self.has_more => bound.keywords.push((keyword, value)),
                None => return Err(unexpected(name, &keyword)),
            }
        }
        let mut places = self.parameters.iter().zip(&bound.values);
        match places.find(|(parameter, value)| parameter.is_required && value.is_none()) {
            Some((parameter, _)) => Err(missing(name, parameter.name)),
            None => Ok(bound),
        }
    }

    /// Whether a call may bind: `count` arguments by position and these keywords, before `*args` and `**kwargs` of unknown contents.
    pub fn check(&self, name: &str, count: usize, keywords: &[&str], is_open: bool) -> Result<()> {
        let positions = self.parameters.iter().filter(|parameter| parameter.by_position);
        if count > positions.clone().count() && !self.has_rest {
            return Err(self.too_many(name, count));
        }
        let given: Vec<&str> = positions.take(count).map(|parameter| parameter.name).collect();
        for keyword in keywords {
            let parameter = self.parameters.iter().find(|it| it.by_keyword && it.name == *keyword);
            match parameter {
                Some(parameter) if given.contains(&parameter.name) => {
                    let text = format!("{name}() got multiple values for argument '{keyword}'");
                    return Err(Error::call(text));
                }
                None if !self.has_more => return Err(unexpected(name, keyword)),
                _ => {}
            }
        }
        let is_given = |it: &&Parameter| given.contains(&it.name) || keywords.contains(&it.name);
        let absent = self.parameters.iter().filter(|it| it.is_required).find(|it| !is_given(it));
        match absent {
            Some(parameter) if !is_open => Err(missing(name, parameter.name)),
            _ => Ok(()),
        }
    }

    fn too_many(&self, name: &str, count: usize) -> Error {
        let most = self.parameters.iter().filter(|parameter| parameter.by_position).count();
        Error::call(format!("{name}() takes at most {most} arguments by position, {count} were given"))
    }
}

fn unexpected(name: &str, keyword: &str) -> Error {
    Error::call(format!("{name}() got an unexpected keyword argument '{keyword}'"))
}

fn missing(name: &str, parameter: &str) -> Error {
    Error::call(format!("{name}() missing 1 required argument: '{parameter}'"))
}

/// A row of the library with its parsed signature.
#[derive(Debug)]
pub struct Entry {
    pub builtin: Builtin,
    pub signature: Signature,
}

impl Entry {
    pub fn new(builtin: Builtin) -> Self {
        Self { builtin, signature: Signature::parse(builtin.signature) }
    }

    /// Binds the arguments and runs it.
    pub fn call(
        &self,
        args: Vec<Value>,
        keywords: Vec<(Arc<str>, Value)>,
        context: &Context,
    ) -> Result<Value> {
        let mut args = self.signature.bind(self.builtin.name, args, keywords)?;
        (self.builtin.run)(&mut args, context)
    }
}
