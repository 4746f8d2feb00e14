//! Contents: their size, their notes, and reading and opening ahead.

use super::*;

#[test]
fn a_content_keeps_its_size_whatever_happens_to_the_file() {
    let home = TestHome::new();
    home.write("f", "0123456789");
    let mut snapshot = home.snapshot();
    let content = snapshot.open(b"f").unwrap();
    drop(snapshot);
    assert_eq!((content.size(), content.note()), (10, None));
    home.write("f", "abcdefghijklmnop");
    let note = content.note().unwrap();
    assert_eq!(note, "it grew to 16 bytes while it was read; its first 10 bytes are stored");
    assert_eq!(content.size(), 10);
    assert_eq!(content.read(8, 100).unwrap(), b"ij");
    assert_eq!(content.read(10, 100).unwrap(), b"");
    assert_eq!(content.read(u64::MAX, usize::MAX).unwrap(), b"");
    home.write("f", "abc");
    assert_eq!(content.read(0, 100).unwrap(), b"abc");
    let note = content.note().unwrap();
    assert_eq!(note, "it shrank to 3 bytes while it was read; its earlier 10 bytes are stored");
}

#[test]
fn a_read_never_returns_more_than_a_mebibyte() {
    let home = TestHome::new();
    File::create(home.path("big")).unwrap().set_len(10 << 30).unwrap();
    let content = home.snapshot().open(b"big").unwrap();
    assert_eq!(content.size(), 10 << 30);
    assert_eq!(content.read((10 << 30) - 5, usize::MAX).unwrap().len(), 5);
    assert_eq!(content.read(0, usize::MAX).unwrap().len(), 1 << 20);
}

#[test]
fn a_small_file_that_was_opened_ahead_has_its_content_of_then_and_others_are_opened_as_usual() {
    let home = TestHome::new();
    for (name, bytes) in [("a", "first"), ("b", "second"), ("c", "third"), ("sub/d", "fourth")] {
        home.write(name, bytes);
    }
    home.write("large", vec![7; 300 * 1024]);
    home.write("empty", "");
    symlink("a", home.path("link")).unwrap();
    let mut snapshot = home.snapshot();
    let expected = ["a", "gone", "link", "state/x", "b", "large", "empty", "sub/d"];
    snapshot.open_ahead(expected.map(|path| path.as_bytes().to_vec()).to_vec());

    let a = snapshot.open(b"a").unwrap();
    home.write("a", "written anew and longer");
    assert_eq!((a.read(0, 100).unwrap(), a.read(2, 2).unwrap()), (b"first".to_vec(), b"rs".to_vec()));
    assert_eq!((a.size(), a.note(), a.read(5, 1).unwrap()), (5, None, Vec::new()));

    let c = snapshot.open(b"c").unwrap();
    assert_eq!(c.read(0, 100).unwrap(), b"third", "a file that was not announced does not affect the others");
    assert!(matches!(snapshot.open(b"gone"), Err(Error::NotFound(_))));
    assert!(matches!(snapshot.open(b"state/x"), Err(Error::Denied(_))));
    // `link` was queued before `large`, so it is not expected any more.
    assert!(snapshot.open(b"link").is_err());
    let large = snapshot.open(b"large").unwrap();
    home.write("large", "shrunk");
    assert!(large.note().unwrap().contains("it shrank"), "a large file is not opened ahead");
    assert_eq!(snapshot.open(b"empty").unwrap().size(), 0);
    assert_eq!(snapshot.open(b"sub/d").unwrap().read(0, 100).unwrap(), b"fourth");
    assert_eq!(snapshot.open(b"b").unwrap().read(0, 100).unwrap(), b"second");
}

#[test]
fn the_queue_of_files_to_open_ahead_is_bounded_and_never_blocks() {
    let home = TestHome::new();
    home.write("a", "first");
    let mut snapshot = home.snapshot();
    snapshot.open_ahead(vec![b"a".to_vec(); 5000]);
    for _ in 0..5000 {
        assert_eq!(snapshot.open(b"a").unwrap().read(0, 10).unwrap(), b"first");
    }
    snapshot.open_ahead(vec![b"a".to_vec(); 10]);
    drop(snapshot);
}

#[test]
fn a_large_file_that_is_read_ahead_is_the_same_in_pieces_of_any_size() {
    let home = TestHome::new();
    let bytes: Vec<u8> = (0..5_000_003_u32).map(|at| (at / 7).to_le_bytes()[0]).collect();
    home.write("media/film.bin", &bytes);
    let size = bytes.len() as u64;
    // The range that is announced, and how it is read: (from, count, bytes at once).
    for (from, count, most) in [
        (0, size, 256 * 1024),
        (0, size, 1 << 20),
        (0, size, 100_000),
        (100, size, 256 * 1024),
        (0, 2_000_000, 300_000),
        (size - 10, 10, 3),
    ] {
        let mut content = home.snapshot().open(b"media/film.bin").unwrap();
        content.read_ahead(from, count);
        let (mut at, mut found) = (0, Vec::new());
        while at < size {
            let piece = content.read(at, most).unwrap();
            at += piece.len() as u64;
            found.extend_from_slice(&piece);
        }
        assert!(found == bytes, "{from} {count} {most}");
        assert!(content.read(at, most).unwrap().is_empty());
        assert!(content.read(7, 100).unwrap() == bytes[7..107], "read again, elsewhere");
    }
}

#[test]
fn a_large_file_that_shrinks_while_it_is_read_ahead_ends_at_its_new_end() {
    let home = TestHome::new();
    home.write("media/film.bin", vec![7; 4 << 20]);
    let mut content = home.snapshot().open(b"media/film.bin").unwrap();
    File::options().write(true).open(home.path("media/film.bin")).unwrap().set_len(1 << 20).unwrap();
    content.read_ahead(0, content.size());
    let (mut at, most) = (0, 256 * 1024);
    while let Some(count) = Some(content.read(at, most).unwrap().len()).filter(|count| *count > 0) {
        at += count as u64;
    }
    assert_eq!(at, 1 << 20);
    assert!(content.note().unwrap().contains("shrank"));
}
