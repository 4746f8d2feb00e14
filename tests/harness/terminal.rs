//! Runs a command on a terminal with simulated input. The terminal is util-linux's `script`.

use std::io::{Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::{Run, missing};

/// A line to type after a prompt has appeared.
pub enum Typed<'a> {
    /// Typed immediately.
    Shown { after: &'a str, line: &'a str },
    /// Typed after the terminal has stopped echoing.
    Hidden { after: &'a str, line: &'a str },
}

/// Runs the command on a new terminal with `typed` as input. `None` when `script` is missing. Both output streams are in
/// `stdout`, with the terminal's line breaks.
pub fn on_terminal(command: &Command, typed: &str) -> Option<Run> {
    let mut child = started(command, "exec")?;
    child.stdin.as_mut().unwrap().write_all(typed.as_bytes()).unwrap();
    Some(child.wait_with_output().unwrap().into())
}

/// The same, but each line is typed after its prompt. If a prompt never appears, the run still ends.
pub fn on_terminal_with_prompts(command: &Command, typed: &[Typed<'_>]) -> Option<Run> {
    // Print the terminal's name first: it is needed to query whether the terminal echoes.
    let mut child = started(command, "tty; exec")?;
    let (mut keyboard, mut screen) = (child.stdin.take(), child.stdout.take().unwrap());
    let (mut stdout, mut seen, mut typed) = (Vec::new(), 0, typed.iter());
    let mut next = typed.next();
    let mut buffer = [0; 4096];
    loop {
        let output = String::from_utf8_lossy(&stdout[seen..]).into_owned();
        match next {
            Some(Typed::Shown { after, line } | Typed::Hidden { after, line }) if output.contains(after) => {
                if matches!(next, Some(Typed::Hidden { .. })) {
                    wait_until_hidden(&stdout);
                }
                seen = stdout.len();
                let keyboard = keyboard.as_mut().unwrap();
                keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
                next = typed.next();
            }
            None => drop(keyboard.take()),
            Some(_) => {}
        }
        match screen.read(&mut buffer).unwrap() {
            0 => break,
            count => stdout.extend_from_slice(&buffer[..count]),
        }
    }
    drop(keyboard);
    let ended = child.wait_with_output().unwrap();
    let name = stdout.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    Some(Output { stdout: stdout[name..].to_vec(), ..ended }.into())
}

/// Waits until the terminal does not echo.
fn wait_until_hidden(stdout: &[u8]) {
    let text = String::from_utf8_lossy(stdout);
    let name = text.lines().next().unwrap().trim_end();
    loop {
        let state = Command::new("stty").args(["-F", name, "-a"]).output().unwrap();
        if String::from_utf8_lossy(&state.stdout).split_whitespace().any(|word| word == "-echo") {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Starts the command on a terminal, after a shell command. `None` when `script` is missing.
fn started(command: &Command, word: &str) -> Option<Child> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = words.map(|word| quoted(word.to_str().unwrap())).collect();
    let mut script = Command::new("script");
    script.args(["-qec", &format!("{word} {}", words.join(" ")), "/dev/null"]).env("SHELL", "/bin/sh");
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    if child.is_err() {
        missing("script (util-linux)");
    }
    child.ok()
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
