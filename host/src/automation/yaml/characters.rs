//! Characters that libyaml and `saphyr-parser` treat differently: refused, or hidden from the parser.

use std::sync::Arc;

use super::{Parsed, Place};

/// Refuses the characters that no YAML file may contain, and line breaks that only YAML 1.1 knows.
pub fn check(file: &Arc<str>, text: &str) -> Parsed<()> {
    let (mut line, mut column) = (1_usize, 1_usize);
    for character in text.chars() {
        let told = match character {
            '\n' => {
                (line, column) = (line.saturating_add(1), 1);
                continue;
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' => Some("is a line break in YAML 1.1 only"),
            '\t' | '\r' | '\u{20}'..='\u{7e}' | '\u{a0}'..='\u{fffd}' | '\u{10000}'.. => None,
            _ => Some("is not allowed in YAML"),
        };
        if let Some(told) = told {
            let place = Place { file: file.clone(), line, column };
            let code = u32::from(character);
            return Err(place.problem(format!(
                "the character U+{code:04X} {told}; remove it, or write it as \\u{code:04x} in double quotes"
            )));
        }
        column = column.saturating_add(1);
    }
    Ok(())
}

/// A text without byte order marks, which `saphyr-parser` refuses and Home Assistant keeps.
pub struct Hidden<'a> {
    pub text: std::borrow::Cow<'a, str>,
    stand_in: Option<char>,
}

impl<'a> Hidden<'a> {
    /// Puts an unused character in the place of every mark.
    pub fn of(text: &'a str) -> Self {
        if !text.contains('\u{feff}') {
            return Self { text: text.into(), stand_in: None };
        }
        let stand_in = ('\u{e000}'..='\u{f8ff}').find(|unused| !text.contains(*unused));
        let hidden = stand_in.map(|unused| text.replace('\u{feff}', unused.encode_utf8(&mut [0; 4])));
        Self { text: hidden.map_or_else(|| text.into(), Into::into), stand_in }
    }

    /// The scalar as it is in the file.
    pub fn restored(stand_in: Option<char>, scalar: &str) -> String {
        match stand_in {
            None => scalar.to_owned(),
            Some(unused) => scalar.replace(unused, "\u{feff}"),
        }
    }

    pub fn stand_in(&self) -> Option<char> {
        self.stand_in
    }
}
