//! What stays out of a backup: Home Assistant's own patterns and the user's.
//!
//! Pure rules over paths below `data/`. A pattern matches the whole path, `*` and `?` stay within one part of it, `**/`
//! is any number of parts, and what matches a directory takes everything below it.

use glob::{MatchOptions, Pattern};

use super::{Result, paths, unsupported};

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

#[derive(Clone, Debug)]
pub struct Exclude {
    patterns: Vec<Pattern>,
}

impl Exclude {
    /// What Home Assistant leaves out; without the database also that and its write-ahead log.
    pub fn standard(with_database: bool) -> Self {
        let database = if with_database { &[] } else { DATABASE };
        let patterns = STANDARD.iter().chain(database).filter_map(|text| Pattern::new(text).ok()).collect();
        Self { patterns }
    }

    /// Adds patterns of a user. The error names the first that cannot be one.
    pub fn with<S: AsRef<str>>(mut self, patterns: &[S]) -> Result<Self> {
        for text in patterns {
            self.patterns.push(parse(text.as_ref())?);
        }
        Ok(self)
    }

    /// The pattern that takes this very path, if one does. For a walk that does not go into what is excluded.
    pub fn excluded(&self, path: &[u8]) -> Option<&str> {
        let text = String::from_utf8_lossy(path);
        let hit = self.patterns.iter().find(|pattern| pattern.matches_with(&text, RULES));
        hit.map(Pattern::as_str)
    }

    /// The pattern that takes this path or a directory above it, the topmost first.
    pub fn excluded_with_parents(&self, path: &[u8]) -> Option<&str> {
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        ends.chain([path.len()]).filter_map(|end| path.get(..end)).find_map(|part| self.excluded(part))
    }
}

fn parse(text: &str) -> Result<Pattern> {
    let trimmed = text.strip_suffix('/').unwrap_or(text);
    if let Err(error) = paths::check(trimmed.as_bytes()) {
        return unsupported(format!(
            "the pattern `{text}` matches nothing ({error}); give a path below the home"
        ));
    }
    Pattern::new(trimmed).or_else(|error| {
        unsupported(format!("the pattern `{text}` is wrong at character {} ({})", error.pos, error.msg))
    })
}
