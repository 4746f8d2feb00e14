//! Whether one version is newer than another, by AwesomeVersion's rules in their order.

use super::parsed::Version;
use super::strategy::{COMPOUND, COMPOUND_PART, FIRST_DIGITS, MODIFIER, SEM, Strategy, group, number};

/// Whether the first is newer.
pub fn is_newer(one: &Version, other: &Version) -> bool {
    by_container(one, other)
        .or_else(|| if one.is_simple() && other.is_simple() { by_sections(one, other) } else { None })
        .or_else(|| by_sections(one, other))
        .or_else(|| by_modifier(one, other))
        .or_else(|| by_semver(one, other))
        .unwrap_or(false)
}

/// The tags of containers are newer than all numbers.
fn by_container(one: &Version, other: &Version) -> Option<bool> {
    let rank = |version: &Version| {
        let tags = ["stable", "beta", "latest", "dev"];
        tags.iter().position(|tag| version.strategy == Strategy::Container && *tag == version.string)
    };
    match (rank(one), rank(other)) {
        (Some(one), Some(other)) => Some(one > other),
        (Some(_), None) => Some(true),
        (None, Some(_)) => Some(false),
        (None, None) => None,
    }
}

fn by_sections(one: &Version, other: &Version) -> Option<bool> {
    let sections = 0..one.sections().max(other.sections());
    let mut pairs = sections.map(|at| (one.section(at), other.section(at)));
    pairs.find(|(one, other)| one != other).map(|(one, other)| one > other)
}

fn by_modifier(one: &Version, other: &Version) -> Option<bool> {
    let (first, second) = match (&one.modifier, &other.modifier) {
        (None, Some(_)) => return Some(true),
        (Some(first), Some(second)) => (first, second),
        _ => return None,
    };
    let last = |version: &Version| version.string.rsplit('.').next().unwrap_or_default().to_owned();
    let (one, other) = (last(one), last(other));
    if let (Some(one), Some(other)) = (MODIFIER.captures(&one), MODIFIER.captures(&other)) {
        if group(&one, 3) == group(&other, 3) {
            return Some(number(group(&one, 4)) > number(group(&other, 4)));
        }
        let rank = |name: &str| match name {
            "rc" => Some(3),
            "beta" | "b" => Some(2),
            "alpha" | "a" => Some(1),
            "dev" | "d" => Some(0),
            _ => None,
        };
        return Some(ranked(group(&one, 3), group(&other, 3), rank));
    }
    let digit = |text: &str| text.parse::<u8>().ok().filter(|digit| *digit < 10 && text.len() == 1);
    digit(first).zip(digit(second)).map(|(one, other)| one > other)
}

fn ranked(one: &str, other: &str, rank: impl Fn(&str) -> Option<u8>) -> bool {
    match (rank(one), rank(other)) {
        (Some(one), Some(other)) => one > other,
        _ => one > other,
    }
}

fn semver_rank(name: &str) -> Option<u8> {
    ["dev", "alpha", "beta", "rc"]
        .iter()
        .position(|known| *known == name)
        .and_then(|at| u8::try_from(at).ok())
}

fn by_semver(one: &Version, other: &Version) -> Option<bool> {
    let (first, second) = (one.modifier_type.as_ref()?, other.modifier_type.as_ref()?);
    if one.strategy != Strategy::Sem && other.strategy != Strategy::Sem {
        return None;
    }
    if first != second
        && let Some((one, other)) = semver_rank(first).zip(semver_rank(second))
    {
        return Some(one > other);
    }
    let (one, other) = (modifier_of(&one.string), modifier_of(&other.string));
    let by_number = match (one.0.as_deref(), other.0.as_deref()) {
        (Some(""), Some("")) | (None | Some(""), None) | (None, Some("")) => None,
        (Some(one), Some(other)) if !one.is_empty() && !other.is_empty() => {
            let (one, other) = (number(one), number(other));
            (one != other).then_some(one > other)
        }
        (Some(one), _) if !one.is_empty() => Some(false),
        _ => Some(true),
    };
    by_number.or_else(|| by_compound(&one.1?, &other.1?))
}

/// The number and the whole of the modifier of a semantic version.
fn modifier_of(version: &str) -> (Option<String>, Option<String>) {
    let Some(whole) = SEM.captures(version).and_then(|found| Some(found.get(4)?.as_str().to_owned())) else {
        return (None, None);
    };
    let simple = MODIFIER.captures(&whole).map(|found| group(&found, 4).to_owned());
    let number = simple.or_else(|| COMPOUND.captures(&whole).map(|found| group(&found, 2).to_owned()));
    (number, Some(whole))
}

/// Compares what follows the first part of `rc1-dev2`.
fn by_compound(one: &str, other: &str) -> Option<bool> {
    let parts = |text: &str| text.split('-').skip(1).map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (parts(one), parts(other));
    let by_part = one.iter().zip(&other).find_map(|(one, other)| by_part(one, other));
    by_part.or_else(|| (one.len() != other.len()).then_some(one.len() > other.len()))
}

fn by_part(one: &str, other: &str) -> Option<bool> {
    let numbers = |one: &str, other: &str| {
        let (one, other) = (number(one), number(other));
        (one != other).then_some(one > other)
    };
    if let (Some(one), Some(other)) = (COMPOUND_PART.captures(one), COMPOUND_PART.captures(other)) {
        if group(&one, 1) != group(&other, 1) {
            return Some(ranked(group(&one, 1), group(&other, 1), semver_rank));
        }
        let (one, other) = (group(&one, 2), group(&other, 2));
        return if one.is_empty() || other.is_empty() { None } else { numbers(one, other) };
    }
    let (one, other) = (FIRST_DIGITS.captures(one)?, FIRST_DIGITS.captures(other)?);
    numbers(group(&one, 1), group(&other, 1))
}
