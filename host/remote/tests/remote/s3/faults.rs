//! Faults of uploads that no real server shows on demand.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use larder_test_servers::{Answer, Request, Scripted};

use super::*;

const MIB: usize = 1 << 20;

pub fn at(server: &Scripted) -> S3Location {
    location(&format!("http://127.0.0.1:{}", server.port), "")
}

pub fn error(status: u16, code: &str) -> Answer {
    Answer::new(status).body(format!("<Error><Code>{code}</Code><Message>m</Message></Error>"))
}

/// What the request is, as S3's manual calls it.
fn operation(request: &Request) -> &'static str {
    let has = |name| request.parameter(name).is_some();
    match request.method.as_str() {
        "HEAD" => "HeadObject",
        "GET" if has("list-type") => "ListObjects",
        "GET" if has("uploads") => "ListUploads",
        "GET" if has("uploadId") => "ListParts",
        "GET" => "GetObject",
        "POST" if has("uploads") => "Create",
        "POST" => "Complete",
        "PUT" if has("partNumber") => "UploadPart",
        "PUT" => "PutObject",
        _ => "Delete",
    }
}

/// A server that is well but for what `fault` answers. The object is `size` bytes once `is_there`.
pub fn server(
    size: usize,
    is_there: Arc<AtomicBool>,
    fault: impl Fn(&str, &Request) -> Option<Answer> + Send + Sync + 'static,
) -> Scripted {
    Scripted::start(move |request| {
        let operation = operation(request);
        if let Some(answer) = fault(operation, request) {
            return answer;
        }
        match operation {
            "HeadObject" if is_there.load(Ordering::SeqCst) => {
                Answer::new(200).header("Content-Length", &size.to_string()).header("ETag", "\"e-2\"")
            }
            "HeadObject" => Answer::new(404),
            "ListObjects" => Answer::new(200).body("<ListBucketResult/>"),
            "Create" => Answer::new(200).body("<R xmlns=\"x\"><UploadId>id/+</UploadId></R>"),
            "UploadPart" | "PutObject" => {
                let digest: [u8; 16] = Md5::digest(request.body()).into();
                let hex: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
                Answer::new(200).header("ETag", &format!("\"{hex}\""))
            }
            "Complete" => Answer::new(200).body("<CompleteMultipartUploadResult/>"),
            "ListParts" => Answer::new(200).body("<L/>"),
            "ListUploads" => Answer::new(200).body("<L/>"),
            _ => Answer::new(204),
        }
    })
}

pub fn nothing() -> Arc<AtomicBool> {
    Arc::default()
}

#[test]
fn requests_are_plain() {
    // What B2, Ceph, R2 and Mega refuse.
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sizes);
    let server = server(0, nothing(), move |operation, request| {
        let is_odd = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.contains("checksum")
                || name.contains("sha256")
                || name == "transfer-encoding"
                || name == "expect"
        };
        if request.headers.iter().any(|(name, _)| is_odd(name)) {
            return Some(error(400, "InvalidArgument"));
        }
        if matches!(operation, "UploadPart" | "PutObject") {
            if request.header("content-length").is_none() || request.header("content-md5").is_none() {
                return Some(error(400, "InvalidRequest"));
            }
            let number: u64 = request.parameter("partNumber").map_or(0, |number| number.parse().unwrap());
            seen.lock().unwrap().push((number, request.length()));
        }
        let has_length = request.header("content-length").is_some();
        if request.method == "POST" && !has_length {
            return Some(error(411, "MissingContentLength"));
        }
        let is_empty = |pair: &str| {
            pair.split_once('=').is_none_or(|(name, value)| value.is_empty() && name != "uploads")
        };
        request.query.split('&').any(is_empty).then(|| error(400, "InvalidArgument"))
    });
    store(&at(&server), "large", &vec![1; 70 * MIB]).unwrap();
    let parts = store(&at(&server), "small", b"x").unwrap();
    assert!(parts[0].is_proven, "{parts:?}");
    let part = 20 * MIB as u64;
    let expected = [(1, part), (2, part), (3, part), (4, part / 2), (0, 1)];
    assert_eq!(*sizes.lock().unwrap(), expected);
}

