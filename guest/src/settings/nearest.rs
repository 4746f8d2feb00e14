//! Suggests existing names for a mistyped one.
//!
//! Measures similarity as Python's `difflib` does, which Home Assistant uses: twice the number of characters in common blocks,
//! divided by the number of all characters.

/// The least similarity of two names that are alike.
const SIMILAR: f64 = 0.7;
/// The longest name that is compared, in bytes. No name here is longer than half of it, so a longer one is never similar.
const LONGEST: usize = 64;
/// The most names that are suggested.
const MAX_SUGGESTIONS: usize = 3;

/// `, did you mean 'a' or 'b'?`, the most similar first; empty if no name is similar.
pub(super) fn did_you_mean<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut near: Vec<(f64, &str)> = names.map(|name| (similarity(name, wrong), name)).collect();
    near.retain(|(similarity, _)| *similarity >= SIMILAR);
    near.sort_by(|a, b| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
    let quoted: Vec<String> =
        near.iter().take(MAX_SUGGESTIONS).map(|(_, name)| format!("'{name}'")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => format!(", did you mean {only}?"),
        Some((last, others)) => format!(", did you mean {} or {last}?", others.join(", ")),
    }
}

/// Whether one could be a misspelling of the other.
pub(super) fn is_similar(a: &str, b: &str) -> bool {
    similarity(a, b) >= SIMILAR
}

fn similarity(a: &str, b: &str) -> f64 {
    if a.len() > LONGEST || b.len() > LONGEST {
        return 0.0;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let all = a.len() + b.len();
    if all == 0 { 1.0 } else { 2.0 * in_common(&a, &b) as f64 / all as f64 }
}

/// The number of characters in the longest common block, and in the common blocks before and after it.
fn in_common(a: &[char], b: &[char]) -> usize {
    let Some((from_a, from_b, length)) = longest_block(a, b) else {
        return 0;
    };
    let part = |all: &[char], at: usize| {
        let (before, rest) = all.split_at_checked(at).unwrap_or_default();
        (before.to_vec(), rest.iter().skip(length).copied().collect::<Vec<char>>())
    };
    let ((before_a, after_a), (before_b, after_b)) = (part(a, from_a), part(b, from_b));
    length + in_common(&before_a, &before_b) + in_common(&after_a, &after_b)
}

/// The start of the longest common block in both, and its length; the first one if several are equally long.
fn longest_block(a: &[char], b: &[char]) -> Option<(usize, usize, usize)> {
    let mut longest = None;
    for from_a in 0..a.len() {
        for from_b in 0..b.len() {
            let pairs = a.iter().skip(from_a).zip(b.iter().skip(from_b));
            let length = pairs.take_while(|(a, b)| a == b).count();
            if length > longest.map_or(0, |(_, _, length)| length) {
                longest = Some((from_a, from_b, length));
            }
        }
    }
    longest
}
