//! Slugs: the entity names that Home Assistant derives from free text.

/// The slug of a text: lowercase ASCII letters and digits; everything else becomes single underscores.
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
