//! The recorder's database: its name in the home, and whether it is outside the home, so that no backup contains it.
//!
//! Searches lines instead of parsing YAML. An unusual notation is not found, and nothing depends on it.

use crate::home::text;
use crate::ports::Snapshot;

/// The path of the database in the home.
pub const DATABASE: &[u8] = b"home-assistant_v2.db";
const CONFIGURATION: &str = "configuration.yaml";

/// A warning if the recorder's database is outside the home.
pub fn elsewhere(snapshot: &dyn Snapshot) -> Option<String> {
    let read = |path: &str| text(snapshot, path).ok().flatten();
    let is_here = |name: &str| snapshot.follow(name.as_bytes()).is_ok();
    let kind = database(&read(CONFIGURATION)?, &read).filter(|url| !is_file_of_home(url, &is_here));
    let kind = kind.and_then(|url| scheme(&url))?;
    Some(format!(
        "the recorder's database is elsewhere ({kind}, recorder: db_url in {CONFIGURATION}) and not in the backup; back it up with \
         that database's own tools"
    ))
}

/// The value of `db_url`, with includes and secrets resolved.
fn database(configuration: &str, read: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let recorder = below(configuration, "recorder")?;
    let included = recorder.trim().strip_prefix("!include ").map(str::trim);
    let own = included.map_or(Some(recorder.clone()), read)?;
    let url = value(&own, "db_url")?;
    match url.strip_prefix("!secret ") {
        Some(name) => value(&read("secrets.yaml")?, name.trim()),
        None => Some(url),
    }
}

/// The lines below a top-level key, and the rest of that line.
fn below(text: &str, key: &str) -> Option<String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&format!("{key}:")));
    let first = lines.next()?.split_once(':')?.1;
    let is_below = |line: &&str| line.is_empty() || line.starts_with([' ', '\t', '#']);
    let rest: Vec<_> = std::iter::once(first).chain(lines.take_while(is_below)).collect();
    Some(rest.join("\n"))
}

/// The value of a key, without quotes and comments.
fn value(text: &str, key: &str) -> Option<String> {
    let of = |line: &str| Some(line.trim_start().strip_prefix(key)?.strip_prefix(':')?.trim().to_owned());
    let value = text.lines().find_map(of)?;
    let value = value.split(" #").next().unwrap_or_default().trim();
    Some(value.trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty())
}

/// The kind of database. The rest of the URL may contain a password.
fn scheme(url: &str) -> Option<String> {
    let scheme = url.split_once("://")?.0.split('+').next()?;
    let is_valid = !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric());
    is_valid.then(|| scheme.to_owned())
}

/// Whether the URL names a SQLite file in the home, which is backed up like any file. Its path may be one inside a container,
/// so only its name is looked for.
fn is_file_of_home(url: &str, is_here: &dyn Fn(&str) -> bool) -> bool {
    let path = url.strip_prefix("sqlite://").map(|path| path.split('?').next().unwrap_or_default());
    path.is_some_and(|path| path.rsplit('/').next().is_none_or(|name| name.is_empty() || is_here(name)))
}

#[cfg(test)]
mod tests {
    use super::{database, is_file_of_home, scheme};

    #[test]
    fn only_the_kind_of_a_database_outside_the_home_is_shown() {
        let secrets = "db: mysql://somebody:secret@server/ha\n";
        let included = "db_url: 'postgresql://server/ha'\npurge_keep_days: 5\n";
        let read = |path: &str| match path {
            "secrets.yaml" => Some(secrets.to_owned()),
            "recorder.yaml" => Some(included.to_owned()),
            _ => None,
        };
        let kind = |text: &str| {
            let url = database(text, &read).filter(|url| !is_file_of_home(url, &|name| name == "ha.db"));
            url.and_then(|url| scheme(&url))
        };
        let cases = [
            (
                "recorder:\n  db_url: mysql+pymysql://a:b@server/ha?charset=utf8 # there\nother:\n",
                Some("mysql"),
            ),
            (
                "recorder:\n  # comment\n  purge_keep_days: 3\n\n  db_url: \"postgresql://server/ha\"\n",
                Some("postgresql"),
            ),
            ("recorder:\n  db_url: !secret db\n", Some("mysql")),
            ("recorder: !include recorder.yaml\n", Some("postgresql")),
            ("recorder:\n  db_url: sqlite:////elsewhere/other.db\n", Some("sqlite")),
            ("recorder:\n  db_url: sqlite:////config/ha.db\n", None),
            ("recorder:\n  purge_keep_days: 3\nother:\n  db_url: mysql://x\n", None),
            ("# recorder:\ndefault_config:\n", None),
            ("recorder:\n  db_url: !secret missing\n", None),
            ("recorder:\n  db_url: nothing\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(kind(text).as_deref(), expected, "{text}");
        }
    }
}
