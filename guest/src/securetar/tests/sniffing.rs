//! Formats are detected by their first bytes.

use super::*;

#[test]
fn each_format_is_detected_by_its_magic_number() {
    let mut tar = vec![b'x'; SNIFF_LENGTH];
    tar[257..262].copy_from_slice(b"ustar");
    let salt = [0x55; 32];
    let cases: [(&str, &[u8], u64, Format); 11] = [
        ("gzip", &plaintext(100), 100, Format::Gzip),
        ("tar", &tar, 10_240, Format::Tar),
        ("tar without members", &[0; SNIFF_LENGTH], 10_240, Format::Tar),
        ("version 2", &seal(Version::V2, b"")[..48], 64, Format::SecureTar(2)),
        ("version 3", &seal(Version::V3, b"")[..136], 153, Format::SecureTar(3)),
        ("a later version", b"SecureTar\x09", 1000, Format::SecureTar(9)),
        ("only the mark", b"SecureTar", 9, Format::Unknown),
        ("maybe version 1", &salt, 32, Format::MaybeSecureTar1),
        ("no version 1", &salt, 33, Format::Unknown),
        ("too short for version 1", &salt[..16], 16, Format::Unknown),
        ("nothing", b"", 0, Format::Unknown),
    ];
    for (label, start, length, format) in cases {
        assert_eq!(sniff(start, length), format, "{label}");
        assert_eq!(format.is_unprotected(), label.contains("tar") || label == "gzip", "{label}");
    }
}