#[test]
fn a_completion_that_goes_wrong_is_looked_into() {
    let good = || Answer::new(200).body("<R/>");
    let cases: [(&str, Answer, bool, std::result::Result<(), Kind>); 12] = [
        ("an error in a success", error(200, "InternalError"), false, Err(Kind::Unclear)),
        ("another one", error(200, "SlowDown"), false, Err(Kind::Unclear)),
        ("parts that are too small", error(200, "EntityTooSmall"), false, Err(Kind::Invalid)),
        ("an answer that breaks off", good().cut_after(2), false, Err(Kind::Unclear)),
        ("an empty answer", Answer::new(200), false, Err(Kind::Unclear)),
        ("no answer", Answer::none(), false, Err(Kind::Unclear)),
        ("a proxy that does not wait", Answer::new(504), false, Err(Kind::Unclear)),
        ("a server that fails", error(500, "InternalError"), false, Err(Kind::Unclear)),
        ("forgotten", error(404, "NoSuchUpload"), false, Err(Kind::NotFound)),
        ("done before", error(404, "NoSuchUpload"), true, Ok(())),
        ("parts that are gone", error(400, "InvalidPart"), false, Err(Kind::NotFound)),
        ("somebody else's", error(412, "PreconditionFailed"), true, Err(Kind::Exists)),
    ];
    for (what, answer, appears, expected) in cases {
        let there = nothing();
        let appearing = Arc::clone(&there);
        let server = server(30 * MIB, there, move |operation, _| {
            (operation == "Complete").then(|| {
                appearing.store(appears, Ordering::SeqCst);
                answer.clone()
            })
        });
        let result = store(&at(&server), "large", &vec![1; 30 * MIB]).map(drop);
        assert_eq!(result.as_ref().map_err(|error| error.kind).copied(), expected, "{what}: {result:?}");
    }
}

#[test]
fn a_line_that_closes_after_the_last_byte_is_looked_into() {
    let whole = Answer::new(200).header("Content-Length", "1");
    let digest: [u8; 16] = Md5::digest(b"x").into();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let cases = [
        ("stored", whole.clone().header("ETag", &hex), Ok(true)),
        ("stored, by its token", whole.clone().header("x-amz-meta-larder-upload", "TOKEN"), Ok(false)),
        ("somebody else's", whole, Err(Kind::Unclear)),
        ("not stored", Answer::new(404), Err(Kind::Unclear)),
        ("no rights", error(403, "AccessDenied"), Err(Kind::Denied)),
    ];
    for (what, answer, expected) in cases {
        let server = server(1, nothing(), move |operation, _| match operation {
            "PutObject" => Some(Answer::none()),
            "HeadObject" => Some(answer.clone()),
            "ListObjects" => Some(error(403, "AccessDenied")),
            _ => None,
        });
        let upload = Upload { token: "TOKEN".into(), ..upload("x", 1) };
        let result = at(&server).send(&upload, &upload.name, 1, body(b"x"), &stop());
        let result = result.map(|part| part.is_proven).map_err(|error| error.kind);
        assert_eq!(result, expected, "{what}");
    }
}

#[test]
fn a_refusal_before_the_body_was_read_is_found_out() {
    let cases = [
        ("forgotten", error(404, "NoSuchUpload"), Kind::NotFound),
        ("no rights", error(403, "AccessDenied"), Kind::Denied),
        ("still there", Answer::new(200).body("<L/>"), Kind::Interrupted),
        ("down", error(503, "SlowDown"), Kind::Interrupted),
    ];
    for (what, reason, expected) in cases {
        let server = server(0, nothing(), move |operation, _| match operation {
            "UploadPart" => Some(Answer::new(404).early().close()),
            "ListParts" => Some(reason.clone()),
            _ => None,
        });
        let large = upload("large", 30 * MIB);
        let error = at(&server).send(&large, "id", 1, body(&vec![1; 20 * MIB]), &stop()).unwrap_err();
        // The status may get through.
        let is_expected = error.kind == expected || error.kind == Kind::NotFound;
        assert!(is_expected, "{what}: {error}");
    }
}

