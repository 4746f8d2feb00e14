//! The client against real servers: what arrives, how requests fail, which hosts may be reached.

mod routes;

pub mod server;

use std::time::Duration;

use super::*;
use server::{Server, answer, closed_port};

/// Settings without the proxies of the machine that runs the tests.
pub fn settings() -> Settings {
    Settings { proxy: Some(String::new()), ..Settings::default() }
}

fn client() -> Client {
    Client::new(&settings()).unwrap()
}

fn request(method: &str, url: &str) -> Request {
    let body = (method == "POST").then(|| b"hello".to_vec());
    Request { method: method.into(), url: url.into(), headers: vec![], body, max_body: 1000 }
}

fn with_header(method: &str, url: &str, name: &str, value: &str) -> Request {
    Request { headers: vec![(name.into(), value.into())], ..request(method, url) }
}

fn failure(request: &Request) -> Failure {
    client().send(request, &Hosts::any()).unwrap_err()
}

#[test]
fn a_request_arrives_and_its_answer_is_returned() {
    let server = Server::start(|_, _| answer("201 Created", "X-Id: 7\r\n", "done"));
    let request = with_header("POST", &server.url("/a?b=c#d"), "X-Name", "Grüße");
    let response = client().send(&request, &Hosts::any()).unwrap().accepted().unwrap();
    assert_eq!((response.status, response.body.as_slice()), (201, b"done".as_slice()));
    assert_eq!((response.header("x-id"), &response.truncated), (Some("7"), &None));
    let seen = server.seen().remove(0);
    assert_eq!(seen.line, "POST /a?b=c HTTP/1.1");
    assert_eq!(seen.body, b"hello");
    assert_eq!(seen.header("x-name"), Some("Grüße"));
    assert_eq!(seen.header("host"), Some(format!("127.0.0.1:{}", server.port).as_str()));
    assert!(seen.header("user-agent").unwrap().starts_with("larder/"));
}

#[test]
fn every_method_arrives_with_and_without_a_body() {
    let server = Server::start(|_, _| answer("200 OK", "", ""));
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        let request = Request { body: None, ..request(method, &server.url("/")) };
        assert_eq!(client().send(&request, &Hosts::any()).unwrap().status, 200, "{method}");
    }
    let lines: Vec<_> = server.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(lines.len(), 7, "{lines:?}");
    let get = Request { body: Some(vec![1]), ..request("GET", &server.url("/")) };
    assert_eq!(failure(&get).message, "a GET request has no body; use POST, PUT or PATCH, or send none");
}

#[test]
fn a_refusal_shows_status_and_reason_and_no_secret_of_the_address() {
    let server = Server::start(|_, _| answer("503 Nope", "Retry-After: 7\r\n", "over\r\n\x1b[31mloaded"));
    let response =
        client().send(&request("POST", &server.url("/hook/s3cr3t?token=abc")), &Hosts::any()).unwrap();
    let failure = response.accepted().unwrap_err();
    let origin = server.url("");
    let expected = format!("{origin}/… answered 503 Service Unavailable: over [31mloaded; try again later");
    assert_eq!(failure.message, expected);
    assert_eq!(failure.retry_after, Some(Duration::from_secs(7)));
    assert!(!failure.is_final());
}

#[test]
fn which_answers_are_final() {
    let is_final = |status| Failure::new(Cause::Status(status), "").is_final();
    assert_eq!([400, 401, 404, 410, 422].map(is_final), [true; 5]);
    assert_eq!([408, 425, 429, 500, 503].map(is_final), [false; 5]);
    assert!(is_final(304));
}

#[test]
fn a_closed_port_is_an_error_that_may_be_retried() {
    let failure = failure(&request("POST", &format!("http://127.0.0.1:{}/hook?key=x", closed_port())));
    assert_eq!((failure.cause, failure.is_final()), (Cause::Unreachable, false));
    assert!(
        failure.message.ends_with("/…: connection refused; check that the server is running"),
        "{failure}"
    );
}

#[test]
fn an_unknown_host_name_is_an_error() {
    let failure = failure(&request("POST", "http://nobody.invalid/"));
    assert_eq!((failure.cause, failure.is_final()), (Cause::NameNotFound, false));
    let expected = "cannot reach http://nobody.invalid: the host name cannot be resolved; check its spelling and the name server";
    assert_eq!(failure.message, expected);
}

#[test]
fn a_silent_server_costs_no_more_than_the_time_limit() {
    let server = Server::start(|_, _| None);
    let settings = Settings { time: Duration::from_millis(100), ..settings() };
    let client = Client::new(&settings).unwrap();
    let failure = client.send(&request("POST", &server.url("/")), &Hosts::any()).unwrap_err();
    assert_eq!((failure.cause, failure.is_final()), (Cause::TimedOut, false));
    assert!(failure.message.contains("no answer in time"), "{failure}");
}

