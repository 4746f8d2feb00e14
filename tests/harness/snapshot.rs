//! Snapshots of texts in `tests/snapshots/`. Values that change from run to run are redacted; everything else must be equal.
//!
//! `LARDER_BLESS=1` rewrites the files. Read them before you commit them.

use std::fs;

use crate::tests_directory;

/// Patterns that are redacted: `0` is any digit, `±` either sign. The first match counts.
const SHAPES: [(&str, &str); 4] = [
    ("0000-00-00 00:00:00 ±00:00", "[date]"),
    ("0000-00-00_00.00_00000000", "[time]"),
    ("0000-00-00 00.00 00000000", "[time]"),
    ("0000-00-00T00:00:00.000000±00:00", "[date]"),
];
const SIZE: &str = "[size]";
const UNITS: [&str; 5] = [" B", " KiB", " MiB", " GiB", " TiB"];

/// Asserts that `text` equals `tests/snapshots/{name}.txt` after `known` values, dates and sizes are redacted.
#[track_caller]
pub fn assert_snapshot(name: &str, text: &str, known: &[(&str, &str)]) {
    let path = tests_directory().join("snapshots").join(format!("{name}.txt"));
    let text = redact(text, known);
    if std::env::var_os("LARDER_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        text == wanted,
        "the text differs from {}; if it is better, run again with LARDER_BLESS=1\n--- is\n{text}--- was\n{wanted}",
        path.display()
    );
}

fn redact(text: &str, known: &[(&str, &str)]) -> String {
    let text = known.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    let (mut redacted, mut rest) = (String::new(), text.as_str());
    while let Some(next) = rest.chars().next() {
        let in_word = redacted.ends_with(|c: char| c.is_alphanumeric() || c == '.');
        let found = shape(rest).or_else(|| size(rest).filter(|_| !in_word));
        if found.is_some_and(|(_, to)| to == SIZE) {
            narrow(&mut redacted);
        }
        let (length, to) = found.unwrap_or((next.len_utf8(), &rest[..next.len_utf8()]));
        redacted.push_str(to);
        rest = &rest[length..];
    }
    redacted
}

fn shape(text: &str) -> Option<(usize, &'static str)> {
    let fits = |shape: &str| {
        let mut chars = text.chars();
        shape.chars().all(|wanted| {
            chars.next().is_some_and(|c| match wanted {
                '0' => c.is_ascii_digit(),
                '±' => c == '+' || c == '-',
                _ => c == wanted,
            })
        })
    };
    SHAPES.iter().find(|(shape, _)| fits(shape)).map(|(shape, to)| (shape.chars().count(), *to))
}

/// Matches a size like `9.10 MiB`.
fn size(text: &str) -> Option<(usize, &'static str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|end| *end > 0)?;
    let unit = UNITS.iter().find(|unit| text[end..].starts_with(*unit))?;
    Some((end + unit.len(), SIZE))
}

/// Normalizes the indentation before a size that begins a line: in a column, it depends on the size's width.
fn narrow(text: &mut String) {
    let trimmed = text.trim_end_matches(' ');
    if trimmed.ends_with('\n') {
        text.truncate(text.len().min(trimmed.len() + 2));
    }
}
