//! Checks a template without rendering it.
//!
//! It must parse, and every function, filter, test, and method must exist and take the arguments that it is given.
//! A call that passes the check never fails for its name or for the number or names of its arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::call::Entry;
use crate::error::{Error, Result};
use crate::library;
use crate::methods;
use crate::syntax::{Call, Expr, Macro, Node, Statement, parse, trimmed, walk};
use crate::value::{Kind, Table, Value};

/// Names that only exist in a rendering, and namespaces, which the evaluator makes itself.
const EVALUATORS: [&str; 2] = ["namespace", "caller"];

/// Methods of types that are no values of Python's: loops, cyclers, modules.
const OBJECT_METHODS: [&str; 4] = ["cycle", "changed", "next", "reset"];

/// Checks a template. `limited`: it may see no states and no time. The error says what to do.
pub fn check(source: &str, is_limited: bool) -> Result<()> {
    let source = trimmed(source);
    if !crate::syntax::is_template(source) {
        return Ok(());
    }
    Check::new(&parse(source)?, is_limited).run()
}

struct Check<'a> {
    nodes: &'a [Node],
    assigned: BTreeSet<Arc<str>>,
    /// Names that are assigned by anything but a macro.
    values: BTreeSet<Arc<str>>,
    macros: BTreeMap<&'a str, Option<&'a Macro>>,
    is_limited: bool,
}

impl<'a> Check<'a> {
    fn new(nodes: &'a [Node], is_limited: bool) -> Self {
        let mut macros = BTreeMap::new();
        walk::statements(nodes, &mut |statement| {
            if let Statement::Macro(node) = statement {
                let known = macros.entry(&*node.name).or_insert(Some(&**node));
                // One of several with a name is called, nobody knows which.
                if known.is_some_and(|known| !std::ptr::eq(known, &**node)) {
                    *known = None;
                }
            }
        });
        Self { nodes, assigned: walk::assigned(nodes), values: walk::values(nodes), macros, is_limited }
    }

    fn run(&self) -> Result<()> {
        let mut result = Ok(());
        walk::block_filters(self.nodes, &mut |filter| {
            if result.is_ok() {
                result = self.entry(Table::Filter, filter);
            }
        });
        walk::statements(self.nodes, &mut |statement| {
            if let Statement::CallBlock { call: Expr::Call(callee, call), .. } = statement
                && let Expr::Name(name) = &**callee
                && result.is_ok()
            {
                let mut given = Given::of(call);
                match given.keywords.contains(&"caller") {
                    true => given.twice = Some("caller"),
                    false => given.keywords.push("caller"),
                }
                result = self.function(name, &given).map_err(|error| error.at(call.line));
            }
        });
        walk::expressions(self.nodes, &mut |expr| {
            if result.is_ok() {
                result = self.expression(expr);
            }
        });
        result
    }

    fn expression(&self, expr: &Expr) -> Result<()> {
        match expr {
            Expr::Filter(_, call) => self.entry(Table::Filter, call),
            Expr::Test(_, call) => self.entry(Table::Test, call),
            Expr::Name(name) if &**name == "self" && !self.assigned.contains(name) => Err(Error::name(
                "`self` is not supported; write the block where it is needed, or use a macro",
            )),
            Expr::Name(name) if self.is_limited && !self.assigned.contains(name) => self.limits(name),
            Expr::Call(callee, call) => match &**callee {
                Expr::Name(name) => self.function(name, &Given::of(call)),
                Expr::Attribute(receiver, name) => self.method(receiver, name, call),
                _ => Ok(()),
            }
            .map_err(|error| error.at(call.line)),
            _ => Ok(()),
        }
    }

    /// A filter or test, whose first argument is the value.
    fn entry(&self, table: Table, call: &Call) -> Result<()> {
        let name = &*call.name;
        self.limits(name)?;
        let found = match library::find(table, name) {
            Some(entry) => bind(entry, name, 1, call).and_then(|()| match table {
                Table::Filter => applied(call),
                _ => Ok(()),
            }),
            None => Err(unknown(table, name)),
        };
        found.map_err(|error| error.at(call.line))
    }

