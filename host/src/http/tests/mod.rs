//! The client against servers that really speak: what arrives, what fails how, what may be reached.

pub mod server;

use std::time::Duration;

use super::*;
use server::{Server, TlsServer, answer, closed_port, proxy};

/// Without the proxies of whoever runs the tests.
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
fn what_is_sent_arrives_and_the_answer_comes_back() {
    let server = Server::start(|_, _| answer("201 Created", "X-Id: 7\r\n", "done"));
    let request = with_header("POST", &server.url("/a?b=c#d"), "X-Name", "Grüße");
    let response = client().send(&request, &Hosts::any()).unwrap().accepted().unwrap();
    assert_eq!((response.status, response.body.as_slice()), (201, b"done".as_slice()));
    assert_eq!((response.header("x-id"), &response.cut), (Some("7"), &None));
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
fn an_answer_that_says_no_tells_its_status_and_reason_and_no_secret_of_the_address() {
    let server = Server::start(|_, _| answer("503 Nope", "Retry-After: 7\r\n", "over\r\n\x1b[31mloaded"));
    let response =
        client().send(&request("POST", &server.url("/hook/s3cr3t?token=abc")), &Hosts::any()).unwrap();
    let failure = response.accepted().unwrap_err();
    let origin = server.url("");
    let expected =
        format!("{origin}/… answered 503 Service Unavailable: over [31mloaded; it may take it later");
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
fn nobody_there_is_told_and_may_change() {
    let failure = failure(&request("POST", &format!("http://127.0.0.1:{}/hook?key=x", closed_port())));
    assert_eq!((failure.cause, failure.is_final()), (Cause::Unreachable, false));
    assert!(
        failure.message.ends_with("/…: connection refused; check that the receiver runs there"),
        "{failure}"
    );
}

#[test]
fn a_name_that_nobody_knows_is_told() {
    let failure = failure(&request("POST", "http://nobody.invalid/"));
    assert_eq!((failure.cause, failure.is_final()), (Cause::NameNotFound, false));
    let expected =
        "cannot reach http://nobody.invalid: the name is not known; check its spelling and the name server";
    assert_eq!(failure.message, expected);
}

#[test]
fn a_silent_receiver_costs_no_more_than_the_time_given() {
    let server = Server::start(|_, _| None);
    let settings = Settings { time: Duration::from_millis(100), ..settings() };
    let client = Client::new(&settings).unwrap();
    let failure = client.send(&request("POST", &server.url("/")), &Hosts::any()).unwrap_err();
    assert_eq!((failure.cause, failure.is_final()), (Cause::TimedOut, false));
    assert!(failure.message.contains("no answer in time"), "{failure}");
}

#[test]
fn a_long_answer_is_cut_and_says_so() {
    let server = Server::start(|_, _| answer("200 OK", "", &"x".repeat(5_000_000)));
    let response = client().send(&request("GET", &server.url("/")), &Hosts::any()).unwrap();
    assert_eq!(response.body.len(), 1000);
    assert!(response.cut.unwrap().message.contains("longer than 1000 bytes"));
    let exact = Server::start(|_, _| answer("200 OK", "", &"x".repeat(1000)));
    let response = client().send(&request("GET", &exact.url("/")), &Hosts::any()).unwrap();
    assert_eq!((response.body.len(), &response.cut), (1000, &None));
}

#[test]
fn endless_headers_are_given_up() {
    let server =
        Server::start(|_, _| Some([b"HTTP/1.1 200 OK\r\nX: ".as_slice(), &[b'x'; 1_000_000]].concat()));
    assert_eq!(failure(&request("GET", &server.url("/"))).cause, Cause::Broken);
}

#[test]
fn an_answer_that_ends_early_is_still_an_answer_and_says_so() {
    let server = Server::start(|_, _| Some(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nbegun".to_vec()));
    let response = client().send(&request("GET", &server.url("/")), &Hosts::any()).unwrap();
    assert_eq!((response.status, response.body.as_slice()), (200, b"begun".as_slice()));
    assert_eq!(response.cut.unwrap().cause, Cause::Broken);
}

#[test]
fn what_is_no_http_is_told() {
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
            "the header `x` holds a line end or another control character; leave it out",
        ),
        (
            with_header("GET", &url, "X", "a\0"),
            "the header `x` holds a line end or another control character; leave it out",
        ),
        (
            with_header("GET", &url, "X: y\r\nZ", "a"),
            "`X: y Z` is no header's name; write letters, digits and `-`",
        ),
        (with_header("GET", &url, "Host", "other"), "the header `host` is set by Larder; remove it"),
        (
            with_header("POST", &url, "Transfer-Encoding", "chunked"),
            "the header `transfer-encoding` is set by Larder; remove it",
        ),
        (
            request("GET / HTTP/1.1\r\nX: y", &url),
            "`GET / HTTP/1.1 X: y` is no method; write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
        ),
        (request("GET", &format!("{url}a\r\nb")), "the address holds a control character; remove it"),
        (
            request("GET", "file:///etc/passwd"),
            "the address is no web address; write http://HOST/… or https://HOST/…",
        ),
        (
            request("GET", "ntfy.example"),
            "the address is wrong (relative URL without a base); write http://HOST/… or https://HOST/…",
        ),
    ];
    for (request, expected) in cases {
        let failure = failure(&request);
        assert_eq!((failure.message.as_str(), failure.cause), (expected, Cause::Invalid));
        assert!(failure.is_final());
    }
    let told = failure(&request("GET", "https://user:hunter22@example.org/"));
    assert!(
        told.message.contains("`username` and `password`") && !told.message.contains("hunter22"),
        "{told}"
    );
    assert_eq!(server.seen().len(), 0);
}

#[test]
fn a_redirect_is_followed_and_a_post_becomes_a_get_where_it_should() {
    for (status, expected, body) in
        [("302 Found", "GET", ""), ("303 See Other", "GET", ""), ("307 Again", "POST", "hello")]
    {
        let server = Server::start(move |number, _| match number {
            0 => answer(status, "Location: there?x=1\r\n", ""),
            _ => answer("200 OK", "", "end"),
        });
        let request = with_header("POST", &server.url("/here/now"), "Authorization", "Bearer t");
        assert_eq!(client().send(&request, &Hosts::any()).unwrap().body, b"end");
        let seen = server.seen().remove(1);
        assert_eq!(seen.line, format!("{expected} /here/there?x=1 HTTP/1.1"));
        assert_eq!(seen.body, body.as_bytes());
        assert_eq!(seen.header("authorization"), Some("Bearer t"));
    }
}

#[test]
fn another_host_does_not_learn_who_we_are() {
    let other = Server::start(|_, _| answer("200 OK", "", ""));
    let location = format!("Location: http://u:p@127.0.0.1:{}/\r\n", other.port);
    let server = Server::start(move |_, _| answer("307 Away", &location, ""));
    let mut request = with_header("POST", &server.url("/"), "Authorization", "Bearer t");
    request.headers.push(("X-Api-Key".into(), "k".into()));
    request.headers.push(("Content-Type".into(), "text/plain".into()));
    client().send(&request, &Hosts::any()).unwrap();
    let seen = other.seen().remove(0);
    assert_eq!((seen.header("authorization"), seen.header("x-api-key")), (None, None));
    assert_eq!(seen.header("content-type"), Some("text/plain"));
}

#[test]
fn a_redirect_to_a_host_that_is_not_listed_is_not_followed() {
    let other = Server::start(|_, _| answer("200 OK", "", ""));
    let location = format!("Location: http://localhost:{}/take?it=all\r\n", other.port);
    let server = Server::start(move |_, _| answer("302 Away", &location, ""));
    let hosts = Hosts::listed(&[format!("127.0.0.1:{}", server.port)]).unwrap();
    let failure = client().send(&request("POST", &server.url("/")), &hosts).unwrap_err();
    assert_eq!((failure.cause, failure.is_final()), (Cause::Denied, true));
    let expected = format!(
        "http://localhost:{}/… is not among the hosts that may be reached; list it, or use another",
        other.port
    );
    assert_eq!(failure.message, expected);
    assert_eq!((server.seen().len(), other.seen().len()), (1, 0));
    let none = Hosts::listed::<&str>(&[]).unwrap();
    assert_eq!(client().send(&request("POST", &server.url("/")), &none).unwrap_err().cause, Cause::Denied);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn redirects_that_lead_nowhere_end() {
    let circle = Server::start(|_, _| answer("302 Found", "Location: /\r\n", ""));
    let told = failure(&request("GET", &circle.url("/")));
    assert_eq!((told.cause, circle.seen().len()), (Cause::Redirect, 6));
    let file = Server::start(|_, _| answer("302 Found", "Location: file:///etc/passwd\r\n", ""));
    assert!(failure(&request("GET", &file.url("/"))).message.contains("to what is no web address"));
    let kept = Server::start(|_, _| answer("302 Found", "", ""));
    assert_eq!(client().send(&request("GET", &kept.url("/")), &Hosts::any()).unwrap().status, 302);
}

#[test]
fn tls_works_once_its_ca_is_named_and_says_what_to_do_before() {
    let directory = tempfile::tempdir().unwrap();
    let Some(server) = TlsServer::start(directory.path()) else { return };
    let request = request("POST", &format!("https://localhost:{}/", server.port));
    let told = failure(&request);
    assert_eq!((told.cause, told.is_final()), (Cause::Certificate, true), "{told}");
    let advice = "its certificate is signed by nobody known here; name the signer's certificate as `ca_file` under [http]";
    assert!(told.message.ends_with(advice), "{told}");

    let knowing =
        Client::new(&Settings { ca_file: Some(directory.path().join("ca.pem")), ..settings() }).unwrap();
    assert_eq!(knowing.send(&request, &Hosts::any()).unwrap().body, b"hello");
    let by_number = Request { url: format!("https://127.0.0.1:{}/", server.port), ..request.clone() };
    let told = knowing.send(&by_number, &Hosts::any()).unwrap_err();
    assert_eq!(told.cause, Cause::Certificate);
    assert!(told.message.contains("its certificate is not valid (certificate not valid for name"), "{told}");
    let plain = Request { url: format!("http://localhost:{}/", server.port), ..request.clone() };
    assert_eq!(knowing.send(&plain, &Hosts::any()).unwrap_err().cause, Cause::Broken);

    let (port, asked) = proxy();
    let through = Settings { proxy: Some(format!("http://u:p%20w@127.0.0.1:{port}")), ..settings() };
    let through = Settings { ca_file: Some(directory.path().join("ca.pem")), ..through };
    let response = Client::new(&through).unwrap().send(&request, &Hosts::any()).unwrap();
    assert_eq!(response.body, b"hello");
    let asked = asked.lock().unwrap();
    assert_eq!(asked[0].line, format!("CONNECT localhost:{} HTTP/1.1", server.port));
    assert_eq!(asked[0].header("proxy-authorization"), Some("Basic dTpwIHc="));
}

#[test]
fn https_to_what_speaks_http_is_told() {
    let server = Server::start(|_, _| answer("400 Bad", "", ""));
    let told = failure(&request("GET", &format!("https://127.0.0.1:{}/", server.port)));
    assert_eq!(told.cause, Cause::Broken, "{told}");
}

#[test]
fn a_ca_file_that_holds_no_certificate_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let error = |path: &std::path::Path| {
        let settings = Settings { ca_file: Some(path.into()), ..settings() };
        Client::new(&settings).err().unwrap().to_string()
    };
    assert!(error(&path).starts_with("cannot read the certificates in "));
    std::fs::write(&path, "hello").unwrap();
    assert!(error(&path).contains("give a file in PEM form"));
}

#[test]
fn the_environments_proxy_is_taken_and_left_where_it_says() {
    let server = Server::start(|_, _| answer("200 OK", "", "end"));
    let (port, asked) = proxy();
    let find = move |name: &str| match name {
        "HTTP_PROXY" => Some(format!("127.0.0.1:{port}")),
        "NO_PROXY" => Some("127.0.0.0/8".to_owned()),
        _ => None,
    };
    let client = Client::with_environment(&Settings::default(), &find).unwrap();
    client.send(&request("GET", &server.url("/straight")), &Hosts::any()).unwrap();
    assert_eq!(asked.lock().unwrap().len(), 0);
    let named = format!("http://receiver.example:{}/through", server.port);
    client.send(&request("GET", &named), &Hosts::any()).unwrap();
    assert_eq!(asked.lock().unwrap()[0].line, format!("CONNECT receiver.example:{} HTTP/1.1", server.port));
    assert_eq!(server.seen()[1].line, "GET /through HTTP/1.1");
}

#[test]
fn a_socks_proxy_is_asked_for_the_name() {
    let server = Server::start(|_, _| answer("200 OK", "", "end"));
    let (port, asked) = proxy();
    let settings = Settings { proxy: Some(format!("socks5h://127.0.0.1:{port}")), ..settings() };
    let url = format!("http://receiver.example:{}/", server.port);
    let response = Client::new(&settings).unwrap().send(&request("GET", &url), &Hosts::any()).unwrap();
    assert_eq!(response.body, b"end");
    assert_eq!(asked.lock().unwrap()[0].line, format!("receiver.example:{}", server.port));
}

#[test]
fn a_proxy_that_refuses_or_is_not_there_is_named() {
    let (port, _) = proxy();
    let refusing = Settings { proxy: Some(format!("http://me:hunter22@127.0.0.1:{port}")), ..settings() };
    let request = request("GET", "http://forbidden.example/");
    let told = Client::new(&refusing).unwrap().send(&request, &Hosts::any()).unwrap_err();
    assert_eq!(told.cause, Cause::Proxy);
    let expected = format!(
        "cannot reach http://forbidden.example through the proxy 127.0.0.1:{port}: it responded 403; allow CONNECT to \
         this host there, or list the host in `no_proxy`"
    );
    assert_eq!(told.message, expected);
    let port = closed_port();
    let gone = Settings { proxy: Some(format!("http://127.0.0.1:{port}")), ..settings() };
    let told = Client::new(&gone).unwrap().send(&request, &Hosts::any()).unwrap_err();
    assert!(
        told.message.contains(&format!("through the proxy 127.0.0.1:{port}: connection refused")),
        "{told}"
    );
    let wrong = Settings { proxy: Some("gopher://x".into()), ..settings() };
    assert!(Client::new(&wrong).is_err());
}

#[test]
fn a_shutdown_interrupts_what_is_under_way() {
    let (tell, told) = std::sync::mpsc::channel();
    let server = Server::start(move |_, _| {
        tell.send(()).unwrap();
        None
    });
    let client = client();
    let waiting = client.clone();
    let request = request("POST", &server.url("/"));
    let thread = std::thread::spawn(move || waiting.send(&request, &Hosts::any()));
    told.recv().unwrap();
    client.shutdown();
    assert_eq!(thread.join().unwrap().unwrap_err().cause, Cause::Broken);
}
