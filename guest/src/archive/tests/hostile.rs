//! Malicious archives. Each is refused with the right error variant and a message that names the member.

use super::*;

fn refused_as(label: &str, bytes: Vec<u8>, case: &str, needle: &str) {
    assert_refused(label, read(&bytes), case, needle);
    assert_refused(label, read(&gzip(&bytes)), case, needle);
}

fn data() -> Raw {
    Raw::default().member(b'5', b"data/", b"")
}

#[test]
fn names_that_leave_their_directory_are_refused() {
    for name in
        [b"data/../x".as_slice(), b"../x", b"data/a/..", b"/etc/passwd", b"data//x", b"data/./x", b".//x"]
    {
        refused_as(
            "name",
            data().member(b'0', name, b"").end(),
            "Unsafe",
            &shown(name.strip_prefix(b"./").unwrap_or(name)),
        );
    }
    let nul = data().pax(b'x', &[("path", b"data/a\0b")]).member(b'0', b"data/a", b"");
    refused_as("NUL", nul.end(), "Unsafe", "NUL");
    let up = data().pax(b'x', &[("path", b"data/../../x")]).member(b'0', b"data/a", b"");
    refused_as("PAX", up.end(), "Unsafe", "data/../../x");
    let up = data().member(b'L', b"././@LongLink", b"data/../x\0").member(b'0', b"data/a", b"");
    refused_as("GNU", up.end(), "Unsafe", "data/../x");
    let long = [b"data/".as_slice(), &b"p/".repeat(2100), b"x"].concat();
    refused_as(
        "long",
        data().pax(b'x', &[("path", &long)]).member(b'0', b"a", b"").end(),
        "TooLarge",
        "4100",
    );
    let part = [b"data/".as_slice(), &[b'p'; 256]].concat();
    refused_as("part", data().pax(b'x', &[("path", &part)]).member(b'0', b"a", b"").end(), "TooLarge", "255");
}

#[test]
fn no_entry_is_written_twice_or_through_another_one() {
    let through = |flag, link: &[u8]| {
        data()
            .member(b'0', b"data/f", b"")
            .linked(flag, b"data/a", link, 0, b"")
            .member(b'0', b"data/a/b", b"")
            .end()
    };
    refused_as("through a symlink", through(b'2', b"/etc"), "Unsafe", "`a/b` is below `a`");
    refused_as("through a hard link", through(b'1', b"data/f"), "Unsafe", "`a/b` is below `a`");
    refused_as("through a file", through(b'0', b""), "Unsafe", "`a/b` is below `a`");
    refused_as("through a FIFO", through(b'6', b""), "Unsafe", "`a/b` is below `a`");
    refused_as(
        "link later",
        data().member(b'0', b"data/a/b", b"").linked(b'2', b"data/a", b"/etc", 0, b"").end(),
        "Unsafe",
        "`a` is not a directory",
    );
    refused_as(
        "file twice",
        data().member(b'0', b"data/a", b"").member(b'0', b"./data/a", b"").end(),
        "Damaged",
        "`a` appears twice",
    );
    refused_as("directory twice", data().member(b'5', b"data", b"").end(), "Damaged", "appears twice");
    refused_as(
        "data is a link",
        Raw::default().linked(b'2', b"data", b"/etc", 0, b"").end(),
        "Unsafe",
        "`data` is not a directory",
    );
    refused_as(
        "data is a file",
        Raw::default().member(b'0', b"data", b"x").end(),
        "Unsafe",
        "`data` is not a directory",
    );
}

