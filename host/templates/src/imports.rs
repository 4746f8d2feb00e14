//! Checks the imports of a template: that the files exist, parse, use what exists, and define the names that are imported.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::check;
use crate::error::{Error, Result};
use crate::syntax::{Expr, Node, Statement, parse, trimmed, walk};

/// The most files that one template may import, also through others.
const MAX_FILES: usize = 50;

/// A file of `custom_templates` by its path in that directory.
pub type Files<'a> = &'a dyn Fn(&str) -> Option<Arc<str>>;

/// Checks the imports of a template and of the files that it imports. Names that are expressions are known only when they are
/// rendered.
pub fn check_imports(source: &str, files: Files) -> Result<()> {
    imports(&parse(trimmed(source))?, files, &mut BTreeSet::new())
}

fn imports(nodes: &[Node], files: Files, seen: &mut BTreeSet<String>) -> Result<()> {
    let mut found = Vec::new();
    walk::statements(nodes, &mut |statement| match statement {
        Statement::Import(import) => found.push((&import.template, None, false)),
        Statement::FromImport(import) => found.push((&import.template, Some(&import.names), false)),
        Statement::Include { template, ignores_missing, .. } => {
            found.push((template, None, *ignores_missing))
        }
        _ => {}
    });
    for (template, names, ignores_missing) in found {
        let Expr::Constant(name) = template else { continue };
        let Some(name) = name.as_str() else { continue };
        let Some(source) = files(name) else {
            if ignores_missing {
                continue;
            }
            return Err(Error::name(format!(
                "there is no template `{name}`; put it into custom_templates in the configuration directory"
            )));
        };
        let within = |error: Error| {
            let line = error.line.map(|line| format!(" in line {line}")).unwrap_or_default();
            Error::new(error.kind, format!("custom_templates/{name}{line}: {error}"))
        };
        let inner = parse(&source).map_err(within)?;
        if seen.len() >= MAX_FILES {
            return Err(Error::name(format!("the template imports more than {MAX_FILES} files")));
        }
        if seen.insert(name.to_owned()) {
            check(&source, false).map_err(within)?;
            imports(&inner, files, seen).map_err(within)?;
        }
        let imported = walk::imported(&inner);
        let mut defined = walk::assigned(&inner);
        defined.retain(|name| !imported.contains(&**name));
        if let Some((missing, _)) = names.into_iter().flatten().find(|(name, _)| !defined.contains(name)) {
            return Err(Error::name(format!("custom_templates/{name} does not define `{missing}`")));
        }
    }
    Ok(())
}
