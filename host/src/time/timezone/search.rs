//! Searches for the zone: the first one in the order that can be used.

use std::path::{Path, PathBuf};

use larder_zone::Zone;

use super::from_files;
use super::from_files::Named;
use super::home_zone::HomeZone;
use super::machine::Machine;
use super::tables::Tables;

/// A usable zone, and where it is named.
struct Choice {
    zone: Zone,
    rules: String,
    origin: String,
    is_of_home: bool,
}

/// Finds the zone. Returns it with the files that were read.
pub(super) fn search(config: Option<&Path>, machine: &Machine, tables: &Tables) -> (HomeZone, Vec<PathBuf>) {
    let (mut problems, mut files) = (Vec::new(), Vec::new());
    let of_home = config.and_then(|config| of_home(config, tables, &mut problems, &mut files));
    let choice = of_home.unwrap_or_else(|| of_machine(machine, tables, &mut problems));
    let Choice { zone, rules, origin, is_of_home } = choice;
    let problems = problems
        .into_iter()
        .map(|problem| format!("time zone: {problem}; using {} instead (from {origin})", zone.name()))
        .collect();
    (HomeZone { zone, origin, is_of_home, rules, problems }, files)
}

fn of_home(
    config: &Path,
    tables: &Tables,
    problems: &mut Vec<String>,
    files: &mut Vec<PathBuf>,
) -> Option<Choice> {
    for source in [from_files::written, from_files::stored] {
        match source(config, files) {
            Named::Nothing => {}
            Named::Unusable(problem) => problems.push(problem),
            Named::Zone { name, shown, origin } => match tables.zone(&name) {
                Ok((zone, rules)) => return Some(Choice { zone, rules, origin, is_of_home: true }),
                Err(reason) => problems.push(format!("{shown} in {origin} {reason}")),
            },
        }
    }
    None
}

fn of_machine(machine: &Machine, tables: &Tables, problems: &mut Vec<String>) -> Choice {
    for (name, origin) in machine.named() {
        match tables.zone(&name) {
            Ok((zone, rules)) => return Choice { zone, rules, origin, is_of_home: false },
            Err(reason) => problems.push(format!("`{name}` in {origin} {reason}")),
        }
    }
    problems.extend(machine.unnamed.clone());
    let origin = "the default, because neither the home nor the machine names a zone".to_owned();
    let (zone, rules) = (Zone::UTC, tables.release().to_owned());
    Choice { zone, rules, origin, is_of_home: false }
}
