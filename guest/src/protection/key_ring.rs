//! The key ring: a JSON file of labeled keys, old and current.
//!
//! Owns the format of the file and the order in which keys are tried. It opens no file: the host does, and checks that only the
//! owner can read it. No error repeats text that may be a key.

use chrono::DateTime;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use zeroize::Zeroizing;

use crate::error::{self, Failure};
use crate::securetar::Password;

/// A key and its label. The file is a list of these.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The name that the user gave it. Unique in the ring.
    pub label: String,
    pub key: Password,
    /// RFC 3339.
    pub created: String,
}

/// The keys, in the order of the file.
#[derive(Debug, Default)]
pub struct KeyRing {
    entries: Vec<Entry>,
}

/// Where the file is invalid, and how.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key ring is not usable: {place} {what}; correct the file and try again")]
pub struct KeyRingError {
    pub place: String,
    pub what: &'static str,
}

impl From<KeyRingError> for Failure {
    fn from(error: KeyRingError) -> Self {
        Self::invalid(error.to_string())
    }
}

impl KeyRing {
    /// Reads the ring of a request, or makes an empty one if it has none.
    pub fn of(text: Option<&Password>) -> Result<Self, KeyRingError> {
        text.map_or_else(|| Ok(Self::default()), |text| Self::parse(text.reveal()))
    }

    /// Reads the text of the file, which the caller should wipe. Empty text is an empty ring.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
        let mut ring = Self::default();
        entries.into_iter().try_for_each(|entry| ring.add(entry))?;
        Ok(ring)
    }

    /// Appends an entry. The error describes the ring as invalid.
    pub fn add(&mut self, entry: Entry) -> Result<(), KeyRingError> {
        let wrong = |what| {
            let place = format!("entry {} (`{}`)", self.entries.len() + 1, entry.label.escape_debug());
            Err(KeyRingError { place, what })
        };
        if entry.label.trim().is_empty() {
            return wrong("has no label");
        }
        if entry.key.is_empty() {
            return wrong("has no key");
        }
        if DateTime::parse_from_rfc3339(&entry.created).is_err() {
            return wrong("has a `created` that is not a time such as 2026-11-23T17:00:00Z");
        }
        if self.entries.iter().any(|other| other.label == entry.label) {
            return wrong("has the same label as another entry");
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Adds a key on request. The failure describes the request as invalid, not the ring.
    pub fn insert(&mut self, entry: Entry) -> error::Result<()> {
        self.must_be_free(&entry.label)?;
        Ok(self.add(entry)?)
    }

    /// The entry with that label.
    pub fn get(&self, label: &str) -> error::Result<&Entry> {
        self.entries.iter().find(|entry| entry.label == label).ok_or_else(|| no_key(label))
    }

    /// Removes the entry with that label.
    pub fn remove(&mut self, label: &str) -> error::Result<()> {
        let at = self.entries.iter().position(|entry| entry.label == label).ok_or_else(|| no_key(label))?;
        self.entries.remove(at);
        Ok(())
    }

    /// Gives an entry another label.
    pub fn rename(&mut self, label: &str, new: &str) -> error::Result<()> {
        if label != new {
            self.must_be_free(new)?;
        }
        let entry =
            self.entries.iter_mut().find(|entry| entry.label == label).ok_or_else(|| no_key(label))?;
        new.clone_into(&mut entry.label);
        Ok(())
    }

    /// The label of a key, if it is in the ring.
    pub fn label_of(&self, key: &Password) -> Option<&str> {
        let same = self.entries.iter().find(|entry| entry.key.reveal() == key.reveal());
        same.map(|entry| entry.label.as_str())
    }

    /// `label`, with a number appended if it is taken.
    pub fn free_label(&self, label: &str) -> String {
        let is_taken = |label: &str| self.entries.iter().any(|entry| entry.label == label);
        let numbered = (2_u64..).map(|number| format!("{label}-{number}"));
        std::iter::once(label.to_owned()).chain(numbered).find(|label| !is_taken(label)).unwrap_or_default()
    }

    fn must_be_free(&self, label: &str) -> error::Result<()> {
        if label.trim().is_empty() {
            return Err(Failure::invalid("a key needs a label; give it one with --label"));
        }
        match self.entries.iter().any(|entry| entry.label == label) {
            false => Ok(()),
            true => Err(Failure::invalid(format!(
                "the key ring already has a key {label:?}; choose another label (`larder key list` shows the labels in \
                 use), or rename that one with `larder key rename`"
            ))),
        }
    }

    /// The entries in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries in the order to try them: newest first, since most backups were made with the newest key.
    pub fn newest_first(&self) -> Vec<&Entry> {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(DateTime::parse_from_rfc3339(&entry.created).ok()));
        entries
    }

    /// The text of the file: indented, with a line break at its end.
    pub fn to_json(&self) -> Zeroizing<String> {
        let entries: Vec<Stored<'_>> = self.entries.iter().map(Stored::from).collect();
        let mut text = Zeroizing::new(serde_json::to_string_pretty(&entries).unwrap_or_default());
        text.push('\n');
        text
    }
}

