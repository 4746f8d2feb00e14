//! Entries are read back as they were written.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// Path components: simple, long, with special characters, not UTF-8, with a line break or a backslash.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop::collection::vec(1_u8..=255, 1..40);
    let plain = "[a-z]{1,12}".prop_map(String::into_bytes);
    let long = (100_usize..=255).prop_map(|length| vec![b'n'; length]);
    let accented = "[äöü日本 .]{1,20}".prop_map(String::into_bytes);
    prop_oneof![4 => plain, 1 => odd, 1 => long, 1 => accented].prop_filter("no slash and no dots", |part| {
        !part.contains(&b'/') && !matches!(part.as_slice(), b"." | b"..")
    })
}

fn instant() -> impl Strategy<Value = Instant> {
    let seconds = prop_oneof![4 => 0_i64..5_000_000_000, 2 => -3_000_000_000_i64..0, 1 => any::<i32>().prop_map(i64::from)];
    (seconds, 0_u32..1_000_000_000).prop_map(|(seconds, nanoseconds)| Instant { seconds, nanoseconds })
}

#[derive(Clone, Debug)]
enum What {
    Directory,
    File(Vec<u8>),
    Symlink(Vec<u8>),
}

fn what() -> impl Strategy<Value = What> {
    let target = prop::collection::vec(1_u8..=255, 1..300);
    prop_oneof![
        Just(What::Directory),
        prop::collection::vec(any::<u8>(), 0..3000).prop_map(What::File),
        target.prop_map(What::Symlink)
    ]
}

fn owned() -> impl Strategy<Value = (What, u32, u32, u32, String, Instant)> {
    (what(), 0_u32..=0o7777, any::<u32>(), any::<u32>(), "[a-zä]{0,40}", instant())
}

/// A tree that is valid by construction: every parent is a directory.
fn contents() -> impl Strategy<Value = Contents> {
    let path = prop::collection::vec(part(), 1..6).prop_map(|parts| parts.join(&b'/'));
    prop::collection::btree_map(path, owned(), 0..12).prop_map(|tree| {
        let parents: Vec<Vec<u8>> = tree.keys().cloned().collect();
        let is_parent = |path: &[u8]| parents.iter().any(|other| other.starts_with(&[path, b"/"].concat()));
        let made = tree.iter().map(|(path, owned)| make(path, owned, is_parent(path)));
        std::iter::once(other("", Kind::Directory)).chain(made).collect()
    })
}

fn make(path: &[u8], owned: &(What, u32, u32, u32, String, Instant), is_parent: bool) -> (Entry, Vec<u8>) {
    let (what, mode, uid, gid, user, mtime) = owned.clone();
    let (kind, content) = match what {
        _ if is_parent => (Kind::Directory, Vec::new()),
        What::Directory => (Kind::Directory, Vec::new()),
        What::File(content) => (Kind::File(content.len() as u64), content),
        What::Symlink(target) => (Kind::Symlink(target), Vec::new()),
    };
    (Entry { path: path.to_vec(), kind, mode, uid, gid, user: user.clone(), group: user, mtime }, content)
}

fn to_microseconds(mut contents: Contents) -> Contents {
    contents.iter_mut().for_each(|(entry, _)| entry.mtime.nanoseconds -= entry.mtime.nanoseconds % 1000);
    contents
}

proptest! {
    #[test]
    fn any_tree_is_read_back_to_the_microsecond(contents in contents()) {
        for bytes in [tar(&contents), gzip(&tar(&contents))] {
            let (back, summary) = read(&bytes).unwrap();
            prop_assert_eq!(to_microseconds(back), to_microseconds(contents.clone()));
            prop_assert_eq!(summary.skipped_count + summary.outside_count, 0);
        }
    }

    #[test]
    fn any_time_is_read_to_the_same_microsecond_as_text_and_as_a_float(time in instant()) {
        let text = time::to_text(time);
        let back = time::from_text(&text).unwrap();
        prop_assert_eq!((back.seconds, back.nanoseconds / 1000), (time.seconds, time.nanoseconds / 1000));
        // From 2106 on, a float cannot represent microseconds.
        prop_assume!(time.seconds < 1 << 32);
        let float: f64 = text.parse().unwrap();
        let micro = ((float - float.floor()) * 1e9).floor() as u32 / 1000;
        prop_assert_eq!((float.floor() as i64, micro), (time.seconds, time.nanoseconds / 1000));
    }
}

