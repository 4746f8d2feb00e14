//! Circles between files: groups in which each file uses every other one, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Module, Uses};

/// Each circle as lines `from -> to: names`.
pub fn circles(uses: &Uses) -> Vec<String> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        uses.keys().map(|module| (module, reach(uses, module))).collect();
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for (module, others) in &reached {
        let is_mutual = |other: &&&Module| reached.get(**other).is_some_and(|back| back.contains(*module));
        let circle: BTreeSet<&Module> = others.iter().filter(is_mutual).copied().collect();
        if circle.contains(*module) && seen.insert(circle.clone()) {
            circles.push(describe(uses, &circle));
        }
    }
    circles
}

fn reach<'a>(uses: &'a Uses, from: &'a Module) -> BTreeSet<&'a Module> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for to in uses.get(module).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to) {
                next.push(to);
            }
        }
    }
    reached
}

fn describe(uses: &Uses, circle: &BTreeSet<&Module>) -> String {
    let mut lines = Vec::new();
    for from in circle {
        for (to, names) in uses.get(*from).into_iter().flatten().filter(|(to, _)| circle.contains(to)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            lines.push(format!("  {} -> {}: {}", from.join("/"), to.join("/"), names.join(", ")));
        }
    }
    lines.join("\n")
}
