//! A notification as an action gives it: Home Assistant's fields, checked.

use serde_json::{Map, Value};

use crate::automation::templates::Variables;
use crate::options::notify::MAX_MESSAGE;

/// One notification.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub message: String,
    pub title: Option<String>,
    /// A list; empty when nobody was named.
    pub target: Value,
    /// What only some targets understand; an object.
    pub data: Value,
}

impl Message {
    /// Reads an action's data. The error says what is wrong with it, then what to do.
    pub fn read(data: &Value) -> Result<Self, String> {
        let none = Map::new();
        let fields = match data {
            Value::Null => &none,
            Value::Object(fields) => fields,
            _ => return Err("the data is no mapping; write `message: …` below `data:`".to_owned()),
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
            Some(_) => return Err("`data` is no mapping; write `key: value` below it".to_owned()),
        };
        let title = given("title").map(|title| text("title", title)).transpose()?;
        Ok(Self { message: text("message", message)?, title, target, data })
    }

    /// What templates see of it.
    pub fn variables(&self) -> Variables {
        let title = self.title.clone().map_or(Value::Null, Value::String);
        let message = Value::String(self.message.clone());
        let named = [
            ("message", message),
            ("title", title),
            ("target", self.target.clone()),
            ("data", self.data.clone()),
        ];
        named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// With what was given, and nothing else.
    pub fn to_json(&self) -> Value {
        let mut fields = self.variables();
        fields.retain(|_, value| !matches!(value, Value::Null));
        fields.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
        fields.retain(|_, value| value.as_object().is_none_or(|fields| !fields.is_empty()));
        Value::Object(fields)
    }

    /// On one line, for logs: no message can look like two.
    pub fn to_line(&self) -> String {
        let title = self.title.as_ref().map(|title| format!("{title}: ")).unwrap_or_default();
        one_line(&format!("{title}{}", self.message))
    }
}

/// Without line ends and other control characters, and with what else is not plain escaped.
pub fn one_line(text: &str) -> String {
    let line: String =
        text.trim().replace("\r\n", " ").chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    larder_text::escape(&line, "")
}

/// A text; numbers and truths are written out, as Home Assistant does.
fn text(name: &str, value: &Value) -> Result<String, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => if *flag { "True" } else { "False" }.to_owned(),
        _ => return Err(format!("`{name}` is no text; write one")),
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
    fn home_assistants_fields_are_read() {
        let read =
            Message::read(&json!({"message": 7, "title": true, "target": "me", "data": {"a": 1}})).unwrap();
        let expected = json!({"message": "7", "title": "True", "target": ["me"], "data": {"a": 1}});
        assert_eq!(read.to_json(), expected);
        let bare = Message::read(&json!({"message": "", "title": null, "data": null})).unwrap();
        assert_eq!(bare.to_json(), json!({"message": ""}));
        assert_eq!(bare.variables()["title"], Value::Null);
    }

    #[test]
    fn what_home_assistant_refuses_is_refused() {
        let cases = [
            (Value::Null, "`message` is missing; add it"),
            (json!({"title": "x"}), "`message` is missing; add it"),
            (json!({"message": ["x"]}), "`message` is no text; write one"),
            (
                json!({"message": "x", "massage": "y"}),
                "`massage` is not supported; a notification takes message, title, target and data",
            ),
            (json!({"message": "x", "data": "y"}), "`data` is no mapping; write `key: value` below it"),
            (json!("x"), "the data is no mapping; write `message: …` below `data:`"),
            (json!({"message": "x".repeat(70_000)}), "`message` has more than 65536 bytes; shorten it"),
        ];
        for (data, expected) in cases {
            assert_eq!(Message::read(&data).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_line_is_one_line() {
        let message =
            Message::read(&json!({"title": "a", "message": "b\r\nc\n\0d\x1b[31m\u{85}e\u{202e}\n"})).unwrap();
        assert_eq!(message.to_line(), "a: b c  d [31m e\\u{202e}");
    }
}
