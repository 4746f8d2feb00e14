//! The inner tar: malicious names, links, types and sizes.

use larder_tests::tar::{Tar, gzip, manifest, outer};

use super::{Case, all_are_refused, case};

fn home() -> Tar {
    Tar::home()
}

fn long(part: usize, count: usize) -> Vec<u8> {
    let part = [b"/".as_slice(), &vec![b'p'; part]].concat();
    [b"data".as_slice(), &part.repeat(count)].concat()
}

/// A file with a name that only PAX can store.
fn named(name: &[u8]) -> Vec<u8> {
    home().pax(&[("path", name)]).file("data/short", "x").backup()
}

#[test]
fn names_that_leave_the_directory_are_refused() {
    all_are_refused(vec![
        case("up", home().file("data/../../evil", "x").backup(), "`..`"),
        case("up at once", home().file("../evil", "x").backup(), "`..`"),
        case("up at the end", home().directory("data/www/..").backup(), "`..`"),
        case("up behind `./`", home().file("./data/../evil", "x").backup(), "`..`"),
        case("up in PAX", named(b"data/../../evil"), "`..`"),
        case("up in GNU's way", gnu(b"data/../../evil\0"), "`..`"),
        case("absolute", home().file("/etc/evil", "x").backup(), "absolute"),
        case("absolute in PAX", named(b"/etc/evil"), "absolute"),
        case("twice absolute", home().file("//evil", "x").backup(), "absolute"),
        case("empty part", home().file("data//evil", "x").backup(), "empty"),
        case("dot", home().file("data/./evil", "x").backup(), "`.` component"),
        case("NUL", named(b"data/evil\0.yaml"), "NUL"),
        case("long part", named(&long(256, 1)), "255"),
        case("long name", named(&long(250, 20)), "4100"),
    ]);
}

fn gnu(name: &[u8]) -> Vec<u8> {
    let long = home().member(b'L', "././@LongLink", "", name.len() as u64, name);
    long.file("data/short", "x").backup()
}

#[test]
fn writing_through_a_link_is_refused() {
    let out = "/tmp";
    all_are_refused(vec![
        case(
            "below a link",
            home().symlink("data/www", out).file("data/www/evil", "x").backup(),
            "is below `www`",
        ),
        case(
            "deep below a link",
            home().symlink("data/www", out).file("data/www/a/b/evil", "x").backup(),
            "is below `www`",
        ),
        case(
            "below a relative link",
            home().symlink("data/www", "../..").directory("data/www/evil").backup(),
            "is below `www`",
        ),
        case(
            "a link, then a file",
            home().symlink("data/evil", "/etc/passwd").file("data/evil", "x").backup(),
            "`evil` appears twice",
        ),
        case(
            "a link, then a directory",
            home().symlink("data/www", out).directory("data/www").file("data/www/evil", "x").backup(),
            "`www` appears twice",
        ),
        case(
            "a directory, then a link",
            home().directory("data/www").symlink("data/www", out).backup(),
            "`www` appears twice",
        ),
        case(
            "a link where something lies already",
            home().file("data/www/a", "x").symlink("data/www", out).backup(),
            "`www` is not a directory",
        ),
        case("a link named data", Tar::default().symlink("data", out).backup(), "`data` is not a directory"),
        case(
            "below a file",
            home().file("data/configuration.yaml/evil", "x").backup(),
            "is below `configuration.yaml`",
        ),
        case(
            "below a hard link",
            home().hard_link("data/h", "data/configuration.yaml").file("data/h/evil", "x").backup(),
            "is below `h`",
        ),
        case("an empty link", home().symlink("data/link", "").backup(), "is empty"),
    ]);
}

#[test]
fn hard_links_to_anything_but_an_earlier_file_are_refused() {
    let link = |to: &str| home().hard_link("data/link", to);
    all_are_refused(vec![
        case("absolute", link("/etc/passwd").backup(), "/etc/passwd"),
        case("up", link("data/../../secret").backup(), "outside `data/`"),
        case("beside data", link("homeassistant.json").backup(), "outside `data/`"),
        case("into the victim", link("data/.storage/core.config").backup(), "not an earlier file"),
        case(
            "to a symbolic link",
            home().symlink("data/s", "/etc/shadow").hard_link("data/link", "data/s").backup(),
            "not an earlier file",
        ),
        case("forward", link("data/later").file("data/later", "x").backup(), "not an earlier file"),
        case("to itself", link("data/link").backup(), "not an earlier file"),
        case(
            "to a directory",
            home().directory("data/d").hard_link("data/link", "data/d").backup(),
            "not an earlier",
        ),
    ]);
}

