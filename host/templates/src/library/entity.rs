//! Python's `html.unescape`: the characters that HTML's references stand for.

/// A text without references.
pub fn unescape(text: &str) -> String {
    htmlize::unescape(text).into_owned()
}
