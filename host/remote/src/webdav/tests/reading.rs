//! The reader of multistatus documents and what a listing takes out of them.

use proptest::prelude::*;
use url::Url;

use crate::error::Kind;
use crate::webdav::address::below;
use crate::webdav::listing::{children, only};
use crate::webdav::multistatus::{Resource, read};

fn document(responses: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><D:multistatus xmlns:D="DAV:" xmlns:x="urn:x">{responses}</D:multistatus>"#
    )
}

fn file(href: &str) -> String {
    format!(
        "<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:resourcetype/><D:getcontentlength>5</D:getcontentlength></D:prop>\
         <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )
}

fn folder(href: &str) -> String {
    format!(
        "<D:response><D:href>{href}</D:href><D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop>\
         <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
    )
}

fn names(asked: &str, responses: &str) -> Vec<String> {
    let found = children(read(document(responses).as_bytes()).unwrap(), asked).unwrap();
    found.into_iter().filter(|(_, resource)| !resource.is_collection).map(|(name, _)| name).collect()
}

#[test]
fn properties_count_only_where_the_server_has_them() {
    let text = document(
        "<D:response><D:href>/f</D:href>\
           <D:propstat><D:prop><D:getcontentlength>1</D:getcontentlength><D:getetag>wrong</D:getetag><D:resourcetype><D:collection/></D:resourcetype>\
             <D:quota-available-bytes>4</D:quota-available-bytes></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>\
           <D:propstat><D:prop><D:getcontentlength> 12 </D:getcontentlength><x:getetag>foreign</x:getetag>\
             <D:getlastmodified>Tue, 01 Dec 2026 02:45:42 GMT</D:getlastmodified></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>\
           <D:propstat><D:prop><D:getetag>&quot;a&#38;b&quot;</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>\
         </D:response>",
    );
    let expected = Resource {
        href: "/f".into(),
        size: Some(12),
        modified: Some(1_796_093_142),
        tag: Some("\"a&b\"".into()),
        ..Resource::default()
    };
    assert_eq!(read(text.as_bytes()).unwrap(), [expected]);
}

#[test]
fn free_bytes_that_are_empty_negative_or_not_there_are_unknown() {
    for (text, expected) in [("17", Some(17)), ("", None), ("-3", None), ("many", None)] {
        let text = document(&format!(
            "<D:response><D:href>/</D:href><D:propstat><D:prop><D:quota-available-bytes>{text}</D:quota-available-bytes></D:prop>\
             <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
        ));
        assert_eq!(read(text.as_bytes()).unwrap()[0].free, expected);
    }
}

#[test]
fn namespaces_count_and_prefixes_do_not() {
    for text in [
        r#"<multistatus xmlns="DAV:"><response><href>/a</href></response></multistatus>"#,
        r#"<D:multistatus xmlns:D="DAV:"><lp1:response xmlns:lp1="DAV:"><D:href>/a</D:href></lp1:response></D:multistatus>"#,
        r#"<d:multistatus xmlns:d="DAV:"><d:response><d:href><![CDATA[/a]]></d:href></d:response><d:response xmlns:d="urn:other"><d:href>/b</d:href></d:response></d:multistatus>"#,
    ] {
        let found = read(text.as_bytes()).unwrap();
        assert_eq!(found.iter().map(|resource| resource.href.as_str()).collect::<Vec<_>>(), ["/a"], "{text}");
    }
}

#[test]
fn what_is_no_whole_multistatus_is_an_error() {
    let deep = format!("<multistatus xmlns=\"DAV:\">{}", "<a>".repeat(100_000));
    for text in [
        "",
        "not XML",
        "<html><body>Welcome</body></html>",
        r#"<multistatus xmlns="DAV:"><response><href>/a</href></response>"#,
        r#"<multistatus xmlns="DAV:"><response><href>/a</wrong></response></multistatus>"#,
        r#"<multistatus xmlns="DAV:"><response><href>&secret;</href></response></multistatus>"#,
        deep.as_str(),
    ] {
        assert_eq!(read(text.as_bytes()).unwrap_err().kind, Kind::Interrupted, "{text:.80}");
    }
}

#[test]
fn hrefs_name_the_direct_children_whatever_their_form() {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("paths", "/dav/f/", "/dav/f/ /dav/f/a.tar /dav/f/b", &["a.tar", "b"]),
        ("no slash at the folder", "/dav/f/", "/dav/f /dav/f/a", &["a"]),
        ("whole URLs, of any host", "/dav/f/", "http://inner:8080/dav/f/ http://inner:8080/dav/f/a", &["a"]),
        ("a plus is a plus", "/f/", "/f/ /f/a+b /f/a%2Bb%20c", &["a+b", "a+b c"]),
        (
            "upper and lower case, raw brackets, entities",
            "/l%C3%A4r/",
            "/l%c3%a4r/ /l%c3%a4r/%c3%a4 /l%C3%A4r/[x]&amp;(y)",
            &["ä", "[x]&(y)"],
        ),
        ("a percent sign", "/f/", "/f/ /f/100%25 /f/a%zz", &["100%", "a%zz"]),
        ("only direct ones", "/f/", "/f/ /f/sub/deep /f/a", &["a"]),
        ("the proxy adds a prefix", "/proxy/dav/f/", "/dav/f/ /dav/f/a", &["a"]),
        (
            "the proxy removes a prefix",
            "/f/",
            "/remote.php/dav/files/u/f/ /remote.php/dav/files/u/f/a",
            &["a"],
        ),
        ("doubled slashes", "/dav/f/", "//dav//f/ //dav//f/a", &["a"]),
        ("names that cannot be ours", "/f/", "/f/ /f/%FF%FE /f/a%2Fb /f/a", &["a"]),
        ("the root", "/", "/ /a", &["a"]),
    ];
    for (what, asked, hrefs, expected) in cases {
        let responses: String = hrefs
            .split(' ')
            .enumerate()
            .map(|(index, href)| if index == 0 { folder(href) } else { file(href) })
            .collect();
        assert_eq!(names(asked, &responses), *expected, "{what}");
    }
}

