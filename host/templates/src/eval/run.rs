//! One rendering: its scopes, macros, and recursion.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;

use super::output::Output;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::library;
use crate::limits::{MAX_DEPTH, MAX_WEIGHT};
use crate::syntax::{For, Macro, Node, parse};
use crate::value::{Callable, Table, Value};

/// The variables of a template, by name.
pub type Variables = IndexMap<Arc<str>, Value>;

/// How many parsed templates are kept.
const MAX_PARSED: usize = 4096;

/// Parsed templates, by their text.
#[derive(Default)]
pub struct Templates(Mutex<HashMap<Arc<str>, Arc<Vec<Node>>>>);

impl Templates {
    /// Parses a template, or returns the tree of an earlier call.
    pub fn parse(&self, source: &str) -> Result<Arc<Vec<Node>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(source).cloned();
        if let Some(tree) = known {
            return Ok(tree);
        }
        let tree = Arc::new(parse(source)?);
        let mut parsed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.len() >= MAX_PARSED {
            parsed.clear();
        }
        parsed.insert(source.into(), tree.clone());
        Ok(tree)
    }
}

/// The variables of one block.
pub struct Frame {
    pub parent: Option<usize>,
    /// Whether names that no frame has are looked up in the variables of the rendering.
    pub sees_variables: bool,
    pub names: Names,
}

/// Names with their values. Most blocks have few; those of hostile templates are found by an index.
#[derive(Default)]
pub struct Names {
    list: Vec<(Arc<str>, Value)>,
    index: HashMap<Arc<str>, usize>,
}

/// How many names are searched one after the other.
const FEW: usize = 16;

impl Names {
    fn find(&self, name: &str) -> Option<usize> {
        match self.index.is_empty() {
            true => self.list.iter().position(|(known, _)| &**known == name),
            false => self.index.get(name).copied(),
        }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).and_then(|at| self.list.get(at)).map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl Iterator<Item = &(Arc<str>, Value)> {
        self.list.iter()
    }

    fn set(&mut self, name: &Arc<str>, value: Value) {
        if let Some((_, place)) = self.find(name).and_then(|at| self.list.get_mut(at)) {
            *place = value;
            return;
        }
        self.list.push((name.clone(), value));
        if self.list.len() > FEW {
            let known = self.index.len();
            let new = self.list.iter().enumerate().skip(known);
            self.index.extend(new.map(|(at, (name, _))| (name.clone(), at)));
        }
    }
}

/// A macro, and the frame that it was defined in.
#[derive(Clone)]
pub struct MacroInstance {
    pub node: Arc<Macro>,
    pub frame: usize,
}

/// One rendering of a template.
pub struct Run<'a> {
    pub templates: &'a Templates,
    pub variables: &'a Variables,
    pub frames: RefCell<Vec<Frame>>,
    pub macros: RefCell<Vec<MacroInstance>>,
    /// Recursive loops, with the frame and depth that they were entered with.
    pub loops: RefCell<Vec<(Arc<For>, usize, usize)>>,
    /// Whether functions that see states or the time are refused.
    pub is_limited: bool,
    depth: Cell<usize>,
}

impl<'a> Run<'a> {
    pub fn new(templates: &'a Templates, variables: &'a Variables, is_limited: bool) -> Self {
        Self {
            templates,
            variables,
            frames: RefCell::default(),
            macros: RefCell::default(),
            loops: RefCell::default(),
            is_limited,
            depth: Cell::new(0),
        }
    }

    /// Renders a template.
    pub fn render(&self, source: &str, context: &Context) -> Result<String> {
        let tree = self.templates.parse(source)?;
        let frame = self.enter_frame(None, true);
        let mut output = Output::new(context.limits.output);
        self.statements(&tree, frame, &mut output, context)?;
        Ok(output.text)
    }

    /// Runs something that may call itself.
    pub fn nested<T>(&self, context: &Context, run: impl FnOnce() -> Result<T>) -> Result<T> {
        let depth = self.depth.get();
        if depth >= context.limits.recursion {
            return Err(Error::limit("the template calls itself too deeply"));
        }
        self.depth.set(depth + 1);
        let result = run();
        self.depth.set(depth);
        result
    }

    /// A new frame. Frames are never removed while a macro may need them, but their number is bounded by the steps.
    pub fn enter_frame(&self, parent: Option<usize>, sees_variables: bool) -> usize {
        let mut frames = self.frames.borrow_mut();
        frames.push(Frame { parent, sees_variables, names: Names::default() });
        frames.len() - 1
    }

    /// Removes a frame and those after it, unless a macro was defined since `macros` of them existed.
    pub fn leave_frame(&self, frame: usize, macros: usize) {
        if self.macros.borrow().len() == macros {
            self.frames.borrow_mut().truncate(frame);
        }
    }

    pub fn macro_count(&self) -> usize {
        self.macros.borrow().len()
    }

    pub fn assign(&self, frame: usize, name: &Arc<str>, value: Value) {
        let mut frames = self.frames.borrow_mut();
        let Some(frame) = frames.get_mut(frame) else { return };
        frame.names.set(name, value);
    }

    /// The value of a name: of the innermost frame that has it, else a variable, else a function of the library.
    pub fn lookup(&self, frame: usize, name: &str) -> Value {
        let mut sees_variables = true;
        {
            let frames = self.frames.borrow();
            let mut at = Some(frame);
            while let Some(frame) = at.and_then(|at| frames.get(at)) {
                if let Some(value) = frame.names.get(name) {
                    return value.clone();
                }
                sees_variables = frame.sees_variables;
                at = frame.parent;
            }
        }
        if sees_variables && let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        if self.is_limited && library::is_limited(name) {
            return Value::Callable(Arc::new(Callable::Limited(name.into())));
        }
        if let Some(value) = library::constant(name) {
            return value;
        }
        if name == "namespace" {
            return Value::Callable(Arc::new(Callable::Function(Table::Global, "namespace")));
        }
        match library::find(Table::Global, name) {
            Some(entry) => Value::Callable(Arc::new(Callable::Function(Table::Global, entry.builtin.name))),
            None => Value::undefined(format!("'{name}' is undefined")),
        }
    }
}

/// The value, unless it is too large to recurse through.
pub fn bounded(value: Value) -> Result<Value> {
    let extent = value.extent();
    match extent.depth > MAX_DEPTH + 2 || extent.weight > MAX_WEIGHT {
        true => Err(Error::limit("the template makes a value that is too large")),
        false => Ok(value),
    }
}
