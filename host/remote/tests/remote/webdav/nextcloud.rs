//! Chunked uploads, against a server that follows Nextcloud's developer manual ("Chunked file upload", version 2).

use std::collections::BTreeMap;

use larder_remote::Kind;
use larder_remote::protocol::{Part, Plan, Protocol, Upload};
use larder_remote::webdav::WebDavLocation;
use larder_test_servers::{Answer, Request};

use super::fake::{Fake, Style, Tree, answer};
use super::{body, bytes, location_of, names, send, stop, store, upload};

const MIB: u64 = 1 << 20;
const UPLOADS: &str = "/remote.php/dav/uploads/eva";
const FILES: &str = "/remote.php/dav/files/eva";

/// The rules of the manual and of Nextcloud's names.
fn nextcloud(request: &Request, tree: &Tree) -> Option<Answer> {
    if request.header("authorization") != Some("Basic ZXZhOnNlY3JldA==") {
        return Some(Answer::new(401));
    }
    let path = request.path.trim_end_matches('/').to_owned();
    if matches!(request.method.as_str(), "PUT" | "MOVE")
        && (path.ends_with(".part") || path.ends_with(".filepart"))
    {
        return Some(Answer::new(403).body("<s:message>forbidden file type</s:message>"));
    }
    let below = path.strip_prefix(UPLOADS)?.trim_start_matches('/').to_owned();
    if request.method == "PROPFIND" || request.method == "DELETE" && !below.contains('/') {
        if request.method == "DELETE" {
            let mut tree = tree.lock().unwrap();
            let is_there = tree.contains_key(&path);
            tree.retain(|found, _| *found != path && !found.starts_with(&format!("{path}/")));
            return Some(Answer::new(if is_there { 204 } else { 404 }));
        }
        return None;
    }
    // Every request names the destination, which is one of this user's files.
    let Some(destination) = request.header("destination") else { return Some(Answer::new(400)) };
    let destination = destination[destination.find("/remote.php").unwrap()..].to_owned();
    assert!(destination.starts_with(FILES), "{destination}");
    match (request.method.as_str(), below.split_once('/')) {
        ("MKCOL", None) => None,
        ("PUT", Some((_, number))) => {
            let is_number =
                number.len() == 5 && number.parse().is_ok_and(|number: u32| (1..=10_000).contains(&number));
            assert!(request.header("oc-total-length").is_some(), "{request:?}");
            if is_number { None } else { Some(Answer::new(400)) }
        }
        ("MOVE", Some((folder, ".file"))) => {
            let mut tree = tree.lock().unwrap();
            let folder = format!("{UPLOADS}/{folder}");
            let chunks: BTreeMap<String, Vec<u8>> = tree
                .iter()
                .filter(|(path, _)| path.starts_with(&format!("{folder}/")))
                .filter_map(|(path, content)| Some((path.clone(), content.clone()?)))
                .collect();
            let last = chunks.len().saturating_sub(1);
            if chunks.values().take(last).any(|chunk| chunk.len() < 5_000_000) {
                return Some(Answer::new(400));
            }
            if request.header("overwrite") == Some("F") && tree.contains_key(&destination) {
                return Some(Answer::new(412));
            }
            let content: Vec<u8> = chunks.values().flatten().copied().collect();
            if request.header("oc-total-length") != Some(&content.len().to_string()) {
                return Some(Answer::new(400));
            }
            tree.retain(|path, _| !path.starts_with(&folder));
            tree.insert(destination, Some(content));
            Some(Answer::new(201))
        }
        other => panic!("{other:?}"),
    }
}

fn start(
    replace: impl Fn(&Request, &Tree) -> Option<Answer> + Send + Sync + 'static,
) -> (Fake, WebDavLocation) {
    let fake = Fake::start(move |request, tree| replace(request, tree).or_else(|| nextcloud(request, tree)));
    for folder in ["/remote.php", "/remote.php/dav", FILES, UPLOADS] {
        fake.add_folder(folder);
    }
    let location = location_of(&format!("{}{FILES}", fake.server.url()), "backups", Some(("eva", "secret")));
    (fake, location)
}

/// Sends all parts but the given ones, and returns what all of them are.
fn send_parts(
    location: &WebDavLocation,
    upload: &Upload,
    handle: &str,
    bytes: &[u8],
    have: &[Part],
) -> Vec<Part> {
    let Plan::Parts(size) = location.plan(upload.size) else { panic!("in parts") };
    let mut parts = Vec::new();
    for (number, chunk) in (1..).zip(bytes.chunks(usize::try_from(size).unwrap())) {
        parts.push(match have.iter().find(|part| part.number == number) {
            Some(part) => part.clone(),
            None => location.send(upload, handle, number, body(chunk), &stop()).unwrap(),
        });
    }
    parts
}

