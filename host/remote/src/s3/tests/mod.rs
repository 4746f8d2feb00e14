//! Tests of the parts that need no server: keys, sizes of parts, and the reading of answers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use proptest::prelude::*;

use super::keys::{Keys, decoded, tag};
use super::multipart::combined;
use super::sizes::plan;
use super::xml::{Document, read};
use crate::protocol::{Part, Plan};

const MIB: u64 = 1 << 20;

#[test]
fn parts_are_as_large_as_home_assistants_until_there_would_be_too_many() {
    for (size, expected) in [
        (0, Plan::Whole),
        (20 * MIB - 1, Plan::Whole),
        (20 * MIB, Plan::Parts(20 * MIB)),
        (200_000 * MIB, Plan::Parts(20 * MIB)),
        (200_000 * MIB + 1, Plan::Parts(21 * MIB)),
        (5_000_000 * MIB, Plan::Parts(500 * MIB)),
    ] {
        assert_eq!(plan(size), expected, "{size}");
    }
}

proptest! {
    #[test]
    fn ten_thousand_parts_always_suffice(size in any::<u64>()) {
        if let Plan::Parts(part) = plan(size) {
            prop_assert!(size.div_ceil(part) <= 10_000);
            prop_assert!(part >= 20 * MIB && part % MIB == 0);
            // One step less would not do.
            prop_assert!(part == 20 * MIB || size.div_ceil(part - MIB) > 10_000);
        } else {
            prop_assert!(size < 20 * MIB);
        }
    }

    #[test]
    fn a_name_is_found_again_in_its_key(prefix in "([a-zA-Z+ %&ä]{1,5}/){0,3}", name in "[^/]{1,20}") {
        let keys = Keys::new(&prefix).unwrap();
        if let Ok(key) = keys.key(&name) {
            prop_assert_eq!(keys.name(&key), Some(name.as_str()));
        } else {
            prop_assert!(name == "." || name == ".." || name.len() > 255);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = read(bytes.as_slice());
    }

    #[test]
    fn anything_like_xml_is_read_without_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("<A>".to_owned()), Just("</A>".to_owned()), Just("<B x='1'/>".to_owned()), Just("<![CDATA[".to_owned()),
                Just("]]>".to_owned()), Just("&amp;".to_owned()), Just("&#x110000;".to_owned()), Just("&#0;".to_owned()),
                Just("&zz;".to_owned()), Just("<!--".to_owned()), Just("<!DOCTYPE a [<!ENTITY b 'c'>]>".to_owned()),
                Just("<?x?>".to_owned()), Just("\u{feff}".to_owned()), "[ -~]{0,5}",
            ],
            0..60,
        ),
    ) {
        let _ = read(pieces.concat().as_bytes());
    }
}

#[test]
fn keys_are_below_the_prefix_and_nowhere_else() {
    let keys = Keys::new("/a b/ä/").unwrap();
    assert_eq!(keys.key("x+y").unwrap(), "a b/ä/x+y");
    for (key, name) in
        [("a b/ä/x", Some("x")), ("a b/ä/x/y", None), ("a b/ä/", None), ("a b/äx", None), ("x", None)]
    {
        assert_eq!(keys.name(key), name, "{key}");
    }
    for name in ["", ".", "..", "a/b", &"x".repeat(256)] {
        assert!(keys.key(name).is_err(), "{name}");
    }
    let root = Keys::new("").unwrap();
    assert_eq!((root.prefix(), root.key("x").unwrap().as_str()), ("", "x"));
    for prefix in ["a//b", ".", "a/..", "./a"] {
        assert!(Keys::new(prefix).is_err(), "{prefix}");
    }
}

#[test]
fn keys_of_listings_are_decoded_as_the_server_says() {
    for (key, encoding, expected) in [
        ("a+b%2Bc%20d%2Fe", Some("url"), "a b+c d/e"),
        ("a+b%2Bc%20d%2Fe", None, "a+b%2Bc%20d%2Fe"),
        ("%C3%A4%", Some("url"), "ä%"),
        ("%FF", Some("url"), "\u{fffd}"),
    ] {
        assert_eq!(decoded(key, encoding), expected, "{key} {encoding:?}");
    }
    for text in ["abc", "\"abc\"", "W/\"abc\"", " \"abc\" "] {
        assert_eq!(tag(text), "abc", "{text}");
    }
}

#[test]
fn answers_are_read_by_local_names_whatever_their_dialect() {
    let dialects = [
        "<InitiateMultipartUploadResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'><UploadId>a&amp;b</UploadId></InitiateMultipartUploadResult>",
        "<?xml version=\"1.0\"?>\n  <InitiateMultipartUpload><UploadId><![CDATA[a&b]]></UploadId></InitiateMultipartUpload>\n",
        "<s3:R xmlns:s3='x'>\n <s3:UploadId>a&#38;b</s3:UploadId><x/></s3:R>",
    ];
    for text in dialects {
        assert_eq!(read(text.as_bytes()).unwrap().fields.text("UploadId"), Some("a&b"), "{text}");
    }
    let list = "<L><IsTruncated> TRUE </IsTruncated><Contents><Key>a&#34;</Key><Size>7</Size><Owner><ID>x</ID></Owner></Contents>\
        <Contents><Key/><Size>x</Size></Contents><Other><Key>z</Key></Other></L>";
    let list = read(list.as_bytes()).unwrap();
    assert!(list.fields.is_true("IsTruncated") && !list.fields.is_true("Absent"));
    let rows: Vec<_> =
        list.rows("Contents").map(|row| (row.text("Key").unwrap(), row.number::<u64>("Size"))).collect();
    assert_eq!(rows, [("a\"", Some(7)), ("", None)]);
}

#[test]
fn an_answer_that_is_not_whole_is_an_error() {
    let deep = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
    let long = format!("<a>{}</a>", "<b/>".repeat(200_000));
    for text in ["", "x", "<a>", "<a><b></a>", "<a/><b/>", "<a>&unknown;</a>", "<a", &deep, &long] {
        let shown: String = text.chars().take(40).collect();
        assert!(read(text.as_bytes()).is_err(), "{shown}");
    }
    assert_eq!(read("<a/>".as_bytes()).unwrap(), Document { root: "a".into(), ..Document::default() });
}

#[test]
fn the_tag_of_an_object_in_parts_is_known_beforehand() {
    let part = |tag: &str| Part { number: 1, size: 1, tag: tag.to_owned(), is_proven: true };
    let empty = "d41d8cd98f00b204e9800998ecf8427e";
    assert_eq!(combined(&[part(empty)]).as_deref(), Some("59adb24ef3cdbe0297f05b395827453f-1"));
    assert_eq!(combined(&[part("+1cd8cd98f00b204e9800998ecf8427e"), part("x")]), None);
}
