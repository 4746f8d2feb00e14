//! Slugs: names of entities as Home Assistant makes them from words.

/// The lowercase ASCII name of a text: letters and digits, everything else as single underscores.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    let ascii = deunicode::deunicode(text).to_lowercase();
    for c in ascii.chars() {
        match c.is_ascii_alphanumeric() {
            true => slug.push(c),
            false if !slug.ends_with('_') && !slug.is_empty() => slug.push('_'),
            false => {}
        }
    }
    slug.trim_end_matches('_').to_owned()
}
