//! Parses expressions, with Jinja's precedence.

use std::sync::Arc;

use super::ast::{Binary, Comparison, Expr, Unary};
use super::lexer::Kind;
use super::parser::Parser;
use crate::error::Result;
use crate::value::Value;

/// Binary operators of one precedence, by their sign.
type Signs = &'static [(&'static str, Binary)];

const SUMS: Signs = &[("+", Binary::Add), ("-", Binary::Subtract)];
const PRODUCTS: Signs =
    &[("*", Binary::Multiply), ("//", Binary::FloorDivide), ("/", Binary::Divide), ("%", Binary::Remainder)];
const POWERS: Signs = &[("**", Binary::Power)];

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    (">=", Comparison::GreaterOrEqual),
];

impl Parser {
    /// One expression.
    pub fn expression(&mut self) -> Result<Expr> {
        self.nested(|parser| parser.part(Self::conditional))
    }

    fn conditional(&mut self) -> Result<Expr> {
        let mut value = self.part(Self::or)?;
        while self.eat_word("if") {
            let condition = Box::new(self.part(Self::or)?);
            let otherwise = match self.eat_word("else") {
                true => Some(Box::new(self.expression()?)),
                false => None,
            };
            self.grow()?;
            value = Expr::If { condition, value: Box::new(value), otherwise };
        }
        Ok(value)
    }

    /// One expression, or several with commas: a tuple.
    pub fn tuple(&mut self) -> Result<Expr> {
        self.tuple_until(true)
    }

    /// The items of a loop or the condition of `if`: without `… if …`.
    pub fn loop_items(&mut self) -> Result<Expr> {
        self.tuple_until(false)
    }

    fn tuple_until(&mut self, has_conditions: bool) -> Result<Expr> {
        let mut items = Vec::new();
        let mut is_tuple = false;
        loop {
            if !items.is_empty() && self.ends_tuple() {
                break;
            }
            items.push(if has_conditions { self.expression()? } else { self.nested(Self::or)? });
            if !self.eat_sign(",") {
                break;
            }
            is_tuple = true;
        }
        Ok(match (is_tuple, items.pop()) {
            (false, Some(only)) => only,
            (_, last) => Expr::Tuple(items.into_iter().chain(last).collect()),
        })
    }

    fn ends_tuple(&self) -> bool {
        matches!(self.kind(), Kind::VariableEnd | Kind::BlockEnd | Kind::Sign(")"))
    }

