//! What a server or its key refuses is said once, in words that help.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use larder_remote::protocol::Protocol;
use larder_remote::settings::Secret;
use larder_remote::{Kind as Failure, Stop};
use larder_test_servers::{Kind, Proxy};

use super::site::{Site, location};

/// The fingerprint of a key file or of a file of known hosts.
fn fingerprint(path: &Path) -> String {
    let output = Command::new("ssh-keygen").arg("-lf").arg(path).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_whitespace().find(|word| word.starts_with("SHA256:")).unwrap().to_owned()
}

#[test]
fn an_unknown_host_key_is_refused_with_its_fingerprint_and_the_way_to_accept_it() {
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let settings = site.settings(site.server.port, "");
        let file = settings.known_hosts.clone().unwrap();
        let right = fingerprint(&file);
        fs::write(&file, "").unwrap();
        let location = location(settings);
        let error = location.list(&Stop::default()).unwrap_err();
        assert_eq!(error.kind, Failure::Denied, "{kind:?} {error}");
        let accept =
            format!("ssh-keyscan -t ed25519 -p {} 127.0.0.1 >> '{}'", site.server.port, file.display());
        assert!(error.message.contains(&right) && error.message.contains(&accept), "{kind:?} {error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "", "{kind:?}: no key is accepted by itself");
        let accepted = Command::new("sh").args(["-c", &accept]).output().unwrap();
        assert!(accepted.status.success(), "{kind:?}");
        location.list(&Stop::default()).unwrap();
    }
}

#[test]
fn a_changed_host_key_is_refused_with_the_new_fingerprint_without_a_second_try() {
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let Some(other) = Site::start(Kind::OpenSsh) else { continue };
        let proxy = Proxy::to(site.server.port);
        let settings = site.settings(proxy.port, "");
        let file = settings.known_hosts.clone().unwrap();
        let right = fingerprint(&file);
        fs::write(&file, other.server.host_key_at(proxy.port) + "\n").unwrap();
        let error = location(settings).list(&Stop::default()).unwrap_err();
        assert_eq!(error.kind, Failure::Denied, "{kind:?} {error}");
        let expected = ["CHANGED", &right, &format!("{}:1", file.display())];
        assert!(expected.iter().all(|words| error.message.contains(words)), "{kind:?} {error}");
        assert_eq!(proxy.connections(), 1, "{kind:?}");
    }
}

#[test]
fn a_wrong_password_or_key_is_tried_once_however_many_wait() {
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let proxy = Proxy::slow(site.server.port, Duration::from_millis(40));
        let mut settings = site.settings(proxy.port, "");
        match kind {
            Kind::OpenSsh => {
                let identity = site.directory.path().join("other");
                let made = Command::new("ssh-keygen")
                    .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                    .arg(&identity)
                    .status();
                assert!(made.unwrap().success());
                settings.identity_file = Some(identity);
            }
            _ => settings.password = Some(Secret("wrong".into())),
        }
        let location = location(settings);
        let start = std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    start.wait();
                    let error = location.list(&Stop::default()).unwrap_err();
                    assert_eq!(error.kind, Failure::Denied, "{kind:?} {error}");
                    assert!(error.message.contains("Permission denied"), "{kind:?} {error}");
                    assert!(!error.message.contains("wrong"), "{kind:?} {error}");
                });
            }
        });
        assert_eq!(proxy.connections(), 1, "{kind:?}");
    }
}

#[test]
fn a_server_that_is_not_there_is_no_refusal() {
    let Some(site) = Site::start(Kind::OpenSsh) else { return };
    let settings = site.settings(site.server.port, "");
    site.server.kill();
    let cases = [("127.0.0.1", "Connection refused"), ("nowhere.invalid", "Could not resolve hostname")];
    for (host, words) in cases {
        let error = location(larder_remote::settings::Sftp { host: host.into(), ..settings.clone() })
            .list(&Stop::default())
            .unwrap_err();
        assert_eq!(error.kind, Failure::Interrupted, "{error}");
        assert!(error.message.contains(words), "{error}");
    }
    let missing = larder_remote::settings::Sftp { ssh: "/nowhere/ssh".into(), ..settings };
    assert_eq!(location(missing).list(&Stop::default()).unwrap_err().kind, Failure::Invalid);
}
