//! The corpus: every file in `tests/scenarios/` must give the parsed form, the errors and the runs of its golden file
//! in `tests/snapshots/scenarios/`. `LARDER_BLESS=1` rewrites the golden files; read them afterwards.
//!
//! A scenario is `NAME.yaml`, with `NAME.timeline` if anything happens (see `timeline`). Folders ending in `.d` and
//! `secrets.yaml` belong to scenarios and are not scenarios themselves. A golden file without a scenario is an error.

mod coverage;
mod player;
mod shown;
mod timeline;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use larder::automation::files::{self, Disk, Loaded, Source};
use larder_tests::tests_directory;

use player::Player;
use timeline::Timeline;

/// The least number of scenarios.
const LEAST: usize = 60;

#[test]
fn every_scenario_matches_its_golden_file() {
    let names = scenarios();
    let wrong: Vec<String> = names.iter().filter_map(|name| difference(name)).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} scenarios differ; if they are better now, run again with LARDER_BLESS=1\n{}",
        wrong.len(),
        names.len(),
        wrong.join("\n")
    );
}

#[test]
fn there_are_many_scenarios_and_no_orphaned_golden_file() {
    let names = scenarios();
    assert!(names.len() >= LEAST, "there are {} scenarios", names.len());
    let goldens = walk(&tests_directory().join("snapshots/scenarios"), "txt");
    assert_eq!(
        goldens.iter().filter(|golden| !names.contains(*golden)).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

/// The paths of the scenarios without extension: `triggers/time`.
fn scenarios() -> BTreeSet<String> {
    walk(&tests_directory().join("scenarios"), "yaml")
}

fn walk(root: &Path, ending: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let ends = |ending: &str| path.extension().is_some_and(|it| it == ending);
            if path.is_dir() && !ends("d") {
                folders.push(path);
            } else if ends(ending) && !path.ends_with("secrets.yaml") {
                let name = path.strip_prefix(root).unwrap().with_extension("");
                names.insert(name.to_str().unwrap().to_owned());
            }
        }
    }
    names
}

/// The difference from the golden file, if any.
fn difference(name: &str) -> Option<String> {
    let is = played(name);
    let path = tests_directory().join(format!("snapshots/scenarios/{name}.txt"));
    if std::env::var_os("LARDER_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &is).unwrap();
    }
    let was = fs::read_to_string(&path).unwrap_or_default();
    let at = is.lines().zip(was.lines()).take_while(|(is, was)| is == was).count();
    let from =
        |text: &str| text.lines().skip(at).take(3).map(|line| format!("    {line}\n")).collect::<String>();
    (is != was).then(|| format!("{name}, line {}: is\n{}  was\n{}", at + 1, from(&is), from(&was)))
}

/// The result of a scenario, as text.
fn played(name: &str) -> String {
    let (loaded, folder) = load(name);
    let mut text = shown::form(&loaded);
    let script = folder.join(name.rsplit('/').next().unwrap()).with_extension("timeline");
    if let Ok(lines) = fs::read_to_string(&script) {
        text += &Player::new(Timeline::read(&lines), folder.clone()).play(loaded);
    }
    text.replace(folder.to_str().unwrap(), "/config")
}

/// Loads the file of a scenario. Its folder is the configuration directory.
fn load(name: &str) -> (Loaded, PathBuf) {
    let path = tests_directory().join(format!("scenarios/{name}.yaml"));
    let folder = path.parent().unwrap().to_owned();
    (files::load(&Machine, &folder, &path), folder)
}

/// The files of this machine, with a fixed environment.
struct Machine;

impl Source for Machine {
    fn read(&self, path: &Path) -> Result<String, String> {
        Disk.read(path)
    }

    fn list(&self, path: &Path) -> Result<Vec<PathBuf>, String> {
        Disk.list(path)
    }

    fn variable(&self, name: &str) -> Option<String> {
        (name == "LARDER_PHONE").then(|| "mobile_app_phone".to_owned())
    }
}
