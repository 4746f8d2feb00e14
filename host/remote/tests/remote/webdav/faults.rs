//! Faults that no real server shows on demand, and what is made of them.

use std::sync::atomic::{AtomicUsize, Ordering};

use larder_remote::Kind;
use larder_remote::protocol::Protocol;
use larder_test_servers::{Answer, Scripted};

use super::fake::Fake;
use super::{body, bytes, location, location_of, names, read, send, stop, store, upload};

/// Whether it is the request for a file itself rather than for the small one that tells whether the server can rename.
fn is_large(request: &larder_test_servers::Request) -> bool {
    request
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .is_some_and(|length: u64| length > 100)
}

#[test]
fn a_redirect_is_not_followed_and_named() {
    for status in [301, 302, 307, 308] {
        let other = Scripted::start(|_| Answer::new(200));
        let target = format!("{}/dav/", other.url());
        let server = Scripted::start(move |_| Answer::new(status).header("Location", &target));
        let location = location_of(&server.url(), "", Some(("eva", "secret")));
        for error in [
            location.list(&stop()).map(|_| ()),
            location.start(&upload("x", 1), &stop()).map(|_| ()),
            location.send(&upload("x", 1), "x", 1, body(b"1"), &stop()).map(|_| ()),
            location.read("x", 0..1, &stop()).map(|_| ()),
            location.delete("x", &stop()),
        ] {
            let error = error.unwrap_err();
            assert_eq!(error.kind, Kind::Invalid);
            assert!(
                error.message.contains(&format!("{}/dav/", other.url())) && error.message.contains("`url`"),
                "{error}"
            );
        }
        assert_eq!(other.count(), 0);
    }
}

#[test]
fn a_server_that_wants_the_slash_is_asked_with_it() {
    let fake = Fake::start(|request, tree| {
        let is_folder = tree.lock().unwrap().get(request.path.as_str()) == Some(&None);
        is_folder.then(|| Answer::new(301).header("Location", &format!("{}/", request.path)))
    });
    let location = location(&fake.url(), "folder");
    store(&location, "x", b"1").unwrap();
    assert_eq!(names(&location), ["x"]);
}

#[test]
fn after_504_or_a_lost_answer_the_file_is_looked_for_and_not_sent_again() {
    let cases: [(&str, fn() -> Answer); 4] = [
        ("504", || Answer::new(504)),
        ("502", || Answer::new(502)),
        ("423", || Answer::new(423)),
        ("closed after the last byte", Answer::none),
    ];
    for (what, lost) in cases {
        println!("{what}");
        let asked = AtomicUsize::new(0);
        let fake = Fake::start(move |request, tree| match request.method.as_str() {
            "PUT" if is_large(request) => {
                let content = request.body();
                tree.lock().unwrap().insert("/late".into(), Some(content));
                Some(lost())
            }
            // The file appears when it is asked for the second time.
            "PROPFIND" if request.path.ends_with(".part") => {
                let mut tree = tree.lock().unwrap();
                if asked.fetch_add(1, Ordering::SeqCst) == 1
                    && let Some(content) = tree.remove("/late")
                {
                    tree.insert(request.path.clone(), content);
                }
                None
            }
            _ => None,
        });
        let location = location(&fake.url(), "");
        store(&location, "file", &bytes(1000)).unwrap();
        assert_eq!(fake.requests("PUT").iter().filter(|request| is_large(request)).count(), 1);
        assert_eq!(fake.content("/dav/file").unwrap(), bytes(1000));
    }
}

#[test]
fn a_file_that_never_appears_after_a_lost_answer_is_unclear() {
    let fake =
        Fake::start(|request, _| (request.method == "PUT" && is_large(request)).then(|| Answer::new(504)));
    assert_eq!(store(&location(&fake.url(), ""), "file", &bytes(1000)).unwrap_err().kind, Kind::Unclear);
    // To stop ends the waiting.
    let location = location(&fake.url(), "");
    let stopped = stop();
    stopped.stop();
    let upload = upload("file", 1000);
    assert_eq!(
        location.send(&upload, ".x", 1, body(&bytes(1000)), &stopped).unwrap_err().kind,
        Kind::Stopped
    );
}