#[test]
fn a_long_answer_is_truncated_and_marked() {
    let server = Server::start(|_, _| answer("200 OK", "", &"x".repeat(5_000_000)));
    let response = client().send(&request("GET", &server.url("/")), &Hosts::any()).unwrap();
    assert_eq!(response.body.len(), 1000);
    assert!(response.truncated.unwrap().message.contains("longer than 1000 bytes"));
    let exact = Server::start(|_, _| answer("200 OK", "", &"x".repeat(1000)));
    let response = client().send(&request("GET", &exact.url("/")), &Hosts::any()).unwrap();
    assert_eq!((response.body.len(), &response.truncated), (1000, &None));
}

#[test]
fn endless_headers_are_an_error() {
    let server =
        Server::start(|_, _| Some([b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'x'; 1_000_000]].concat()));
    assert_eq!(failure(&request("GET", &server.url("/"))).cause, Cause::Broken);
}

#[test]
fn an_answer_that_ends_early_is_returned_and_marked() {
    let server = Server::start(|_, _| Some(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nbegun".to_vec()));
    let response = client().send(&request("GET", &server.url("/")), &Hosts::any()).unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"begun".as_slice()));
    assert_eq!(response.truncated.unwrap().cause, Cause::Broken);
}

#[test]
fn an_answer_that_is_not_http_is_an_error() {
    let server = Server::start(|_, _| Some(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec()));
    let failure = failure(&request("GET", &server.url("/")));
    assert_eq!(failure.cause, Cause::Broken);
    assert!(failure.message.contains("check the port and the scheme"), "{failure}");
}

#[test]
fn nothing_can_be_smuggled_into_a_request() {
    let server = Server::start(|_, _| answer("200 OK", "", ""));
    let url = server.url("/");
    let cases = [
        (
            with_header("GET", &url, "X", "a\r\nEvil: b"),
            "the header `x` contains a line break or another control character; remove it",
        ),
        (
            with_header("GET", &url, "X", "a\0"),
            "the header `x` contains a line break or another control character; remove it",
        ),
        (
            with_header("GET", &url, "X: y\r\nZ", "a"),
            "`X: y Z` is not a header name; use letters, digits and `-`",
        ),
        (with_header("GET", &url, "Host", "other"), "the header `host` is set by Larder; remove it"),
        (
            with_header("POST", &url, "Transfer-Encoding", "chunked"),
            "the header `transfer-encoding` is set by Larder; remove it",
        ),
        (
            request("GET / HTTP/1.1\r\nX: y", &url),
            "`GET / HTTP/1.1 X: y` is not a method; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
        ),
        (request("GET", &format!("{url}a\r\nb")), "the address contains a control character; remove it"),
        (
            request("GET", "file:///etc/passwd"),
            "the address is not http or https; write http://HOST/… or https://HOST/…",
        ),
        (
            request("GET", "ntfy.example"),
            "the address is not valid (relative URL without a base); write http://HOST/… or https://HOST/…",
        ),
    ];
    for (request, expected) in cases {
        let failure = failure(&request);
        assert_eq!((failure.message.as_str(), failure.cause), (expected, Cause::Invalid));
        assert!(failure.is_final());
    }
    let refused = failure(&request("GET", "https://user:hunter22@example.org/"));
    assert!(
        refused.message.contains("`username` and `password`") && !refused.message.contains("hunter22"),
        "{refused}"
    );
    assert_eq!(server.seen().len(), 0);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(64))]

    #[test]
    fn a_header_arrives_as_one_header_or_not_at_all(
        name in "[a-zA-Z\\r\\n :_-]{1,8}",
        value in "([ -~]|\\r|\\n|\\PC|\u{0}|\u{7f}){0,20}",
    ) {
        let server = Server::start(|_, _| answer("200 OK", "", ""));
        let sent = client().send(&with_header("GET", &server.url("/"), &name, &value), &Hosts::any());
        let seen = server.seen();
        match sent {
            Err(failure) => assert_eq!((failure.cause, seen.len()), (Cause::Invalid, 0)),
            Ok(_) => {
                assert_eq!(seen[0].header(&name.to_lowercase()), Some(value.trim()));
                let ours = ["host", "user-agent", "accept"];
                let known = |header: &str| ours.contains(&header) || header == name.to_lowercase();
                assert!(seen[0].headers.iter().all(|(header, _)| known(header)), "{:?}", seen[0].headers);
            }
        }
    }
}

#[test]
fn a_shutdown_interrupts_running_requests() {
    let (arrived, arrival) = std::sync::mpsc::channel();
    let server = Server::start(move |_, _| {
        arrived.send(()).unwrap();
        None
    });
    let client = client();
    let waiting = client.clone();
    let request = request("POST", &server.url("/"));
    let thread = std::thread::spawn(move || waiting.send(&request, &Hosts::any()));
    arrival.recv().unwrap();
    client.shutdown();
    assert_eq!(thread.join().unwrap().unwrap_err().cause, Cause::Broken);
}