#[test]
fn large_files_go_in_parts_and_small_ones_whole() {
    let (fake, location) = start(|_, _| None);
    assert_eq!(location.plan(100 * MIB - 1), Plan::Whole);
    assert_eq!(location.plan(100 * MIB), Plan::Parts(50 * MIB));
    assert_eq!(location.plan(1_000_000 * MIB), Plan::Parts(100 * MIB));
    store(&location, "small.tar", b"123").unwrap();
    assert_eq!(names(&location), ["small.tar"]);
    assert_eq!(fake.content(&format!("{FILES}/backups/small.tar")).unwrap(), b"123");
}

#[test]
fn an_upload_is_continued_where_it_was_interrupted() {
    let (fake, location) = start(|_, _| None);
    let bytes = bytes(usize::try_from(101 * MIB).unwrap());
    let upload = upload("a+b ä.tar", bytes.len());
    let handle = location.start(&upload, &stop()).unwrap();
    assert!(location.parts(&upload, &handle, &stop()).unwrap().is_empty());
    let first = &bytes[..usize::try_from(50 * MIB).unwrap()];
    location.send(&upload, &handle, 1, body(first), &stop()).unwrap();
    // The process ends and begins again.
    let again = location_of(&format!("{}{FILES}", fake.server.url()), "backups", Some(("eva", "secret")));
    let have = again.parts(&upload, &handle, &stop()).unwrap();
    assert_eq!(have, [Part { number: 1, size: 50 * MIB, tag: String::new(), is_proven: false }]);
    let parts = send_parts(&again, &upload, &handle, &bytes, &have);
    assert_eq!(parts.len(), 3);
    assert!(names(&again).is_empty(), "nothing is listed before it is whole");
    again.finish(&upload, &handle, &parts, &stop()).unwrap();
    assert!(fake.content(&format!("{FILES}/backups/a%2Bb%20%C3%A4.tar")).unwrap() == bytes);
    assert_eq!(fake.requests("PUT").len(), 3);
    assert_eq!(again.parts(&upload, &handle, &stop()).unwrap_err().kind, Kind::NotFound);
    assert_eq!(again.start(&upload, &stop()).unwrap_err().kind, Kind::Exists);
}

#[test]
fn a_discarded_upload_leaves_no_parts() {
    for handle_is_known in [true, false] {
        let (fake, location) = start(|_, _| None);
        let upload = upload("a.tar", usize::try_from(100 * MIB).unwrap());
        let handle = location.start(&upload, &stop()).unwrap();
        // `start` may be repeated when its answer was lost.
        assert_eq!(location.start(&upload, &stop()).unwrap(), handle);
        location.send(&upload, &handle, 1, body(b"12345"), &stop()).unwrap();
        for _ in 0..2 {
            location.discard(&upload, handle_is_known.then_some(&handle), &stop()).unwrap();
        }
        let left: Vec<_> =
            fake.tree.lock().unwrap().keys().filter(|path| path.contains(&upload.token)).cloned().collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(
            location.send(&upload, &handle, 1, body(b"12345"), &stop()).unwrap_err().kind,
            Kind::NotFound
        );
    }
}

#[test]
fn a_lost_or_locked_end_is_unclear_and_a_part_is_just_sent_again() {
    for status in [423, 504, 500] {
        let (_fake, location) = start(move |request, _| match request.method.as_str() {
            "MOVE" => Some(Answer::new(status)),
            "PUT" => Some(Answer::new(504)),
            _ => None,
        });
        let upload = upload("a.tar", usize::try_from(100 * MIB).unwrap());
        let handle = location.start(&upload, &stop()).unwrap();
        assert_eq!(send(&location, &upload, &handle, b"12345").unwrap_err().kind, Kind::Interrupted);
        assert_eq!(location.finish(&upload, &handle, &[], &stop()).unwrap_err().kind, Kind::Unclear);
    }
}

#[test]
fn a_part_that_is_not_whole_is_seen_before_the_end() {
    let (fake, location) = start(|_, _| None);
    let upload = upload("a.tar", usize::try_from(100 * MIB).unwrap());
    let handle = location.start(&upload, &stop()).unwrap();
    let mut part = send(&location, &upload, &handle, b"12345").unwrap();
    part.size = 6;
    assert_eq!(location.finish(&upload, &handle, &[part], &stop()).unwrap_err().kind, Kind::Interrupted);
    assert!(fake.requests("MOVE").is_empty());
}

#[test]
fn a_server_without_chunks_gets_the_next_attempt_in_one_piece() {
    let (_fake, location) = start(|request, tree| {
        let is_chunked = request.path.starts_with(UPLOADS);
        let plain = || answer(request, tree, Style::default());
        Some(if is_chunked { Answer::new(404) } else { plain() })
    });
    let upload = upload("a.tar", usize::try_from(100 * MIB).unwrap());
    assert!(location.start(&upload, &stop()).unwrap_err().is_transient());
    assert_eq!(location.plan(upload.size), Plan::Whole);
    assert!(location.start(&upload, &stop()).unwrap().starts_with('.'));
}
