//! Renders a notification for its target. Templates are rendered once, before the notification is queued.
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
use crate::http_client::Request;
use crate::tunables::http::MAX_ANSWER;

/// A rendered notification, ready to be delivered.
pub enum Delivery {
    /// An HTTP request, and how often it may be retried.
    Http { request: Request, retries: usize },
    /// A program to run.
    Command(Run),
    /// A line to append to a file.
    Line { path: PathBuf, line: String },
    /// A line for Larder's log.
    Log(String),
}

/// One run of a program.
pub struct Run {
    /// The program's path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its standard input; none for an empty one.
    pub input: Option<String>,
    /// The time after which it is killed.
    pub time: Duration,
}

/// Renders the templates of targets.
pub struct Renderer<'a> {
    /// The template engine.
    pub templates: &'a Templates,
    /// The states that templates see.
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

    /// Publishes as JSON to the server's root, which accepts any text, unlike ntfy's headers.
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
                // Ignore fields of other services, such as a phone's `push`, so that the notification is still sent.
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
                return Err(format!(
                    "argument {number} contains a NUL character, which is not allowed; remove it"
                ));
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
    let number = match value.as_str() {
        Some("min" | "1") => Some(1),
        Some("low" | "2") => Some(2),
        Some("default" | "3") => Some(3),
        Some("high" | "4") => Some(4),
        Some("max" | "urgent" | "5") => Some(5),
        _ => value.as_u64().filter(|number| (1..=5).contains(number)),
    };
    number
        .map(Value::from)
        .ok_or_else(|| "`priority` is not valid; write 1 to 5, or min, low, default, high or max".to_owned())
}

fn tags(value: &Value) -> Result<Value, String> {
    match value {
        Value::String(text) => Ok(text.split(',').map(|tag| json!(tag.trim())).collect()),
        Value::Array(items) if items.iter().all(Value::is_string) => Ok(value.clone()),
        _ => Err("`tags` is not a list of words; write a list".to_owned()),
    }
}
