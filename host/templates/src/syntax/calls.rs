//! Parses filters, tests, and the arguments of calls.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ast::{Call, Expr, Unary};
use super::lexer::Kind;
use super::parser::Parser;
use crate::error::Result;

impl Parser {
    /// Filters, tests, and calls of their results.
    pub fn filters_and_tests(&mut self, node: Expr) -> Result<Expr> {
        let mut node = node;
        loop {
            if self.is_sign("|") {
                self.next();
                self.grow()?;
                let call = self.filter()?;
                node = Expr::Filter(Box::new(node), Box::new(call));
            } else if self.eat_word("is") {
                self.grow()?;
                node = self.test(node)?;
            } else if self.is_sign("(") {
                self.grow()?;
                let call = self.call("".into())?;
                node = Expr::Call(Box::new(node), Box::new(call));
            } else {
                return Ok(node);
            }
        }
    }

    /// A filter's name and arguments.
    pub fn filter(&mut self) -> Result<Call> {
        let name = self.dotted_name()?;
        match self.is_sign("(") {
            true => self.call(name),
            false => Ok(Call { name, line: self.line(), ..Call::default() }),
        }
    }

    fn dotted_name(&mut self) -> Result<Arc<str>> {
        let mut name = self.expect_name()?.to_string();
        while self.eat_sign(".") {
            name.push('.');
            name.push_str(&self.expect_name()?);
        }
        Ok(name.into())
    }

    fn test(&mut self, node: Expr) -> Result<Expr> {
        let is_negated = self.eat_word("not");
        let name = self.dotted_name()?;
        let line = self.line();
        let begins_value = matches!(
            self.kind(),
            Kind::Name(_) | Kind::Text(_) | Kind::Int(_) | Kind::Float(_) | Kind::Sign("[" | "{")
        );
        let is_word = ["else", "or", "and", "is"].iter().any(|word| self.is_word(word));
        let call = if self.is_sign("(") {
            self.call(name)?
        } else if self.is_word("is") {
            return Err(self.error("tests cannot be chained with `is`; use `and`"));
        } else if begins_value && !is_word {
            let arg = self.part(|parser| {
                let arg = parser.primary()?;
                parser.postfix(arg)
            })?;
            Call { name, line, args: vec![arg], ..Call::default() }
        } else {
            Call { name, line, ..Call::default() }
        };
        let test = Expr::Test(Box::new(node), Box::new(call));
        Ok(if is_negated { Expr::Unary(Unary::Not, Box::new(test)) } else { test })
    }

    /// The arguments of a call, with their brackets.
    pub fn call(&mut self, name: Arc<str>) -> Result<Call> {
        let mut call = Call { name, line: self.line(), ..Call::default() };
        let mut names = BTreeSet::new();
        self.expect_sign("(")?;
        while !self.is_sign(")") {
            let has_keywords = !call.keywords.is_empty() || call.more.is_some();
            let is_keyword =
                matches!(self.kind(), Kind::Name(_)) && matches!(self.kind_after(1), Kind::Sign("="));
            if self.eat_sign("**") {
                if call.more.is_some() {
                    return Err(self.error("only one `**` is allowed in a call"));
                }
                call.more = Some(self.expression()?);
            } else if self.eat_sign("*") {
                if call.rest.is_some() || call.more.is_some() {
                    return Err(self.error("only one `*` is allowed in a call, before `**`"));
                }
                call.rest = Some(self.expression()?);
            } else if is_keyword && call.more.is_none() {
                let keyword = self.expect_name()?;
                if !names.insert(keyword.clone()) {
                    return Err(self.error(format!("the keyword `{keyword}` stands twice in a call")));
                }
                self.expect_sign("=")?;
                call.keywords.push((keyword, self.expression()?));
            } else if has_keywords || call.rest.is_some() {
                return Err(self.error("arguments by position must stand before those by keyword"));
            } else {
                call.args.push(self.expression()?);
            }
            if !self.eat_sign(",") {
                break;
            }
        }
        self.expect_sign(")")?;
        Ok(call)
    }
}
