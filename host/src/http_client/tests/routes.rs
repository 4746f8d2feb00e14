//! The routes of requests: redirects, the list of allowed hosts, TLS, proxies.

use super::server::{Server, TlsServer, answer, closed_port, proxy};
use super::*;

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
        let response = client().send(&request, &Hosts::any()).unwrap();
        assert_eq!(
            (response.body.as_slice(), response.lost_body),
            (b"end".as_slice(), status.starts_with("302"))
        );
        let seen = server.seen().remove(1);
        assert_eq!(seen.line, format!("{expected} /here/there?x=1 HTTP/1.1"));
        assert_eq!(seen.body, body.as_bytes());
        assert_eq!(seen.header("authorization"), Some("Bearer t"));
    }
}

#[test]
fn credentials_are_not_sent_to_another_host() {
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
        "http://localhost:{}/… is not an allowed host; add it to the list, or use another",
        other.port
    );
    assert_eq!(failure.message, expected);
    assert_eq!((server.seen().len(), other.seen().len()), (1, 0));
    let none = Hosts::listed::<&str>(&[]).unwrap();
    assert_eq!(client().send(&request("POST", &server.url("/")), &none).unwrap_err().cause, Cause::Denied);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn no_redirect_leads_from_https_to_http() {
    let request = request("GET", "https://a.example/x");
    let hop = Hop::first(&request).unwrap();
    let next = |location: &'static str| hop.next(302, Some(&http::HeaderValue::from_static(location)));
    let error = next("http://a.example/").err().unwrap();
    let expected = "https://a.example/… redirects from https to http; use the final address";
    assert_eq!((error.message.as_str(), error.cause), (expected, Cause::Redirect));
    assert!(next("//b.example/").unwrap().is_some());
}

#[test]
fn redirects_that_lead_nowhere_end() {
    let circle = Server::start(|_, _| answer("302 Found", "Location: /\r\n", ""));
    let error = failure(&request("GET", &circle.url("/")));
    assert_eq!((error.cause, circle.seen().len()), (Cause::Redirect, 6));
    let file = Server::start(|_, _| answer("302 Found", "Location: file:///etc/passwd\r\n", ""));
    assert!(
        failure(&request("GET", &file.url("/"))).message.contains("to an address that is not http or https")
    );
    let kept = Server::start(|_, _| answer("302 Found", "", ""));
    assert_eq!(client().send(&request("GET", &kept.url("/")), &Hosts::any()).unwrap().status, 302);
}

#[test]
fn tls_works_with_its_ca_file_and_the_error_without_it_says_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let Some(server) = TlsServer::start(directory.path()) else { return };
    let request = request("POST", &format!("https://localhost:{}/", server.port));
    let error = failure(&request);
    assert_eq!((error.cause, error.is_final()), (Cause::Certificate, true), "{error}");
    let advice = "its certificate is signed by an unknown authority; set `ca_file` under [http] to that authority's certificate";
    assert!(error.message.ends_with(advice), "{error}");

    let knowing =
        Client::new(&Settings { ca_file: Some(directory.path().join("ca.pem")), ..settings() }).unwrap();
    assert_eq!(knowing.send(&request, &Hosts::any()).unwrap().body, b"hello");
    let by_number = Request { url: format!("https://127.0.0.1:{}/", server.port), ..request.clone() };
    let error = knowing.send(&by_number, &Hosts::any()).unwrap_err();
    assert_eq!(error.cause, Cause::Certificate);
    assert!(
        error.message.contains("its certificate is not valid (certificate not valid for name"),
        "{error}"
    );
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
fn https_to_an_http_server_is_an_error() {
    let server = Server::start(|_, _| answer("400 Bad", "", ""));
    let error = failure(&request("GET", &format!("https://127.0.0.1:{}/", server.port)));
    assert_eq!(error.cause, Cause::Broken, "{error}");
}

#[test]
fn a_ca_file_without_a_certificate_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let error = |path: &std::path::Path| {
        let settings = Settings { ca_file: Some(path.into()), ..settings() };
        Client::new(&settings).err().unwrap().to_string()
    };
    assert!(error(&path).starts_with("cannot read the certificates in "));
    std::fs::write(&path, "hello").unwrap();
    assert!(error(&path).contains("use a file in PEM format"));
}

