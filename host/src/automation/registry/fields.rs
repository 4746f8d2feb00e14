//! Checks the data of a call against the fields that its action declares.
//!
//! As in Home Assistant, undeclared fields are refused, and a number or boolean is accepted where text is expected.
//! The value of a template is known only after rendering.

use serde_json::{Map, Value};

use crate::automation::model::Data;
use crate::model::{Action, Field};
use larder_templates::suggestion::nearest;

/// One error in the data of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The name of the field, which may be missing from the data.
    pub field: String,
    /// The error and its fix.
    pub text: String,
}

/// The type of a value, if it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Mapping,
    Unknown,
}

/// The errors of a call as written. Values of templates are not known yet.
pub fn field_problems(action: &Action, data: &Data, target: &Data) -> Vec<FieldProblem> {
    match (given(target), given(data)) {
        // If both have a field, `data` wins.
        (Some(mut all), Some(data)) => {
            all.retain(|(name, _)| !data.iter().any(|(other, _)| other == name));
            all.extend(data);
            wrong(action, &all)
        }
        _ => Vec::new(),
    }
}

/// Validates the data of a call and converts them to the declared types. The error lists everything that is wrong.
pub fn validated(action: &Action, data: Value) -> Result<Value, String> {
    let mut data = match data {
        Value::Object(fields) => fields,
        Value::Null => Map::new(),
        _ => return Err(format!("the data of {} must be a mapping (`name: value`)", action.name)),
    };
    let given: Vec<_> = data.iter().map(|(name, value)| (name.clone(), Shape::of(value))).collect();
    let wrong: Vec<_> = wrong(action, &given).into_iter().map(|problem| problem.text).collect();
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    for field in action.fields.iter().filter(|field| field.type_name == "string") {
        if let Some(value) = data.get_mut(&field.name) {
            convert_to_text(value);
        }
    }
    Ok(data.into())
}

/// The fields of a mapping, or `None` if a template produces them.
fn given(data: &Data) -> Option<Vec<(String, Shape)>> {
    match data {
        Data::Constant(Value::Object(fields)) => {
            Some(fields.iter().map(|(name, value)| (name.clone(), Shape::of(value))).collect())
        }
        Data::Constant(_) => Some(Vec::new()),
        Data::Map(pairs) => {
            let field = |(name, data): &(Data, Data)| Some((name.constant_key()?, Shape::written(data)));
            pairs.iter().map(field).collect()
        }
        Data::Template(_) | Data::List(_) => None,
    }
}

fn wrong(action: &Action, given: &[(String, Shape)]) -> Vec<FieldProblem> {
    let shape = |field: &Field| given.iter().find(|(name, _)| *name == field.name).map(|(_, shape)| *shape);
    let unknown = given
        .iter()
        .map(|(name, _)| name)
        .filter(|name| action.fields.iter().all(|field| field.name != **name));
    let unknown = unknown.map(|name| FieldProblem { field: name.clone(), text: no_field(action, name) });
    let declared = action.fields.iter().filter_map(|field| {
        let text = field_problem(action, field, shape(field))?;
        Some(FieldProblem { field: field.name.clone(), text })
    });
    unknown.chain(declared).collect()
}

/// The error of one declared field, if any.
fn field_problem(action: &Action, field: &Field, shape: Option<Shape>) -> Option<String> {
    let (name, action) = (&field.name, &action.name);
    match shape {
        None | Some(Shape::Null) if field.required => Some(format!("{action} needs `{name}`; add it")),
        None | Some(Shape::Null) => None,
        Some(shape) if shape.fits(&field.type_name) => None,
        Some(shape) => {
            let (is, wanted) = (shape.described(), wanted(&field.type_name));
            Some(format!("`{name}` of {action}: expected {wanted}, found {is}"))
        }
    }
}

fn no_field(action: &Action, name: &str) -> String {
    let fields: Vec<_> = action.fields.iter().map(|field| field.name.as_str()).collect();
    let action = &action.name;
    match nearest(name, fields.iter().copied()) {
        Some(similar) => format!("{action} has no field `{name}`; did you mean `{similar}`?"),
        None if fields.is_empty() => format!("{action} has no field `{name}` and takes none; remove it"),
        None => format!("{action} has no field `{name}`; remove it or use one of {}", fields.join(", ")),
    }
}

impl Shape {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::Text,
            Value::Array(_) => Self::List,
            Value::Object(_) => Self::Mapping,
        }
    }

    fn written(data: &Data) -> Self {
        match data {
            Data::Constant(value) => Self::of(value),
            Data::Template(_) => Self::Unknown,
            Data::List(_) => Self::List,
            Data::Map(_) => Self::Mapping,
        }
    }

    /// Whether a field of this type accepts the value. Unknown types accept everything.
    fn fits(self, type_name: &str) -> bool {
        match (type_name, self) {
            (_, Self::Unknown) => true,
            ("string", shape) => matches!(shape, Self::Text | Self::Number | Self::Boolean),
            ("boolean", shape) => shape == Self::Boolean,
            ("number", shape) => shape == Self::Number,
            ("array", shape) => shape == Self::List,
            ("object", shape) => shape == Self::Mapping,
            _ => true,
        }
    }

    fn described(self) -> &'static str {
        match self {
            Self::Null | Self::Unknown => "nothing",
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Mapping => "a mapping",
        }
    }
}

fn wanted(type_name: &str) -> &'static str {
    match type_name {
        "string" => "text",
        "boolean" => "true or false without quotes",
        "number" => "a number without quotes",
        "array" => "a list",
        _ => "a mapping",
    }
}

/// Converts a number or boolean to text as Home Assistant (Python) does.
fn convert_to_text(value: &mut Value) {
    match value {
        Value::Bool(flag) => *value = if *flag { "True" } else { "False" }.into(),
        Value::Number(number) => *value = number.to_string().into(),
        _ => {}
    }
}