/// The failure for a label that is not in the key ring.
pub fn no_key(label: &str) -> Failure {
    Failure::new(
        "not_found",
        format!("there is no key {label:?} in the key ring; `larder key list` shows its keys"),
    )
}

#[derive(Serialize)]
struct Stored<'a> {
    label: &'a str,
    key: &'a str,
    created: &'a str,
}

impl<'a> From<&'a Entry> for Stored<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self { label: &entry.label, key: entry.key.reveal(), created: &entry.created }
    }
}

/// Describes an error of the parser without its own message, which would repeat the text at that place: it may be a key.
fn unreadable(error: &serde_json::Error) -> KeyRingError {
    let place = format!("line {}, column {}", error.line(), error.column());
    let what = match error.classify() {
        Category::Data => {
            "does not fit: it must be a list of entries with `label`, `key` and `created`, all of them text"
        }
        Category::Eof => "is the end of the text, but more must follow",
        Category::Syntax | Category::Io => "is not valid JSON",
    };
    KeyRingError { place, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RING: &str = r#"[
  {
    "label": "before the move",
    "key": "AAAA-BBBB",
    "created": "2025-01-02T03:04:05+01:00"
  },
  {
    "label": "now",
    "key": "CCCC \"é\"",
    "created": "2026-11-23T17:00:00Z"
  }
]
"#;

    #[test]
    fn ring_comes_back_as_it_was_written() {
        let ring = KeyRing::parse(RING).unwrap();
        assert_eq!(ring.to_json().as_str(), RING);
        assert_eq!(ring.entries()[1].key.reveal(), "CCCC \"é\"");
        assert!(KeyRing::parse(" \n").unwrap().entries().is_empty());
        assert_eq!(KeyRing::default().to_json().as_str(), "[]\n");
    }

    #[test]
    fn newest_key_is_tried_first_and_equal_ones_as_they_stand() {
        let order = |ring: &KeyRing| -> Vec<String> {
            ring.newest_first().iter().map(|entry| entry.label.clone()).collect()
        };
        let mut ring = KeyRing::parse(RING).unwrap();
        assert_eq!(order(&ring), ["now", "before the move"]);
        let created = "2026-11-23T18:00:00+01:00".to_owned();
        ring.add(Entry { label: "same moment".into(), key: Password::new("x"), created }).unwrap();
        assert_eq!(order(&ring), ["now", "same moment", "before the move"]);
    }

    #[test]
    fn wrong_ring_is_refused_with_its_place_and_without_its_content() {
        let entry = |label: &str, key: &str, created: &str| {
            format!(r#"{{"label":"{label}","key":"{key}","created":"{created}"}}"#)
        };
        let (now, date) = ("2026-11-23T17:00:00Z", "2026-11-23");
        let twice = format!("[{},\n{}]", entry("a", "SECRET", now), entry("a", "SECRET", now));
        let cases = [
            ("{".to_owned(), "line 1, column "),
            ("[\n{\"SECRET\": 1}]".to_owned(), "line 2, column 9 does not fit"),
            ("[{\"label\": \"SECRET\"".to_owned(), "is the end"),
            ("[\"SECRET\" x".to_owned(), "line 1"),
            ("[{\"label\":\"a\",\"key\":\"SECRET\",\"created\":5}]".to_owned(), "does not fit"),
            (format!("[{}]", entry(" ", "SECRET", now)), "entry 1 (` `) has no label"),
            (format!("[{}]", entry("a", "", now)), "entry 1 (`a`) has no key"),
            (format!("[{}]", entry("a", "SECRET", date)), "entry 1 (`a`) has a `created`"),
            (twice, "entry 2 (`a`) has the same label as another entry"),
        ];
        for (text, needle) in cases {
            let error = KeyRing::parse(&text).map(|_| text.clone()).unwrap_err();
            let message = format!("{error} {error:?}");
            assert!(message.contains(needle), "{text}: {message}");
            assert!(!message.contains("SECRET"), "{text}: {message}");
        }
    }

    #[test]
    fn ring_never_shows_a_key() {
        assert!(!format!("{:?}", KeyRing::parse(RING).unwrap()).contains("AAAA"));
    }
}
