//! The scripted server answers as it is told: early, late, cut off, or not at all; and keeps what it was asked.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use larder_test_servers::{Answer, Gate, Scripted};

const PATIENCE: Duration = Duration::from_secs(20);

fn connect(server: &Scripted) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What comes until the connection ends.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What comes until `end` has come.
fn until(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut byte = [0];
    while !text.ends_with(end) {
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    text
}

fn ask(server: &Scripted, request: &str) -> String {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    rest(&mut stream)
}

#[test]
fn several_requests_of_a_connection_are_answered_and_kept() {
    let server = Scripted::start(|request| {
        let said = format!("{} {} {}", request.method, request.path, request.text());
        Answer::new(201).header("X-Fact", "yes").body(said)
    });
    let two = "PUT /a%20b?x=1%2B2&y HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\
               POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1;x=y\r\nf\r\n0\r\n\r\n";
    let said = ask(&server, two);
    let answer = |body: &str| {
        let length = body.len();
        format!("HTTP/1.1 201 Scripted\r\nX-Fact: yes\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    assert_eq!(said, answer("PUT /a%20b abc") + &answer("POST /c def"));
    let [first, second] = &server.requests()[..] else { panic!("{:?}", server.requests()) };
    assert_eq!((first.path.as_str(), first.query.as_str()), ("/a%20b", "x=1%2B2&y"));
    assert_eq!((first.parameter("x").as_deref(), first.parameter("y").as_deref()), (Some("1+2"), Some("")));
    assert_eq!(
        (first.header("host"), first.header("absent"), first.parameter("absent")),
        (Some("h"), None, None)
    );
    assert_eq!((second.body(), second.length(), second.is_whole()), (b"def".to_vec(), 3, true));
}

#[test]
fn a_body_that_nobody_asks_for_is_read_before_the_answer() {
    let server = Scripted::start(|_| Answer::new(200));
    assert!(ask(&server, "PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").starts_with("HTTP/1.1 200"));
    assert_eq!(server.requests()[0].text(), "abc");
}

#[test]
fn a_body_that_breaks_off_is_no_whole_one() {
    let server = Scripted::start(|_| Answer::new(200));
    assert_eq!(ask(&server, "PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"), "");
    let request = &server.requests()[0];
    assert_eq!((request.text().as_str(), request.is_whole()), ("abc", false));
}

#[test]
fn whoever_waits_for_a_go_ahead_gets_it_when_the_body_is_read() {
    let server = Scripted::start(|request| Answer::new(if request.length() == 3 { 200 } else { 400 }));
    let mut stream = connect(&server);
    stream.write_all(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n").unwrap();
    until(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"abc").unwrap();
    until(&mut stream, "HTTP/1.1 200 Scripted\r\n");
}

#[test]
fn an_early_answer_comes_before_the_body() {
    for close in [false, true] {
        let server = Scripted::start(move |_| {
            let answer = Answer::new(403).early();
            if close { answer.close() } else { answer }
        });
        let mut stream = connect(&server);
        stream.write_all(b"PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\n").unwrap();
        until(&mut stream, "\r\n\r\n");
        if close {
            assert_eq!(rest(&mut stream), "", "the body is never read");
            assert!(!server.requests()[0].is_whole());
        } else {
            stream.write_all(b"abcGET /next HTTP/1.1\r\n\r\n").unwrap();
            until(&mut stream, "HTTP/1.1 403");
        }
    }
}

#[test]
fn no_answer_is_the_end_of_the_connection() {
    let server = Scripted::start(|_| Answer::none());
    assert_eq!(ask(&server, "GET / HTTP/1.1\r\n\r\n"), "");
    assert_eq!(server.count(), 1);
}

#[test]
fn an_answer_breaks_off_after_the_bytes_that_it_is_told() {
    let server = Scripted::start(|_| Answer::new(200).body("abcdef").cut_after(2));
    assert!(ask(&server, "GET / HTTP/1.1\r\n\r\n").ends_with("Content-Length: 6\r\n\r\nab"));
}

#[test]
fn an_answer_to_head_has_the_length_and_not_the_body() {
    let server = Scripted::start(|request| match request.path.as_str() {
        "/own" => Answer::new(404).header("content-length", "272"),
        "/nothing" => Answer::new(204),
        _ => Answer::new(200).body("abcdef"),
    });
    for (path, end) in [("/", "Content-Length: 6\r\n\r\n"), ("/own", "content-length: 272\r\n\r\n")] {
        assert!(ask(&server, &format!("HEAD {path} HTTP/1.1\r\n\r\n")).ends_with(end), "{path}");
    }
    assert_eq!(ask(&server, "DELETE /nothing HTTP/1.1\r\n\r\n"), "HTTP/1.1 204 Scripted\r\n\r\n");
}

#[test]
fn an_answer_waits_for_its_gate() {
    let gate = Gate::new();
    let answers = gate.clone();
    let server = Scripted::start(move |_| Answer::new(200).after(&answers));
    let mut stream = connect(&server);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(stream.read(&mut [0]).is_err(), "it is closed");
    gate.open();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    until(&mut stream, "HTTP/1.1 200 Scripted\r\n");
}

#[test]
fn a_dropped_server_is_gone_with_its_connections() {
    let server = Scripted::start(|_| Answer::new(200));
    let mut stream = connect(&server);
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    until(&mut stream, "\r\n\r\n");
    let port = server.port;
    drop(server);
    assert_eq!(rest(&mut stream), "");
    // The thread that listens ends on its own time.
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        std::thread::yield_now();
    }
}
