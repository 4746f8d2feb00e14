//! What answers mean: the kind of the error, the server's words, and what to do.

use larder_test_servers::{Answer, Scripted};

use super::*;

fn xml(code: &str, message: &str) -> String {
    format!("<?xml version=\"1.0\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>")
}

#[test]
fn an_answer_says_what_to_do() {
    let region = "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-3</Region></Error>";
    let endpoint =
        "<Error><Code>PermanentRedirect</Code><Endpoint>user@b.s3.eu.example?x=y</Endpoint></Error>";
    let cases: [(u16, String, Kind, &[&str]); 22] = [
        (
            404,
            xml("NoSuchBucket", "none &amp; nothing"),
            Kind::NotFound,
            &["no bucket larder", "none & nothing"],
        ),
        (
            403,
            xml("InvalidAccessKeyId", "m"),
            Kind::Denied,
            &["`access_key_id`", "InvalidAccessKeyId: m (403)"],
        ),
        (403, xml("SignatureDoesNotMatch", "m"), Kind::Denied, &["`secret_access_key` is wrong"]),
        (403, xml("AccessDenied", "not you"), Kind::Denied, &["rights", "AccessDenied: not you"]),
        (403, xml("RequestTimeTooSkewed", "m"), Kind::Denied, &["the clock of this machine is"]),
        (403, xml("AccessDenied", "Transaction cap exceeded"), Kind::NoSpace, &["limit of the account"]),
        (403, xml("QuotaExceeded", "m"), Kind::NoSpace, &["quota"]),
        (507, String::new(), Kind::NoSpace, &["the server answered 507"]),
        (400, region.to_owned(), Kind::Invalid, &["set `region = \"eu-west-3\"`"]),
        (301, endpoint.to_owned(), Kind::Invalid, &["check `region` (now us-east-1)", "s3.eu.example"]),
        (503, xml("SlowDown", "m"), Kind::Interrupted, &["busy"]),
        (429, String::new(), Kind::Interrupted, &["busy"]),
        (500, "<html>oops".to_owned(), Kind::Interrupted, &["the server answered 500"]),
        (499, String::new(), Kind::Interrupted, &["499"]),
        (504, String::new(), Kind::Unclear, &["still be working"]),
        (501, xml("NotImplemented", "m"), Kind::Unsupported, &["NotImplemented"]),
        (411, xml("MissingContentLength", "m"), Kind::Unsupported, &["proxy"]),
        (413, "<html><body>nginx".to_owned(), Kind::Invalid, &["too large"]),
        (401, String::new(), Kind::Denied, &["401"]),
        (418, String::new(), Kind::Invalid, &["418"]),
        (200, xml("InternalError", "late"), Kind::Interrupted, &["InternalError: late (200)"]),
        (200, "<html></html>".to_owned(), Kind::Interrupted, &["check `endpoint`"]),
    ];
    for (status, text, kind, words) in cases {
        let answer = Answer::new(status).body(text.clone());
        let server = Scripted::start(move |_| answer.clone());
        let location = location(&format!("http://127.0.0.1:{}", server.port), "p");
        let error = location.list(&stop()).unwrap_err();
        assert_eq!(error.kind, kind, "{status} {text}: {error}");
        let about = format!("cannot list http://127.0.0.1:{}/larder/p: ", server.port);
        assert!(error.message.starts_with(&about) && !error.message.contains("X-Amz"), "{error}");
        for word in words {
            assert!(error.message.contains(word), "{status} {text}: {error}");
        }
    }
}

#[test]
fn a_clock_that_is_off_is_named_before_the_key() {
    // A day's date is in the past of every clock that runs this.
    let cases = [
        (403, xml("SignatureDoesNotMatch", "m"), true),
        (400, xml("AccessDenied", "m"), true),
        (403, String::new(), true),
        (400, xml("EntityTooSmall", "m"), false),
        (404, xml("NoSuchBucket", "m"), false),
    ];
    for (status, text, is_clock) in cases {
        let body = text.clone();
        let server = Scripted::start(move |_| {
            Answer::new(status).header("Date", "Tue, 01 Dec 2020 10:00:00 GMT").body(body.clone())
        });
        let error = location(&format!("http://127.0.0.1:{}", server.port), "").list(&stop()).unwrap_err();
        let says = error.message.contains("minutes ahead of the server's; correct it");
        assert_eq!(says, is_clock, "{status} {text}: {error}");
    }
}

