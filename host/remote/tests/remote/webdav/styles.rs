//! Answers in the many ways in which servers write them.

use larder_remote::protocol::Protocol;

use super::fake::{Fake, Style};
use super::{location, names, read, stop, store};

#[test]
fn locations_work_whatever_way_a_server_writes_its_answers() {
    let plain = Style::default();
    let cases = [
        ("plain", plain),
        ("whole URLs", Style { href: |path| format!("http://inner.example:8080{path}"), ..plain }),
        ("the proxy has added a prefix", Style { href: |path| path.replacen("/dav", "", 1), ..plain }),
        (
            "the proxy has removed a prefix",
            Style { href: |path| format!("/remote.php/files/u{path}"), ..plain },
        ),
        ("no size", Style { length: |_| String::new(), ..plain }),
        ("an empty size", Style { length: |_| "<D:getcontentlength/>".to_owned(), ..plain }),
        (
            "other properties that are not there",
            Style {
                more: "<D:propstat><D:prop><D:getcontentlength>99</D:getcontentlength><D:resourcetype><D:collection/></D:resourcetype></D:prop>\
                       <D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>",
                ..plain
            },
        ),
        (
            "lower case escapes",
            Style { href: |path| path.replace("%C3%A4", "%c3%a4").replace("%2B", "+"), ..plain },
        ),
        ("doubled slashes", Style { href: |path| path.replace('/', "//"), ..plain }),
    ];
    for (what, style) in cases {
        println!("{what}");
        let fake = Fake::with_style(style, |_, _| None);
        let location = location(&fake.url(), "ä+ b");
        for name in ["a+b ä.tar", "b"] {
            store(&location, name, b"0123456789").unwrap();
        }
        assert_eq!(names(&location), ["a+b ä.tar", "b"]);
        assert!(location.list(&stop()).unwrap().iter().all(|object| object.size == 10));
        assert_eq!(location.stat("b", &stop()).unwrap().unwrap().size, 10);
        assert_eq!(read(&location, "a+b ä.tar", 2..5).unwrap(), b"234");
    }
}

#[test]
fn requests_have_a_length_and_neither_ranges_of_uploads_nor_missing_slashes() {
    let fake = Fake::start(|request, _| {
        assert!(
            request.header("transfer-encoding").is_none() && request.header("content-range").is_none(),
            "{request:?}"
        );
        assert!(request.method != "PUT" || request.header("content-length").is_some(), "{request:?}");
        assert!(request.method != "MKCOL" || request.path.ends_with('/'), "{request:?}");
        None
    });
    let location = location(&fake.url(), "a/b");
    store(&location, "file", b"123").unwrap();
    store(&location, "large", &super::bytes(3 << 20)).unwrap();
    assert_eq!(names(&location), ["file", "large"]);
    assert!(fake.requests("PROPFIND").iter().any(|request| request.path == "/dav/a/b/"));
    assert_eq!(fake.requests("MKCOL").len(), 2);
}
