//! What every WebDAV server has to do, as tables that are run against each of the real ones.

use std::io::{self, Read};
use std::sync::OnceLock;

use larder_remote::Kind;
use larder_remote::protocol::{Body, Protocol};
use larder_remote::webdav::WebDavLocation;
use larder_test_servers::{Kind as Servers, Options, Proxy, Server};

use super::{body, bytes, location, location_of, names, read, send, stop, store, upload};

/// All that are available here, shared by all tests.
fn servers() -> &'static [Server] {
    static SERVERS: OnceLock<Vec<Server>> = OnceLock::new();
    SERVERS.get_or_init(|| Servers::WEBDAV.into_iter().filter_map(Server::start).collect())
}

/// Runs a test in a new folder of each server.
fn on_each(folder: &str, test: impl Fn(&Server, &WebDavLocation)) {
    for server in servers() {
        println!("{:?}", server.kind);
        test(server, &location(&server.url(), folder));
    }
}

#[test]
fn files_with_odd_names_are_stored_listed_read_and_deleted() {
    const NAMES: [&str; 10] =
        ["plain.tar", "a b", "a+b", "ä€😀", "100%", "%41%2f", "x&y<z>", "[x](y)'z", "a=c,d@e:f", ".hidden"];
    on_each("odd+names ä/100% &[x]", |_, location| {
        for name in NAMES {
            store(location, name, name.as_bytes()).unwrap();
        }
        let mut expected = NAMES.map(str::to_owned);
        expected.sort();
        assert_eq!(names(location), expected);
        for object in location.list(&stop()).unwrap() {
            assert_eq!(object.size, object.name.len() as u64);
            assert!(object.modified.is_some_and(|modified| modified > 1_700_000_000), "{object:?}");
            assert_eq!(
                location.stat(&object.name, &stop()).unwrap().as_ref().map(|found| found.size),
                Some(object.size)
            );
            assert_eq!(read(location, &object.name, 0..object.size).unwrap(), object.name.as_bytes());
            location.delete(&object.name, &stop()).unwrap();
            assert_eq!(location.stat(&object.name, &stop()).unwrap(), None);
        }
        assert!(names(location).is_empty());
    });
}

/// WsgiDAV 4.4.0 decodes the destination before it looks for parameters, so it takes what is before the semicolon for the name.
#[test]
fn a_semicolon_in_a_name_is_kept_or_the_upload_fails() {
    on_each("semicolon", |server, location| {
        let stored = store(location, "a;b", b"1");
        match server.kind {
            Servers::WsgiDav => assert!(stored.unwrap_err().message.contains("another name")),
            _ => assert_eq!(names(location), ["a;b"]),
        }
    });
}

#[test]
fn a_missing_folder_is_empty_and_the_first_upload_makes_it() {
    on_each("missing/one/two", |server, two| {
        assert!(names(two).is_empty());
        assert_eq!(two.stat("x", &stop()).unwrap(), None);
        two.delete("x", &stop()).unwrap();
        two.discard(&upload("x", 1), None, &stop()).unwrap();
        store(two, "x", b"12").unwrap();
        assert_eq!(names(two), ["x"]);
        // Folders are no objects.
        let one = location(&server.url(), "missing/one");
        assert!(names(&one).is_empty());
        assert_eq!(one.stat("two", &stop()).unwrap(), None);
        assert_eq!(one.start(&upload("two", 1), &stop()).unwrap_err().kind, Kind::Exists);
    });
}

#[test]
fn an_address_that_does_not_exist_is_an_error_and_not_an_empty_location() {
    on_each("", |server, _| {
        let wrong = location(&format!("{}/no/such/base", server.url()), "folder");
        for error in [
            wrong.list(&stop()).map(|_| ()),
            wrong.start(&upload("x", 1), &stop()).map(|_| ()),
            wrong.free(&stop()).map(|_| ()),
        ] {
            let error = error.unwrap_err();
            assert_eq!(error.kind, Kind::NotFound, "{error}");
            assert!(error.message.contains("`url`"), "{error}");
        }
    });
}

