//! The parser's state: where it is in the tokens, and which special names it has met.

use std::sync::Arc;

use super::ast::Node;
use super::lexer::{Kind, Token, tokens};
use crate::error::{Error, Result};

/// How deep a template may nest. Deeper ones are refused, so that code may recurse through a tree.
const MAX_NESTING: usize = 64;
/// How long a chain like `a + b + c` or `x | f | g` may be, with what stands deepest in it. Home Assistant gives up at about as many.
const MAX_HEIGHT: usize = 400;
/// The longest template, in bytes.
const MAX_LENGTH: usize = 1 << 20;

/// Parses a template. The error has a line.
pub fn parse(source: &str) -> Result<Vec<Node>> {
    if source.len() > MAX_LENGTH {
        return Err(Error::syntax(format!("the template is longer than {MAX_LENGTH} bytes; split it")));
    }
    let mut parser = Parser {
        tokens: tokens(source)?,
        at: 0,
        nesting: 0,
        height: 0,
        special: Special::default(),
        loops: 0,
    };
    let body = parser.body(&[])?;
    match parser.kind() {
        Kind::End => Ok(body),
        _ => Err(parser.unexpected()),
    }
}

/// The special names that a body mentions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Special {
    pub is_loop: bool,
    pub caller: bool,
    pub varargs: bool,
    pub kwargs: bool,
}

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    nesting: usize,
    /// The height of the tree of the last expression.
    height: usize,
    pub special: Special,
    /// Loops around the current place, for `break` and `continue`.
    pub loops: usize,
}

impl Parser {
    pub fn kind(&self) -> &Kind {
        self.tokens.get(self.at).map_or(&Kind::End, |token| &token.kind)
    }

    pub fn kind_after(&self, tokens: usize) -> &Kind {
        self.tokens.get(self.at + tokens).map_or(&Kind::End, |token| &token.kind)
    }

    pub fn line(&self) -> u32 {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |token| token.line)
    }

    pub fn next(&mut self) -> Kind {
        let kind = self.kind().clone();
        self.at += 1;
        kind
    }

    pub fn is_sign(&self, sign: &str) -> bool {
        matches!(self.kind(), Kind::Sign(found) if *found == sign)
    }

    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.kind(), Kind::Name(found) if &**found == word)
    }

    pub fn eat_sign(&mut self, sign: &str) -> bool {
        let is_it = self.is_sign(sign);
        self.at += usize::from(is_it);
        is_it
    }

    pub fn eat_word(&mut self, word: &str) -> bool {
        let is_it = self.is_word(word);
        self.at += usize::from(is_it);
        is_it
    }

    pub fn expect_sign(&mut self, sign: &str) -> Result<()> {
        match self.eat_sign(sign) {
            true => Ok(()),
            false => Err(self.expected(&format!("`{sign}`"))),
        }
    }

    pub fn expect_word(&mut self, word: &str) -> Result<()> {
        match self.eat_word(word) {
            true => Ok(()),
            false => Err(self.expected(&format!("`{word}`"))),
        }
    }

    pub fn expect_name(&mut self) -> Result<Arc<str>> {
        match self.kind() {
            Kind::Name(name) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.expected("a name")),
        }
    }

    /// The end of a block's tag.
    pub fn expect_end(&mut self) -> Result<()> {
        match self.kind() {
            Kind::BlockEnd => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.expected("`%}`")),
        }
    }

    pub fn error(&self, text: impl Into<String>) -> Error {
        Error::syntax(text).at(self.line())
    }

    pub fn expected(&self, what: &str) -> Error {
        self.error(format!("expected {what}, found {}", self.found()))
    }

    pub fn unexpected(&self) -> Error {
        self.error(format!("unexpected {}", self.found()))
    }

    fn found(&self) -> String {
        match self.kind() {
            Kind::Data(_) => "text".into(),
            Kind::VariableBegin => "`{{`".into(),
            Kind::VariableEnd => "`}}`".into(),
            Kind::BlockBegin => "`{%`".into(),
            Kind::BlockEnd => "`%}`".into(),
            Kind::Name(name) => format!("`{name}`"),
            Kind::Text(text) => format!("`{text:?}`"),
            Kind::Int(number) => format!("`{number}`"),
            Kind::Float(number) => format!("`{number}`"),
            Kind::Sign(sign) => format!("`{sign}`"),
            Kind::End => "the end of the template".into(),
        }
    }

    /// Parses a part of an expression. The height becomes that of the higher one of the parts so far and this one.
    pub fn part<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = std::mem::take(&mut self.height);
        let parsed = parse(self)?;
        self.height = self.height.max(before);
        Ok(parsed)
    }

    /// Begins an expression that is no part of another one.
    pub fn begin_expression(&mut self) {
        self.height = 0;
    }

    /// Notes that the last expression becomes a part of another one. An error if that is too high, so that trees can be walked.
    pub fn grow(&mut self) -> Result<()> {
        self.height += 1;
        match self.height > MAX_HEIGHT {
            true => Err(self.error("an expression has too many parts; split it with `set`")),
            false => Ok(()),
        }
    }

    /// Parses something that may contain itself.
    pub fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.nesting >= MAX_NESTING {
            return Err(self.error("the template nests too deeply"));
        }
        self.nesting += 1;
        let parsed = parse(self);
        self.nesting -= 1;
        parsed
    }
}
