//! Each real server starts, answers, restarts with its data, and is gone after it was dropped.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output};

use larder_test_servers::{BUCKET, Kind, Options, Protocol, Server, rclone};

/// Runs rclone, a client of every protocol, with what `server` needs. `SERVER:` in the arguments is the server.
fn client(server: &Server, arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let configuration = directory.path().join("rclone.conf");
    let known_hosts = directory.path().join("known_hosts");
    fs::write(&known_hosts, format!("{}\n", server.host_key)).unwrap();
    let mut text = match server.kind.protocol() {
        Protocol::S3 => format!(
            "type = s3\nprovider = Other\nregion = us-east-1\nendpoint = {}\naccess_key_id = {}\nsecret_access_key = {}\n",
            server.url(),
            server.user,
            server.password
        ),
        Protocol::Webdav => format!("type = webdav\nvendor = other\nurl = {}\n", server.url()),
        Protocol::Sftp => format!(
            "type = sftp\nhost = 127.0.0.1\nport = {}\nuser = {}\nkey_file = {}\nknown_hosts_file = {}\nshell_type = none\n",
            server.port,
            server.user,
            server.identity.display(),
            known_hosts.display()
        ),
    };
    if server.kind.protocol() == Protocol::Webdav && !server.user.is_empty() {
        let obscured = Command::new(rclone().unwrap()).args(["obscure", &server.password]).output().unwrap();
        let obscured = String::from_utf8(obscured.stdout).unwrap();
        text.push_str(&format!("user = {}\npass = {}\n", server.user, obscured.trim()));
    }
    fs::write(&configuration, format!("[SERVER]\n{text}")).unwrap();
    Command::new(rclone().unwrap())
        .args(["--config", configuration.to_str().unwrap(), "--retries=1", "--low-level-retries=1"])
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(server: &Server, arguments: &[&str]) -> String {
    let output = client(server, arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?} {arguments:?}: {said}\n{}", server.kind, server.log());
    String::from_utf8(output.stdout).unwrap()
}

/// Where `name` is for the client.
fn place(server: &Server, name: &str) -> String {
    match (server.kind.protocol(), server.kind) {
        (Protocol::S3, _) => format!("SERVER:{BUCKET}/{name}"),
        (_, Kind::OpenSsh) => format!("SERVER:{}/{name}", server.data.display()),
        _ => format!("SERVER:{name}"),
    }
}

/// Stores a file, reads it, and reads it once more after a restart.
#[track_caller]
fn keeps_what_is_stored(kind: Kind) {
    let started = rclone().and_then(|_| Server::start_with(kind, &Options::alone()));
    let Some(server) = started else { return };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "stored").unwrap();
    let there = place(&server, "folder/file");
    succeeds(&server, &["copyto", file.to_str().unwrap(), &there]);
    assert_eq!(succeeds(&server, &["cat", &there]), "stored", "{kind:?}");
    server.stop();
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err(), "{kind:?} was stopped");
    server.restart();
    if kind == Kind::Moto {
        let listed = succeeds(&server, &["lsf", &place(&server, "")]);
        assert_eq!(listed, "", "it is the one that forgets everything");
    } else {
        assert_eq!(succeeds(&server, &["cat", &there]), "stored", "{kind:?} after a restart");
    }
    server.kill();
    assert!(TcpStream::connect(("127.0.0.1", server.port)).is_err(), "{kind:?} was killed");
    server.restart();
    let (port, data) = (server.port, server.data.clone());
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{kind:?} is gone");
    assert!(!Path::new(&data).exists(), "{kind:?} has left its directory");
}

#[test]
fn s3_servers_have_the_bucket_and_keep_what_is_stored() {
    for kind in [Kind::RcloneS3, Kind::Moto] {
        keeps_what_is_stored(kind);
    }
}

#[test]
fn webdav_servers_keep_what_is_stored() {
    for kind in [Kind::RcloneWebdav, Kind::WsgiDav, Kind::Apache] {
        keeps_what_is_stored(kind);
    }
}

#[test]
fn sftp_servers_keep_what_is_stored_and_have_the_host_key_that_they_say() {
    for kind in Kind::SFTP {
        keeps_what_is_stored(kind);
    }
}

#[test]
fn seaweed_alone_keeps_what_is_stored() {
    keeps_what_is_stored(Kind::SeaweedS3);
}

#[test]
fn seaweed_is_shared_and_shows_through_webdav_what_was_stored_through_s3() {
    let (Some(s3), Some(webdav)) = (Server::start(Kind::SeaweedS3), Server::start(Kind::SeaweedWebdav))
    else {
        return;
    };
    assert_eq!(s3.data, webdav.data);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "stored").unwrap();
    succeeds(&s3, &["copyto", file.to_str().unwrap(), &place(&s3, "shared/file")]);
    let there = place(&webdav, &format!("buckets/{BUCKET}/shared/file"));
    assert_eq!(succeeds(&webdav, &["cat", &there]), "stored");
}

#[test]
fn whoever_has_another_login_is_refused() {
    let kinds = [Kind::RcloneS3, Kind::RcloneWebdav, Kind::WsgiDav, Kind::Apache];
    for kind in kinds {
        let options = Options::with_login("somebody", "a-long-secret");
        let started = rclone().and_then(|_| Server::start_with(kind, &options));
        let Some(mut server) = started else { continue };
        succeeds(&server, &["lsf", &place(&server, "")]);
        server.password = "another-secret".to_owned();
        assert!(!client(&server, &["lsf", &place(&server, "")]).status.success(), "{kind:?}");
    }
}

#[test]
fn a_server_is_started_with_arguments_and_on_a_given_port() {
    let Some(first) = Server::start(Kind::RcloneWebdav) else { return };
    let port = first.port;
    drop(first);
    let mut options = Options::with_arguments(["--read-only"]);
    options.port = Some(port);
    let Some(server) = Server::start_with(Kind::RcloneWebdav, &options) else { return };
    assert_eq!(server.port, port);
    let put = client(&server, &["touch", &place(&server, "file")]);
    assert!(!put.status.success(), "it is read-only");
}