#[test]
fn links_and_types_that_reach_outside_are_refused() {
    let link = |flag, target: &[u8]| data().linked(flag, b"data/l", target, 0, b"").end();
    refused_as("hard link outside", link(b'1', b"/etc/passwd"), "Unsafe", "/etc/passwd");
    refused_as("hard link up", link(b'1', b"data/../../etc"), "Unsafe", "data/../../etc");
    refused_as("hard link to nothing", link(b'1', b"data/none"), "Unsafe", "`none`");
    refused_as("hard link to a directory", link(b'1', b"data"), "Unsafe", "not an earlier file");
    refused_as("hard link to itself", link(b'1', b"data/l"), "Unsafe", "not an earlier file");
    let over_link =
        data().linked(b'2', b"data/s", b"/etc/shadow", 0, b"").linked(b'1', b"data/l", b"data/s", 0, b"");
    refused_as("hard link to a symlink", over_link.end(), "Unsafe", "`s`");
    refused_as("empty symlink", link(b'2', b""), "Unsafe", "`l`");
    refused_as("GNU sparse", data().member(b'S', b"data/s", b"").end(), "Unsupported", "`s`");
    let sparse = data().pax(b'x', &[("GNU.sparse.major", b"1")]).member(b'0', b"data/s", b"");
    refused_as("PAX sparse", sparse.end(), "Unsupported", "sparse");
    refused_as(
        "link with content",
        data().linked(b'2', b"data/l", b"x", 512, &[1; 512]).end(),
        "Damaged",
        "`data/l`",
    );
}

#[test]
fn false_sizes_and_invalid_headers_are_refused() {
    refused_as("cut off", data().linked(b'0', b"data/f", b"", 5000, b"x").cut(), "Damaged", "cut off");
    refused_as(
        "far too big",
        data().linked(b'0', b"data/f", b"", u64::MAX >> 1, b"").end(),
        "Damaged",
        "cut off",
    );
    refused_as(
        "a huge extension",
        data().linked(b'x', b"p", b"", 1 << 40, b"").end(),
        "TooLarge",
        "extension",
    );
    refused_as(
        "no member after an extension",
        data().pax(b'x', &[("path", b"p")]).end(),
        "Damaged",
        "without a member",
    );
    let twice =
        data().pax(b'x', &[("path", b"data/a")]).pax(b'x', &[("path", b"data/b")]).member(b'0', b"a", b"");
    refused_as("two PAX headers", twice.end(), "Damaged", "conflicting");
    let names =
        data().member(b'L', b"l", b"data/a\0").pax(b'x', &[("path", b"data/b")]).member(b'0', b"a", b"");
    refused_as("two names", names.end(), "Damaged", "two names");
    for (key, value) in [("size", "-1"), ("size", "x")] {
        let bytes = data().pax(b'x', &[(key, value.as_bytes())]).member(b'0', b"data/f", b"").end();
        refused_as(key, bytes, "Damaged", &format!("`{key}`"));
    }
    refused_as("records", data().member(b'x', b"p", b"99 path=x\n").end(), "Damaged", "malformed PAX header");
    let global = data().pax(b'g', &[("path", b"data/x")]).member(b'0', b"data/f", b"");
    refused_as("a name for all", global.end(), "Unsupported", "global PAX header");
    let mut flipped = data().member(b'0', b"data/f", b"").end();
    flipped[513] ^= 1;
    refused_as("checksum", flipped, "Damaged", "checksum");
    refused_as("nothing", Vec::new(), "Damaged", "cut off");
    refused_as(
        "no data",
        Raw::default().member(b'0', b"homeassistant.json", b"{}").end(),
        "Damaged",
        "below `data/`",
    );
}

#[test]
fn exceeded_limits_are_named() {
    let bytes = tar(&small());
    let entries = Limits { entries: 4, ..Limits::default() };
    assert_refused(
        "entries",
        read_within(&bytes, &entries),
        "TooLarge",
        "more than 4 entries, at `data/same.yaml`",
    );
    let names = Limits { name_bytes: 20, ..Limits::default() };
    assert_refused("names", read_within(&bytes, &names), "TooLarge", "20 bytes");
}