#[test]
fn a_cut_upload_leaves_nothing_under_the_final_name_and_can_be_done_again() {
    let bytes = bytes(8 << 20);
    on_each("cut", |server, location| {
        let proxy = Proxy::to(server.port);
        let cut = super::location(&proxy.url(), "cut");
        let upload = upload("cut.tar", bytes.len());
        let handle = cut.start(&upload, &stop()).unwrap();
        proxy.cut_after(3 << 20);
        let error = send(&cut, &upload, &handle, &bytes).unwrap_err();
        assert!(error.is_transient(), "{error:?}");
        assert!(!names(location).contains(&"cut.tar".to_owned()));
        assert_eq!(cut.stat("cut.tar", &stop()).unwrap(), None);
        // The same handle may be used again, but SeaweedFS may keep the file locked for more than a minute.
        if server.kind == Servers::SeaweedWebdav {
            return;
        }
        let part = send(&cut, &upload, &handle, &bytes).unwrap();
        assert_eq!(part.size, upload.size);
        assert_eq!(cut.parts(&upload, &handle, &stop()).unwrap().len(), 1);
        assert!(!names(location).contains(&"cut.tar".to_owned()));
        cut.finish(&upload, &handle, &[part], &stop()).unwrap();
        assert_eq!(names(location), ["cut.tar"]);
        assert!(read(location, "cut.tar", 0..upload.size).unwrap() == bytes);
    });
}

#[test]
fn what_an_upload_left_is_listed_under_a_hidden_name_and_discarded() {
    on_each("left", |_, location| {
        for handle_is_known in [true, false] {
            let upload = upload("left.tar", 5);
            let handle = location.start(&upload, &stop()).unwrap();
            assert!(handle.starts_with('.') && handle.contains(&upload.token), "{handle}");
            send(location, &upload, &handle, b"12345").unwrap();
            assert_eq!(names(location), std::slice::from_ref(&handle));
            for _ in 0..2 {
                location.discard(&upload, handle_is_known.then_some(&handle), &stop()).unwrap();
                assert!(names(location).is_empty());
            }
        }
    });
}

#[test]
fn an_existing_file_is_never_replaced() {
    on_each("existing", |_, location| {
        let upload = upload("file", 3);
        let handle = location.start(&upload, &stop()).unwrap();
        let part = send(location, &upload, &handle, b"new").unwrap();
        store(location, "file", b"other").unwrap();
        assert_eq!(location.finish(&upload, &handle, &[part], &stop()).unwrap_err().kind, Kind::Exists);
        assert_eq!(location.start(&upload, &stop()).unwrap_err().kind, Kind::Exists);
        location.discard(&upload, Some(&handle), &stop()).unwrap();
        assert_eq!(read(location, "file", 0..5).unwrap(), b"other");
        assert_eq!(names(location), ["file"]);
    });
}

#[test]
fn ranges_are_exact() {
    let bytes = bytes(300_000);
    on_each("ranges", |_, location| {
        store(location, "file", &bytes).unwrap();
        for range in [0..1, 0..300_000, 1..2, 65_535..65_537, 299_999..300_000, 100_000..299_999] {
            let expected = &bytes[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()];
            assert!(read(location, "file", range.clone()).unwrap() == expected, "{range:?}");
        }
        assert_eq!(read(location, "file", 300_000..300_001).unwrap_err().kind, Kind::Interrupted);
        assert_eq!(read(location, "none", 0..1).unwrap_err().kind, Kind::NotFound);
    });
}

#[test]
fn a_source_that_fails_is_an_error_at_once() {
    struct Broken(u64);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other("the source broke"));
            }
            let read = buffer.len().min(usize::try_from(self.0).unwrap());
            self.0 -= read as u64;
            Ok(read)
        }
    }
    on_each("source", |_, location| {
        let upload = upload("file", 5 << 20);
        let handle = location.start(&upload, &stop()).unwrap();
        let body = Body { size: upload.size, md5: None, reader: Box::new(Broken(1 << 20)) };
        let error = location.send(&upload, &handle, 1, body, &stop()).unwrap_err();
        assert!(error.message.contains("the source broke"), "{error}");
        // SeaweedFS keeps the file locked for a moment, and WsgiDAV notices the cut only after the deletion.
        while location
            .discard(&upload, Some(&handle), &stop())
            .is_err_and(|error| error.kind == Kind::Unclear)
            || !names(location).is_empty()
        {}
    });
}

