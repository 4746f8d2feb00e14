//! The command and the configuration of each kind of server, from a directory, a port and a login.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::kind::Kind;
use crate::missing;
use crate::options::Options;
use crate::programs::{fixture, installed, packaged};
use crate::ssh::{self, Keys};

/// What a server is started with.
pub struct Setup<'a> {
    pub root: &'a Path,
    pub data: &'a Path,
    pub port: u16,
    pub keys: Option<&'a Keys>,
    pub user: &'a str,
    pub password: &'a str,
    pub options: &'a Options,
}

/// The command that starts a server in the foreground. `None` where its program is missing.
#[track_caller]
pub fn command(kind: Kind, setup: &Setup) -> Option<Vec<String>> {
    let data = setup.data.display().to_string();
    let address = format!("127.0.0.1:{}", setup.port);
    let logins: Vec<String> = if setup.options.login.is_some() || kind == Kind::RcloneSftp {
        ["--user", setup.user, "--pass", setup.password].map(String::from).into()
    } else {
        Vec::new()
    };
    match kind {
        Kind::RcloneS3 => {
            let keys = format!("{},{}", setup.user, setup.password);
            rclone(setup, &["s3", "--addr", &address, "--auth-key", &keys, &data], &[])
        }
        Kind::RcloneWebdav => rclone(setup, &["webdav", "--addr", &address, &data], &logins),
        Kind::RcloneSftp => {
            let keys = setup.keys?;
            let (host, authorized) = (keys.host.display().to_string(), keys.authorized.display().to_string());
            let arguments =
                ["sftp", "--addr", &address, "--key", &host, "--authorized-keys", &authorized, &data];
            rclone(setup, &arguments, &logins)
        }
        Kind::Moto => {
            let port = setup.port.to_string();
            let command = [&packaged("moto_server")?.display().to_string(), "-H", "127.0.0.1", "-p", &port];
            Some(command.into_iter().map(String::from).chain(setup.options.arguments.clone()).collect())
        }
        Kind::WsgiDav => wsgidav(setup),
        Kind::Apache => apache(setup),
        Kind::OpenSsh => {
            ssh::openssh(setup.root, setup.data, setup.keys?, setup.port, &setup.options.arguments)
        }
        Kind::Asyncssh => {
            let (python, keys) = (packaged("python")?, setup.keys?);
            Some(vec![
                python.display().to_string(),
                fixture("asyncssh_server.py").display().to_string(),
                setup.port.to_string(),
                keys.host.display().to_string(),
                keys.authorized.display().to_string(),
                setup.user.to_owned(),
                setup.password.to_owned(),
                data,
            ])
        }
        Kind::SeaweedS3 | Kind::SeaweedWebdav => unreachable!("SeaweedFS is started by the module weed"),
    }
}

#[track_caller]
fn rclone(setup: &Setup, arguments: &[&str], more: &[String]) -> Option<Vec<String>> {
    let mut command = vec![packaged("rclone")?.display().to_string(), "serve".to_owned()];
    command.extend(arguments.iter().copied().map(String::from));
    command.extend_from_slice(more);
    for (option, name) in [("--config", "rclone.conf"), ("--cache-dir", "cache")] {
        command.extend([option.to_owned(), setup.root.join(name).display().to_string()]);
    }
    fs::write(setup.root.join("rclone.conf"), "").unwrap();
    command.extend(setup.options.arguments.clone());
    Some(command)
}

#[track_caller]
fn wsgidav(setup: &Setup) -> Option<Vec<String>> {
    let program = packaged("wsgidav")?;
    let users = match &setup.options.login {
        Some((user, password)) => format!(r#"{{"{user}": {{"password": "{password}"}}}}"#),
        None => "true".to_owned(),
    };
    let configuration = setup.root.join("wsgidav.json");
    let text = format!(
        r#"{{"host": "127.0.0.1", "port": {port}, "server": "cheroot", "provider_mapping": {{"/": "{data}"}}, "simple_dc": {{"user_mapping": {{"*": {users}}}}}}}"#,
        port = setup.port,
        data = setup.data.display(),
    );
    fs::write(&configuration, text).unwrap();
    let command =
        vec![program.display().to_string(), "--config".to_owned(), configuration.display().to_string()];
    Some(command.into_iter().chain(setup.options.arguments.clone()).collect())
}

#[track_caller]
fn apache(setup: &Setup) -> Option<Vec<String>> {
    let program = installed("apache2", "apache2-bin")?;
    let modules = Path::new("/usr/lib/apache2/modules");
    if !modules.is_dir() {
        missing("Apache's modules (Debian's apache2-bin)");
        return None;
    }
    let (root, data) = (setup.root.display(), setup.data.display());
    let mut text = String::new();
    for name in
        ["mpm_event", "authz_core", "dav", "dav_fs", "authn_core", "authn_file", "auth_basic", "authz_user"]
    {
        text.push_str(&format!("LoadModule {name}_module {}/mod_{name}.so\n", modules.display()));
    }
    // Started by root, it serves as another user: that one must reach the files. Otherwise these two lines have no effect.
    text.push_str("User www-data\nGroup www-data\n");
    let locks = setup.root.join("locks");
    fs::create_dir_all(&locks).unwrap();
    for directory in [setup.root, setup.data, &locks] {
        let mode = if directory == setup.root { 0o755 } else { 0o777 };
        fs::set_permissions(directory, fs::Permissions::from_mode(mode)).unwrap();
    }
    let access = match &setup.options.login {
        Some((user, password)) => {
            let hashed = Command::new(installed("openssl", "openssl")?)
                .args(["passwd", "-apr1", password])
                .output()
                .unwrap();
            let line = format!("{user}:{}", String::from_utf8(hashed.stdout).unwrap());
            fs::write(setup.root.join("users"), line).unwrap();
            format!("AuthType Basic\n  AuthName larder\n  AuthUserFile {root}/users\n  Require valid-user")
        }
        None => "Require all granted".to_owned(),
    };
    text.push_str(&format!(
        "ServerRoot {root}\nPidFile {root}/apache.pid\nListen 127.0.0.1:{port}\nServerName 127.0.0.1\nErrorLog {root}/log\n\
         DavLockDB {root}/locks/DavLock\nDocumentRoot {data}\n{more}\n<Directory {data}>\n  Dav On\n  {access}\n</Directory>\n",
        port = setup.port,
        more = setup.options.arguments.join("\n"),
    ));
    let configuration = setup.root.join("apache.conf");
    fs::write(&configuration, text).unwrap();
    Some(vec![
        program.display().to_string(),
        "-f".to_owned(),
        configuration.display().to_string(),
        "-DFOREGROUND".to_owned(),
    ])
}
