//! Home Assistant's versions: which text is valid, and which of two is newer.
//!
//! Pure rules. A valid version is safe in a file name and in `backup.json`, where Home Assistant compares it.

/// The most bytes of a version. Home Assistant's own have at most 28.
const LONGEST: usize = 64;
/// Suffixes that may follow the numbers, each with a number after it.
const STAGES: [&str; 5] = ["a", "b", "rc", ".dev", "dev"];

/// The version on the first line of a text, as Home Assistant reads `.HA_VERSION`. `None` if that is not a version.
///
/// Stricter than Home Assistant's library, which would compare more: two numbers or more, then stages, then a local suffix.
pub fn accepted(text: &str) -> Option<&str> {
    let line = text.lines().next()?.trim();
    let (public, local) = line.split_once('+').map_or((line, None), |(public, local)| (public, Some(local)));
    let (numbers, mut rest) = numbers(public);
    while !rest.is_empty() {
        let after = STAGES.iter().find_map(|stage| rest.strip_prefix(stage))?;
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        rest = after.get(digits..).filter(|_| digits > 0)?;
    }
    let is_local = |local: &str| {
        local.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()))
    };
    (numbers > 1 && line.len() <= LONGEST && local.is_none_or(is_local)).then_some(line)
}

/// How many numbers, separated by dots, a text begins with, and the rest of the text.
fn numbers(text: &str) -> (usize, &str) {
    let (mut count, mut rest, mut next) = (0, text, text);
    loop {
        let digits = next.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return (count, rest);
        }
        count += 1;
        rest = next.get(digits..).unwrap_or_default();
        match rest.strip_prefix('.') {
            Some(after) => next = after,
            None => return (count, rest),
        }
    }
}

/// Whether version `a` is newer than `b`. Numbers are compared one by one. `.dev…` is older than `b1`, which is older than the
/// release.
pub fn is_newer(a: &str, b: &str) -> bool {
    order(a) > order(b)
}

/// A version as a value that compares: its numbers, its kind (development, beta, other, release), and the number of that kind.
fn order(version: &str) -> (Vec<u64>, u8, u64) {
    let (mut numbers, mut kind, mut of_kind) = (Vec::new(), 3, 0);
    for run in runs(version) {
        match (run.parse(), kind) {
            (Ok(number), 3) => numbers.push(number),
            (Ok(number), _) => of_kind = number,
            (Err(_), _) if run.starts_with("dev") => kind = 0,
            (Err(_), _) if run.starts_with('b') => kind = 1,
            (Err(_), _) => kind = 2,
        }
    }
    (numbers, kind, of_kind)
}

/// Runs of digits and of letters, without the separators between them.
fn runs(version: &str) -> impl Iterator<Item = &str> {
    let parts = version.trim().split(|c: char| !c.is_ascii_alphanumeric());
    parts.flat_map(|part| {
        let runs = part.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        runs.filter_map(|run| std::str::from_utf8(run).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_versions_compare_as_newer() {
        let ascending = [
            "2025.12.4",
            "2026.1.0",
            "2026.11.0.dev20261101",
            "2026.11.0b2",
            "2026.11.0b10",
            "2026.11.0",
            "2026.11.1",
        ];
        for (at, older) in ascending.iter().enumerate() {
            assert!(!is_newer(older, older));
            for newer in ascending.iter().skip(at + 1) {
                assert!(is_newer(newer, older) && !is_newer(older, newer), "{newer} is newer than {older}");
            }
        }
    }

    /// As `AwesomeVersion` of Home Assistant 2026.11 treats each: those of the first list compare, the others raise an error or
    /// compare as newer than everything.
    #[test]
    fn a_version_is_what_home_assistant_can_compare() {
        let versions = [
            "2026.11.0",
            "2026.11.0b3",
            "2026.11.0.dev202611010019",
            "2026.11.0b2.dev1",
            "2026.11.0rc1",
            "2026.11.0+local",
            "0.118.5",
            "0.7.7",
            "2026.11",
        ];
        for version in versions {
            assert_eq!(accepted(version), Some(version));
            assert_eq!(accepted(&format!("  {version} \r\nsecond line")), Some(version));
        }
        let ones = "1".repeat(300);
        let long = "1.".repeat(150) + "1";
        let others = [
            "",
            "\n2026.11.0",
            "unknown",
            "latest",
            "dev",
            "\0\0\0\0\0\0\0\0\0",
            "2026.11.0\0",
            "2026/11",
            "../2026.11.0",
            "2026.11.0 x",
            "2026.11.0-",
            "2026.11.0+",
            "2026.11.0b",
            "2026..11",
            ".2026.11",
            "2026.11.0.",
            "2026.x",
            "a.b",
            "1",
            &ones,
            &long,
        ];
        for other in others {
            assert_eq!(accepted(other), None, "{other:?}");
        }
    }
}