#[test]
fn a_listing_of_something_else_is_an_error() {
    for responses in [file("/f"), folder("/f/") + &file("/g/a"), folder("/x/") + &file("/y/a"), String::new()]
    {
        let found = read(document(&responses).as_bytes()).unwrap();
        assert_eq!(children(found, "/f/").unwrap_err().kind, Kind::Interrupted, "{responses}");
    }
}

#[test]
fn a_file_that_is_gone_is_left_out_and_one_that_is_not_described_is_an_error() {
    let of_status = |href: &str, status: &str| {
        format!("<D:response><D:href>{href}</D:href><D:status>HTTP/1.1 {status}</D:status></D:response>")
    };
    let harmless =
        folder("/f/") + &of_status("/f/gone", "404 Not Found") + &of_status("/f/closed/", "403 Forbidden");
    assert!(names("/f/", &harmless).is_empty());
    let found = read(document(&(folder("/f/") + &of_status("/f/a", "403 Forbidden"))).as_bytes()).unwrap();
    assert!(children(found, "/f/").unwrap_err().message.contains("says nothing about a (403)"));
}

#[test]
fn of_several_answers_the_one_of_that_name_counts() {
    let of = |text: &str| read(document(text).as_bytes()).unwrap();
    assert_eq!(only(of(&(folder("/f/") + &file("/f/a%20b"))), b"a b").unwrap().size, Some(5));
    assert_eq!(only(of(&(folder("/f/") + &file("/f/b"))), b"a"), None);
    assert_eq!(only(of(""), b"a"), None);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(bytes.as_slice());
    }

    #[test]
    fn no_damage_to_a_document_makes_the_reader_panic(at in 0usize..1000, with in prop::collection::vec(any::<u8>(), 0..6), cut in 0usize..20) {
        let mut bytes = document(&(folder("/f/") + &file("/f/a&amp;b"))).into_bytes();
        let at = at.min(bytes.len());
        bytes.splice(at..(at + cut).min(bytes.len()), with);
        if let Ok(found) = read(bytes.as_slice()) {
            let _ = children(found, "/f/");
        }
    }

    #[test]
    fn every_name_comes_back(name in "[^/\0]{1,60}", is_path in any::<bool>()) {
        prop_assume!(name != "." && name != "..");
        let url = below(&Url::parse("http://host/dav/f/").unwrap(), &name);
        let href = if is_path { url.path().to_owned() } else { url.to_string() };
        prop_assert_eq!(names("/dav/f/", &(folder("/dav/f/") + &file(&href))), [name]);
    }

    #[test]
    fn every_name_comes_back_from_a_server_that_encodes_little(name in "[^/\0%\\p{Cc}]{1,60}") {
        prop_assume!(name != "." && name != ".." && name.trim() == name);
        let href = quick_xml::escape::escape(format!("/f/{name}")).into_owned();
        prop_assert_eq!(names("/f/", &(folder("/f/") + &file(&href))), [name]);
    }
}
