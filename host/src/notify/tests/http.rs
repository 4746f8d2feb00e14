//! Webhooks and ntfy: what a real receiver gets, and how often a delivery is retried.

use std::sync::mpsc::channel;

use serde_json::json;

use super::*;
use crate::http_client::tests::server::{Server, TlsServer, answer, closed_port};

fn webhook(server: &Server, more: &str) -> TestNotifier {
    TestNotifier::new(&format!(
        "[notify.phone]\nkind = \"webhook\"\nurl = \"{}\"\n{more}",
        server.url("/hook/s3cr3t")
    ))
}

#[test]
fn a_webhook_gets_all_fields_as_json() {
    let server = Server::start(|_, _| answer("200 OK", "", "thanks"));
    let notifier = webhook(&server, "");
    let data = json!({"title": "Backup", "message": "It \"failed\":\n\u{0} full", "data": {"tag": 1}, "target": "me"});
    assert_eq!(notifier.send("phone", data), Ok(Value::Null));
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].line, "POST /hook/s3cr3t HTTP/1.1");
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    let expected = json!({"title": "Backup", "message": "It \"failed\":\n\u{0} full", "data": {"tag": 1}, "target": ["me"]});
    assert_eq!(seen[0].json(), expected);
}

#[test]
fn body_and_headers_are_templates() {
    let server = Server::start(|_, _| answer("204 No Content", "", ""));
    let more = r#"
        method = "PUT"
        headers = { X-Title = "{{ title }}", content-type = "text/markdown" }
        body = "**{{ title }}** {{ message | upper }} {{ data.tag }} {{ target | join(' ') }}"
        username = "me"
        password = "hunter22"
    "#;
    let notifier = webhook(&server, more);
    notifier
        .send("phone", json!({"title": "T", "message": "m", "data": {"tag": 1}, "target": ["a", "b"]}))
        .unwrap();
    let seen = server.seen().remove(0);
    assert_eq!(seen.line, "PUT /hook/s3cr3t HTTP/1.1");
    assert_eq!(String::from_utf8(seen.body.clone()).unwrap(), "**T** M 1 a b");
    assert_eq!((seen.header("x-title"), seen.header("content-type")), (Some("T"), Some("text/markdown")));
    assert_eq!(seen.header("authorization"), Some("Basic bWU6aHVudGVyMjI="));
}

#[test]
fn a_line_break_in_a_header_is_refused_and_nothing_is_sent() {
    let server = Server::start(|_, _| answer("200 OK", "", ""));
    let notifier = webhook(&server, "headers = { X-Title = \"{{ title }}\" }");
    let error = notifier.send("phone", json!({"title": "a\r\nX-Evil: b", "message": "m"})).unwrap_err();
    let expected =
        "notify.phone: the header `x-title` contains a line break or another control character; remove it";
    assert_eq!(error, expected);
    assert_eq!((server.seen().len(), notifier.waits()), (0, vec![]));
}

#[test]
fn a_busy_receiver_is_retried_and_gets_it_once() {
    let server = Server::start(|number, _| match number {
        0 | 1 => answer("503 Busy", "", ""),
        _ => answer("200 OK", "", ""),
    });
    let notifier = webhook(&server, "");
    assert_eq!(notifier.send("phone", json!({"message": "m"})), Ok(Value::Null));
    assert_eq!((server.seen().len(), notifier.waits()), (3, vec![2, 4]));
}

#[test]
fn the_wait_that_a_receiver_asks_for_is_respected() {
    let server = Server::start(|number, _| match number {
        0 => answer("429 Too Many", "Retry-After: 17\r\n", ""),
        1 => answer("429 Too Many", "Retry-After: 1\r\n", ""),
        2 => answer("429 Too Many", "Retry-After: soon\r\n", ""),
        _ => answer("200 OK", "", ""),
    });
    let notifier = webhook(&server, "");
    assert_eq!(notifier.send("phone", json!({"message": "m"})), Ok(Value::Null));
    assert_eq!(notifier.waits(), vec![17, 4, 8]);
    let patient = Server::start(|_, _| answer("429 Too Many", "Retry-After: 3600\r\n", ""));
    let notifier = webhook(&patient, "");
    let error = notifier.send("phone", json!({"message": "m"})).unwrap_err();
    assert!(error.ends_with("try again later (tried once; the server asks to wait 3600 s)"), "{error}");
    assert_eq!((patient.seen().len(), notifier.waits()), (1, vec![]));
}

#[test]
fn permanent_failures_are_not_retried() {
    let server = Server::start(|_, _| answer("404 Not Found", "", "no such hook"));
    let notifier = webhook(&server, "");
    let error = notifier.begin("phone", json!({"message": "m"})).recv().unwrap().unwrap_err();
    let expected = format!(
        "notify.phone: {}/… answered 404 Not Found: no such hook; check the address and the method",
        server.url("")
    );
    assert_eq!((error.message, error.is_final), (expected, false));
    assert_eq!((server.seen().len(), notifier.waits()), (1, vec![]));
}

