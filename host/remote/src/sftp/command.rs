//! How `ssh` is called: its options, and the refusal of settings that it would take for something else.
//!
//! No remote shell is used, and no configuration file of ssh.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::settings;

/// Refuses what ssh or its options would misunderstand.
pub fn check(settings: &settings::Sftp) -> Result<()> {
    for (name, value) in [("host", &settings.host), ("user", &settings.user)] {
        let is_odd = value.is_empty()
            || value.starts_with('-')
            || value.chars().any(|c| c.is_control() || c.is_whitespace());
        if is_odd {
            return Err(Error::new(
                Kind::Invalid,
                format!(
                    "{name} {value:?} is not possible: it is empty, begins with - or holds blanks or control characters"
                ),
            ));
        }
    }
    settings.identity_file.iter().chain(&settings.known_hosts).try_for_each(|path| quoted(path).map(drop))
}

/// The call that opens a session: standard input and output carry SFTP, the standard error ssh's words.
pub fn open(settings: &settings::Sftp) -> Result<Command> {
    let mut command = Command::new(&settings.ssh);
    command.args(["-F", "none", "-a", "-x", "-T", "-p"]).arg(settings.port.to_string());
    let mut options = vec![
        "StrictHostKeyChecking=yes".to_owned(),
        "UpdateHostKeys=no".to_owned(),
        "LogLevel=ERROR".to_owned(),
        format!("ConnectTimeout={}", limits::SFTP_CONNECT_SECONDS),
        format!("ServerAliveInterval={}", limits::SFTP_ALIVE_SECONDS),
        "ServerAliveCountMax=3".to_owned(),
    ];
    if has_fast_aes() {
        // The default, ChaCha20, is slower where AES is an instruction.
        options.push("Ciphers=^aes128-gcm@openssh.com,aes256-gcm@openssh.com".to_owned());
    }
    if let Some(path) = &settings.known_hosts {
        options.push(format!("UserKnownHostsFile={}", quoted(path)?));
    }
    if let Some(path) = &settings.identity_file {
        options.push(format!("IdentityFile={}", quoted(path)?));
        options.push("IdentitiesOnly=yes".to_owned());
    }
    command
        .env("LC_ALL", "C")
        .env_remove("SSH_ASKPASS")
        .env_remove("SSH_ASKPASS_REQUIRE")
        .env_remove("LARDER_ASKPASS");
    match &settings.password {
        // The first value of an option wins, so BatchMode must not be there.
        Some(password) => {
            options.extend(["PubkeyAuthentication=no".to_owned(), "NumberOfPasswordPrompts=1".to_owned()]);
            command.env("SSH_ASKPASS", &settings.askpass).env("SSH_ASKPASS_REQUIRE", "force");
            command.env("LARDER_ASKPASS", &password.0);
        }
        None => options.push("BatchMode=yes".to_owned()),
    }
    for option in options {
        command.arg("-o").arg(option);
    }
    command.args(["-l", &settings.user, "-s", "--", &settings.host, "sftp"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    {
        // Ctrl-C in a terminal is for this program, which ends the session in order.
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }
    Ok(command)
}

fn has_fast_aes() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("aes");
    #[cfg(target_arch = "aarch64")]
    return std::arch::is_aarch64_feature_detected!("aes");
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    return false;
}

/// A path as the value of an option: ssh splits at blanks and replaces `%`.
fn quoted(path: &Path) -> Result<String> {
    let refused = || {
        let path = path.display();
        Error::new(
            Kind::Invalid,
            format!(
                "{path:?} cannot be given to ssh: it holds a quote, \\, $, a control character or no UTF-8"
            ),
        )
    };
    let text = path.to_str().ok_or_else(refused)?;
    match text.is_empty() || text.chars().any(|c| c.is_control() || matches!(c, '"' | '\\' | '$' | '\'')) {
        true => Err(refused()),
        false => Ok(format!("\"{}\"", text.replace('%', "%%"))),
    }
}

/// A program of the same OpenSSH as `ssh`.
pub fn sibling(ssh: &Path, program: &str) -> PathBuf {
    match ssh.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && folder.join(program).exists() => {
            folder.join(program)
        }
        _ => PathBuf::from(program),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Secret;

    fn settings() -> settings::Sftp {
        settings::Sftp {
            host: "h".into(),
            port: 22,
            user: "u".into(),
            identity_file: None,
            password: None,
            known_hosts: None,
            path: String::new(),
            ssh: "ssh".into(),
            askpass: "askpass".into(),
        }
    }

    fn arguments(settings: &settings::Sftp) -> Vec<String> {
        open(settings).unwrap().get_args().map(|argument| argument.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn hosts_and_users_that_ssh_would_take_for_options_are_refused() {
        for odd in ["", "-oProxyCommand=true", "a\nb", "a b", "\u{7f}"] {
            assert_eq!(
                check(&settings::Sftp { host: odd.into(), ..settings() }).unwrap_err().kind,
                Kind::Invalid
            );
            assert_eq!(
                check(&settings::Sftp { user: odd.into(), ..settings() }).unwrap_err().kind,
                Kind::Invalid
            );
        }
        check(&settings()).unwrap();
    }

    #[test]
    fn paths_with_blanks_and_percent_signs_reach_ssh_as_they_are() {
        let known_hosts = Some("/a b/100%/known".into());
        let arguments = arguments(&settings::Sftp { known_hosts, ..settings() });
        assert!(arguments.contains(&"UserKnownHostsFile=\"/a b/100%%/known\"".to_owned()), "{arguments:?}");
        for odd in ["", "a\"b", "a\\b", "${HOME}", "a\nb"] {
            let settings = settings::Sftp { identity_file: Some(odd.into()), ..settings() };
            assert_eq!(check(&settings).unwrap_err().kind, Kind::Invalid, "{odd}");
        }
    }

    #[test]
    fn a_password_is_asked_for_once_and_never_an_argument() {
        let with = settings::Sftp { password: Some(Secret("geheim".into())), ..settings() };
        let list = arguments(&with);
        assert!(
            list.contains(&"NumberOfPasswordPrompts=1".to_owned())
                && !list.iter().any(|a| a.contains("BatchMode"))
        );
        assert!(!list.iter().any(|argument| argument.contains("geheim")));
        assert!(arguments(&settings()).contains(&"BatchMode=yes".to_owned()));
        assert_eq!(list[list.len() - 5..], ["u", "-s", "--", "h", "sftp"]);
    }
}
