//! Asks a server for its host keys, to show their fingerprints. Trusts none of them.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::command;
use crate::limits;
use crate::settings;
use crate::stop::Stop;

/// The SHA256 fingerprint of the server's key of a type (`ED25519`), or of all its keys. `None` if it cannot be had.
pub fn fingerprint(settings: &settings::Sftp, key_type: Option<&str>, stop: &Stop) -> Option<String> {
    let mut scan = Command::new(command::sibling(&settings.ssh, "ssh-keyscan"));
    scan.args(["-T", "5", "-p", &settings.port.to_string(), "--", &settings.host]);
    let keys = run(scan, Vec::new(), stop)?;
    let mut show = Command::new(command::sibling(&settings.ssh, "ssh-keygen"));
    show.args(["-E", "sha256", "-lf", "-"]);
    choose(&String::from_utf8_lossy(&run(show, keys, stop)?), key_type)
}

/// Chooses from lines like `256 SHA256:abc [h]:22 (ED25519)`.
fn choose(lines: &str, key_type: Option<&str>) -> Option<String> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    for line in lines.lines().take(20) {
        let fingerprint = line.split_whitespace().find(|word| word.starts_with("SHA256:"));
        let kind = line.rsplit_once('(').and_then(|(_, kind)| kind.strip_suffix(')'));
        found.extend(fingerprint.zip(kind));
    }
    let wanted = found.iter().find(|(_, kind)| Some(*kind) == key_type);
    match wanted {
        Some((fingerprint, kind)) => Some(format!("{fingerprint} ({kind})")),
        None if found.is_empty() => None,
        None => Some(
            found
                .iter()
                .map(|(fingerprint, kind)| format!("{fingerprint} ({kind})"))
                .collect::<Vec<_>>()
                .join(", "),
        ),
    }
}

/// The output of a program. `None` if it fails or takes too long.
fn run(mut command: Command, input: Vec<u8>, stop: &Stop) -> Option<Vec<u8>> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut writer = child.stdin.take()?;
    let reader = child.stdout.take()?;
    // Keys are a few kilobytes: they fit into a pipe, and nothing waits here.
    let is_written = input.len() <= 32 * 1024 && writer.write_all(&input).is_ok();
    drop(writer);
    let is_good = is_written && ends_well(&mut child, stop);
    // Either it has ended or it is ended now.
    child.kill().ok();
    child.wait().ok();
    let mut output = Vec::new();
    reader.take(32 * 1024).read_to_end(&mut output).ok()?;
    is_good.then_some(output)
}

fn ends_well(child: &mut Child, stop: &Stop) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < limits::SFTP_KEY_SCAN {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if stop.wait(limits::STOP_POLL / 4).is_ok() => {}
            _ => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_that_ssh_asked_for_is_shown_or_else_all() {
        let lines = "3072 SHA256:r [h]:22 (RSA)\n256 SHA256:e [h]:22 (ED25519)\n";
        assert_eq!(choose(lines, Some("ED25519")).as_deref(), Some("SHA256:e (ED25519)"));
        assert_eq!(choose(lines, None).as_deref(), Some("SHA256:r (RSA), SHA256:e (ED25519)"));
        assert_eq!(choose("(stdin) is not a public key file.", Some("RSA")), None);
    }
}
