//! A run on a terminal, with somebody who types. The terminal is util-linux's `script`.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::{Run, missing};

/// Runs the command on a terminal of its own while `typed` is typed; none where there is no `script`. What the command says
/// on either stream is in `stdout`, with the terminal's line ends.
pub fn on_terminal(command: &Command, typed: &str) -> Option<Run> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| quoted(word.to_str().unwrap())).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &words.join(" "), "/dev/null"]).env("SHELL", "/bin/sh");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        missing("script (util-linux)");
        return None;
    };
    child.stdin.as_mut().unwrap().write_all(typed.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap().into())
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
