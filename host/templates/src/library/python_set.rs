//! Python's sets as hash tables, because their order shows: that of numbers is the same in every process.
//!
//! A set with a member whose hash differs between processes keeps the order in which its members were added.

use indexmap::IndexSet;

use super::attribute::member;
use crate::error::Result;
use crate::value::{Key, Value, hash};

/// How many places after the first one are tried.
const PROBES: usize = 9;

/// What is done with two sets.
#[derive(Debug, Clone, Copy)]
pub enum Operation {
    And,
    Minus,
    Or,
    Xor,
}

/// A place in the table: the hash and the number of the member.
#[derive(Debug, Clone, Copy)]
enum Place {
    Empty,
    /// Of a member that was removed.
    Removed,
    Member(i64, usize),
}

#[derive(Debug, Clone)]
pub struct PythonSet {
    /// Also those that were removed.
    members: IndexSet<Key>,
    /// The place of each member that was not removed.
    places: Vec<Option<usize>>,
    /// `None` if the order is not that of the hashes.
    table: Option<Vec<Place>>,
    /// The places that are not empty.
    fill: usize,
    used: usize,
}

impl Default for PythonSet {
    fn default() -> Self {
        let table = Some(vec![Place::Empty; 8]);
        Self { members: IndexSet::new(), places: Vec::new(), table, fill: 0, used: 0 }
    }
}

impl PythonSet {
    /// Adds members one by one.
    pub fn extend(&mut self, items: Vec<Value>) -> Result<()> {
        items.into_iter().try_for_each(|item| {
            self.add(member(item)?);
            Ok(())
        })
    }

    pub fn into_members(self) -> Vec<Value> {
        self.in_order().into_iter().map(|key| key.value().clone()).collect()
    }

    fn in_order(&self) -> Vec<&Key> {
        match &self.table {
            Some(table) => table.iter().filter_map(|place| self.member(*place)).collect(),
            None => {
                let present = self.members.iter().zip(&self.places);
                present.filter(|(_, place)| place.is_some()).map(|(key, _)| key).collect()
            }
        }
    }

    fn member(&self, place: Place) -> Option<&Key> {
        match place {
            Place::Member(_, number) => self.members.get_index(number),
            _ => None,
        }
    }

    fn contains(&self, key: &Key) -> bool {
        let number = self.members.get_index_of(key);
        number.and_then(|number| self.places.get(number)).is_some_and(Option::is_some)
    }

    fn add(&mut self, key: Key) {
        let hash = hash(key.value());
        let (number, is_new) = self.members.insert_full(key);
        if is_new {
            self.places.push(None);
        }
        let Some(own) = self.places.get_mut(number).filter(|place| place.is_none()) else { return };
        self.used += 1;
        let (Some(table), Some(hash)) = (&mut self.table, hash) else {
            *own = Some(0);
            self.table = None;
            return;
        };
        let (place, is_removed) = put(table, hash, number);
        *own = Some(place);
        if is_removed {
            return;
        }
        self.fill += 1;
        if self.fill * 5 >= (table.len() - 1) * 3 {
            self.resize(self.grown());
        }
    }

    fn grown(&self) -> usize {
        if self.used > 50_000 { self.used * 2 } else { self.used * 4 }
    }

    fn resize(&mut self, least: usize) {
        let Some(table) = &mut self.table else { return };
        let mut size = 8;
        while size <= least {
            size *= 2;
        }
        let old = std::mem::replace(table, vec![Place::Empty; size]);
        for entry in old {
            if let Place::Member(hash, number) = entry
                && let Some(own) = self.places.get_mut(number)
            {
                *own = Some(put(table, hash, number).0);
            }
        }
        self.fill = self.used;
    }

    /// Adds the members of another set.
    fn merge(&mut self, other: &Self) {
        if let (Some(table), Some(_)) = (&self.table, &other.table)
            && (self.fill + other.used) * 5 >= (table.len() - 1) * 3
        {
            self.resize((self.used + other.used) * 2);
        }
        let size = |set: &Self| set.table.as_ref().map(Vec::len);
        if self.fill == 0 && size(self) == size(other) && other.fill == other.used {
            *self = other.clone();
            return;
        }
        other.in_order().into_iter().for_each(|key| self.add(key.clone()));
    }

    fn copy(&self) -> Self {
        let mut copy = Self::default();
        copy.merge(self);
        copy
    }

    /// Whether it was there.
    fn remove(&mut self, key: &Key) -> bool {
        let number = self.members.get_index_of(key);
        let Some(at) = number.and_then(|number| self.places.get_mut(number)?.take()) else { return false };
        if let Some(place) = self.table.as_mut().and_then(|table| table.get_mut(at)) {
            *place = Place::Removed;
        }
        self.used -= 1;
        true
    }

    /// The set that Python's operator makes.
    pub fn combined(&self, other: &Self, operation: Operation) -> Self {
        let mut result = Self::default();
        match operation {
            Operation::Or => {
                result = self.copy();
                result.merge(other);
            }
            Operation::And => {
                let (walked, tested) = if other.used > self.used { (self, other) } else { (other, self) };
                let both = walked.in_order().into_iter().filter(|key| tested.contains(key));
                both.for_each(|key| result.add(key.clone()));
            }
            Operation::Minus if self.used >> 2 > other.used => {
                result = self.copy();
                other.in_order().into_iter().for_each(|key| {
                    result.remove(key);
                });
                // Without a table, nothing is counted as filled.
                let size = result.table.as_ref().map_or(0, Vec::len);
                if result.fill.saturating_sub(result.used) > size.saturating_sub(1) / 4 {
                    result.resize(result.grown());
                }
            }
            Operation::Minus => {
                let rest = self.in_order().into_iter().filter(|key| !other.contains(key));
                rest.for_each(|key| result.add(key.clone()));
            }
            Operation::Xor => {
                result = other.copy();
                for key in self.in_order() {
                    if !result.remove(key) {
                        result.add(key.clone());
                    }
                }
            }
        }
        result
    }
}

/// Puts a member into the table. Returns its place, and whether a removed one was there.
fn put(table: &mut [Place], hash: i64, number: usize) -> (usize, bool) {
    let mask = table.len() - 1;
    #[allow(clippy::cast_possible_truncation, reason = "the table is shorter than 32 bits")]
    let low = |bits: u64| bits as usize & mask;
    let mut perturb = hash.cast_unsigned();
    let mut at = low(perturb);
    let mut removed = None;
    loop {
        let probes = if at + PROBES <= mask { PROBES } else { 0 };
        for probe in at..=at + probes {
            match table.get(probe) {
                Some(Place::Member(..)) => {}
                Some(Place::Removed) => removed = Some(probe),
                Some(Place::Empty) | None => {
                    let chosen = removed.unwrap_or(probe);
                    if let Some(place) = table.get_mut(chosen) {
                        *place = Place::Member(hash, number);
                    }
                    return (chosen, removed.is_some());
                }
            }
        }
        perturb >>= 5;
        at = low((at as u64).wrapping_mul(5).wrapping_add(1).wrapping_add(perturb));
    }
}