#[test]
fn a_redirect_that_drops_the_body_is_a_failure() {
    let server = Server::start(|number, _| match number {
        0 => answer("301 Moved", "Location: /new\r\n", ""),
        _ => answer("200 OK", "", ""),
    });
    let error = webhook(&server, "").send("phone", json!({"message": "m"})).unwrap_err();
    let expected = "was reached by a redirect that drops the body of the request; use the final address";
    assert_eq!(error, format!("notify.phone: {}/… {expected}", server.url("")));
}

#[test]
fn a_dead_receiver_fails_after_all_attempts_with_the_reason() {
    let port = closed_port();
    let notifier = TestNotifier::new(&format!(
        "[notify.phone]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/s3cr3t\"\nretries = 10"
    ));
    let error = notifier.send("phone", json!({"message": "m"})).unwrap_err();
    let expected = format!(
        "notify.phone: cannot reach http://127.0.0.1:{port}/…: connection refused; check that the server is running \
         (tried 11 times)"
    );
    assert_eq!(error, expected);
    assert_eq!(notifier.waits(), vec![2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
}

#[test]
fn a_2xx_counts_even_if_its_body_is_endless_or_broken() {
    let huge = Server::start(|_, _| answer("200 OK", "", &"x".repeat(3_000_000)));
    assert_eq!(webhook(&huge, "").send("phone", json!({"message": "m"})), Ok(Value::Null));
    let broken = Server::start(|_, _| Some(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx".to_vec()));
    assert_eq!(webhook(&broken, "").send("phone", json!({"message": "m"})), Ok(Value::Null));
    assert_eq!((huge.seen().len(), broken.seen().len()), (1, 1));
}

#[test]
fn an_unknown_certificate_is_not_retried_and_a_known_one_works() {
    let directory = tempfile::tempdir().unwrap();
    let Some(server) = TlsServer::start(directory.path()) else { return };
    let target =
        format!("[notify.phone]\nkind = \"webhook\"\nurl = \"https://localhost:{}/\"\n", server.port);
    let notifier = TestNotifier::new(&target);
    let error = notifier.send("phone", json!({"message": "m"})).unwrap_err();
    assert!(error.ends_with("set `ca_file` under [http] to that authority's certificate"), "{error}");
    assert!(notifier.waits().is_empty());
    let knowing = format!("[http]\nproxy = \"\"\nca_file = \"ca.pem\"\n{target}");
    let notifier = TestNotifier::at(directory.path(), &knowing);
    assert_eq!(notifier.send("phone", json!({"message": "m"})), Ok(Value::Null));
}

#[test]
fn ntfy_gets_its_fields() {
    let server = Server::start(|_, _| answer("200 OK", "", "{}"));
    let target = format!(
        "[notify.phone]\nkind = \"ntfy\"\nurl = \"{}\"\ntopic = \"home-1\"\ntoken = \"tk_1\"",
        server.url("")
    );
    let notifier = TestNotifier::new(&target);
    let data = json!({"priority": "high", "tags": "warning, skull", "click": "https://ha.example/", "push": {"a": 1}, "topic": "x"});
    notifier.send("phone", json!({"title": "Grüße", "message": "é", "data": data})).unwrap();
    let seen = server.seen().remove(0);
    assert_eq!((seen.line.as_str(), seen.header("authorization")), ("POST / HTTP/1.1", Some("Bearer tk_1")));
    let expected = json!({
        "topic": "home-1", "title": "Grüße", "message": "é", "priority": 4, "tags": ["warning", "skull"],
        "click": "https://ha.example/",
    });
    assert_eq!(seen.json(), expected);
    let error = notifier.send("phone", json!({"message": "m", "data": {"priority": 9}})).unwrap_err();
    assert!(error.starts_with("notify.phone: `priority` is not valid; write 1 to 5"), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_slow_receiver_delays_only_its_own_queue_which_stays_in_order() {
    let (go, gate) = channel::<()>();
    let (arrived, arrival) = channel();
    let slow = Server::start(move |number, _| {
        arrived.send(()).unwrap();
        if number == 0 {
            gate.recv().unwrap();
        }
        answer("200 OK", "", "")
    });
    let toml = format!(
        "[notify.slow]\nkind = \"webhook\"\nurl = \"{}\"\n[notify.log]\nkind = \"log\"",
        slow.url("/")
    );
    let notifier = TestNotifier::new(&toml);
    let first = notifier.begin("slow", json!({"message": "1"}));
    arrival.recv().unwrap();
    let more: Vec<_> =
        (2..=33).map(|number| notifier.begin("slow", json!({"message": number.to_string()}))).collect();
    assert_eq!(notifier.send("log", json!({"message": "beside"})), Ok(Value::Null));
    let full = notifier.send("slow", json!({"message": "34"})).unwrap_err();
    let expected =
        "notify.slow: its queue is full (32 notifications); check why the receiver does not accept them";
    assert_eq!(full, expected);
    assert!(first.try_recv().is_err());
    go.send(()).unwrap();
    assert!(first.recv().unwrap().is_ok());
    assert!(more.into_iter().all(|outcome| outcome.recv().unwrap().is_ok()));
    let order: Vec<_> =
        slow.seen().iter().map(|seen| seen.json()["message"].as_str().unwrap().to_owned()).collect();
    assert_eq!(order, (1..=33).map(|number| number.to_string()).collect::<Vec<_>>());
}
