//! Symbolic links of a home: which of them a person must hear of, and in which words.
//!
//! A backup holds the link, as Home Assistant's does, and never what it leads to. Pure rules.

use crate::archive::shown;
use crate::ports::Destination;

/// Without what these hold there is no home.
const IMPORTANT: [&[u8]; 8] = [
    b".HA_VERSION",
    b".storage",
    b"automations.yaml",
    b"configuration.yaml",
    b"home-assistant_v2.db",
    b"scenes.yaml",
    b"scripts.yaml",
    b"secrets.yaml",
];

/// Whether the link at `path` stands for something that a home needs: one of those, or directly in `.storage`.
pub fn is_important(path: &[u8]) -> bool {
    let in_storage = path.strip_prefix(b".storage/").is_some_and(|name| !name.contains(&b'/'));
    in_storage || IMPORTANT.contains(&path)
}

/// What a person must know about a link that a backup holds; none when what it leads to is in the same home.
pub fn stored(target: &[u8], destination: Destination) -> Option<String> {
    let target = shown(target);
    match destination {
        Destination::Inside => None,
        Destination::Outside => Some(format!(
            "a symbolic link to {target}, outside the home: only the link is stored; back up what it leads to by itself"
        )),
        Destination::Nowhere => {
            Some(format!("a symbolic link to {target}, which is not there: only the link is stored"))
        }
    }
}

/// What a person must know about a restored link that leads nowhere.
pub fn dangling(target: &[u8]) -> String {
    format!("only the symbolic link is back: {}, which it leads to, is not there", shown(target))
}

/// What a person must know about a link for a database that a home did not get back, as it keeps what it has in its place.
pub fn kept_instead(target: &[u8]) -> String {
    format!("only a symbolic link to {} in the backup; the home keeps what it has", shown(target))
}