#[test]
fn bytes_after_the_gzip_stream_are_refused_unless_zeros() {
    let good = gzip(&tar(&small()));
    assert!(read(&[good.as_slice(), &[0; 700]].concat()).is_ok());
    assert_refused("second member", read(&[good.as_slice(), &good].concat()), "Surplus", "more data follows");
    assert_refused("a protected one", read(b"SecureTar\x03"), "Unsupported", "password");
}

#[test]
fn unusual_but_harmless_members_are_read_or_reported() {
    let bytes = Raw::default()
        .member(b'5', b"./", b"")
        .member(b'0', b"./homeassistant.json", b"{}")
        .pax(b'g', &[("comment", b"made by hand"), ("uname", b"someone")])
        .member(b'6', b"./data/pipe", b"")
        .member(b'3', b"./data/whiteout", b"")
        .member(b'4', b"elsewhere", b"")
        .member(b'0', b"./data/deep/f", b"x")
        .member(0, b"./data/old/", b"")
        .member(b'5', b"./data/deep/", b"")
        .linked(b'1', b"data/h", b"./data/deep/f", 0, b"")
        .linked(b'2', b"data/abs", b"/anywhere/../else", 0, b"")
        .end();
    let (contents, summary) = read(&bytes).unwrap();
    let found: Vec<_> = contents.iter().map(|(entry, _)| (shown(&entry.path), entry.kind.clone())).collect();
    let expected = [
        ("deep/f", Kind::File(1)),
        ("old", Kind::Directory),
        ("deep", Kind::Directory),
        ("h", Kind::HardLink(b"deep/f".to_vec())),
        ("abs", Kind::Symlink(b"/anywhere/../else".to_vec())),
    ];
    assert_eq!(found, expected.map(|(path, kind)| (path.to_owned(), kind)));
    assert_eq!(contents[0].0.user, "someone");
    assert_eq!(summary.outside, [b"homeassistant.json".as_slice(), b"elsewhere"]);
    assert_eq!(summary.outside_count, 3);
    let skipped = |path: &[u8], reason: &str| SkippedEntry { path: path.to_vec(), reason: reason.to_owned() };
    assert_eq!(summary.skipped, [skipped(b"pipe", "a FIFO"), skipped(b"whiteout", "a device node")]);
}

#[test]
fn ends_that_home_assistant_accepts_are_accepted_and_noted() {
    let ends: [(&str, Vec<u8>, &str); 4] = [
        ("none", data().cut(), "the end-of-archive marker is missing"),
        ("half an end", data().bytes(&[0; 512]).cut(), "the end-of-archive marker is missing"),
        ("part of a block", data().bytes(&[0; 100]).cut(), "the end-of-archive marker is missing"),
        ("many zeros", data().bytes(&vec![0; 3 << 20]).cut(), ""),
    ];
    for (label, bytes, note) in ends {
        for bytes in [gzip(&bytes), bytes] {
            let (_, summary) = read(&bytes).unwrap();
            assert_eq!(summary.notes.is_empty(), note.is_empty(), "{label}: {:?}", summary.notes);
            assert!(summary.notes.concat().contains(note), "{label}: {:?}", summary.notes);
        }
    }
}

#[test]
fn data_after_the_end_marker_is_noted_with_a_checksum_and_refused_without() {
    for gap in [512, 1024] {
        let bytes = data().bytes(&vec![0; gap]).member(b'0', b"data/f", b"").end();
        assert_refused("plain", read(&bytes), "Damaged", "follows the end-of-archive marker");
        let (contents, summary) = read(&gzip(&bytes)).unwrap();
        assert_eq!(contents.len(), 1, "the file behind it is not there for Home Assistant either");
        assert!(summary.notes[0].contains("is ignored here and by Home Assistant"), "{:?}", summary.notes);
    }
}

#[test]
fn a_second_gzip_stream_after_a_tar_without_an_end_marker_is_refused() {
    let cut = gzip(&data().cut());
    assert_refused(
        "two halves",
        read(&[cut.as_slice(), &cut].concat()),
        "Surplus",
        &format!("{} bytes", cut.len()),
    );
}
