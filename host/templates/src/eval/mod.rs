//! Evaluates a template: statements, expressions, calls, macros, and imports.

mod access;
mod calls;
mod expressions;
mod imports;
mod loops;
mod macros;
mod namespace;
mod output;
mod run;
mod statements;

pub use run::{Run, Templates, Variables};
