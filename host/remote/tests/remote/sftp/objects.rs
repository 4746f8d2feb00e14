//! Objects are stored, listed, read and deleted as they are.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use larder_remote::protocol::Protocol;
use larder_remote::{Kind as Failure, Stop};
use larder_test_servers::{Kind, Proxy};

use super::site::{Site, body, get, location, names, noise, put, upload};

#[test]
fn objects_with_odd_names_come_back_as_they_were() {
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let location = site.location("");
        let stop = Stop::default();
        let odd = [
            "a b+c.tar",
            "ä.tar",
            "it's \"so\".tar",
            "$(touch pwned) `x`.tar",
            "line\nend.tar",
            "-rf",
            "~",
            ".hidden",
        ];
        for (number, name) in odd.iter().enumerate() {
            let bytes = noise(100 + number);
            put(&location, name, &bytes).unwrap_or_else(|error| panic!("{kind:?} {name:?}: {error}"));
            let object = location.stat(name, &stop).unwrap().unwrap();
            assert_eq!((object.name.as_str(), object.size), (*name, bytes.len() as u64), "{kind:?}");
            assert!(object.modified.is_some(), "{kind:?}");
            assert_eq!(get(&location, name, 0..object.size), bytes, "{kind:?} {name:?}");
        }
        let mut expected = odd.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(names(&location), expected, "{kind:?}");
        for name in odd {
            location.delete(name, &stop).unwrap();
            location.delete(name, &stop).unwrap();
            assert_eq!(location.stat(name, &stop).unwrap(), None, "{kind:?}");
        }
        assert_eq!(names(&location), [""; 0], "{kind:?}");
    }
}

#[test]
fn ranges_hold_exactly_their_bytes_and_a_short_file_is_an_error() {
    let bytes = noise(5_000_001);
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let location = site.location("");
        put(&location, "a", &bytes).unwrap();
        for (start, end) in
            [(0, 5_000_001), (0, 1), (5_000_000, 5_000_001), (32_767, 32_769), (1_234_567, 4_321_987)]
        {
            let read = get(&location, "a", start as u64..end as u64);
            assert!(read == bytes[start..end], "{kind:?} {start}..{end}: {} bytes", read.len());
        }
        let mut reader = location.read("a", 4_999_000..5_100_000, &Stop::default()).unwrap();
        let error = std::io::copy(&mut reader, &mut std::io::sink()).unwrap_err();
        assert!(error.to_string().contains("ends at 5000001"), "{kind:?} {error}");
        let missing = location.read("b", 0..1, &Stop::default()).err().unwrap();
        assert_eq!(missing.kind, Failure::NotFound, "{kind:?} {missing}");
    }
}

#[test]
fn an_existing_object_is_never_replaced() {
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let location = site.location("");
        let stop = Stop::default();
        let [first, second] = [upload("a", "first00000000000", 5), upload("a", "second0000000000", 6)];
        let handles = [&first, &second].map(|upload| location.start(upload, &stop).unwrap());
        location.send(&first, &handles[0], 1, body(b"first"), &stop).unwrap();
        location.send(&second, &handles[1], 1, body(b"second"), &stop).unwrap();
        assert_eq!(names(&location), handles, "{kind:?}: not under its name before the end");
        location.finish(&first, &handles[0], &[], &stop).unwrap();
        // Asked again, because its answer was lost.
        location.finish(&first, &handles[0], &[], &stop).unwrap();
        let error = location.finish(&second, &handles[1], &[], &stop).unwrap_err();
        assert_eq!(error.kind, Failure::Exists, "{kind:?} {error}");
        location.discard(&second, None, &stop).unwrap();
        location.discard(&second, Some(&handles[1]), &stop).unwrap();
        assert_eq!(names(&location), ["a"], "{kind:?}");
        assert_eq!(get(&location, "a", 0..5), b"first", "{kind:?}");
        assert_eq!(location.start(&second, &stop).unwrap_err().kind, Failure::Exists, "{kind:?}");
        let foreign = location.discard(&second, Some("a"), &stop).unwrap_err();
        assert_eq!(foreign.kind, Failure::Invalid, "{kind:?}: only names of unfinished uploads are deleted");
    }
}

#[test]
fn the_root_a_nested_folder_and_an_absolute_one_are_folders_like_any_other() {
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let (root, absolute) = match kind {
            Kind::OpenSsh => (".", site.server.data.join("x y/z").display().to_string()),
            _ => ("/", "/x y/z".to_owned()),
        };
        for (path, below) in
            [(root, "r"), ("", "e"), ("./new/tief/ä", "new/tief/ä/n"), (absolute.as_str(), "x y/z/a")]
        {
            let location = site.location(path);
            let name = below.rsplit('/').next().unwrap();
            put(&location, name, b"bytes").unwrap_or_else(|error| panic!("{kind:?} {path}: {error}"));
            assert!(names(&location).contains(&name.to_owned()), "{kind:?} {path}");
            assert_eq!(fs::read(site.server.data.join(below)).unwrap(), b"bytes", "{kind:?} {path}");
            assert!(location.free(&Stop::default()).unwrap().is_none_or(|free| free > 1_000_000), "{kind:?}");
        }
        if kind == Kind::OpenSsh {
            let mode =
                |path: &str| fs::metadata(site.server.data.join(path)).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode("new"), mode("new/tief"), mode("new/tief/ä/n")), (0o700, 0o700, 0o600));
            assert!(site.location("").free(&Stop::default()).unwrap().is_some());
        }
        let missing = site.location("nowhere").list(&Stop::default()).unwrap_err();
        assert_eq!(missing.kind, Failure::NotFound, "{kind:?} {missing}");
    }
}

#[test]
fn links_folders_and_names_that_are_no_text_are_no_objects() {
    for kind in [Kind::OpenSsh, Kind::Asyncssh] {
        let Some(site) = Site::start(kind) else { continue };
        let data = &site.server.data;
        fs::create_dir(data.join("folder")).unwrap();
        fs::write(data.join("folder/inside"), "x").unwrap();
        fs::write(data.join("file"), "x").unwrap();
        symlink("file", data.join("link")).unwrap();
        fs::write(data.join(std::ffi::OsStr::from_bytes(b"bad\xff")), "x").unwrap();
        let location = site.location("");
        assert_eq!(names(&location), ["file"], "{kind:?}");
        for name in ["link", "folder"] {
            assert_eq!(location.stat(name, &Stop::default()).unwrap(), None, "{kind:?}");
            assert_eq!(put(&location, name, b"x").unwrap_err().kind, Failure::Exists, "{kind:?}");
        }
    }
}

#[test]
fn a_thousand_small_objects_are_read_in_seconds_over_a_long_line() {
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let folder = site.server.data.join("many");
        fs::create_dir(&folder).unwrap();
        let bytes = noise(500);
        for number in 0..1000 {
            fs::write(folder.join(format!("{number}.json")), &bytes).unwrap();
        }
        let proxy = Proxy::slow(site.server.port, Duration::from_millis(40));
        let location = location(site.settings(proxy.port, "many"));
        let begun = Instant::now();
        let names = names(&location);
        assert_eq!(names.len(), 1000, "{kind:?}");
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..location.parallel() {
                scope.spawn(|| {
                    while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        assert_eq!(get(&location, name, 0..500), bytes, "{kind:?} {name}");
                    }
                });
            }
        });
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(40), "{kind:?}: {took:?}");
        assert_eq!(proxy.connections(), 1, "{kind:?}: one session serves all");
    }
}