#[test]
fn small_home_is_counted() {
    let (back, summary) = read(&gzip(&tar(&small()))).unwrap();
    assert_eq!(back, small());
    let expected = Summary { files: 1, directories: 2, links: 2, bytes: 16, ..Summary::default() };
    assert_eq!(summary, expected);
}

#[test]
fn file_that_shrank_is_filled_with_zeros_and_one_that_grew_is_cut() {
    let mut writer = TreeWriter::new(Vec::new());
    let five = |path| entry(path, Kind::File(5));
    let mut short: &[u8] = b"abc";
    let written = writer.add_file(&five("short"), |most| io::Result::Ok(first_of(&mut short, most))).unwrap();
    assert_eq!(written.missing, 2);
    let long: &[u8] = b"abcdefgh";
    let written = writer.add_file(&five("long"), |_| io::Result::Ok(long)).unwrap();
    assert_eq!(written.missing, 0);
    let written = writer.add_file(&five("broken"), |_| Err::<&[u8], _>("unreadable")).unwrap();
    assert_eq!((written.missing, written.failed), (5, Some("unreadable")));
    let (bytes, counts) = writer.finish().unwrap();
    assert_eq!(counts, Counts { entries: 3, bytes: 15 });
    let contents: BTreeMap<_, _> =
        read(&bytes).unwrap().0.into_iter().map(|(e, content)| (e.path, content)).collect();
    assert_eq!(contents[b"short".as_slice()], b"abc\0\0");
    assert_eq!(contents[b"long".as_slice()], b"abcde");
    assert_eq!(contents[b"broken".as_slice()], b"\0\0\0\0\0");
}

#[test]
fn writer_refuses_what_the_reader_would_refuse() {
    let add = |entry: Entry| TreeWriter::new(Vec::new()).add(&entry);
    assert_refused("up", add(entry("a/../b", Kind::Directory)), "Unsafe", "`a/../b`");
    assert_refused("part", add(entry("x".repeat(256), Kind::Directory)), "TooLarge", "255");
    assert_refused("empty link", add(entry("l", Kind::Symlink(Vec::new()))), "Unsafe", "`l`");
    assert_refused("no content", add(entry("f", Kind::File(1))), "Unsupported", "`f`");
}

#[test]
fn file_of_eight_gib_has_its_size_in_a_pax_record() {
    let big = 8 << 30;
    let (extension, block) = record_for(big);
    let text = String::from_utf8_lossy(&extension).into_owned();
    assert!(text.contains("19 size=8589934592\n"), "{text}");
    assert_eq!(header::number(&block.as_old().size), Some(0));
    // Only the headers: the content is cut off, so the size must have been read.
    let bytes = [extension, block.as_bytes().to_vec()].concat();
    assert_refused("big", read(&bytes), "Damaged", "cut off");
}

fn record_for(size: u64) -> (Vec<u8>, tar::Header) {
    let time = header_fields::Time::Exact(Instant::default());
    let (mode, uid, gid, link, user, group) = (0o644, 0, 0, b"".as_slice(), "", "");
    header_fields::HeaderFields {
        name: b"data/big",
        flag: b'0',
        mode,
        uid,
        gid,
        size,
        link,
        user,
        group,
        time,
    }
    .encode()
}

#[test]
fn records_and_blocks_are_byte_for_byte_as_home_assistant_writes_them() {
    let root = entry("", Kind::Directory);
    let root =
        Entry { mode: 0o755, mtime: Instant { seconds: 1_795_444_779, nanoseconds: 794_048_000 }, ..root };
    let bytes = tar(&vec![(root, Vec::new())]);
    let at = |range: std::ops::Range<usize>| bytes[range].to_vec();
    assert_eq!(at(0..15), b"././@PaxHeader\0");
    assert_eq!(at(148..156), b"010211\0 ");
    assert_eq!(at(512..540), b"27 mtime=1795444779.794048\n\0");
    assert_eq!(at(1024..1030), b"data/\0");
    assert_eq!(at(1124..1180), b"0000755\x000000000\x000000000\x0000000000000\x0015301050054\x00010516\0 ");
    assert_eq!(bytes.len(), 10_240);
    assert_eq!(gzip(b"")[..28], *b"\x1f\x8b\x08\x08\x2c\x50\x04\x6b\x00\xffhomeassistant.tar\0");
}