#[test]
fn sparse_files_are_refused() {
    let special = |flag| home().member(flag, "data/special", "", 0, "").backup();
    all_are_refused(vec![
        case("GNU sparse", special(b'S'), "sparse"),
        case(
            "PAX sparse",
            home().pax(&[("GNU.sparse.major", b"1")]).file("data/sparse", "x").backup(),
            "sparse",
        ),
    ]);
}

#[test]
fn members_that_are_there_twice_are_refused() {
    let inner = gzip(&home().end());
    let twice = |first: &str, second: &str| outer().file(first, &inner).file(second, &inner).end();
    let manifest = manifest().to_string();
    let json = |name| outer().file(name, &manifest).file("homeassistant.tar.gz", &inner).end();
    all_are_refused(vec![
        case("a file", home().file("data/configuration.yaml", "evil").backup(), "appears twice"),
        case("a file and `./`", home().file("./data/configuration.yaml", "evil").backup(), "appears twice"),
        case("a directory", home().directory("data").backup(), "appears twice"),
        case("the inner tar", twice("homeassistant.tar.gz", "homeassistant.tar.gz"), "appears twice"),
        case(
            "the inner tar and `./`",
            twice("homeassistant.tar.gz", "./homeassistant.tar.gz"),
            "appears twice",
        ),
        case("the inner tar, both ways", twice("homeassistant.tar", "homeassistant.tar.gz"), "appears twice"),
        case("backup.json", json("./backup.json"), "appears twice"),
        case("backup.json without `./`", json("backup.json"), "appears twice"),
    ]);
}

#[test]
fn sizes_and_numbers_that_lie_are_refused() {
    let sized = |size| home().member(b'0', "data/f", "", size, "x".repeat(600));
    let pax = |key, value: &str| home().pax(&[(key, value.as_bytes())]).file("data/f", "x").backup();
    all_are_refused(vec![
        case("bigger than the archive", sized(1 << 20).backup(), "cut off"),
        case("bigger than any disk", sized(u64::MAX >> 1).backup(), "cut off"),
        case("smaller than its content", sized(1).backup(), "checksum"),
        case("PAX: bigger", pax("size", "9999999"), "cut off"),
        case("PAX: smaller", pax_smaller(), "checksum"),
        case("PAX: negative", pax("size", "-1"), "`size`"),
        case("PAX: no number", pax("size", "many"), "`size`"),
        case("PAX: records that do not add up", broken_records(), "malformed PAX header"),
        case("PAX: two headers", two_headers(), "conflicting"),
        case(
            "a link with content",
            home().member(b'2', "data/l", "x", 512, [1; 512]).backup(),
            "has content",
        ),
        case(
            "a directory with content",
            home().member(b'5', "data/d", "", 512, [1; 512]).backup(),
            "content",
        ),
        case("nothing below data", Tar::default().file("elsewhere", "x").backup(), "below `data/`"),
        case("nothing at all", Tar::default().backup(), "below `data/`"),
    ]);
}

fn pax_smaller() -> Vec<u8> {
    home().pax(&[("size", b"1")]).file("data/f", "x".repeat(600)).backup()
}

fn broken_records() -> Vec<u8> {
    home().member(b'x', "pax", "", 9, "99 path=x").file("data/f", "x").backup()
}

fn two_headers() -> Vec<u8> {
    let one = home().pax(&[("path", b"data/a")]);
    one.pax(&[("path", b"data/b")]).file("data/f", "x").backup()
}

#[test]
fn paths_that_no_file_system_here_can_hold_are_refused_by_verify_already() {
    let cases: Vec<Case> = vec![
        case("deeper than any home", named(&long(1, 300)), "levels"),
        case(
            "a link that says more than a link can",
            home().pax(&[("linkpath", &vec![b'l'; 4096])]).symlink("data/l", "x").backup(),
            "4095",
        ),
    ];
    all_are_refused(cases);
}
