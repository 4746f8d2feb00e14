//! Reads the tables `[notify.NAME]`. Addresses, header names and templates are checked here, so that a notification
//! does not fail when it is needed.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::keys::{as_text, list, seconds, text};
use crate::automation::model::Template;
use crate::automation::parse::keys::Keys;
use crate::automation::templates;
use crate::automation::yaml::{Kind, Node, Parsed, Place};
use crate::http_client;
use crate::notify::{Command, File, Ntfy, Target, Webhook};
use crate::tunables::http::LONGEST_TIME;
use crate::tunables::notify::{COMMAND_TIME, MAX_RETRIES, RETRIES};

/// The default line for a file target.
const LINE: &str = "{{ now().isoformat() }} {% if title %}{{ title }}: {% endif %}{{ message }}";

#[derive(Clone, Copy)]
enum TargetKind {
    Webhook,
    Ntfy,
    Command,
    File,
    Log,
}

const KINDS: [(&str, TargetKind); 5] = [
    ("webhook", TargetKind::Webhook),
    ("ntfy", TargetKind::Ntfy),
    ("command", TargetKind::Command),
    ("file", TargetKind::File),
    ("log", TargetKind::Log),
];

/// Reads one table. Tokens and passwords are added to the secrets.
pub fn target(node: &Node, directory: &Path, secrets: &mut Vec<String>) -> Parsed<Target> {
    let mut keys = Keys::of(node, "a notification target")?;
    let Some(word) = keys.choice("kind", &KINDS)? else {
        let text = "a notification target needs `kind` (webhook, ntfy, command, file or log); add it";
        return Err(keys.place().problem(text));
    };
    let target = match word {
        TargetKind::Webhook => Target::Webhook(webhook(&mut keys, secrets)?),
        TargetKind::Ntfy => Target::Ntfy(ntfy(&mut keys, secrets)?),
        TargetKind::Command => Target::Command(command(&mut keys, directory)?),
        TargetKind::File => Target::File(file(&mut keys, directory)?),
        TargetKind::Log => {
            keys.describe_as("a log target");
            Target::Log
        }
    };
    keys.finish()?;
    Ok(target)
}

fn webhook(keys: &mut Keys, secrets: &mut Vec<String>) -> Parsed<Webhook> {
    keys.describe_as("a webhook");
    let url = address(keys, "the address to send to")?;
    let method = match keys.take("method") {
        None => "POST".to_owned(),
        Some((_, node)) => {
            let method = as_text(node, "method")?;
            http_client::method(&method).map_err(|text| node.place.problem(text))?;
            method
        }
    };
    let body =
        keys.take("body").map(|(_, node)| template(node, "body").map(|body| (node, body))).transpose()?;
    if let Some((node, _)) = body.as_ref().filter(|_| !matches!(method.as_str(), "POST" | "PUT" | "PATCH")) {
        let text = format!("a {method} request has no body; remove `body`, or use POST, PUT or PATCH");
        return Err(node.place.problem(text));
    }
    let body = body.map(|(_, body)| body);
    let headers = headers(keys)?;
    let authorization = authorization(keys, secrets)?;
    if authorization.is_some() && headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization")) {
        let text = "`headers` sets `authorization` in addition to `token` or `password`; keep one";
        return Err(keys.place().problem(text));
    }
    Ok(Webhook { url, method, headers, body, authorization, retries: retries(keys)? })
}

fn headers(keys: &mut Keys) -> Parsed<Vec<(String, Template)>> {
    let Some((_, node)) = keys.take("headers") else { return Ok(Vec::new()) };
    let Kind::Map(entries) = &node.kind else {
        let text =
            format!("`headers`: expected `headers = {{ Name = \"value\" }}`, found {}", node.describe());
        return Err(node.place.problem(text));
    };
    let mut headers = Vec::new();
    for (key, node) in entries {
        http_client::header_name(&key.name).map_err(|text| key.place.problem(text))?;
        let value = template(node, &key.name)?;
        if !templates::is_template(&value.source) {
            let pair = [(key.name.clone(), value.source.to_string())];
            http_client::headers(&pair).map_err(|text| node.place.problem(text))?;
        }
        headers.push((key.name.clone(), value));
    }
    Ok(headers)
}

