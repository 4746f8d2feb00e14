//! Parses what follows `from` and the words `with context`.

use super::ast::{FromImport, Statement};
use super::lexer::Kind;
use super::parser::Parser;
use crate::error::Result;

impl Parser {
    pub fn import_names(&mut self) -> Result<Statement> {
        let template = self.expression()?;
        self.expect_word("import")?;
        let mut names = Vec::new();
        let mut with_context = None;
        loop {
            if !names.is_empty() && self.is_context() {
                break;
            }
            let name = self.expect_new_name()?;
            if name.starts_with('_') {
                return Err(self.error("names that begin with an underscore cannot be imported"));
            }
            let alias = if self.eat_word("as") { self.expect_new_name()? } else { name.clone() };
            names.push((name, alias));
            if self.is_context() {
                with_context = Some(self.context(false));
                break;
            }
            if !self.eat_sign(",") {
                break;
            }
        }
        let with_context = with_context.unwrap_or_else(|| self.context(false));
        match names.is_empty() {
            true => Err(self.expected("a name")),
            false => Ok(Statement::FromImport(FromImport { template, names, with_context })),
        }
    }

    fn is_context(&self) -> bool {
        (self.is_word("with") || self.is_word("without"))
            && matches!(self.kind_after(1), Kind::Name(word) if &**word == "context")
    }

    /// Reads `with context` or `without context`, if it is there.
    pub fn context(&mut self, default: bool) -> bool {
        if !self.is_context() {
            return default;
        }
        let is_with = self.is_word("with");
        self.next();
        self.next();
        is_with
    }
}
