//! The order of a set of numbers, which is that of Python's hash table. Python orders texts at random; here they keep their own order.

use super::hash::hash;
use super::types::Key;

/// Slots that are tried one after the other.
const PROBES: usize = 9;
const SMALLEST: usize = 8;

/// The hash table of a set: places in the list of members, with their hashes.
struct Table {
    slots: Vec<Option<(usize, u64)>>,
    used: usize,
}

/// The members in Python's order, if they are numbers or none; else as they are.
pub fn ordered(members: Vec<Key>) -> Vec<Key> {
    let Some(hashes) =
        members.iter().map(|key| hash(key.value()).map(i64::cast_unsigned)).collect::<Option<Vec<_>>>()
    else {
        return members;
    };
    let mut table = Table { slots: vec![None; SMALLEST], used: 0 };
    for entry in hashes.into_iter().enumerate() {
        table.add(entry);
    }
    let places = table.slots.into_iter().flatten();
    places.filter_map(|(place, _)| members.get(place).cloned()).collect()
}

impl Table {
    fn add(&mut self, entry: (usize, u64)) {
        self.insert(entry);
        self.used += 1;
        let mask = self.slots.len() - 1;
        if self.used * 5 >= mask * 3 {
            self.grow(if self.used > 50_000 { self.used * 2 } else { self.used * 4 });
        }
    }

    fn grow(&mut self, least: usize) {
        let mut size = SMALLEST;
        while size <= least {
            size *= 2;
        }
        let old = std::mem::replace(&mut self.slots, vec![None; size]);
        old.into_iter().flatten().for_each(|entry| self.insert(entry));
    }

    /// Puts an entry into the first free slot of its hash. There always is one: the table is at most three fifths full.
    #[allow(clippy::cast_possible_truncation, reason = "masked below")]
    fn insert(&mut self, entry: (usize, u64)) {
        let mask = self.slots.len() - 1;
        let mut rest = entry.1;
        let mut at = entry.1 as usize & mask;
        loop {
            let probes = if at + PROBES <= mask { PROBES } else { 0 };
            let mut tried = self.slots.iter_mut().skip(at).take(probes + 1);
            if let Some(slot) = tried.find(|slot| slot.is_none()) {
                *slot = Some(entry);
                return;
            }
            rest >>= 5;
            at = (at.wrapping_mul(5).wrapping_add(1).wrapping_add(rest as usize)) & mask;
        }
    }
}
