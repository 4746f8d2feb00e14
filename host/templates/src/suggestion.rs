//! "Did you mean": finds the existing name closest to a misspelled one.

/// The Jaro similarity from which a name is suggested: one or two wrong letters, or a missing end.
const ALIKE: f64 = 0.85;

/// No name is as long as this, in bytes.
const LONGEST: usize = 100;

/// The name most similar to `wrong`, if any is similar enough.
pub fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if wrong.len() > LONGEST {
        return None;
    }
    let measured =
        names.map(|name| (strsim::jaro(wrong, name), name)).filter(|(likeness, _)| *likeness >= ALIKE);
    measured.max_by(|(one, a), (other, b)| one.total_cmp(other).then(b.cmp(a))).map(|(_, name)| name)
}
