//! Symbolic links in a home: which of them are reported, and the sentences about them.
//!
//! A backup contains the link, as Home Assistant's does, and never its destination. Pure rules.

use crate::archive::shown;
use crate::ports::Destination;

/// Files and directories that a home cannot do without.
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

/// Whether the link at `path` replaces something that a home needs: one of [`IMPORTANT`], or a file directly in `.storage`.
pub fn is_important(path: &[u8]) -> bool {
    let in_storage = path.strip_prefix(b".storage/").is_some_and(|name| !name.contains(&b'/'));
    in_storage || IMPORTANT.contains(&path)
}

/// The sentence about a link that a backup contains. `None` if its destination is in the same home.
pub fn stored(target: &[u8], destination: Destination) -> Option<String> {
    let target = shown(target);
    match destination {
        Destination::Inside => None,
        Destination::Outside => Some(format!(
            "a symbolic link to {target}, outside the home: only the link is stored; back up its destination separately"
        )),
        Destination::Nowhere => {
            Some(format!("a symbolic link to {target}, which does not exist: only the link is stored"))
        }
    }
}

/// The sentence about a restored link that leads nowhere.
pub fn dangling(target: &[u8]) -> String {
    format!("only the symbolic link was restored; its destination {} does not exist", shown(target))
}

/// The sentence about a link in place of a database, which is not restored because the home keeps its own.
pub fn kept_instead(target: &[u8]) -> String {
    format!("the backup contains only a symbolic link to {}; the home keeps what it has", shown(target))
}
