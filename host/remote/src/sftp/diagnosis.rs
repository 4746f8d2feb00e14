//! What ssh says on its standard error, and what it means. Its exit code is 255 whatever happened.

/// Why there is no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// No key of this host is known. The type of its key (`ED25519`), where it is said.
    UnknownHost(Option<String>),
    /// The host shows another key than the known one: its fingerprint, and where the known one stands (`FILE:LINE`).
    ChangedHost { fingerprint: Option<String>, place: Option<String> },
    /// The user is refused, or the own key cannot be used. In ssh's words.
    Refused(String),
    /// An option, a file or the way ssh is called is wrong. In ssh's words.
    Misused(String),
    /// Everything else: the line, the name, the server. In ssh's words.
    Broken(String),
}

impl Diagnosis {
    /// In few words, for a session that was good before.
    pub fn words(&self) -> &str {
        match self {
            Self::UnknownHost(_) => "the host key is not known",
            Self::ChangedHost { .. } => "the host key has changed",
            Self::Refused(words) | Self::Misused(words) | Self::Broken(words) => words,
        }
    }
}

/// `text` is everything that ssh has said.
pub fn diagnose(text: &str) -> Diagnosis {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let says = |words: &str| lines.iter().any(|line| line.contains(words));
    let words = || in_words(&lines);
    if says("REMOTE HOST IDENTIFICATION HAS CHANGED") || says("Host key for ") && says(" has changed") {
        return Diagnosis::ChangedHost { fingerprint: fingerprint(&lines), place: place(&lines) };
    }
    if says("host key is known for") {
        let kind = lines.iter().find_map(|line| line.strip_prefix("No ")?.split(" host key is known").next());
        return Diagnosis::UnknownHost(kind.map(str::to_owned));
    }
    if says("Host key verification failed") {
        return Diagnosis::UnknownHost(None);
    }
    let refused = [
        "Permission denied",
        "Too many authentication failures",
        "UNPROTECTED PRIVATE KEY",
        "REVOKED HOST KEY",
    ];
    if refused.iter().any(|refusal| says(refusal)) {
        return Diagnosis::Refused(words());
    }
    let misused = [
        "Bad configuration option",
        "command-line line",
        "usage: ssh",
        "unknown option",
        "no argument after keyword",
    ];
    if misused.iter().any(|misuse| says(misuse)) {
        return Diagnosis::Misused(words());
    }
    if says("subsystem request failed") {
        return Diagnosis::Misused(format!("the server offers no SFTP ({})", words()));
    }
    Diagnosis::Broken(words())
}

/// The lines that say most: the last two, without control characters, shortened.
fn in_words(lines: &[&str]) -> String {
    let last = lines.iter().skip(lines.len().saturating_sub(2)).copied().collect::<Vec<_>>().join("; ");
    let text: String = last.chars().filter(|c| !c.is_control()).take(400).collect();
    match text.is_empty() {
        true => "the connection ended without a message".to_owned(),
        false => text,
    }
}

fn fingerprint(lines: &[&str]) -> Option<String> {
    let words = lines.iter().flat_map(|line| line.split_whitespace());
    words.map(|word| word.trim_end_matches('.')).find(|word| word.starts_with("SHA256:")).map(str::to_owned)
}

fn place(lines: &[&str]) -> Option<String> {
    let line = lines.iter().find(|line| line.starts_with("Offending "))?;
    line.split_once(" in ").map(|(_, place)| place.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_ssh_are_understood() {
        let changed = "@@@@@@@@@@@@@\r\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n\
            IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!\r\n\
            The fingerprint for the ED25519 key sent by the remote host is\nSHA256:abc+/def.\r\n\
            Please contact your system administrator.\r\nAdd correct host key in /etc/known to get rid of this message.\r\n\
            Offending ED25519 key in /etc/known:3\r\nHost key for [h]:22 has changed and you have requested strict checking.\r\n\
            Host key verification failed.\r\n";
        let broken = |text: &str| Diagnosis::Broken(text.to_owned());
        let refused = |text: &str| Diagnosis::Refused(text.to_owned());
        let cases = [
            (
                "No ED25519 host key is known for [h]:2 and you have requested strict checking.\r\nHost key verification failed.\r\n",
                Diagnosis::UnknownHost(Some("ED25519".into())),
            ),
            ("Host key verification failed.\r\n", Diagnosis::UnknownHost(None)),
            (
                changed,
                Diagnosis::ChangedHost {
                    fingerprint: Some("SHA256:abc+/def".into()),
                    place: Some("/etc/known:3".into()),
                },
            ),
            (
                "u@h: Permission denied (publickey,keyboard-interactive).\r\n",
                refused("u@h: Permission denied (publickey,keyboard-interactive)."),
            ),
            (
                "Received disconnect from h port 22:2: Too many authentication failures\r\nDisconnected from h port 22\r\n",
                refused(
                    "Received disconnect from h port 22:2: Too many authentication failures; Disconnected from h port 22",
                ),
            ),
            (
                "ssh: connect to host h port 1: Connection refused\r\n",
                broken("ssh: connect to host h port 1: Connection refused"),
            ),
            (
                "ssh: Could not resolve hostname h: Name or service not known\r\n",
                broken("ssh: Could not resolve hostname h: Name or service not known"),
            ),
            (
                "Connection timed out during banner exchange\r\nConnection to h port 22 timed out\r\n",
                broken("Connection timed out during banner exchange; Connection to h port 22 timed out"),
            ),
            ("Timeout, server h not responding.\r\n", broken("Timeout, server h not responding.")),
            (
                "command-line: line 0: Bad configuration option: nothing\r\n",
                Diagnosis::Misused("command-line: line 0: Bad configuration option: nothing".into()),
            ),
            (
                "subsystem request failed on channel 0\n",
                Diagnosis::Misused(
                    "the server offers no SFTP (subsystem request failed on channel 0)".into(),
                ),
            ),
            ("", broken("the connection ended without a message")),
            ("\x1b[31mred\x07\n", broken("[31mred")),
        ];
        for (text, diagnosis) in cases {
            assert_eq!(diagnose(text), diagnosis, "{text}");
        }
    }
}
