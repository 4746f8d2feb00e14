//! Untrusted text for display: names from archives and homes, and messages of plugins. Escapes characters that a terminal would
//! interpret, and characters that hide or reorder the text around them; truncates long text.
//!
//! The host and the component share this rule. It knows no terminal and no language.

/// The end of a truncated text.
pub const ELLIPSIS: &str = "…";

/// The most joiners in a row: a variation selector of an emoji, then a joiner to the next one.
const MAX_JOINERS: usize = 2;

/// Escapes every character that is not safe to display, except those in `kept`.
pub fn escape(text: &str, kept: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let (mut base, mut joiners) = (None, 0);
    for c in text.chars() {
        joiners = if is_joiner(c) { joiners + 1 } else { 0 };
        let is_shown = match is_joiner(c) {
            true => joiners <= MAX_JOINERS && base.is_some_and(|base: char| !base.is_ascii()),
            false => !is_unsafe(c),
        };
        if joiners == 0 {
            base = is_shown.then_some(c);
        }
        match is_shown || kept.contains(c) {
            true => escaped.push(c),
            false => escaped.extend(c.escape_default()),
        }
    }
    escaped
}

/// Escapes the first `max` characters and drops the rest.
pub fn truncate(text: &str, max: usize, kept: &str) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => escape(text.get(..end).unwrap_or_default(), kept) + ELLIPSIS,
        None => escape(text, kept),
    }
}

/// Whether a character is safe to display, whatever surrounds it.
pub fn is_safe(c: char) -> bool {
    !is_unsafe(c) && !is_joiner(c)
}

/// Control characters, Unicode's format characters (bidirectional, tag and zero-width characters), line ends, and invisible
/// characters.
fn is_unsafe(c: char) -> bool {
    c.is_control() || is_format(c) || is_invisible(c)
}

/// Unicode's categories Cf, Zl and Zp.
pub fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// Invisible characters that are not format characters: fillers, and code points that Unicode reserves for such characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

/// Joiners and variation selectors. After a character of an emoji or of some scripts they are part of it; elsewhere they are
/// invisible.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_a_terminal_interprets_or_hides_are_escaped() {
        for c in [
            '\0',
            '\t',
            '\n',
            '\r',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202b}',
            '\u{202c}',
            '\u{202d}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2067}',
            '\u{2068}',
            '\u{2069}',
            '\u{206a}',
            '\u{feff}',
            '\u{fff9}',
            '\u{3164}',
            '\u{115f}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{1d173}',
            '\u{34f}',
        ] {
            assert_eq!(escape(&format!("a{c}b"), ""), format!("a{}b", c.escape_default()));
        }
        assert_eq!(escape("a\nb\tc", "\n"), "a\nb\\tc");
    }

    #[test]
    fn letters_of_every_script_and_emoji_stay() {
        for text in [
            "Grüße",
            "日本語",
            "عربي",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "❤\u{fe0f}\u{200d}🔥",
            "👨\u{200d}👩\u{200d}👧",
            "e\u{301}",
            "\u{e000}",
        ] {
            assert_eq!(escape(text, ""), text);
        }
    }

    #[test]
    fn a_joiner_that_joins_nothing_is_escaped() {
        assert_eq!(escape("pass\u{200d}word", ""), "pass\\u{200d}word");
        assert_eq!(escape("a\u{fe0f}", ""), "a\\u{fe0f}");
        assert_eq!(escape("\u{200d}", ""), "\\u{200d}");
        assert_eq!(escape("ä\u{200d}\u{200d}\u{200d}", ""), "ä\u{200d}\u{200d}\\u{200d}");
        assert_eq!(escape("\u{202e}\u{200d}", ""), "\\u{202e}\\u{200d}");
    }

    #[test]
    fn a_long_text_is_truncated() {
        assert_eq!(truncate("abc", 3, ""), "abc");
        assert_eq!(truncate("abcd", 3, ""), "abc…");
        assert_eq!(truncate("\u{202e}\u{202e}", 1, ""), "\\u{202e}…");
    }
}
