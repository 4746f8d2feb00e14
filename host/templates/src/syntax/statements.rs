//! Parses statements: text, output, and blocks.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ast::{Call, Expr, For, Import, Macro, Node, Parameter, Statement, Target};
use super::lexer::Kind;
use super::parser::{Parser, Special};
use crate::error::Result;

impl Parser {
    /// Statements up to a block with one of these names, which is not read.
    pub fn body(&mut self, ends: &[&str]) -> Result<Vec<Node>> {
        self.nested(|parser| parser.statements(ends))
    }

    fn statements(&mut self, ends: &[&str]) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        loop {
            let line = self.line();
            self.begin_expression();
            let statement = match self.kind().clone() {
                Kind::End if ends.is_empty() => return Ok(nodes),
                Kind::End => {
                    let ends: Vec<String> = ends.iter().map(|end| format!("`{end}`")).collect();
                    return Err(self.error(format!("the template ends before {}", ends.join(" or "))));
                }
                Kind::Data(text) => {
                    self.next();
                    Statement::Text(text)
                }
                Kind::VariableBegin => {
                    self.next();
                    let value = self.tuple()?;
                    match self.kind() {
                        Kind::VariableEnd => self.next(),
                        _ => return Err(self.expected("`}}`")),
                    };
                    Statement::Output(value)
                }
                Kind::BlockBegin => {
                    if let Kind::Name(word) = self.kind_after(1)
                        && ends.contains(&&**word)
                    {
                        return Ok(nodes);
                    }
                    self.next();
                    let statement = self.statement()?;
                    self.expect_end()?;
                    statement
                }
                _ => return Err(self.unexpected()),
            };
            nodes.push(Node { line, statement });
        }
    }

    /// The body of a block, and the tag that ends it, up to its `%}`. Returns the name of that tag.
    fn block(&mut self, ends: &[&str]) -> Result<(Vec<Node>, Arc<str>)> {
        self.expect_end()?;
        let body = self.body(ends)?;
        self.next();
        let name = self.expect_name()?;
        Ok((body, name))
    }

    fn statement(&mut self) -> Result<Statement> {
        let line = self.line();
        let word = self.expect_name()?;
        match &*word {
            "if" => self.if_statement(),
            "for" => self.for_statement(),
            "set" => self.set_statement(),
            "with" => self.with_statement(),
            "macro" => {
                let name = self.expect_new_name()?;
                let parameters = self.parameters()?;
                Ok(Statement::Macro(Arc::new(self.macro_body(name, parameters, "endmacro")?)))
            }
            "call" => self.call_block(),
            "filter" => {
                let filters = self.filters()?;
                let (body, _) = self.block(&["endfilter"])?;
                Ok(Statement::FilterBlock { filters, body })
            }
            "block" => {
                let name = self.expect_name()?;
                self.eat_word("scoped");
                self.eat_word("required");
                let (body, _) = self.block(&["endblock"])?;
                self.eat_word(&name);
                Ok(Statement::Block(body))
            }
            "print" => self.print_statement(),
            "do" => Ok(Statement::Do(self.tuple()?)),
            "break" | "continue" if self.loops == 0 => {
                Err(self.error(format!("`{word}` is allowed in a loop only")))
            }
            "break" => Ok(Statement::Break),
            "continue" => Ok(Statement::Continue),
            "import" => {
                let template = self.expression()?;
                self.expect_word("as")?;
                let name = self.expect_new_name()?;
                let with_context = self.context(false);
                Ok(Statement::Import(Import { template, name, with_context }))
            }
            "from" => self.import_names(),
            "include" => {
                let template = self.expression()?;
                let ignores_missing = self.is_word("ignore");
                if ignores_missing {
                    self.next();
                    self.expect_word("missing")?;
                }
                let with_context = self.context(true);
                Ok(Statement::Include { template, ignores_missing, with_context })
            }
            "extends" | "autoescape" => {
                Err(self
                    .error(format!("the statement `{word}` is not supported; write the template without it")))
            }
            "raw" | "endraw" => Err(self.error(format!("unexpected `{word}`"))),
            word => Err(crate::error::Error::syntax(format!("unknown statement `{word}`")).at(line)),
        }
    }

    /// Each value on its own: `{% print a, b %}` is `{{ a }}{{ b }}`.
    fn print_statement(&mut self) -> Result<Statement> {
        let mut values = Vec::new();
        while !matches!(self.kind(), Kind::BlockEnd) {
            if !values.is_empty() {
                self.expect_sign(",")?;
            }
            values.push(self.expression()?);
        }
        Ok(match (values.len(), values.pop()) {
            (1, Some(only)) => Statement::Output(only),
            (_, last) => Statement::Output(Expr::Concat(values.into_iter().chain(last).collect())),
        })
    }

    fn if_statement(&mut self) -> Result<Statement> {
        let mut branches = Vec::new();
        loop {
            let condition = self.loop_items()?;
            let (body, end) = self.block(&["elif", "else", "endif"])?;
            branches.push((condition, body));
            match &*end {
                "elif" => {}
                "else" => {
                    let (otherwise, _) = self.block(&["endif"])?;
                    return Ok(Statement::If { branches, otherwise });
                }
                _ => return Ok(Statement::If { branches, otherwise: Vec::new() }),
            }
        }
    }

    fn for_statement(&mut self) -> Result<Statement> {
        let target = self.targets(false)?;
        if has_name(&target, "loop") {
            return Err(self.error("`loop` cannot be the variable of a loop"));
        }
        self.expect_word("in")?;
        let items = self.loop_items()?;
        let condition = match self.eat_word("if") {
            true => Some(self.expression()?),
            false => None,
        };
        let is_recursive = self.eat_word("recursive");
        let outer = std::mem::take(&mut self.special.is_loop);
        self.loops += 1;
        let (body, end) = self.block(&["endfor", "else"])?;
        self.loops -= 1;
        let uses_loop = self.special.is_loop
            || body.iter().any(|node| matches!(node.statement, Statement::Include { .. }));
        self.special.is_loop = outer;
        let otherwise = match &*end {
            "else" => self.block(&["endfor"])?.0,
            _ => Vec::new(),
        };
        Ok(Statement::For(Arc::new(For {
            target,
            items,
            condition,
            body,
            otherwise,
            is_recursive,
            uses_loop,
        })))
    }

    fn set_statement(&mut self) -> Result<Statement> {
        let target = self.targets(true)?;
        if self.eat_sign("=") {
            return Ok(Statement::Set { target, value: self.tuple()? });
        }
        let filters = match self.is_sign("|") {
            true => {
                self.next();
                self.filters()?
            }
            false => Vec::new(),
        };
        let (body, _) = self.block(&["endset"])?;
        Ok(Statement::SetBlock { target, filters, body })
    }

    fn filters(&mut self) -> Result<Vec<Call>> {
        let mut filters = vec![self.filter()?];
        while self.eat_sign("|") {
            filters.push(self.filter()?);
        }
        Ok(filters)
    }

    fn with_statement(&mut self) -> Result<Statement> {
        let mut targets = Vec::new();
        while !matches!(self.kind(), Kind::BlockEnd) {
            if !targets.is_empty() {
                self.expect_sign(",")?;
            }
            let target = self.targets(false)?;
            self.expect_sign("=")?;
            targets.push((target, self.expression()?));
        }
        let (body, _) = self.block(&["endwith"])?;
        Ok(Statement::With { targets, body })
    }

    fn call_block(&mut self) -> Result<Statement> {
        let parameters = if self.is_sign("(") { self.parameters()? } else { Vec::new() };
        let call = self.expression()?;
        if !matches!(call, Expr::Call(..)) {
            return Err(self.error("expected a call of a macro"));
        }
        let caller = Arc::new(self.macro_body("caller".into(), parameters, "endcall")?);
        Ok(Statement::CallBlock { caller, call })
    }

    fn macro_body(&mut self, name: Arc<str>, parameters: Vec<Parameter>, end: &str) -> Result<Macro> {
        let outer = std::mem::take(&mut self.special);
        let loops = std::mem::take(&mut self.loops);
        let (body, _) = self.block(&[end])?;
        self.loops = loops;
        let Special { caller, varargs, kwargs, is_loop } = self.special;
        if caller && parameters.iter().any(|it| &*it.name == "caller" && it.default.is_none()) {
            return Err(self.error("the parameter `caller` needs a default"));
        }
        // What an inner macro mentions counts for the outer one, too.
        self.special = Special {
            is_loop: outer.is_loop || is_loop,
            caller: outer.caller || caller,
            varargs: outer.varargs || varargs,
            kwargs: outer.kwargs || kwargs,
        };
        let is_parameter = |name: &str| parameters.iter().any(|parameter| &*parameter.name == name);
        Ok(Macro {
            uses_caller: caller && !is_parameter("caller"),
            uses_varargs: varargs && !is_parameter("varargs"),
            uses_kwargs: kwargs && !is_parameter("kwargs"),
            name,
            parameters,
            body,
        })
    }

    fn parameters(&mut self) -> Result<Vec<Parameter>> {
        let mut parameters: Vec<Parameter> = Vec::new();
        let mut names = BTreeSet::new();
        self.expect_sign("(")?;
        while !self.is_sign(")") {
            if !parameters.is_empty() {
                self.expect_sign(",")?;
            }
            let name = self.expect_new_name()?;
            if !names.insert(name.clone()) {
                return Err(self.error(format!("the parameter `{name}` stands twice")));
            }
            let default = match self.eat_sign("=") {
                true => Some(self.expression()?),
                false if parameters.last().is_some_and(|parameter| parameter.default.is_some()) => {
                    return Err(self.error(format!("`{name}` needs a default, as the parameter before it")));
                }
                false => None,
            };
            parameters.push(Parameter { name, default });
        }
        self.expect_sign(")")?;
        Ok(parameters)
    }

    /// One target, or several with commas. Only `set` assigns attributes.
    fn targets(&mut self, has_attributes: bool) -> Result<Target> {
        let first = self.target(has_attributes)?;
        if !self.is_sign(",") {
            return Ok(first);
        }
        let mut targets = vec![first];
        while self.eat_sign(",") {
            if self.is_sign(")") || matches!(self.kind(), Kind::BlockEnd) {
                break;
            }
            targets.push(self.target(has_attributes)?);
        }
        Ok(Target::Tuple(targets))
    }

    fn target(&mut self, has_attributes: bool) -> Result<Target> {
        if self.eat_sign("(") {
            let target = match self.is_sign(")") {
                true => Target::Tuple(Vec::new()),
                false => self.nested(|parser| parser.targets(has_attributes))?,
            };
            self.expect_sign(")")?;
            return Ok(target);
        }
        let name = self.expect_new_name()?;
        match has_attributes && self.eat_sign(".") {
            true => Ok(Target::Attribute(name, self.expect_name()?)),
            false => Ok(Target::Name(name)),
        }
    }

    /// A name that is assigned.
    pub fn expect_new_name(&mut self) -> Result<Arc<str>> {
        let name = self.expect_name()?;
        match matches!(&*name, "true" | "false" | "none" | "True" | "False" | "None") {
            true => Err(self.error(format!("`{name}` cannot be assigned to"))),
            false => Ok(name),
        }
    }
}

fn has_name(target: &Target, name: &str) -> bool {
    match target {
        Target::Name(found) => &**found == name,
        Target::Attribute(..) => false,
        Target::Tuple(parts) => parts.iter().any(|part| has_name(part, name)),
    }
}