#[test]
fn a_source_that_is_too_short_is_an_error_at_once() {
    on_each("short", |_, location| {
        let upload = upload("file", 5 << 20);
        let handle = location.start(&upload, &stop()).unwrap();
        let body = Body { size: upload.size, md5: None, reader: Box::new(io::Cursor::new(bytes(1 << 20))) };
        let error = location.send(&upload, &handle, 1, body, &stop()).unwrap_err();
        assert!(error.message.contains("4194304 bytes too few"), "{error}");
    });
}

/// Apache takes 1 GiB unless it is configured.
#[test]
fn a_limit_of_apache_is_told() {
    let options = Options::with_arguments(["LimitRequestBody 1000000"]);
    let Some(server) = Server::start_with(Servers::Apache, &options) else { return };
    let error = store(&location(&server.url(), "limit"), "file", &bytes(8 << 20)).unwrap_err();
    assert_eq!(error.kind, Kind::Invalid);
    assert!(error.message.contains("LimitRequestBody"), "{error}");
}

#[test]
fn connections_are_kept() {
    let bytes = bytes(2 << 20);
    on_each("kept", |server, _| {
        let proxy = Proxy::to(server.port);
        let location = location(&proxy.url(), "kept");
        for name in ["a", "b"] {
            store(&location, name, &bytes).unwrap();
            for start in 0..5 {
                read(&location, name, start * 1000..(start + 1) * 1000).unwrap();
            }
            assert_eq!(location.stat("none", &stop()).unwrap(), None);
            assert_eq!(location.list(&stop()).unwrap().len(), 1);
            location.delete(name, &stop()).unwrap();
        }
        println!("{} connections", proxy.connections());
        assert_eq!(proxy.connections(), 1);
    });
}

#[test]
fn an_empty_file_is_a_file() {
    on_each("empty", |_, location| {
        store(location, "file", b"").unwrap();
        assert_eq!(location.stat("file", &stop()).unwrap().map(|found| found.size), Some(0));
    });
}

#[test]
fn free_space_is_known_where_the_server_tells_it() {
    on_each("free/not/there", |server, location| {
        let free = location.free(&stop()).unwrap();
        assert_eq!(free.is_some_and(|free| free > 0), server.kind == Servers::WsgiDav, "{free:?}");
    });
}

#[test]
fn a_wrong_password_is_refused_with_what_to_do() {
    for kind in Servers::WEBDAV.into_iter().filter(|kind| *kind != Servers::SeaweedWebdav) {
        let Some(server) = Server::start_with(kind, &Options::with_login("eva", "päss:wörd")) else {
            continue;
        };
        println!("{kind:?}");
        for login in [None, Some(("eva", "wrong")), Some(("adam", "päss:wörd"))] {
            let location = location_of(&server.url(), "folder", login);
            let all = [
                location.list(&stop()).map(|_| ()),
                location.stat("x", &stop()).map(|_| ()),
                location.start(&upload("x", 1), &stop()).map(|_| ()),
                location.send(&upload("x", 1), ".larder-x.part", 1, body(b"1"), &stop()).map(|_| ()),
                location
                    .send(&upload("x", 1), ".larder-x.part", 1, body(&bytes(5 << 20)), &stop())
                    .map(|_| ()),
                location.read("x", 0..1, &stop()).map(|_| ()),
                location.delete("x", &stop()),
                location.free(&stop()).map(|_| ()),
            ];
            for (index, result) in all.into_iter().enumerate() {
                let error = result.unwrap_err();
                assert_eq!(error.kind, Kind::Denied, "{index}: {error}");
                assert!(error.message.contains("app password"), "{index}: {error}");
                assert!(!error.message.contains("wörd"), "{error}");
            }
        }
        let location = location_of(&server.url(), "folder", Some(("eva", "päss:wörd")));
        store(&location, "x", b"1").unwrap();
        assert_eq!(names(&location), ["x"]);
    }
}
