//! Which name a person may have meant who wrote one that does not exist.
//!
//! Measures likeness as Python's `difflib` does, which Home Assistant uses: twice the characters in common blocks, over
//! all characters.

/// From here on two names are alike.
const ALIKE: f64 = 0.7;
/// The longest name that is compared. No name here has more than half of it, so a longer one is never alike.
const LONGEST: usize = 64;
/// How many are named.
const NAMED: usize = 3;

/// `, did you mean 'a' or 'b'?`, the nearest first; nothing when no name is near.
pub(super) fn did_you_mean<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut near: Vec<(f64, &str)> = names.map(|name| (likeness(name, wrong), name)).collect();
    near.retain(|(likeness, _)| *likeness >= ALIKE);
    near.sort_by(|a, b| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
    let quoted: Vec<String> = near.iter().take(NAMED).map(|(_, name)| format!("'{name}'")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => format!(", did you mean {only}?"),
        Some((last, others)) => format!(", did you mean {} or {last}?", others.join(", ")),
    }
}

/// Whether one could be a slip of the other.
pub(super) fn is_like(a: &str, b: &str) -> bool {
    likeness(a, b) >= ALIKE
}

fn likeness(a: &str, b: &str) -> f64 {
    if a.len() > LONGEST || b.len() > LONGEST {
        return 0.0;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let all = a.len() + b.len();
    if all == 0 { 1.0 } else { 2.0 * in_common(&a, &b) as f64 / all as f64 }
}

/// The characters of the longest common block, and of those before and behind it.
fn in_common(a: &[char], b: &[char]) -> usize {
    let Some((from_a, from_b, length)) = longest_block(a, b) else {
        return 0;
    };
    let part = |all: &[char], at: usize| {
        let (before, rest) = all.split_at_checked(at).unwrap_or_default();
        (before.to_vec(), rest.iter().skip(length).copied().collect::<Vec<char>>())
    };
    let ((before_a, behind_a), (before_b, behind_b)) = (part(a, from_a), part(b, from_b));
    length + in_common(&before_a, &before_b) + in_common(&behind_a, &behind_b)
}

/// Where the longest common block begins in both, and its length; the first of equal ones.
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
