//! Reads a rate: bytes a second as a number, or as text with a unit.

use super::keys::as_text;
use crate::automation::yaml::{Kind, Node, Parsed};
use crate::tunables::configuration::LEAST_BANDWIDTH;

const UNITS: [(&str, f64); 7] = [
    ("B", 1.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GB", 1e9),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
];

/// A rate in bytes a second.
pub fn rate(node: &Node, name: &str) -> Parsed<u64> {
    let rate = match &node.kind {
        Kind::Int(number) => u64::try_from(*number).ok(),
        _ => parse(&as_text(node, name)?),
    };
    let wrong = || {
        let text =
            format!("`{name}` must be a rate such as \"2 MB/s\", \"500 kB/s\" or a number of bytes a second");
        node.place.problem(text)
    };
    match rate.ok_or_else(wrong)? {
        rate if rate < LEAST_BANDWIDTH => {
            let text = format!(
                "`{name}` is less than 1 kB/s, which no upload survives; write it with its unit, such as \"2 MB/s\""
            );
            Err(node.place.problem(text))
        }
        rate => Ok(rate),
    }
}

fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(at)?;
    let number: f64 = number.parse().ok()?;
    let factor = match unit.trim() {
        "" => 1.0,
        unit => {
            let unit = unit.strip_suffix("/s")?.trim_end();
            UNITS.iter().find(|(word, _)| *word == unit)?.1
        }
    };
    let rate = number * factor;
    // Above that, floating point skips numbers; no line is that fast.
    (rate.is_finite() && rate <= 1e15).then_some(rate as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_units() {
        let cases = [
            ("2 MB/s", Some(2_000_000)),
            ("2MB/s", Some(2_000_000)),
            (" 500 kB/s ", Some(500_000)),
            ("1.5 MB/s", Some(1_500_000)),
            ("1 MiB/s", Some(1_048_576)),
            ("0.5 GB/s", Some(500_000_000)),
            ("65536", Some(65_536)),
            ("4000 B/s", Some(4000)),
            ("2 MB", None),
            ("2 Mbit/s", None),
            ("2 mb/s", None),
            ("-1 MB/s", None),
            ("1.2.3 MB/s", None),
            ("MB/s", None),
            ("", None),
            ("1e9", None),
            ("99999999999999999999999 GB/s", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
