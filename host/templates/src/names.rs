//! The entities that a template names as literals.

use crate::syntax::{Expr, parse, trimmed, walk};

/// Functions and filters whose first argument must be an existing entity. `has_value` is not one: it checks that.
const OF_ENTITIES: [&str; 4] = ["states", "state_attr", "is_state", "is_state_attr"];

/// The entities that a template names: `states('sensor.a')`, `'sensor.a' | states`, `states.sensor.a`. None if it does not parse.
pub fn entities(source: &str) -> Vec<String> {
    let Ok(nodes) = parse(trimmed(source)) else { return Vec::new() };
    let mut found = Vec::new();
    walk::expressions(&nodes, &mut |expr| {
        found.extend(match expr {
            Expr::Call(callee, call) => match (&**callee, call.args.first()) {
                (Expr::Name(name), Some(id)) if OF_ENTITIES.contains(&&**name) => literal(id),
                _ => None,
            },
            Expr::Filter(id, call) | Expr::Test(id, call) if OF_ENTITIES.contains(&&*call.name) => {
                literal(id)
            }
            Expr::Attribute(domain, name) => match &**domain {
                Expr::Attribute(states, domain) if is_states(states) => Some(format!("{domain}.{name}")),
                _ => None,
            },
            Expr::Item(states, id) if is_states(states) => literal(id).filter(|id| id.contains('.')),
            _ => None,
        });
    });
    found
}

fn is_states(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if &**name == "states")
}

fn literal(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Constant(value) => value.as_str().map(str::to_owned),
        _ => None,
    }
}
