//! The name of a schedule that `larder.toml` defines.
//!
//! Owns which names are valid. They are short enough to be copied, like the other facts about what started a backup.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes: the same as for other tables of `larder.toml`.
const MAX_LENGTH: usize = 64;

/// Lowercase letters, digits and `_`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScheduleName([u8; MAX_LENGTH]);

/// The text is not a name of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a name of a schedule; use at most 64 lowercase letters, digits and `_`")]
pub struct InvalidName(String);

impl ScheduleName {
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if text.is_empty() || text.len() > MAX_LENGTH || !text.bytes().all(is_allowed) {
            return Err(InvalidName(text.escape_debug().take(40).collect()));
        }
        let mut bytes = [0; MAX_LENGTH];
        bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Ok(Self(bytes))
    }

    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(MAX_LENGTH);
        self.0.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl fmt::Display for ScheduleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ScheduleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl TryFrom<String> for ScheduleName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::parse(&text)
    }
}

impl From<ScheduleName> for String {
    fn from(name: ScheduleName) -> Self {
        name.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_lowercase_words() {
        for text in ["weekly", "a", "0_", &"n".repeat(64)] {
            assert_eq!(ScheduleName::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "Weekly", "a b", "a-b", "ä", "a\0", &"n".repeat(65)] {
            assert!(ScheduleName::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_sorted_like_texts() {
        let mut names = ["b", "a_b", "ab", "a", "a0"].map(|text| ScheduleName::parse(text).unwrap());
        names.sort();
        assert_eq!(names.map(String::from), ["a", "a0", "a_b", "ab", "b"]);
    }
}
