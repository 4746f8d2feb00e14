//! Which name a person may have meant who wrote one that does not exist.

/// From here on two names are alike, by Jaro's measure: a slip of one or two letters, or an end that is missing.
const ALIKE: f64 = 0.85;

/// The name that is most like `wrong`, if one is.
pub fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let measured =
        names.map(|name| (strsim::jaro(wrong, name), name)).filter(|(likeness, _)| *likeness >= ALIKE);
    measured.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, name)| name)
}
