//! Exclude patterns of a backup: Home Assistant's own and the user's.
//!
//! Owns the matching of paths below `data/`, as pure rules. A pattern matches the whole path. `*` and `?` stay within one path
//! component, `**/` matches any number of components, and a matched directory excludes everything below it.

use glob::{MatchOptions, Pattern};

use super::error::{Result, unsupported};
use super::paths;

const STANDARD: &[&str] = &[
    "**/__pycache__/*",
    "**/.DS_Store",
    ".HA_RESTORE",
    "*.db-shm",
    "*.log.*",
    "*.log",
    "backups/*.tar",
    "tmp_backups/*.tar",
    "OZW_Log.txt",
    "tts/*",
    ".cache/*",
];
const DATABASE: &[&str] = &["home-assistant_v2.db", "home-assistant_v2.db-wal"];

const RULES: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// A set of exclude patterns.
#[derive(Clone, Debug)]
pub struct Exclude {
    patterns: Vec<Pattern>,
}

impl Exclude {
    /// Home Assistant's patterns. Without the database, they also exclude it and its write-ahead log.
    pub fn standard(with_database: bool) -> Self {
        let database = if with_database { &[] } else { DATABASE };
        let patterns = STANDARD.iter().chain(database).filter_map(|text| Pattern::new(text).ok()).collect();
        Self { patterns }
    }

    /// Adds patterns of the user. Errors name the first invalid one.
    pub fn with<S: AsRef<str>>(mut self, patterns: &[S]) -> Result<Self> {
        for text in patterns {
            self.patterns.push(parse(text.as_ref())?);
        }
        Ok(self)
    }

    /// The pattern that matches this path itself. For a walk that does not descend into excluded directories.
    pub fn excluded(&self, path: &[u8]) -> Option<&str> {
        let text = String::from_utf8_lossy(path);
        let hit = self.patterns.iter().find(|pattern| pattern.matches_with(&text, RULES));
        hit.map(Pattern::as_str)
    }

    /// The pattern that matches this path or the topmost matched directory above it.
    pub fn excluded_with_parents(&self, path: &[u8]) -> Option<&str> {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        ends.chain([path.len()]).filter_map(|end| path.get(..end)).find_map(|prefix| self.excluded(prefix))
    }
}

fn parse(text: &str) -> Result<Pattern> {
    let trimmed = text.strip_suffix('/').unwrap_or(text);
    if let Err(error) = paths::check(trimmed.as_bytes()) {
        return unsupported(format!(
            "the pattern `{text}` can never match ({error}); write it relative to the home's directory"
        ));
    }
    Pattern::new(trimmed).or_else(|error| {
        unsupported(format!("the pattern `{text}` is invalid at character {} ({})", error.pos, error.msg))
    })
}
