//! Listings, ranges and questions that are answered oddly.

use larder_test_servers::Answer;

use super::faults::{at, error, nothing, server};
use super::*;

#[test]
fn a_key_that_may_only_list_gets_403_for_what_is_missing() {
    let row = "<Contents><Key>there.tar</Key><Size>5</Size><ETag>e</ETag></Contents>";
    let other = "<Contents><Key>the</Key><Size>5</Size></Contents>";
    for (rows, expected) in
        [(format!("{row}{other}"), true), (other.to_owned(), false), (String::new(), false)]
    {
        let server = server(0, nothing(), move |operation, _| match operation {
            "HeadObject" => Some(Answer::new(403)),
            "ListObjects" => {
                Some(Answer::new(200).body(format!("<ListBucketResult>{rows}</ListBucketResult>")))
            }
            _ => None,
        });
        let found = at(&server).stat("there.tar", &stop()).unwrap();
        assert_eq!(found.map(|object| object.size), expected.then_some(5));
    }
}

#[test]
fn a_listing_is_complete_or_an_error() {
    let page = |text: &str| format!("<ListBucketResult>{text}</ListBucketResult>");
    let more = "<IsTruncated>true</IsTruncated>";
    let cases = [
        page("<Contents><Key>a</Key></Contents>"),
        page("<Contents><Size>1</Size></Contents>"),
        page(more),
        page(&format!("{more}<NextContinuationToken>same</NextContinuationToken>")),
        "<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents>".to_owned(),
        "not XML".to_owned(),
        String::new(),
    ];
    for text in cases {
        let body = text.clone();
        let server = server(0, nothing(), move |_, _| Some(Answer::new(200).body(body.clone())));
        let error = at(&server).list(&stop()).unwrap_err();
        assert_eq!(error.kind, Kind::Interrupted, "{text}: {error}");
    }
    // Keys are decoded only if the server says that they are encoded.
    for (encoding, expected) in [("", "a+b%20c"), ("<EncodingType>url</EncodingType>", "a b c")] {
        let row = "<Contents><Key>a+b%20c</Key><Size>1</Size></Contents>";
        let body = page(&format!("{encoding}{row}"));
        let server = server(0, nothing(), move |_, _| Some(Answer::new(200).body(body.clone())));
        assert_eq!(names(&at(&server)), [expected]);
    }
}

#[test]
fn a_range_is_believed_by_content_range_only() {
    let bytes = b"0123456789";
    let ranged =
        |status, range: &str, body: &[u8]| Answer::new(status).header("Content-Range", range).body(body);
    let cases = [
        (ranged(206, "bytes 2-4/10", b"234"), Ok(b"234".to_vec())),
        (ranged(200, "bytes 2-4/10", b"234"), Ok(b"234".to_vec())),
        (ranged(206, "Bytes 2-4/*", b"234"), Ok(b"234".to_vec())),
        (Answer::new(200).body(bytes), Ok(b"234".to_vec())),
        (ranged(206, "bytes 0-2/10", b"012"), Err(Kind::Unsupported)),
        (ranged(206, "bytes 2-5/10", b"2345"), Err(Kind::Unsupported)),
        (ranged(206, "bytes 2-4/10", b"23"), Err(Kind::Interrupted)),
        (ranged(206, "bytes 2-4/10", b"234").cut_after(2), Err(Kind::Interrupted)),
        (Answer::new(206).body("234"), Err(Kind::Unsupported)),
        (Answer::new(200).body("0123"), Err(Kind::Interrupted)),
        (Answer::new(416), Err(Kind::Interrupted)),
        (error(404, "NoSuchKey"), Err(Kind::NotFound)),
        (error(503, "SlowDown"), Err(Kind::Interrupted)),
    ];
    for (answer, expected) in cases {
        let shown = format!("{answer:?}");
        let server = server(0, nothing(), move |_, _| Some(answer.clone()));
        let found = read(&at(&server), "x", 2..5).map_err(|error| error.kind);
        assert_eq!(found, expected, "{shown}");
    }
    // A server without ranges: what is far inside is not fetched.
    let server = server(0, nothing(), |_, _| Some(Answer::new(200).body("x")));
    let error = read(&at(&server), "x", 5_000_000..5_000_001).unwrap_err();
    assert_eq!(error.kind, Kind::Unsupported, "{error}");
}

#[test]
fn a_part_that_is_listed_twice_is_one_part_or_none() {
    // SeaweedFS, when a part was sent twice.
    let row = |number: u32, tag: &str| {
        format!("<Part><PartNumber>{number}</PartNumber><Size>4</Size><ETag>{tag}</ETag></Part>")
    };
    let cases = [
        (row(2, "b") + &row(1, "a") + &row(2, "b"), Ok(vec![1, 2])),
        (row(1, "a") + &row(1, "b"), Err(Kind::NotFound)),
    ];
    for (rows, expected) in cases {
        let body = format!("<ListPartsResult>{rows}</ListPartsResult>");
        let server = server(0, nothing(), move |_, _| Some(Answer::new(200).body(body.clone())));
        let parts = at(&server).parts(&upload("large", 8), "id", &stop());
        let numbers = parts.map(|parts| parts.iter().map(|part| part.number).collect::<Vec<_>>());
        assert_eq!(numbers.map_err(|error| error.kind), expected);
    }
}