    fn or(&mut self) -> Result<Expr> {
        let mut left = self.and()?;
        while self.eat_word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.part(Self::and)?));
            self.grow()?;
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr> {
        let mut left = self.not()?;
        while self.eat_word("and") {
            left = Expr::And(Box::new(left), Box::new(self.part(Self::not)?));
            self.grow()?;
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expr> {
        match self.eat_word("not") {
            true => {
                let value = self.nested(Self::not)?;
                self.grow()?;
                Ok(Expr::Unary(Unary::Not, Box::new(value)))
            }
            false => self.compare(),
        }
    }

    fn compare(&mut self) -> Result<Expr> {
        let left = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let found = COMPARISONS.iter().find(|(sign, _)| self.is_sign(sign));
            let comparison = if let Some((sign, comparison)) = found {
                self.eat_sign(sign);
                *comparison
            } else if self.eat_word("in") {
                Comparison::In
            } else if self.is_word("not") && matches!(self.kind_after(1), Kind::Name(word) if &**word == "in")
            {
                self.next();
                self.next();
                Comparison::NotIn
            } else {
                break;
            };
            rest.push((comparison, self.part(Self::sum)?));
        }
        if rest.is_empty() {
            return Ok(left);
        }
        self.grow()?;
        Ok(Expr::Compare(Box::new(left), rest))
    }

    fn sum(&mut self) -> Result<Expr> {
        self.binary(SUMS, Self::concat)
    }

    fn concat(&mut self) -> Result<Expr> {
        let first = self.product()?;
        if !self.is_sign("~") {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.eat_sign("~") {
            parts.push(self.part(Self::product)?);
        }
        self.grow()?;
        Ok(Expr::Concat(parts))
    }

    fn product(&mut self) -> Result<Expr> {
        self.binary(PRODUCTS, |parser| parser.binary(POWERS, |parser| parser.unary(true)))
    }

    fn binary(&mut self, signs: Signs, operand: fn(&mut Self) -> Result<Expr>) -> Result<Expr> {
        let mut left = operand(self)?;
        while let Some((sign, operator)) = signs.iter().find(|(sign, _)| self.is_sign(sign)) {
            self.eat_sign(sign);
            left = Expr::Binary(*operator, Box::new(left), Box::new(self.part(operand)?));
            self.grow()?;
        }
        Ok(left)
    }

    fn unary(&mut self, has_filters: bool) -> Result<Expr> {
        let node = if self.eat_sign("-") {
            let value = self.nested(|parser| parser.unary(false))?;
            self.grow()?;
            Expr::Unary(Unary::Negate, Box::new(value))
        } else if self.eat_sign("+") {
            let value = self.nested(|parser| parser.unary(false))?;
            self.grow()?;
            Expr::Unary(Unary::Plus, Box::new(value))
        } else {
            self.primary()?
        };
        let node = self.postfix(node)?;
        if has_filters { self.filters_and_tests(node) } else { Ok(node) }
    }

    pub fn primary(&mut self) -> Result<Expr> {
        match self.kind().clone() {
            Kind::Name(name) => {
                self.next();
                Ok(self.name(name))
            }
            Kind::Text(text) => {
                self.next();
                let mut text = text.to_string();
                while let Kind::Text(more) = self.kind() {
                    text.push_str(more);
                    self.next();
                }
                Ok(Expr::Constant(Value::from(text)))
            }
            Kind::Int(number) => {
                self.next();
                Ok(Expr::Constant(Value::Int(number)))
            }
            Kind::Float(number) => {
                self.next();
                Ok(Expr::Constant(Value::Float(number)))
            }
            Kind::Sign("(") => {
                self.next();
                let tuple = match self.is_sign(")") {
                    true => Expr::Tuple(Vec::new()),
                    false => self.tuple()?,
                };
                self.expect_sign(")")?;
                Ok(tuple)
            }
            Kind::Sign("[") => {
                self.next();
                let mut items = Vec::new();
                while !self.is_sign("]") {
                    items.push(self.expression()?);
                    if !self.eat_sign(",") {
                        break;
                    }
                }
                self.expect_sign("]")?;
                Ok(Expr::List(items))
            }
            Kind::Sign("{") => self.dict(),
            _ => Err(self.unexpected()),
        }
    }

    fn name(&mut self, name: Arc<str>) -> Expr {
        match &*name {
            "true" | "True" => Expr::Constant(Value::Bool(true)),
            "false" | "False" => Expr::Constant(Value::Bool(false)),
            "none" | "None" => Expr::Constant(Value::None),
            word => {
                self.special.is_loop |= word == "loop";
                self.special.caller |= word == "caller";
                self.special.varargs |= word == "varargs";
                self.special.kwargs |= word == "kwargs";
                Expr::Name(name)
            }
        }
    }

    fn dict(&mut self) -> Result<Expr> {
        self.next();
        let mut pairs = Vec::new();
        while !self.is_sign("}") {
            let key = self.expression()?;
            self.expect_sign(":")?;
            pairs.push((key, self.expression()?));
            if !self.eat_sign(",") {
                break;
            }
        }
        self.expect_sign("}")?;
        Ok(Expr::Dict(pairs))
    }

    /// Attributes, items, and calls.
    pub fn postfix(&mut self, node: Expr) -> Result<Expr> {
        let mut node = node;
        loop {
            if [".", "[", "("].iter().any(|sign| self.is_sign(sign)) {
                self.grow()?;
            }
            if self.eat_sign(".") {
                node = match self.next() {
                    Kind::Name(name) => Expr::Attribute(Box::new(node), name),
                    Kind::Int(number) => {
                        Expr::Item(Box::new(node), Box::new(Expr::Constant(Value::Int(number))))
                    }
                    _ => return Err(self.error("expected a name or a number after `.`")),
                };
            } else if self.eat_sign("[") {
                node = self.subscript(node)?;
                self.expect_sign("]")?;
            } else if self.is_sign("(") {
                let call = self.call("".into())?;
                node = Expr::Call(Box::new(node), Box::new(call));
            } else {
                return Ok(node);
            }
        }
    }

    fn subscript(&mut self, node: Expr) -> Result<Expr> {
        let mut bounds = [None, None, None];
        let mut colons = 0;
        let mut items = Vec::new();
        loop {
            if self.eat_sign(":") {
                colons += 1;
            } else if self.is_sign("]") {
                break;
            } else if colons == 0 && items.is_empty() || self.eat_sign(",") {
                items.push(self.expression()?);
            } else if let Some(bound) = bounds.get_mut(colons) {
                *bound = Some(Box::new(self.expression()?));
            } else {
                return Err(self.unexpected());
            }
        }
        match (colons, items.len()) {
            (0, 1) => {}
            (0, _) => return Ok(Expr::Item(Box::new(node), Box::new(Expr::Tuple(items)))),
            (1 | 2, 0 | 1) => {
                let start = items.pop().map(Box::new);
                let [_, end, step] = bounds;
                return Ok(Expr::Slice(Box::new(node), [start, end, step]));
            }
            _ => return Err(self.unexpected()),
        }
        let Some(key) = items.pop() else { return Err(self.unexpected()) };
        Ok(Expr::Item(Box::new(node), Box::new(key)))
    }
}
