//! Python's `format(value, spec)`, by the type of the value.

use super::number::format_number;
use super::show::display;
use super::spec::{Spec, aligned, unknown};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// Python's `format(value, spec)`.
pub fn format_spec(value: &Value, spec: &str, context: &Context) -> Result<String> {
    if spec.is_empty() {
        return Ok(display(value));
    }
    match value {
        Value::Text(text) => format_text(text, spec, context),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
            let parsed = Spec::parse(spec, '>', value.type_name())?;
            format_number(value, &parsed, context)
        }
        Value::Moment(_) | Value::Date(_) | Value::Time(_) => strftime(value, spec, context),
        _ => {
            let module = if matches!(value, Value::Span(_)) { "datetime." } else { "" };
            let name = value.type_name();
            Err(Error::type_error(format!("unsupported format string passed to {module}{name}.__format__")))
        }
    }
}

/// Dates and times of day format themselves.
fn strftime(value: &Value, spec: &str, context: &Context) -> Result<String> {
    let method = context.interpreter.attribute(value, "strftime", context)?;
    let text = context.interpreter.call(&method, vec![Value::text(spec)], Vec::new(), context)?;
    Ok(display(&text))
}

fn format_text(text: &str, spec: &str, context: &Context) -> Result<String> {
    let spec = Spec::parse(spec, '<', "str")?;
    let refuse = |what: &str| Err(Error::value(format!("{what} not allowed in string format specifier")));
    match spec.kind {
        None | Some('s') => {}
        Some(kind) => return Err(unknown(kind, "str")),
    }
    match spec.sign {
        Some(' ') => return refuse("Space"),
        Some(_) => return refuse("Sign"),
        None => {}
    }
    if spec.no_negative_zero {
        return refuse("Negative zero coercion (z)");
    }
    if spec.alternate {
        return refuse("Alternate form (#)");
    }
    if spec.align == '=' {
        return refuse("'=' alignment");
    }
    let kept: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    aligned("", &kept, &spec, context)
}
