//! The limits on the number of documents and of damaged copies.

use std::fs;

use super::*;

fn documents() -> (tempfile::TempDir, Documents) {
    let directory = tempfile::tempdir().unwrap();
    let documents = Documents::new(directory.path().join("documents"), Steps::default());
    (directory, documents)
}

#[test]
fn a_document_beyond_the_limit_is_refused_and_existing_ones_can_be_saved() {
    let (directory, documents) = documents();
    for number in 0..MAX_DOCUMENTS {
        documents.save(&format!("document-{number}"), "1").unwrap();
        documents.save(&format!("document-{number}"), "2").unwrap();
    }
    let refused = documents.save("another", "1").unwrap_err();
    assert!(
        matches!(&refused, Error::Limit(text) if text.contains("already holds 64 documents")),
        "{refused}"
    );
    documents.save("document-0", "3").unwrap();
    assert_eq!(documents.load("document-0").unwrap().as_deref(), Some("3"));
    assert_eq!(documents.load("another").unwrap(), None);
    fs::remove_file(directory.path().join("documents/document-1.json")).unwrap();
    documents.save("another", "1").unwrap();
}

#[test]
fn the_oldest_damaged_copies_are_removed_beyond_the_limit() {
    let (directory, documents) = documents();
    for number in 1..=MAX_SET_ASIDE + 3 {
        documents.save("x", &format!("damaged {number}")).unwrap();
        documents.set_aside("x", "it is damaged", true).unwrap();
    }
    documents.save("x-damaged", "another document").unwrap();
    let copy = |number: usize| {
        fs::read_to_string(directory.path().join(format!("documents/x.damaged-{number}.json")))
    };
    for number in 1..=MAX_SET_ASIDE + 3 {
        let kept = (number > 3).then(|| format!("damaged {number}"));
        assert_eq!(copy(number).ok(), kept, "{number}");
    }
    let error = documents.take_notices();
    assert!(
        error.iter().any(|text| text.contains("it is kept as ") && text.contains("x.damaged-19.json")),
        "{error:?}"
    );
}