#[test]
fn a_redirect_is_named_and_not_followed() {
    let other = Scripted::start(|_| Answer::new(200));
    for status in [301, 302, 303, 307, 308] {
        let target = format!("http://user:secret@127.0.0.1:{}/larder/x?X-Amz-Signature=1", other.port);
        let server = Scripted::start(move |_| Answer::new(status).header("Location", &target));
        let location = location(&format!("http://127.0.0.1:{}", server.port), "");
        let upload = upload("x", 1);
        let results = [
            location.list(&stop()).map(drop),
            location.stat("x", &stop()).map(drop),
            location.read("x", 0..1, &stop()).map(drop),
            location.delete("x", &stop()),
            location.send(&upload, &upload.name, 1, body(b"x"), &stop()).map(drop),
            location.send(&upload, "id", 1, body(b"x"), &stop()).map(drop),
            location.start(&upload, &stop()).map(drop),
        ];
        for result in results {
            let error = result.unwrap_err();
            let shown = format!("redirects to http://127.0.0.1:{}/larder/x ({status})", other.port);
            assert_eq!(error.kind, Kind::Invalid, "{error}");
            assert!(error.message.contains(&shown) && !error.message.contains("secret"), "{error}");
        }
    }
    assert_eq!(other.count(), 0);
}

#[test]
fn addresses_have_the_bucket_in_the_host_or_in_the_path() {
    let cases = [
        ("https://s3.example.org", true, "p/q", "https://s3.example.org/larder/p/q"),
        ("https://s3.example.org", false, "p/q", "https://larder.s3.example.org/p/q"),
        ("https://s3.example.org:9000/", false, "", "https://larder.s3.example.org:9000"),
        ("http://127.0.0.1:9000", true, "/p/", "http://127.0.0.1:9000/larder/p"),
    ];
    for (endpoint, path_style, prefix, expected) in cases {
        let location = open(S3 { path_style, ..settings(endpoint, prefix) }, 0);
        assert_eq!(location.address(), expected);
    }
    let bad = [
        (settings("https://h", "a//b"), "`prefix`"),
        (settings("https://h", "a/../b"), "`prefix`"),
        (settings("ftp://h", ""), "endpoint"),
        (S3 { bucket: String::new(), ..settings("https://h", "") }, "`bucket` is empty"),
        (S3 { path_style: false, bucket: "a b/c".into(), ..settings("https://h", "") }, "addressing"),
    ];
    for (settings, words) in bad {
        let http = Http { tls: ureq::tls::TlsConfig::default(), proxy: None };
        let made = S3Location::new(settings, http, Environment { now: Arc::new(|| 0) });
        let Err(error) = made else { panic!("{words}") };
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.message.contains(words), "{error}");
    }
}

#[test]
fn a_bucket_in_the_host_name_is_asked_there() {
    let server = Scripted::start(|request| match request.method.as_str() {
        "CONNECT" => Answer::new(200),
        _ => Answer::new(200).body("<ListBucketResult/>"),
    });
    let proxy = ureq::Proxy::new(&format!("http://127.0.0.1:{}", server.port)).unwrap();
    let http = Http { tls: ureq::tls::TlsConfig::default(), proxy: Some(proxy) };
    let settings = S3 { path_style: false, ..settings("http://s3.example.org", "p") };
    let location = S3Location::new(settings, http, Environment { now: Arc::new(|| 1_800_000_000) }).unwrap();
    assert_eq!(location.list(&stop()).unwrap(), []);
    let last = server.requests().pop().unwrap();
    assert!(last.header("host").is_some_and(|host| host.starts_with("larder.s3.example.org")), "{last:?}");
    assert_eq!(last.parameter("prefix").as_deref(), Some("p/"), "{last:?}");
    assert_eq!(last.parameter("X-Amz-Date").as_deref(), Some("20270115T080000Z"), "{last:?}");
}