fn ntfy(keys: &mut Keys, secrets: &mut Vec<String>) -> Parsed<Ntfy> {
    keys.describe_as("an ntfy target");
    let url = address(keys, "the server, such as https://ntfy.example.org")?;
    let node = keys.need("topic", "the topic to publish to")?;
    let topic = as_text(node, "topic")?;
    let is_fit = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if topic.is_empty() || topic.len() > 64 || !topic.chars().all(is_fit) {
        return Err(node.place.problem("`topic` must have 1 to 64 letters, digits, `_` or `-`"));
    }
    let authorization = authorization(keys, secrets)?;
    Ok(Ntfy { url, topic, authorization, retries: retries(keys)? })
}

fn command(keys: &mut Keys, directory: &Path) -> Parsed<Command> {
    keys.describe_as("a command");
    let node = keys.need("command", "the program and its arguments, as a list")?;
    let mut words = list(node, "command")?.into_iter();
    let missing = || node.place.problem("`command` is empty; use [\"/path/of/program\", \"argument\", …]");
    let (place, program) = words.next().filter(|(_, word)| !word.is_empty()).ok_or_else(missing)?;
    if templates::is_template(&program) || program.contains('\0') {
        return Err(place.problem("the program name cannot be a template; write it out"));
    }
    // A bare name is looked up in PATH; a path is relative to this file.
    let program = match program.contains('/') {
        true => directory.join(program).display().to_string(),
        false => program,
    };
    let read = |(place, source): (Place, String)| checked(source, &place);
    let arguments = words.map(read).collect::<Parsed<_>>()?;
    let input = keys.take("input").map(|(_, node)| template(node, "input")).transpose()?;
    let time = seconds(keys, "timeout", LONGEST_TIME)?.unwrap_or(COMMAND_TIME);
    Ok(Command { program, arguments, input, time })
}

fn file(keys: &mut Keys, directory: &Path) -> Parsed<File> {
    keys.describe_as("a file target");
    let node = keys.need("path", "the file to add lines to, relative to this one")?;
    let path = directory.join(as_text(node, "path")?);
    let line = match keys.take("line") {
        Some((_, node)) => template(node, "line")?,
        None => Template { source: LINE.into(), place: keys.place().clone() },
    };
    Ok(File { path, line })
}

fn address(keys: &mut Keys, what: &str) -> Parsed<String> {
    let node = keys.need("url", what)?;
    let url = as_text(node, "url")?;
    http_client::address(&url).map_err(|text| node.place.problem(text))?;
    Ok(url)
}

/// The `Authorization` header from a token, or from a username and password.
fn authorization(keys: &mut Keys, secrets: &mut Vec<String>) -> Parsed<Option<String>> {
    let token = text(keys, "token")?;
    let (username, password) = (text(keys, "username")?, text(keys, "password")?);
    secrets.extend(token.iter().chain(&password).cloned());
    let value = match (token, username, password) {
        (None, None, None) => return Ok(None),
        (Some(token), None, None) => format!("Bearer {token}"),
        (None, Some(username), Some(password)) => {
            let both = BASE64_STANDARD.encode(format!("{username}:{password}"));
            secrets.push(both.clone());
            format!("Basic {both}")
        }
        _ => {
            let text = "set either `token`, or `username` and `password`";
            return Err(keys.place().problem(text));
        }
    };
    let pair = [("authorization".to_owned(), value.clone())];
    http_client::headers(&pair).map_err(|text| keys.place().problem(text))?;
    Ok(Some(value))
}

fn retries(keys: &mut Keys) -> Parsed<usize> {
    let place = keys.place().clone();
    let retries = keys.whole_number("retries", 0)?.unwrap_or(RETRIES);
    match retries > MAX_RETRIES {
        true => Err(place.problem(format!("`retries` must be at most {MAX_RETRIES}"))),
        false => Ok(retries),
    }
}

fn template(node: &Node, name: &str) -> Parsed<Template> {
    checked(as_text(node, name)?, &node.place)
}

fn checked(source: String, place: &Place) -> Parsed<Template> {
    templates::check(&source).map_err(|reason| place.problem(reason))?;
    Ok(Template { source: source.into(), place: place.clone() })
}