#[test]
fn a_lost_answer_to_the_renaming_is_unclear_and_stat_tells() {
    let cases: [(&str, bool, fn() -> Answer); 6] = [
        ("504, done", true, || Answer::new(504)),
        ("504, not done", false, || Answer::new(504)),
        ("423", false, || Answer::new(423)),
        ("500", false, || Answer::new(500)),
        ("closed, done", true, Answer::none),
        ("502 from a proxy, done", true, || Answer::new(502)),
    ];
    for (what, is_done, lost) in cases {
        println!("{what}");
        let fake = Fake::start(move |request, tree| {
            if request.method != "MOVE" || !request.header("destination").unwrap().ends_with("/file") {
                return None;
            }
            let mut tree = tree.lock().unwrap();
            if is_done && let Some(content) = tree.remove(&request.path) {
                tree.insert("/dav/file".into(), content);
                return Some(lost());
            }
            (!is_done).then(lost)
        });
        let location = location(&fake.url(), "");
        let error = store(&location, "file", b"123").unwrap_err();
        assert_eq!(error.kind, Kind::Unclear, "{error}");
        assert_eq!(location.stat("file", &stop()).unwrap().is_some(), is_done);
        assert!(location.moves());
    }
}

#[test]
fn a_refusal_before_the_body_is_told_as_what_it_is() {
    for (status, kind, expected) in [
        (413, Kind::Invalid, "client_max_body_size"),
        (507, Kind::NoSpace, "quota"),
        (403, Kind::Denied, "rights"),
        (401, Kind::Denied, "app password"),
    ] {
        for closes in [true, false] {
            let fake = Fake::start(move |request, _| {
                let early = || Answer::new(status).early();
                let answer = || if closes { early().close() } else { early() };
                (request.method == "PUT" && is_large(request)).then(answer)
            });
            let location = location(&fake.url(), "");
            let upload = upload("file", 32 << 20);
            let handle = location.start(&upload, &stop()).unwrap();
            let error = send(&location, &upload, &handle, &bytes(32 << 20)).unwrap_err();
            assert_eq!(error.kind, kind, "{error}");
            assert!(error.message.contains(expected), "{error}");
        }
    }
}

#[test]
fn a_login_other_than_basic_is_named() {
    let server =
        Scripted::start(|_| Answer::new(401).header("WWW-Authenticate", "Digest realm=\"x\", nonce=\"y\""));
    let error = location_of(&server.url(), "", Some(("eva", "secret"))).list(&stop()).unwrap_err();
    assert!(error.message.contains("log in by Digest"), "{error}");
}

#[test]
fn a_file_that_has_not_arrived_entirely_is_not_renamed() {
    let fake = Fake::start(|request, tree| {
        (request.method == "PUT" && is_large(request)).then(|| {
            let content = request.body()[..500].to_vec();
            tree.lock().unwrap().insert(request.path.clone(), Some(content));
            Answer::new(201)
        })
    });
    let error = store(&location(&fake.url(), ""), "file", &bytes(1000)).unwrap_err();
    assert_eq!(error.kind, Kind::Interrupted);
    assert!(error.message.contains("500 of 1000 bytes"), "{error}");
    assert_eq!(fake.content("/dav/file"), None);
}

#[test]
fn a_destination_that_is_refused_as_a_url_is_sent_as_a_path_from_then_on() {
    for status in [400, 502] {
        let fake = Fake::start(move |request, _| {
            request
                .header("destination")
                .is_some_and(|destination| destination.contains("://"))
                .then(|| Answer::new(status))
        });
        let location = location(&fake.url(), "ä");
        store(&location, "a", b"1").unwrap();
        let before = fake.requests("MOVE").len();
        store(&location, "b", b"2").unwrap();
        assert_eq!(fake.requests("MOVE").len(), before + 1);
        assert_eq!(names(&location), ["a", "b"]);
    }
}

#[test]
fn where_files_cannot_be_renamed_they_are_sent_to_their_final_name() {
    for status in [405, 501, 400, 502] {
        let fake = Fake::start(move |request, _| (request.method == "MOVE").then(|| Answer::new(status)));
        let location = location(&fake.url(), "");
        let upload = upload("file", 3);
        assert!(location.moves());
        let handle = location.start(&upload, &stop()).unwrap();
        assert!(!location.moves());
        assert_eq!(handle, "file");
        assert!(names(&location).is_empty(), "nothing is left of the attempt");
        let part = send(&location, &upload, &handle, b"123").unwrap();
        location.finish(&upload, &handle, &[part], &stop()).unwrap();
        assert_eq!(names(&location), ["file"]);
        assert_eq!(location.start(&upload, &stop()).unwrap_err().kind, Kind::Exists);
        location.discard(&upload, Some(&handle), &stop()).unwrap();
        assert!(names(&location).is_empty());
    }
}

#[test]
fn a_proxy_whose_server_is_down_does_not_look_like_one_that_cannot_rename() {
    let moves = AtomicUsize::new(0);
    let fake = Fake::start(move |request, _| {
        let is_move = request.method == "MOVE";
        (is_move || moves.load(Ordering::SeqCst) > 0).then(|| {
            moves.fetch_add(1, Ordering::SeqCst);
            Answer::new(502)
        })
    });
    let location = location(&fake.url(), "");
    assert!(location.start(&upload("file", 3), &stop()).unwrap_err().is_transient());
    assert!(location.moves());
}

