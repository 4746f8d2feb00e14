//! Names of users and groups.
//!
//! Reads `/etc/passwd` and `/etc/group` once. Asks no directory service: the name is a convenience, the number counts.

use std::collections::BTreeMap;
use std::path::Path;

use crate::disk::regular;
use crate::model::Owner;
use crate::tunables::MAX_NAMES;

pub(super) struct OwnerNames {
    users: BTreeMap<u32, String>,
    groups: BTreeMap<u32, String>,
}

impl OwnerNames {
    /// A file that cannot be read yields no names.
    pub(super) fn load() -> Self {
        let names = |path: &str| parse(&regular::read(Path::new(path), MAX_NAMES).unwrap_or_default());
        Self { users: names("/etc/passwd"), groups: names("/etc/group") }
    }

    pub(super) fn owner(&self, uid: u32, gid: u32) -> Owner {
        let name = |names: &BTreeMap<u32, String>, id| names.get(&id).cloned().unwrap_or_default();
        Owner { uid, gid, user: name(&self.users, uid), group: name(&self.groups, gid) }
    }
}

/// One `name:password:number:…` per line. The first name of a number counts, as it does for the system.
fn parse(file: &[u8]) -> BTreeMap<u32, String> {
    let mut names = BTreeMap::new();
    for line in String::from_utf8_lossy(file).lines() {
        let mut fields = line.split(':');
        if let (Some(name), _, Some(Ok(id))) = (fields.next(), fields.next(), fields.next().map(str::parse)) {
            names.entry(id).or_insert_with(|| name.to_owned());
        }
    }
    names
}