#[test]
fn a_part_whose_answer_was_lost_is_not_sent_again() {
    let digest: [u8; 16] = Md5::digest(b"part").into();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let row = format!("<Part><PartNumber>3</PartNumber><ETag>&quot;{hex}&#34;</ETag><Size>4</Size></Part>");
    let server = server(0, nothing(), move |operation, request| match operation {
        "UploadPart" => Some(Answer::none()),
        "ListParts" if request.parameter("part-number-marker").as_deref() == Some("2") => {
            Some(Answer::new(200).body(format!("<L>{row}</L>")))
        }
        _ => None,
    });
    let part = at(&server).send(&upload("large", 99), "id", 3, body(b"part"), &stop()).unwrap();
    assert_eq!(part, Part { number: 3, size: 4, tag: hex, is_proven: true });
}

#[test]
fn a_server_that_refuses_the_condition_is_asked_without() {
    let refused = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&refused);
    let server = server(0, nothing(), move |_, request| {
        request.header("if-none-match").map(|_| {
            count.fetch_add(1, Ordering::SeqCst);
            error(501, "NotImplemented")
        })
    });
    let location = at(&server);
    let error = store(&location, "small", b"x").unwrap_err();
    assert_eq!(error.kind, Kind::Interrupted, "{error}");
    store(&location, "small", b"x").unwrap();
    store(&location, "large", &vec![1; 30 * MIB]).unwrap();
    store(&at(&server), "large", &vec![1; 30 * MIB]).unwrap();
    assert_eq!(refused.load(Ordering::SeqCst), 2);
}

#[test]
fn connections_are_kept() {
    let server = server(0, nothing(), |_, _| None);
    let proxy = larder_test_servers::Proxy::to(server.port);
    let location = location(&proxy.url(), "");
    for _ in 0..3 {
        store(&location, "small", b"x").unwrap();
        location.list(&stop()).unwrap();
        location.delete("small", &stop()).unwrap();
    }
    assert_eq!(proxy.connections(), 1);
}

#[test]
fn giving_up_is_done_when_nothing_is_left() {
    let html = || Answer::new(404).body("<html>gone");
    for (answer, expected) in
        [(html(), Ok(())), (Answer::new(200), Ok(())), (error(503, "SlowDown"), Err(Kind::Interrupted))]
    {
        let server =
            server(0, nothing(), move |operation, _| (operation == "Delete").then(|| answer.clone()));
        let large = upload("large", 30 * MIB);
        let result = at(&server).discard(&large, Some("id"), &stop()).map_err(|error| error.kind);
        assert_eq!(result, expected);
    }
    // Servers that cannot list uploads.
    for status in [404, 405, 501] {
        let server = server(0, nothing(), move |operation, _| {
            (operation == "ListUploads").then(|| Answer::new(status))
        });
        at(&server).discard(&upload("large", 30 * MIB), None, &stop()).unwrap();
    }
    // Pages, and keys that only begin alike.
    let server = server(0, nothing(), |operation, request| {
        let row = |key: &str, id: &str| format!("<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>");
        let text = match (operation, request.parameter("key-marker").as_deref()) {
            ("ListUploads", None) => {
                let next = "<IsTruncated>true</IsTruncated><NextKeyMarker>large</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker>";
                format!("{}{}{next}", row("large", "1"), row("large.tar", "2"))
            }
            ("ListUploads", Some("large")) => row("large", "3"),
            _ => return None,
        };
        Some(Answer::new(200).body(format!("<L>{text}</L>")))
    });
    at(&server).discard(&upload("large", 30 * MIB), None, &stop()).unwrap();
    let deleted: Vec<String> = server
        .requests()
        .iter()
        .filter(|request| request.method == "DELETE")
        .filter_map(|request| request.parameter("uploadId"))
        .collect();
    assert_eq!(deleted, ["1", "3"]);
}