#[test]
fn the_proxy_and_the_bypass_list_of_the_environment_are_used() {
    let server = Server::start(|_, _| answer("200 OK", "", "end"));
    let (port, asked) = proxy();
    let find = move |name: &str| match name {
        "HTTP_PROXY" => Some(format!("127.0.0.1:{port}")),
        "NO_PROXY" => Some("127.0.0.0/8".to_owned()),
        _ => None,
    };
    let client = Client::with_environment(&Settings::default(), &find).unwrap();
    client.send(&request("GET", &server.url("/direct")), &Hosts::any()).unwrap();
    assert_eq!(asked.lock().unwrap().len(), 0);
    let named = format!("http://receiver.example:{}/through", server.port);
    client.send(&request("GET", &named), &Hosts::any()).unwrap();
    assert_eq!(asked.lock().unwrap()[0].line, format!("CONNECT receiver.example:{} HTTP/1.1", server.port));
    assert_eq!(server.seen()[1].line, "GET /through HTTP/1.1");
}

#[test]
fn another_client_gets_the_proxy_for_its_address() {
    let find = |name: &str| match name {
        "HTTPS_PROXY" => Some("http://proxy.example:3128".to_owned()),
        "NO_PROXY" => Some(".lan".to_owned()),
        _ => None,
    };
    let routes = Routes::with_environment(&Settings::default(), &find).unwrap();
    let fixed = Settings { proxy: Some("http://fixed.example:1".into()), ..settings() };
    let fixed = Routes::with_environment(&fixed, &find).unwrap();
    let cases = [
        ("https://s3.example.org", Some("proxy.example"), Some("fixed.example")),
        ("http://s3.example.org", None, Some("fixed.example")),
        ("https://nas.lan:9000", None, Some("fixed.example")),
    ];
    for (address, by_environment, by_settings) in cases {
        let url = Url::parse(address).unwrap();
        let host = |routes: &Routes| routes.to(&url).proxy.map(|proxy| proxy.host().to_owned());
        assert_eq!(host(&routes).as_deref(), by_environment, "{address}");
        assert_eq!(host(&fixed).as_deref(), by_settings, "{address}");
    }
}

#[test]
fn a_socks_proxy_resolves_the_name() {
    let server = Server::start(|_, _| answer("200 OK", "", "end"));
    let (port, asked) = proxy();
    let settings = Settings { proxy: Some(format!("socks5h://127.0.0.1:{port}")), ..settings() };
    let url = format!("http://receiver.example:{}/", server.port);
    let response = Client::new(&settings).unwrap().send(&request("GET", &url), &Hosts::any()).unwrap();
    assert_eq!(response.body, b"end");
    assert_eq!(asked.lock().unwrap()[0].line, format!("receiver.example:{}", server.port));
}

#[test]
fn the_error_names_a_proxy_that_refuses_or_is_missing() {
    let (port, _) = proxy();
    let refusing = Settings { proxy: Some(format!("http://me:hunter22@127.0.0.1:{port}")), ..settings() };
    let request = request("GET", "http://forbidden.example/");
    let error = Client::new(&refusing).unwrap().send(&request, &Hosts::any()).unwrap_err();
    assert_eq!(error.cause, Cause::Proxy);
    let expected = format!(
        "cannot reach http://forbidden.example through the proxy 127.0.0.1:{port}: it responded 403; allow CONNECT to \
         this host there, or list the host in `no_proxy`"
    );
    assert_eq!(error.message, expected);
    let port = closed_port();
    let gone = Settings { proxy: Some(format!("http://127.0.0.1:{port}")), ..settings() };
    let error = Client::new(&gone).unwrap().send(&request, &Hosts::any()).unwrap_err();
    assert!(
        error.message.contains(&format!("through the proxy 127.0.0.1:{port}: connection refused")),
        "{error}"
    );
    let wrong = Settings { proxy: Some("gopher://x".into()), ..settings() };
    assert!(Client::new(&wrong).is_err());
}