    fn limits(&self, name: &str) -> Result<()> {
        match self.is_limited && library::is_limited(name) {
            true => Err(Error::name(format!(
                "`{name}` is not available here, because the template is rendered when the file is loaded; use a value"
            ))),
            false => Ok(()),
        }
    }

    fn function(&self, name: &str, given: &Given) -> Result<()> {
        if let Some(known) = self.macros.get(name) {
            return match known {
                Some(node) if !self.values.contains(name) => check_macro(node, given),
                _ => Ok(()),
            };
        }
        if self.assigned.contains(name) || EVALUATORS.contains(&name) {
            return Ok(());
        }
        match library::find(Table::Global, name) {
            Some(entry) => bind_given(entry, name, given.count, given),
            None if name == "states" => bind_given(library::call_states_entry(), name, given.count, given),
            None if library::constant(name).is_some() => Err(Error::name(format!(
                "`{name}` is a number and cannot be called; write it without brackets"
            ))),
            None => Err(unknown(Table::Global, name)),
        }
    }

    fn method(&self, receiver: &Expr, name: &str, call: &Call) -> Result<()> {
        let kind = kind_of(receiver);
        let known: Vec<&Entry> = match kind {
            Some(kind) => methods::find(kind, name).into_iter().collect(),
            None => methods::all(name).collect(),
        };
        let is_local = root(receiver).is_some_and(|name| self.assigned.contains(name) || name == "states");
        let is_open = kind.is_none() && (is_local || OBJECT_METHODS.contains(&name));
        if kind.is_none() && methods::is_refused_anywhere(name) {
            return Ok(());
        }
        let mut problem = None;
        for entry in &known {
            match bind(entry, name, 1, call) {
                Ok(()) => return Ok(()),
                Err(error) => problem = Some(error),
            }
        }
        match problem {
            _ if is_open => Ok(()),
            Some(problem) => Err(problem),
            None => Err(Error::name(match methods::nearest(name) {
                Some(similar) => format!("unknown method `{name}`; did you mean `{similar}`?"),
                None => format!("unknown method `{name}`; write the template without it"),
            })),
        }
    }
}

/// The arguments of a call, as far as they are plain to see.
struct Given<'a> {
    /// How many are given by position.
    count: usize,
    keywords: Vec<&'a str>,
    /// A keyword that `**` gives again.
    twice: Option<&'a str>,
    /// Whether there may be more.
    is_open: bool,
}

impl<'a> Given<'a> {
    fn of(call: &'a Call) -> Self {
        let mut given = Self {
            count: call.args.len(),
            keywords: call.keywords.iter().map(|(keyword, _)| &**keyword).collect(),
            twice: None,
            is_open: false,
        };
        match &call.rest {
            None => {}
            Some(Expr::List(items) | Expr::Tuple(items)) => given.count += items.len(),
            Some(_) => given.is_open = true,
        }
        match &call.more {
            None => {}
            Some(Expr::Dict(pairs)) => {
                let before = given.keywords.len();
                for (key, _) in pairs {
                    match (key, given.keywords.get(..before)) {
                        (Expr::Constant(Value::Text(name)), Some(before)) if before.contains(&&**name) => {
                            given.twice = Some(name);
                        }
                        (Expr::Constant(Value::Text(name)), _) if !given.keywords.contains(&&**name) => {
                            given.keywords.push(name);
                        }
                        (Expr::Constant(Value::Text(_)), _) => {}
                        _ => given.is_open = true,
                    }
                }
            }
            Some(_) => given.is_open = true,
        }
        given
    }
}

