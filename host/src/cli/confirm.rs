//! Yes-or-no questions on the terminal.

use std::io::Write;

use super::interrupt;

/// Asks a question. Any answer but yes is an error.
pub(super) fn confirm(question: &str) -> anyhow::Result<()> {
    interrupt::idle();
    std::io::stderr().write_all(format!("{question} [y/N] ").as_bytes())?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(anyhow::anyhow!("nothing was changed: the answer was not yes")),
    }
}
