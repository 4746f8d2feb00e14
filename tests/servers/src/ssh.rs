//! The keys of SSH servers and of their user, made by `ssh-keygen`, and the configuration of OpenSSH's server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::installed;

/// The files in a server's directory.
pub struct Keys {
    pub host: PathBuf,
    pub identity: PathBuf,
    pub authorized: PathBuf,
}

impl Keys {
    /// `None` where `ssh-keygen` is missing.
    #[track_caller]
    pub fn make(root: &Path) -> Option<Self> {
        let program = installed("ssh-keygen", "openssh-client")?;
        for name in ["host_key", "identity"] {
            let made = Command::new(&program)
                .args(["-q", "-t", "ed25519", "-N", "", "-C", "larder-tests", "-f"])
                .arg(root.join(name))
                .output()
                .unwrap();
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        fs::copy(root.join("identity.pub"), root.join("authorized_keys")).unwrap();
        let [host, identity, authorized] =
            ["host_key", "identity", "authorized_keys"].map(|name| root.join(name));
        Some(Self { host, identity, authorized })
    }
}

/// A line for `known_hosts`.
pub fn known_hosts_line(host_key: &Path, port: u16) -> String {
    let public = fs::read_to_string(host_key.with_extension("pub")).unwrap();
    let mut words = public.split_whitespace();
    let (kind, key) = (words.next().unwrap(), words.next().unwrap());
    format!("[127.0.0.1]:{port} {kind} {key}")
}

/// The name of the user who runs the tests.
pub fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The command of OpenSSH's server. `None` where it is missing.
#[track_caller]
pub fn openssh(root: &Path, data: &Path, keys: &Keys, port: u16, lines: &[String]) -> Option<Vec<String>> {
    let program = installed("sshd", "openssh-server")?;
    let configuration = root.join("sshd_config");
    let text = format!(
        "ListenAddress 127.0.0.1\nPort {port}\nHostKey {host}\nPidFile none\nAuthorizedKeysFile {authorized}\nStrictModes no\n\
         PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nMaxStartups 1000\nMaxSessions 1000\n\
         {lines}\nSubsystem sftp internal-sftp -d {data}\n",
        host = keys.host.display(),
        authorized = keys.authorized.display(),
        lines = lines.join("\n"),
        data = data.display(),
    );
    fs::write(&configuration, text).unwrap();
    // It refuses to start as root without this directory, which the distribution's service makes. Others cannot make it and need not.
    let _ = fs::create_dir_all("/run/sshd");
    Some(vec![
        program.display().to_string(),
        "-D".to_owned(),
        "-e".to_owned(),
        "-f".to_owned(),
        configuration.display().to_string(),
    ])
}
