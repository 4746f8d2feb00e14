//! Passwords as people give them: what may go wrong with one later, and what else may have been meant. Pure.
//!
//! Judges the text only, and never repeats it.

use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;

/// What editors of Windows put in front of a text.
const MARK: char = '\u{feff}';
/// Fewer characters can be found by trying, whatever the encryption.
const SHORT: usize = 8;

/// What a person should know before something is protected with it.
pub fn doubts(password: &str) -> Vec<String> {
    let mut doubts = Vec::new();
    if password.starts_with(MARK) {
        doubts.push(
            "the password begins with a byte order mark (U+FEFF), which no keyboard types: Home Assistant will not open what it \
             protects; give it without"
                .to_owned(),
        );
    }
    if password.trim() != password {
        doubts.push(
            "the password begins or ends with a blank, which belongs to it and is easily left out: choose one without, unless this is \
             meant"
                .to_owned(),
        );
    }
    if password.chars().count() < SHORT {
        doubts.push(format!(
            "the password has fewer than {SHORT} characters and can be found by trying: choose a longer one; `larder key new` makes a \
             strong one"
        ));
    }
    if !is_nfc(password) {
        doubts.push(
            "the password has letters whose accents are characters of their own (not NFC, as in file names of macOS); typed on a \
             keyboard it will not fit: type it anew"
                .to_owned(),
        );
    }
    doubts
}

/// Other passwords that may have been meant with this one, and how each differs.
pub fn variants(password: &str) -> Vec<(Zeroizing<String>, &'static str)> {
    let unmarked = password.strip_prefix(MARK).unwrap_or(password);
    let all = [
        (unmarked.to_owned(), "without the byte order mark in front of it"),
        (unmarked.trim().to_owned(), "without the blanks at its ends"),
        (password.nfc().collect(), "with its accents as parts of their letters (NFC)"),
        (password.nfd().collect(), "with its accents as characters of their own (NFD)"),
        (
            format!("{MARK}{unmarked}"),
            "with a byte order mark (U+FEFF) in front of it, as a file from Windows may have had",
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
    fn a_password_that_will_fit_wherever_it_is_typed_raises_no_doubt() {
        for good in ["a good one", COMPOSED, "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ01", "12345678"] {
            assert_eq!(doubts(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn each_doubt_says_what_and_what_to_do_and_not_the_password() {
        let cases = [
            ("\u{feff}long enough", "byte order mark"),
            (" long enough", "blank"),
            ("long enough\t", "blank"),
            ("1234567", "fewer than 8 characters"),
            (DECOMPOSED, "not NFC"),
        ];
        for (password, says) in cases {
            let said = doubts(password).join(" ");
            assert!(said.contains(says) && !said.contains(password.trim()), "{said}");
            assert_eq!(doubts(password).len(), 1, "{said}");
        }
    }

    #[test]
    fn what_may_have_been_meant_is_tried_once_each() {
        let of = |password: &str| -> Vec<String> {
            variants(password).iter().map(|(text, _)| text.to_string()).collect()
        };
        assert_eq!(of("plain"), ["\u{feff}plain"]);
        assert_eq!(of("\u{feff}plain "), ["plain ", "plain"]);
        assert_eq!(of(COMPOSED), [DECOMPOSED.to_owned(), format!("\u{feff}{COMPOSED}")]);
        assert_eq!(of(DECOMPOSED), [COMPOSED.to_owned(), format!("\u{feff}{DECOMPOSED}")]);
    }
}
