//! A file of more than 8 GiB, whose size does not fit into an octal field of a tar. It is mostly a hole, and passes through
//! every command once.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use larder_tests::{TestHome, counterpart, members};

const SIZE: u64 = (8 << 30) + 123_457;
/// Bytes that are there: first, over the limit of 32 and of 33 bits, last.
const MARKS: [(u64, &[u8]); 4] =
    [(0, b"start"), ((4 << 30) - 3, b"middle"), ((8 << 30) - 3, b"behind"), (SIZE - 3, b"end")];

fn make(path: &Path) {
    let file = File::create(path).unwrap();
    file.set_len(SIZE).unwrap();
    MARKS.iter().for_each(|(at, bytes)| file.write_all_at(bytes, *at).unwrap());
}

#[test]
fn a_file_over_eight_gibibytes_comes_back_with_its_size_its_bytes_and_its_holes() {
    let home = TestHome::new();
    make(&home.path("huge.bin"));
    home.write("zz-behind.yaml", "found behind it");
    // Creating reads back what it wrote, and restoring checks all that it reads, just as `verify` does.
    let created = home.larder(&["--json", "create"]).exits(0).json();
    assert_eq!((&created["verified"], created["files"].as_u64()), (&true.into(), Some(4)));
    assert!(created["bytes"].as_u64().unwrap() > SIZE);
    let archive = home.archives().remove(0);
    let target = home.root().join("restored");
    home.larder(&["restore", archive.to_str().unwrap(), "--to", target.to_str().unwrap()]).exits(0);
    assert_same(&target.join("huge.bin"), &home.path("huge.bin"));
    assert_eq!(fs::read(target.join("zz-behind.yaml")).unwrap(), b"found behind it");

    // Its header is enough: unpacking it again would only repeat the proof of the restore.
    let words = ["read", "--no-contents", "--until=data/huge.bin", archive.to_str().unwrap()];
    let Some(read) = counterpart(&words) else { return };
    assert_eq!(members(&read)["data/huge.bin"]["size"], SIZE);
}

#[track_caller]
fn assert_same(restored: &Path, original: &Path) {
    let (is, was) = (fs::metadata(restored).unwrap(), fs::metadata(original).unwrap());
    assert_eq!((is.size(), is.mtime(), is.mode()), (SIZE, was.mtime(), was.mode()));
    assert!(is.blocks() * 512 < 4 << 20, "holes stay holes: {} blocks", is.blocks());
    let file = File::open(restored).unwrap();
    for (at, wanted) in MARKS {
        // With the zeros around it.
        let start = at.saturating_sub(8);
        let mut around = vec![0xff; (at - start) as usize + wanted.len()];
        file.read_exact_at(&mut around, start).unwrap();
        assert_eq!(around.strip_suffix(wanted).unwrap(), vec![0; (at - start) as usize], "at {at}");
    }
}
