//! Jinja's syntax: template text to tokens to a tree.

mod ast;
mod calls;
mod escapes;
mod expressions;
mod imports;
mod lexer;
mod parser;
mod statements;
pub mod walk;

pub use ast::{
    Binary, Call, Comparison, Expr, For, FromImport, Import, Macro, Node, Statement, Target, Unary,
};
pub use escapes::unescaped;
pub use lexer::{is_template, trimmed};
pub use parser::parse;
