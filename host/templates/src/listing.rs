//! Lists everything that templates can call.

use crate::call::Entry;
use crate::library;
use crate::methods;
use crate::value::{Kind, Table};

/// What can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Function,
    Filter,
    Test,
    /// A method of the type that this expression has.
    Method(&'static str),
}

/// A name with its signature, written like Python's: `value, default=, /, *, precision=, *args, **kwargs`.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub what: What,
    pub name: &'static str,
    pub signature: &'static str,
}

/// Everything that templates can call, by name.
pub fn known() -> Vec<Known> {
    let row = |what: What, entry: &Entry| Known {
        what,
        name: entry.builtin.name,
        signature: entry.builtin.signature,
    };
    let tables = [(What::Function, Table::Global), (What::Filter, Table::Filter), (What::Test, Table::Test)];
    let library = tables.into_iter().flat_map(|(what, table)| {
        library::names(table).filter_map(move |name| library::find(table, name)).map(move |it| row(what, it))
    });
    let methods = methods::entries().map(|(kind, entry)| row(What::Method(example(kind)), entry));
    let mut known: Vec<Known> = library.chain(methods).collect();
    known.sort_by_key(|known| (known.name, format!("{:?}", known.what)));
    known
}

/// An expression of a type.
fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "'a'",
        Kind::Bytes => "'a'.encode()",
        Kind::Bool => "true",
        Kind::Int => "1",
        Kind::Float => "1.5",
        Kind::List => "[1]",
        Kind::Tuple => "(1, 2)",
        Kind::Dict => "{'a': 1}",
        Kind::Set => "set([1])",
        Kind::Moment => "now()",
        Kind::Date => "now().date()",
        Kind::Time => "now().time()",
        Kind::Span => "timedelta(1)",
        Kind::State => "states.sun.sun",
        _ => "none",
    }
}
