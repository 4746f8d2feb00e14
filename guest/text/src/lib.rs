//! Foreign text for people: names from archives and homes, words of plugins. What a terminal would act on, and what hides or turns
//! round what is beside it, is escaped; what is too long is cut.
//!
//! The one rule for host and component. Knows no terminal and no language.

/// What stands at the end of a text that was cut.
pub const CUT: &str = "…";

/// Joiners that may follow a character: an emoji's variation, then what joins it to the next.
const MOST_JOINERS: usize = 2;

/// The text with everything escaped that is not plain, but for the `kept` characters.
pub fn plain(text: &str, kept: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let (mut base, mut joiners) = (None, 0);
    for c in text.chars() {
        joiners = if is_joiner(c) { joiners + 1 } else { 0 };
        let is_shown = match is_joiner(c) {
            true => joiners <= MOST_JOINERS && base.is_some_and(|base: char| !base.is_ascii()),
            false => !acts(c),
        };
        if joiners == 0 {
            base = is_shown.then_some(c);
        }
        match is_shown || kept.contains(c) {
            true => plain.push(c),
            false => plain.extend(c.escape_default()),
        }
    }
    plain
}

/// The same of its first `most` characters.
pub fn cut(text: &str, most: usize, kept: &str) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => plain(text.get(..end).unwrap_or_default(), kept) + CUT,
        None => plain(text, kept),
    }
}

/// Whether a character is plain wherever it stands.
pub fn is_plain(c: char) -> bool {
    !acts(c) && !is_joiner(c)
}

/// Whether a character does something else than stand there: control characters, Unicode's format characters (bidirectional
/// ones, tags, zero-width ones), ends of lines, and what is invisible by itself.
fn acts(c: char) -> bool {
    c.is_control() || is_format(c) || is_invisible(c)
}

/// Unicode's categories Cf, Zl and Zp.
pub fn is_format(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

/// What is shown as nothing without being a format character: fillers, and places that Unicode keeps for such things.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}')
}

/// Joiners and variation selectors: parts of emoji and of several scripts behind a character of theirs, invisible elsewhere.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_or_hides_is_escaped() {
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
            assert_eq!(plain(&format!("a{c}b"), ""), format!("a{}b", c.escape_default()));
        }
        assert_eq!(plain("a\nb\tc", "\n"), "a\nb\\tc");
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
            assert_eq!(plain(text, ""), text);
        }
    }

    #[test]
    fn a_joiner_that_joins_nothing_is_escaped() {
        assert_eq!(plain("pass\u{200d}word", ""), "pass\\u{200d}word");
        assert_eq!(plain("a\u{fe0f}", ""), "a\\u{fe0f}");
        assert_eq!(plain("\u{200d}", ""), "\\u{200d}");
        assert_eq!(plain("ä\u{200d}\u{200d}\u{200d}", ""), "ä\u{200d}\u{200d}\\u{200d}");
        assert_eq!(plain("\u{202e}\u{200d}", ""), "\\u{202e}\\u{200d}");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(cut("abc", 3, ""), "abc");
        assert_eq!(cut("abcd", 3, ""), "abc…");
        assert_eq!(cut("\u{202e}\u{202e}", 1, ""), "\\u{202e}…");
    }
}