fn check_macro(node: &Macro, given: &Given) -> Result<()> {
    let name = &node.name;
    if let Some(keyword) = given.twice {
        return Err(twice(name, keyword));
    }
    if given.count > node.parameters.len() && !node.uses_varargs {
        let most = node.parameters.len();
        let text = format!("the macro `{name}` takes at most {most} arguments; {} are given", given.count);
        return Err(Error::name(text));
    }
    // A keyword of a parameter that is given by position is one more keyword.
    let left = || node.parameters.iter().skip(given.count);
    let is_known = |keyword: &str| {
        node.uses_kwargs
            || keyword == "caller" && node.uses_caller
            || left().any(|parameter| &*parameter.name == keyword)
    };
    match given.keywords.iter().find(|keyword| !is_known(keyword)) {
        Some(keyword) if node.parameters.iter().any(|parameter| &*parameter.name == *keyword) => {
            Err(twice(name, keyword))
        }
        Some(keyword) => Err(Error::name(format!("the macro `{name}` has no parameter `{keyword}`"))),
        None => Ok(()),
    }
}

fn twice(name: &str, keyword: &str) -> Error {
    Error::name(format!("`{name}` gets `{keyword}` twice"))
}

/// Checks the arguments of a call. `before`: how many arguments stand before those in brackets.
fn bind(entry: &Entry, name: &str, before: usize, call: &Call) -> Result<()> {
    let given = Given::of(call);
    bind_given(entry, name, before + given.count, &given)
}

fn bind_given(entry: &Entry, name: &str, count: usize, given: &Given) -> Result<()> {
    if let Some(keyword) = given.twice {
        return Err(twice(name, keyword));
    }
    let checked = entry.signature.check(name, count, &given.keywords, given.is_open);
    checked.map_err(|error| Error::name(format!("{error}; its parameters are: {}", entry.builtin.signature)))
}

/// Checks the filter or test that a filter applies to each item, if its name is plain to see: `map('int', default=0)`.
fn applied(call: &Call) -> Result<()> {
    let (table, before) = match &*call.name {
        "map" => (Table::Filter, 0),
        "select" | "reject" => (Table::Test, 0),
        "selectattr" | "rejectattr" => (Table::Test, 1),
        _ => return Ok(()),
    };
    let Some(Expr::Constant(Value::Text(name))) = call.args.get(before) else { return Ok(()) };
    let entry = library::find(table, name).ok_or_else(|| unknown(table, name))?;
    let given = Given::of(call);
    // The item takes the place of the name.
    bind_given(entry, name, given.count - before, &given)
}

fn unknown(table: Table, name: &str) -> Error {
    let (what, shown) = match table {
        Table::Global => ("function", name.to_owned()),
        Table::Filter => ("filter", name.to_owned()),
        Table::Test => ("test", format!("is {name}")),
    };
    if let Some(refusal) = library::refusal(table, name) {
        return Error::name(refusal);
    }
    if table == Table::Global && library::find(Table::Filter, name).is_some() {
        return Error::name(format!("`{name}` is a filter, not a function; write `value | {name}`"));
    }
    if table == Table::Filter && library::find(Table::Global, name).is_some() {
        return Error::name(format!("`{name}` is a function, not a filter; write `{name}(…)`"));
    }
    Error::name(match library::nearest(table, name) {
        Some(similar) => format!("unknown template {what} `{shown}`; did you mean `{similar}`?"),
        None => format!("unknown template {what} `{shown}`; write the template without it"),
    })
}

/// The kind of an expression's value, if it is plain to see.
fn kind_of(expr: &Expr) -> Option<Kind> {
    match expr {
        Expr::Constant(value) => Some(value.kind()),
        Expr::List(_) => Some(Kind::List),
        Expr::Tuple(_) => Some(Kind::Tuple),
        Expr::Dict(_) => Some(Kind::Dict),
        Expr::Concat(_) => Some(Kind::Text),
        _ => None,
    }
}

/// The name at the beginning of a path: `x` of `x.a[0].b`.
fn root(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name),
        Expr::Attribute(value, _) | Expr::Item(value, _) => root(value),
        _ => None,
    }
}
