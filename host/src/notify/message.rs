//! Parses and checks the data of a notification: Home Assistant's fields `message`, `title`, `target` and `data`.

use serde_json::{Map, Value};

use crate::automation::templates::{Variables, from_json};
use crate::tunables::notify::MAX_MESSAGE;

/// One notification.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The text.
    pub message: String,
    /// The title, if there is one.
    pub title: Option<String>,
    /// A list; empty if no target was given.
    pub target: Value,
    /// An object with fields that only some receivers understand.
    pub data: Value,
}

impl Message {
    /// Parses the data of an action. The error says what is wrong, then what to do.
    pub fn parse(data: &Value) -> Result<Self, String> {
        let none = Map::new();
        let fields = match data {
            Value::Null => &none,
            Value::Object(fields) => fields,
            _ => return Err("the data is not a mapping; write `message: …` below `data:`".to_owned()),
        };
        if let Some(name) =
            fields.keys().find(|name| !["message", "title", "target", "data"].contains(&name.as_str()))
        {
            let text = "is not supported; a notification takes message, title, target and data";
            return Err(format!("`{name}` {text}"));
        }
        let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
        let message = given("message").ok_or("`message` is missing; add it")?;
        let target = match given("target") {
            None => Value::Array(Vec::new()),
            Some(Value::Array(items)) => Value::Array(items.clone()),
            Some(one) => Value::Array(vec![one.clone()]),
        };
        let data = match given("data") {
            None => Value::Object(Map::new()),
            Some(Value::Object(fields)) => Value::Object(fields.clone()),
            Some(_) => return Err("`data` is not a mapping; write `key: value` below it".to_owned()),
        };
        let title = given("title").map(|title| text("title", title)).transpose()?;
        Ok(Self { message: text("message", message)?, title, target, data })
    }

    /// The variables for templates.
    pub fn variables(&self) -> Variables {
        self.fields().map(|(name, value)| (name.into(), from_json(&value))).into_iter().collect()
    }

    fn fields(&self) -> [(&'static str, Value); 4] {
        let title = self.title.clone().map_or(Value::Null, Value::String);
        let message = Value::String(self.message.clone());
        [("message", message), ("title", title), ("target", self.target.clone()), ("data", self.data.clone())]
    }

    /// An object of the given fields, without empty ones.
    pub fn to_json(&self) -> Value {
        let mut fields: Map<String, Value> =
            self.fields().map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        fields.retain(|_, value| !matches!(value, Value::Null));
        fields.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
        fields.retain(|_, value| value.as_object().is_none_or(|fields| !fields.is_empty()));
        Value::Object(fields)
    }

    /// The title and message on one line, for logs: a message cannot pass for two lines.
    pub fn to_line(&self) -> String {
        let title = self.title.as_ref().map(|title| format!("{title}: ")).unwrap_or_default();
        one_line(&format!("{title}{}", self.message))
    }
}

/// Replaces line breaks and other control characters with spaces, and escapes what else is not printable.
pub fn one_line(text: &str) -> String {
    let line: String =
        text.trim().replace("\r\n", " ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    larder_text::escape(&line, "")
}

/// A text field. Numbers and booleans are converted, as in Home Assistant.
fn text(name: &str, value: &Value) -> Result<String, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
        _ => return Err(format!("`{name}` is not text; write a text")),
    };
    match text.len() > MAX_MESSAGE {
        true => Err(format!("`{name}` has more than {MAX_MESSAGE} bytes; shorten it")),
        false => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn home_assistants_fields_are_parsed() {
        let read =
            Message::parse(&json!({"message": 7, "title": true, "target": "me", "data": {"a": 1}})).unwrap();
        let expected = json!({"message": "7", "title": "True", "target": ["me"], "data": {"a": 1}});
        assert_eq!(read.to_json(), expected);
        let bare = Message::parse(&json!({"message": "", "title": null, "data": null})).unwrap();
        assert_eq!(bare.to_json(), json!({"message": ""}));
        assert!(bare.variables()["title"].is_none());
    }

    #[test]
    fn what_home_assistant_refuses_is_refused() {
        let cases = [
            (Value::Null, "`message` is missing; add it"),
            (json!({"title": "x"}), "`message` is missing; add it"),
            (json!({"message": ["x"]}), "`message` is not text; write a text"),
            (
                json!({"message": "x", "massage": "y"}),
                "`massage` is not supported; a notification takes message, title, target and data",
            ),
            (json!({"message": "x", "data": "y"}), "`data` is not a mapping; write `key: value` below it"),
            (json!("x"), "the data is not a mapping; write `message: …` below `data:`"),
            (json!({"message": "x".repeat(70_000)}), "`message` has more than 65536 bytes; shorten it"),
        ];
        for (data, expected) in cases {
            assert_eq!(Message::parse(&data).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_line_is_one_line() {
        let message =
            Message::parse(&json!({"title": "a", "message": "b\r\nc\n\0d\x1b[31m\u{85}e\u{202e}\n"}))
                .unwrap();
        assert_eq!(message.to_line(), "a: b c  d [31m e\\u{202e}");
    }
}
