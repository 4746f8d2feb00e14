//! Visits every expression of a template, and collects the names that it assigns.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::ast::{Call, Expr, Node, Statement, Target};

/// Calls `visit` for every expression, the outer ones first.
pub fn expressions<'a>(nodes: &'a [Node], visit: &mut dyn FnMut(&'a Expr)) {
    for node in nodes {
        match &node.statement {
            Statement::Text(_) | Statement::Break | Statement::Continue => {}
            Statement::Output(value) | Statement::Do(value) => expression(value, visit),
            Statement::If { branches, otherwise } => {
                for (condition, body) in branches {
                    expression(condition, visit);
                    expressions(body, visit);
                }
                expressions(otherwise, visit);
            }
            Statement::For(node) => {
                expression(&node.items, visit);
                if let Some(condition) = &node.condition {
                    expression(condition, visit);
                }
                expressions(&node.body, visit);
                expressions(&node.otherwise, visit);
            }
            Statement::Set { value, .. } => expression(value, visit),
            Statement::SetBlock { filters, body, .. } | Statement::FilterBlock { filters, body } => {
                filters.iter().for_each(|filter| arguments(filter, visit));
                expressions(body, visit);
            }
            Statement::With { targets, body } => {
                targets.iter().for_each(|(_, value)| expression(value, visit));
                expressions(body, visit);
            }
            Statement::Macro(node) => {
                let defaults = node.parameters.iter().filter_map(|parameter| parameter.default.as_ref());
                defaults.for_each(|default| expression(default, visit));
                expressions(&node.body, visit);
            }
            Statement::CallBlock { caller, call } => {
                expression(call, visit);
                expressions(&caller.body, visit);
            }
            Statement::Block(body) => expressions(body, visit),
            Statement::Import(import) => expression(&import.template, visit),
            Statement::FromImport(import) => expression(&import.template, visit),
            Statement::Include { template, .. } => expression(template, visit),
        }
    }
}

fn expression<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    match expr {
        Expr::Constant(_) | Expr::Name(_) => {}
        Expr::List(items) | Expr::Tuple(items) | Expr::Concat(items) => {
            items.iter().for_each(|item| expression(item, visit));
        }
        Expr::Dict(pairs) => pairs.iter().for_each(|(key, value)| {
            expression(key, visit);
            expression(value, visit);
        }),
        Expr::Attribute(value, _) | Expr::Unary(_, value) => expression(value, visit),
        Expr::Item(one, other)
        | Expr::Binary(_, one, other)
        | Expr::And(one, other)
        | Expr::Or(one, other) => {
            expression(one, visit);
            expression(other, visit);
        }
        Expr::Slice(value, bounds) => {
            expression(value, visit);
            bounds.iter().flatten().for_each(|bound| expression(bound, visit));
        }
        Expr::Call(value, call) | Expr::Filter(value, call) | Expr::Test(value, call) => {
            expression(value, visit);
            arguments(call, visit);
        }
        Expr::Compare(first, rest) => {
            expression(first, visit);
            rest.iter().for_each(|(_, value)| expression(value, visit));
        }
        Expr::If { condition, value, otherwise } => {
            expression(condition, visit);
            expression(value, visit);
            if let Some(otherwise) = otherwise {
                expression(otherwise, visit);
            }
        }
    }
}

fn arguments<'a>(call: &'a Call, visit: &mut dyn FnMut(&'a Expr)) {
    call.args.iter().for_each(|arg| expression(arg, visit));
    call.keywords.iter().for_each(|(_, value)| expression(value, visit));
    call.rest.iter().chain(&call.more).for_each(|value| expression(value, visit));
}

/// The filters of blocks: `{% filter … %}` and `{% set x | … %}`.
pub fn block_filters<'a>(nodes: &'a [Node], visit: &mut dyn FnMut(&'a Call)) {
    statements(nodes, &mut |statement| {
        if let Statement::SetBlock { filters, .. } | Statement::FilterBlock { filters, .. } = statement {
            filters.iter().for_each(&mut *visit);
        }
    });
}

/// Calls `visit` for every statement.
pub fn statements<'a>(nodes: &'a [Node], visit: &mut dyn FnMut(&'a Statement)) {
    for node in nodes {
        visit(&node.statement);
        match &node.statement {
            Statement::If { branches, otherwise } => {
                branches.iter().for_each(|(_, body)| statements(body, visit));
                statements(otherwise, visit);
            }
            Statement::For(node) => {
                statements(&node.body, visit);
                statements(&node.otherwise, visit);
            }
            Statement::SetBlock { body, .. }
            | Statement::FilterBlock { body, .. }
            | Statement::With { body, .. }
            | Statement::Block(body) => statements(body, visit),
            Statement::Macro(node) | Statement::CallBlock { caller: node, .. } => {
                statements(&node.body, visit);
            }
            _ => {}
        }
    }
}

/// The names that a template assigns, at any place.
pub fn assigned(nodes: &[Node]) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    statements(nodes, &mut |statement| assigned_by(statement, &mut names));
    names
}

/// The names that a template imports at its top level.
pub fn imported(nodes: &[Node]) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    for node in nodes {
        match &node.statement {
            Statement::Import(import) => {
                names.insert(&*import.name);
            }
            Statement::FromImport(import) => names.extend(import.names.iter().map(|(_, alias)| &**alias)),
            _ => {}
        }
    }
    names
}

/// The names that anything but a macro's definition assigns.
pub fn values(nodes: &[Node]) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    statements(nodes, &mut |statement| match statement {
        Statement::Macro(node) => {
            names.extend(node.parameters.iter().map(|parameter| parameter.name.clone()));
        }
        statement => assigned_by(statement, &mut names),
    });
    names
}

fn assigned_by(statement: &Statement, names: &mut BTreeSet<Arc<str>>) {
    match statement {
        Statement::For(node) => {
            targets(&node.target, names);
            names.insert("loop".into());
        }
        Statement::Set { target, .. } | Statement::SetBlock { target, .. } => targets(target, names),
        Statement::With { targets: pairs, .. } => {
            pairs.iter().for_each(|(target, _)| targets(target, names));
        }
        Statement::Macro(node) | Statement::CallBlock { caller: node, .. } => {
            names.insert(node.name.clone());
            names.extend(node.parameters.iter().map(|parameter| parameter.name.clone()));
            names.extend(["caller", "varargs", "kwargs"].map(Arc::from));
        }
        Statement::Import(import) => {
            names.insert(import.name.clone());
        }
        Statement::FromImport(import) => names.extend(import.names.iter().map(|(_, alias)| alias.clone())),
        _ => {}
    }
}

fn targets(target: &Target, names: &mut BTreeSet<Arc<str>>) {
    match target {
        Target::Name(name) => {
            names.insert(name.clone());
        }
        Target::Attribute(..) => {}
        Target::Tuple(parts) => parts.iter().for_each(|part| targets(part, names)),
    }
}
