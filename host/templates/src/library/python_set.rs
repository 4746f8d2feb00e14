//! Python's sets as hash tables, because their order shows: that of numbers is the same in every process.
//!
//! A set with a member whose hash differs between processes keeps the order in which its members were added.

use indexmap::IndexSet;

use super::attribute::member;
use super::hash::hash;
use crate::error::Result;
use crate::value::{Key, Value};

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
    members: IndexSet<Key>,
    /// `None` if the order is not that of the hashes.
    table: Option<Vec<Place>>,
    /// The places that are not empty.
    fill: usize,
    used: usize,
}

impl Default for PythonSet {
    fn default() -> Self {
        Self { members: IndexSet::new(), table: Some(vec![Place::Empty; 8]), fill: 0, used: 0 }
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
            None => self.members.iter().collect(),
        }
    }

    fn member(&self, place: Place) -> Option<&Key> {
        match place {
            Place::Member(_, number) => self.members.get_index(number),
            _ => None,
        }
    }

    fn add(&mut self, key: Key) {
        let own_hash = hash(key.value());
        let (number, is_new) = self.members.insert_full(key);
        let (Some(table), Some(hash)) = (&mut self.table, own_hash) else {
            self.table = None;
            return;
        };
        let is_known = table.iter().any(|place| matches!(place, Place::Member(_, known) if *known == number));
        if !is_new && is_known {
            return;
        }
        let replaces_removed = place(table, hash, number);
        self.fill += usize::from(!replaces_removed);
        self.used += 1;
        if self.fill * 5 >= (table.len() - 1) * 3 {
            self.resize(if self.used > 50_000 { self.used * 2 } else { self.used * 4 });
        }
    }

    fn resize(&mut self, least: usize) {
        let Some(table) = &mut self.table else { return };
        let mut size = 8;
        while size <= least {
            size *= 2;
        }
        let old = std::mem::replace(table, vec![Place::Empty; size]);
        for entry in old {
            if let Place::Member(hash, number) = entry {
                place(table, hash, number);
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
        other.in_order().into_iter().for_each(|key| self.add(key.clone()));
    }

    fn copy(&self) -> Self {
        let mut copy = Self::default();
        copy.merge(self);
        copy
    }

    fn remove(&mut self, key: &Key) -> bool {
        let Some(number) = self.members.get_index_of(key) else { return false };
        let Some(table) = &mut self.table else { return self.members.shift_remove(key) };
        let place =
            table.iter_mut().find(|place| matches!(place, Place::Member(_, known) if *known == number));
        match place {
            Some(place) => {
                *place = Place::Removed;
                self.used -= 1;
                true
            }
            None => false,
        }
    }

    fn contains(&self, key: &Key) -> bool {
        self.members.contains(key)
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

/// Puts a member into the table. Whether it took the place of a removed one.
fn place(table: &mut [Place], hash: i64, number: usize) -> bool {
    let mask = table.len() - 1;
    #[allow(clippy::cast_possible_truncation, reason = "the table is shorter than 32 bits")]
    let low = |bits: u64| bits as usize & mask;
    let mut perturb = hash.cast_unsigned();
    let mut at = low(perturb);
    loop {
        let probes = if at + PROBES <= mask { PROBES } else { 0 };
        let free = table.iter_mut().skip(at).take(probes + 1).find(|place| matches!(place, Place::Empty));
        if let Some(free) = free {
            *free = Place::Member(hash, number);
            return false;
        }
        perturb >>= 5;
        at = low((at as u64).wrapping_mul(5).wrapping_add(1).wrapping_add(perturb));
    }
}
