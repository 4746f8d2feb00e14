//! The tree of a template.

use std::sync::Arc;

use crate::value::Value;

/// A statement and its line, from 1.
#[derive(Debug)]
pub struct Node {
    pub line: u32,
    pub statement: Statement,
}

#[derive(Debug)]
pub enum Statement {
    /// Text outside of the marks.
    Text(Arc<str>),
    /// `{{ … }}`.
    Output(Expr),
    If {
        branches: Vec<(Expr, Vec<Node>)>,
        otherwise: Vec<Node>,
    },
    For(Arc<For>),
    Set {
        target: Target,
        value: Expr,
    },
    /// `{% set x %}…{% endset %}`, with the filters that it is given.
    SetBlock {
        target: Target,
        filters: Vec<Call>,
        body: Vec<Node>,
    },
    With {
        targets: Vec<(Target, Expr)>,
        body: Vec<Node>,
    },
    Macro(Arc<Macro>),
    /// `{% call(parameters) callee(…) %}…{% endcall %}`; the macro is `caller`.
    CallBlock {
        caller: Arc<Macro>,
        call: Expr,
    },
    FilterBlock {
        filters: Vec<Call>,
        body: Vec<Node>,
    },
    Block(Vec<Node>),
    Do(Expr),
    Break,
    Continue,
    Import(Import),
    FromImport(FromImport),
    Include {
        template: Expr,
        ignores_missing: bool,
        with_context: bool,
    },
}

#[derive(Debug)]
pub struct For {
    pub target: Target,
    pub items: Expr,
    pub condition: Option<Expr>,
    pub body: Vec<Node>,
    pub otherwise: Vec<Node>,
    pub is_recursive: bool,
    /// Whether the body mentions `loop`.
    pub uses_loop: bool,
}

#[derive(Debug)]
pub struct Macro {
    pub name: Arc<str>,
    pub parameters: Vec<Parameter>,
    pub body: Vec<Node>,
    /// Whether the body mentions `caller`, `varargs`, and `kwargs`.
    pub uses_caller: bool,
    pub uses_varargs: bool,
    pub uses_kwargs: bool,
}

#[derive(Debug)]
pub struct Parameter {
    pub name: Arc<str>,
    pub default: Option<Expr>,
}

#[derive(Debug)]
pub struct Import {
    pub template: Expr,
    pub name: Arc<str>,
    pub with_context: bool,
}

#[derive(Debug)]
pub struct FromImport {
    pub template: Expr,
    /// The names in the template, and here.
    pub names: Vec<(Arc<str>, Arc<str>)>,
    pub with_context: bool,
}

/// What a value is assigned to.
#[derive(Debug)]
pub enum Target {
    Name(Arc<str>),
    /// An attribute of a namespace.
    Attribute(Arc<str>, Arc<str>),
    Tuple(Vec<Target>),
}

#[derive(Debug)]
pub enum Expr {
    Constant(Value),
    Name(Arc<str>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Attribute(Box<Expr>, Arc<str>),
    Item(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    Call(Box<Expr>, Box<Call>),
    /// The value, and the filter with its further arguments.
    Filter(Box<Expr>, Box<Call>),
    Test(Box<Expr>, Box<Call>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `a < b <= c`.
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// `a ~ b ~ c`.
    Concat(Vec<Expr>),
    /// `value if condition else otherwise`.
    If {
        condition: Box<Expr>,
        value: Box<Expr>,
        otherwise: Option<Box<Expr>>,
    },
}

/// The arguments of a call, and the name of the filter or test that is called.
#[derive(Debug, Default)]
pub struct Call {
    pub name: Arc<str>,
    pub line: u32,
    pub args: Vec<Expr>,
    pub keywords: Vec<(Arc<str>, Expr)>,
    /// `*args`.
    pub rest: Option<Expr>,
    /// `**kwargs`.
    pub more: Option<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unary {
    Not,
    Negate,
    Plus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Remainder,
    Power,
}

impl Binary {
    /// How Python writes it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}
