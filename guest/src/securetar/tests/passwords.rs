//! Wrong passwords, and checks that read only the start of a part.

use super::*;

/// Counts the bytes read.
struct Counted<'a> {
    bytes: &'a [u8],
    read: usize,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.bytes.read(buffer)?;
        self.read += count;
        Ok(count)
    }
}

fn check(bytes: &[u8], password: &str) -> (PasswordVerdict, usize) {
    let mut source = Counted { bytes, read: 0 };
    let mut keys = Keys::new(Password::new(password));
    let verdict = check_password(&mut source, bytes.len() as u64, &mut keys).unwrap();
    (verdict, source.read)
}

#[test]
fn wrong_password_is_detected_before_any_plaintext_is_returned() {
    for version in [Version::V2, Version::V3] {
        let bytes = seal(version, &plaintext(100_000));
        let mut keys = Keys::new(Password::new("wrong"));
        let error = open_with(&bytes, &mut keys).map(|plain| plain.len()).unwrap_err();
        assert!(
            matches!(error, SecureTarError::PasswordIncorrect { version: said } if said == version),
            "{error}"
        );
        let (verdict, read) = check(&bytes, "wrong");
        assert!(matches!(verdict, PasswordVerdict::Incorrect { .. }), "{version}");
        assert!(read <= 17 << 10, "{version}: {read} bytes were read");
    }
}

#[test]
fn correct_password_is_confirmed_by_the_first_kilobytes() {
    for (version, limit) in [(Version::V2, 17 << 10), (Version::V3, 512)] {
        for size in [0, 1, 17, 3 * MIB] {
            let (verdict, read) = check(&seal(version, &plaintext(size)), PASSWORD);
            assert_eq!(verdict, PasswordVerdict::Correct, "{version}, {size} bytes");
            assert!(read <= limit, "{version}: {read} bytes were read");
        }
    }
}

#[test]
fn password_of_version_3_is_checked_even_when_the_rest_is_damaged() {
    let bytes = seal(Version::V3, &plaintext(1000));
    assert_eq!(check(&bytes[..200], PASSWORD).0, PasswordVerdict::Correct);
    assert!(matches!(check(&bytes[..200], "wrong").0, PasswordVerdict::Incorrect { .. }));
}

#[test]
fn no_password_is_checked_for_unprotected_newer_or_cut_off_parts() {
    let newer = [b"SecureTar\x04".as_slice(), &[0; 300]].concat();
    let mut tar = vec![7; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    let cut = &seal(Version::V3, b"")[..100];
    let cut_2 = &seal(Version::V2, &plaintext(100))[..60];
    for (label, bytes, is_damaged, needle) in [
        ("gzip", &[0x1f, 0x8b, 8, 0][..], false, "not protected"),
        ("tar", &tar, false, "not protected"),
        ("text", b"hello", true, "neither"),
        ("empty", b"", true, "neither"),
        ("newer", &newer, false, "SecureTar 4"),
        ("cut", cut, true, "cut off"),
        ("cut old", cut_2, true, "do not match"),
    ] {
        match check(bytes, PASSWORD).0 {
            PasswordVerdict::Damaged { why } if is_damaged => assert!(why.contains(needle), "{label}: {why}"),
            PasswordVerdict::Unsupported { why } if !is_damaged => {
                assert!(why.contains(needle), "{label}: {why}")
            }
            other => panic!("{label}: {other:?}"),
        }
    }
}

#[test]
fn header_that_disagrees_with_a_confirmed_password_is_damaged() {
    let mut bytes = seal(Version::V3, &plaintext(10));
    let mut keys = Keys::new(password());
    open_with(&bytes, &mut keys).unwrap();
    bytes[70] ^= 1;
    assert!(matches!(open_with(&bytes, &mut keys), Err(SecureTarError::Damaged { .. })));
    let mut keys = Keys::new(password());
    assert!(matches!(open_with(&bytes, &mut keys), Err(SecureTarError::PasswordIncorrect { .. })));
}

#[test]
fn plain_gzip_is_not_decrypted() {
    let bytes = plaintext(320);
    assert!(matches!(open(&bytes), Err(SecureTarError::Unsupported { what }) if what.contains("plain gzip")));
}

#[test]
fn no_secret_is_ever_shown() {
    let keys = writing(Version::V3);
    let mut reading = Keys::new(password());
    let bytes = seal(Version::V3, b"");
    open_with(&bytes, &mut reading).unwrap();
    let shown = format!("{:?} {:?} {:?}", password(), keys, reading);
    assert_eq!(shown, "Password(hidden) ArchiveKeys(SecureTar 3, hidden) Keys(hidden)");
    let wrong = open_with(&bytes, &mut Keys::new(Password::new("hunter2"))).unwrap_err();
    assert!(!format!("{wrong} {wrong:?}").contains("hunter2"));
}

#[test]
fn messages_name_the_cases_that_cannot_be_distinguished() {
    let text = |version| SecureTarError::PasswordIncorrect { version }.to_string();
    assert!(text(Version::V2).contains("cannot tell which"));
    assert!(text(Version::V3).starts_with("wrong password; enter the one"));
}
