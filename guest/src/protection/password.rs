//! Passwords as users type them: warnings before one is used, and variants to try when one does not work.
//!
//! Pure rules about the text. No message repeats a password.

use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;

/// The byte order mark that Windows editors put in front of a text.
const MARK: char = '\u{feff}';
/// Passwords with fewer characters can be guessed, whatever the encryption.
const SHORT: usize = 8;

/// Warnings about a password, before something is protected with it.
pub fn doubts(password: &str) -> Vec<String> {
    let mut doubts = Vec::new();
    if password.starts_with(MARK) {
        doubts.push(
            "the password begins with a byte order mark (U+FEFF), which cannot be typed: Home Assistant could not open the \
             backup; give the password without it"
                .to_owned(),
        );
    }
    if password.trim() != password {
        doubts.push(
            "the password begins or ends with whitespace, which is part of it and easily left out: choose one without, unless this is \
             intended"
                .to_owned(),
        );
    }
    if password.chars().count() < SHORT {
        doubts.push(format!(
            "the password has fewer than {SHORT} characters and can be guessed: choose a longer one; `larder key new` makes a \
             strong one"
        ));
    }
    if !is_nfc(password) {
        doubts.push(
            "the password has decomposed accents (not NFC, as in file names on macOS) and will not match when it is typed on a \
             keyboard: type it again"
                .to_owned(),
        );
    }
    doubts
}

/// Similar passwords that may be the right one, and how each differs from this one.
pub fn variants(password: &str) -> Vec<(Zeroizing<String>, &'static str)> {
    let unmarked = password.strip_prefix(MARK).unwrap_or(password);
    let all = [
        (unmarked.to_owned(), "without the byte order mark in front of it"),
        (unmarked.trim().to_owned(), "without the whitespace at its ends"),
        (password.nfc().collect(), "with composed accents (NFC)"),
        (password.nfd().collect(), "with decomposed accents (NFD)"),
        (
            format!("{MARK}{unmarked}"),
            "with a byte order mark (U+FEFF) in front of it, as in a file from Windows",
        ),
    ];
    let mut variants: Vec<(Zeroizing<String>, &'static str)> = Vec::new();
    for (text, how) in all.map(|(text, how)| (Zeroizing::new(text), how)) {
        let is_new = *text != password && variants.iter().all(|(other, _)| *other != text);
        if is_new && !text.is_empty() {
            variants.push((text, how));
        }
    }
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ü` as one character and as two, as Python's `unicodedata.normalize` gives them.
    const COMPOSED: &str = "Schl\u{fc}ssel";
    const DECOMPOSED: &str = "Schlu\u{308}ssel";

    #[test]
    fn a_password_that_can_be_typed_anywhere_raises_no_doubt() {
        for good in ["a good one", COMPOSED, "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ01", "12345678"] {
            assert_eq!(doubts(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn a_doubt_never_repeats_the_password() {
        let cases = [
            ("\u{feff}long enough", "byte order mark"),
            (" long enough", "whitespace"),
            ("long enough\t", "whitespace"),
            ("1234567", "fewer than 8 characters"),
            (DECOMPOSED, "not NFC"),
        ];
        for (password, says) in cases {
            let messages = doubts(password).join(" ");
            assert!(messages.contains(says) && !messages.contains(password.trim()), "{messages}");
            assert_eq!(doubts(password).len(), 1, "{messages}");
        }
    }

    #[test]
    fn each_variant_is_tried_once() {
        let of = |password: &str| -> Vec<String> {
            variants(password).iter().map(|(text, _)| text.to_string()).collect()
        };
        assert_eq!(of("plain"), ["\u{feff}plain"]);
        assert_eq!(of("\u{feff}plain "), ["plain ", "plain"]);
        assert_eq!(of(COMPOSED), [DECOMPOSED.to_owned(), format!("\u{feff}{COMPOSED}")]);
        assert_eq!(of(DECOMPOSED), [COMPOSED.to_owned(), format!("\u{feff}{DECOMPOSED}")]);
    }
}
