//! From a notification to what is delivered: templates are rendered once, before anything waits.
//!
//! Sends nothing.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::message::{Message, one_line};
use super::target::{Command, Ntfy, Target, Webhook};
use crate::automation::home::Home;
use crate::automation::model::Template;
use crate::automation::templates::{Templates, Variables};
use crate::http::Request;
use crate::options::http::MAX_ANSWER;

/// What is to be done for one notification.
pub enum Delivery {
    Http { request: Request, retries: usize },
    Command(Run),
    Line { path: PathBuf, line: String },
    Log(String),
}

/// One run of a program.
pub struct Run {
    pub program: String,
    pub arguments: Vec<String>,
    pub input: Option<String>,
    pub time: Duration,
}

/// What templates are rendered with.
pub struct Renderer<'a> {
    pub templates: &'a Templates,
    pub home: &'a Home,
}

impl Renderer<'_> {
    /// Renders a notification for a target. The error says what to do.
    pub fn delivery(&self, target: &Target, message: &Message) -> Result<Delivery, String> {
        let variables = message.variables();
        match target {
            Target::Webhook(webhook) => self.webhook(webhook, message, &variables),
            Target::Ntfy(ntfy) => self.ntfy(ntfy, message),
            Target::Command(command) => self.command(command, &variables).map(Delivery::Command),
            Target::File(file) => {
                let line = one_line(&self.text(&file.line, &variables)?);
                Ok(Delivery::Line { path: file.path.clone(), line })
            }
            Target::Log => Ok(Delivery::Log(message.to_line())),
        }
    }

    fn webhook(
        &self,
        webhook: &Webhook,
        message: &Message,
        variables: &Variables,
    ) -> Result<Delivery, String> {
        let (body, kind) = match &webhook.body {
            Some(template) => (self.text(template, variables)?, "text/plain; charset=utf-8"),
            None => (message.to_json().to_string(), "application/json"),
        };
        let has_body = matches!(webhook.method.as_str(), "POST" | "PUT" | "PATCH");
        let mut headers = Vec::new();
        for (name, template) in &webhook.headers {
            headers.push((name.clone(), self.text(template, variables)?));
        }
        if has_body && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("content-type".to_owned(), kind.to_owned()));
        }
        headers.extend(webhook.authorization.clone().map(|value| ("authorization".to_owned(), value)));
        let request = Request {
            method: webhook.method.clone(),
            url: webhook.url.clone(),
            headers,
            body: has_body.then(|| body.into_bytes()),
            max_body: MAX_ANSWER,
        };
        Ok(Delivery::Http { request, retries: webhook.retries })
    }

    /// As JSON to the server's root, which takes any text; ntfy's headers would not.
    fn ntfy(&self, ntfy: &Ntfy, message: &Message) -> Result<Delivery, String> {
        let mut fields = Map::new();
        for (name, value) in message.data.as_object().into_iter().flatten() {
            match name.as_str() {
                "priority" => drop(fields.insert(name.clone(), priority(value)?)),
                "tags" => drop(fields.insert(name.clone(), tags(value)?)),
                "click" | "attach" | "filename" | "icon" | "actions" | "markdown" | "delay" | "email"
                | "call" => {
                    fields.insert(name.clone(), value.clone());
                }
                // Other services' fields, such as a phone's `push`: a notification is not lost over them.
                _ => {}
            }
        }
        fields.insert("topic".to_owned(), json!(ntfy.topic));
        fields.insert("message".to_owned(), json!(message.message));
        fields.extend(message.title.as_ref().map(|title| ("title".to_owned(), json!(title))));
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(ntfy.authorization.clone().map(|value| ("authorization".to_owned(), value)));
        let request = Request {
            method: "POST".to_owned(),
            url: ntfy.url.clone(),
            headers,
            body: Some(Value::Object(fields).to_string().into_bytes()),
            max_body: MAX_ANSWER,
        };
        Ok(Delivery::Http { request, retries: ntfy.retries })
    }

    fn command(&self, command: &Command, variables: &Variables) -> Result<Run, String> {
        let mut arguments = Vec::new();
        for (number, template) in command.arguments.iter().enumerate() {
            let text = self.text(template, variables)?;
            if text.contains('\0') {
                let number = number.saturating_add(1);
                return Err(format!("argument {number} holds a NUL character, which none can; leave it out"));
            }
            arguments.push(text);
        }
        let input = command.input.as_ref().map(|template| self.text(template, variables)).transpose()?;
        Ok(Run { program: command.program.clone(), arguments, input, time: command.time })
    }

    fn text(&self, template: &Template, variables: &Variables) -> Result<String, String> {
        Ok(self.templates.render(template, self.home, variables)?.text)
    }
}

fn priority(value: &Value) -> Result<Value, String> {
    let named = match value.as_str() {
        Some("min" | "1") => Some(1),
        Some("low" | "2") => Some(2),
        Some("default" | "3") => Some(3),
        Some("high" | "4") => Some(4),
        Some("max" | "urgent" | "5") => Some(5),
        _ => value.as_u64().filter(|number| (1..=5).contains(number)),
    };
    named.map(Value::from).ok_or_else(|| {
        "`priority` is 1 to 5, or one of min, low, default, high, max; write one of them".to_owned()
    })
}

fn tags(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => Ok(text.split(',').map(|tag| json!(tag.trim())).collect()),
        Value::Array(items) if items.iter().all(Value::is_string) => Ok(value.clone()),
        _ => Err("`tags` is no list of words; write one".to_owned()),
    }
}