#[test]
fn a_server_that_refuses_hidden_names_is_told_before_anything_large_is_sent() {
    let fake = Fake::start(|request, _| {
        (request.method == "PUT")
            .then(|| Answer::new(403).body("<s:message>Dot files &amp; such are forbidden</s:message>"))
    });
    let error = location(&fake.url(), "").start(&upload("file", 1 << 30), &stop()).unwrap_err();
    assert_eq!(error.kind, Kind::Denied);
    assert!(
        error.message.contains("hidden") && error.message.contains("Dot files & such are forbidden"),
        "{error}"
    );
}

#[test]
fn a_server_that_ignores_the_overwrite_header_replaces_nothing() {
    let fake = Fake::start(|request, tree| {
        (request.method == "MOVE").then(|| {
            let mut tree = tree.lock().unwrap();
            let content = tree.remove(&request.path).unwrap();
            let to = request.header("destination").unwrap();
            tree.insert(to[to.find("/dav").unwrap()..].to_owned(), content);
            Answer::new(204)
        })
    });
    let location = location(&fake.url(), "");
    let upload = upload("file", 3);
    let handle = location.start(&upload, &stop()).unwrap();
    let part = send(&location, &upload, &handle, b"new").unwrap();
    fake.tree.lock().unwrap().insert("/dav/file".into(), Some(b"old".to_vec()));
    assert_eq!(location.finish(&upload, &handle, &[part], &stop()).unwrap_err().kind, Kind::Exists);
    assert_eq!(fake.content("/dav/file").unwrap(), b"old");
}

#[test]
fn ranges_that_are_not_what_was_asked_for_are_never_given_out() {
    let cases: [(&str, Kind, fn() -> Answer); 6] = [
        ("whole", Kind::Unsupported, || Answer::new(200).body("0123456789")),
        ("another range", Kind::Unsupported, || {
            Answer::new(206).header("Content-Range", "bytes 0-4/5000000").body("01234")
        }),
        ("no Content-Range", Kind::Unsupported, || Answer::new(206).body("01234")),
        ("too few", Kind::Interrupted, || {
            Answer::new(206).header("Content-Range", "bytes 4000000-4000004/5000000").body("01")
        }),
        ("cut", Kind::Interrupted, || {
            Answer::new(206)
                .header("Content-Range", "bytes 4000000-4000004/5000000")
                .body("01234")
                .cut_after(2)
        }),
        ("beyond the end", Kind::Interrupted, || Answer::new(416)),
    ];
    for (what, kind, answer) in cases {
        let server = Scripted::start(move |_| answer());
        let error = read(&location(&server.url(), ""), "file", 4_000_000..4_000_005).unwrap_err();
        assert_eq!(error.kind, kind, "{what}: {error}");
    }
    // More than asked for is cut off; the beginning of a whole file is what was asked for.
    let server = Scripted::start(|_| Answer::new(200).body("0123456789"));
    assert_eq!(read(&location(&server.url(), ""), "file", 2..5).unwrap(), b"234");
}

#[test]
fn a_404_for_a_folder_that_its_parent_lists_is_no_empty_location() {
    let fake = Fake::start(|request, _| (request.path == "/dav/there/").then(|| Answer::new(404)));
    fake.add_folder("/dav/there");
    let error = location(&fake.url(), "there").list(&stop()).unwrap_err();
    assert_eq!(error.kind, Kind::Interrupted);
    assert!(error.message.contains("yet lists it"), "{error}");
}

#[test]
fn what_is_no_webdav_is_said() {
    let cases: [(fn() -> Answer, Kind, &str); 4] = [
        (|| Answer::new(200).body("<html>Welcome</html>"), Kind::Unsupported, "not a WebDAV address"),
        (|| Answer::new(405), Kind::Unsupported, "not a WebDAV address"),
        (|| Answer::new(207).body("<html>Welcome</html>"), Kind::Interrupted, "cannot be read as WebDAV"),
        (
            || Answer::new(207).body(r#"<multistatus xmlns="DAV:"><response>"#).cut_after(20),
            Kind::Interrupted,
            "cannot ask for",
        ),
    ];
    for (answer, kind, expected) in cases {
        let server = Scripted::start(move |_| answer());
        let error = location(&server.url(), "x").list(&stop()).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(expected), "{error}");
    }
}

#[test]
fn a_server_that_is_not_there_is_transient() {
    let port = Scripted::start(|_| Answer::new(200)).port;
    let location = location(&format!("http://127.0.0.1:{port}"), "");
    for error in [
        location.list(&stop()).map(|_| ()),
        location.start(&upload("x", 1), &stop()).map(|_| ()),
        location.delete("x", &stop()),
    ] {
        assert_eq!(error.unwrap_err().kind, Kind::Interrupted);
    }
}
