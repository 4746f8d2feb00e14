//! The documentation: every command in README and `docs/` exists, with the options that they show.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use larder_tests::{Run, command, tests_directory};

/// The `larder …` lines of code blocks and of code in sentences, each with its page.
fn shown() -> Vec<(String, String)> {
    let root = tests_directory().parent().unwrap().to_owned();
    let pages = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut shown = Vec::new();
    for page in
        pages.chain([root.join("README.md")]).filter(|page| page.extension().is_some_and(|own| own == "md"))
    {
        let text = fs::read_to_string(&page).unwrap();
        let name = page.file_name().unwrap().to_string_lossy().into_owned();
        let (mut is_code, mut prose) = (false, String::new());
        for line in text.lines() {
            match line.strip_prefix("```") {
                Some(kind) => is_code = !is_code && kind == "sh",
                None if is_code => shown.push((name.clone(), line.to_owned())),
                None => prose = format!("{prose} {line}"),
            }
        }
        let code = prose.split('`').skip(1).step_by(2).map(|code| (name.clone(), code.to_owned()));
        shown.extend(code.collect::<Vec<_>>());
    }
    shown.retain(|(_, line)| line.starts_with("larder "));
    shown
}

/// The command's words, without shell syntax.
fn words(line: &str) -> Vec<&str> {
    let ends = |word: &&str| !["#", "|", ">", "2>", "&", "&&", "2>&1"].contains(word);
    line.split_whitespace().skip(1).take_while(ends).collect()
}

/// The output of a command's `--help`; `None` when there is no such command.
fn help(path: &[&str]) -> Option<String> {
    let mut asked = command();
    asked.args(path).arg("--help");
    let run = Run::of(asked);
    (run.status == Some(0)).then_some(run.stdout)
}

#[test]
fn every_command_on_a_page_exists_with_its_options() {
    let mut known: BTreeMap<Vec<String>, Option<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (page, line) in shown() {
        let words = words(&line);
        let mut path: Vec<&str> = words
            .iter()
            .copied()
            .take_while(|word| {
                word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-')
                    && !word.starts_with('-')
            })
            .take(2)
            .collect();
        // The second word is a command of the first one, or something that the first one takes.
        let mut text = None;
        while !path.is_empty() && text.is_none() {
            let key = path.iter().map(|word| (*word).to_owned()).collect();
            text = known.entry(key).or_insert_with(|| help(&path)).clone();
            path.truncate(path.len() - usize::from(text.is_none()));
        }
        let Some(text) = text else {
            wrong.push(format!("{page}: there is no such command: {line}"));
            continue;
        };
        for option in words.iter().filter(|word| word.starts_with('-')) {
            let name = option.split('=').next().unwrap_or_default().trim_end_matches([',', '.', ')', ';']);
            if !text.split([' ', '\n', ',', '[']).any(|known| known.trim_end_matches("...") == name) {
                wrong.push(format!("{page}: `larder {}` has no {name}: {line}", path.join(" ")));
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

/// The part of a page below a heading, up to the next one.
fn below<'a>(page: &'a str, heading: &str) -> &'a str {
    let (_, rest) = page.split_once(&format!("\n{heading}\n")).unwrap();
    rest.split("\n#").next().unwrap()
}

/// The code in one column of a table; columns count from 1.
fn column(text: &str, number: usize) -> BTreeSet<&str> {
    let cells =
        text.lines().filter(|line| line.starts_with('|')).filter_map(|row| row.split('|').nth(number));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_page_lists_exactly_the_functions_filters_and_tests_of_templates() {
    let page = fs::read_to_string(tests_directory().parent().unwrap().join("docs/automations.md")).unwrap();
    let names = larder_templates::names();
    let (there, refused) = (below(&page, "### What is there"), below(&page, "### What is not there"));
    assert_eq!(column(there, 2), names.globals);
    assert_eq!(column(there, 3), names.filters);
    assert_eq!(column(there, 4), names.tests);
    assert_eq!(column(refused, 2), names.refused);
}
