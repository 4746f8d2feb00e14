//! Lists a location that has a record beside each archive, as Home Assistant's own agents do.
//!
//! The rules are in `crate::layout`. One bad object never hides the others.

use std::collections::BTreeMap;

use crate::error::{Failure, Result, UNREADABLE};
use crate::jobs::listing::Listing;
use crate::layout::{self, Layout};
use crate::ports::{Host, Location, Object};
use crate::protection::Protection;

/// Records that are read in one call.
const AT_ONCE: usize = 64;
/// The code of an object that is only a part of a backup: it is shown, and never counts.
pub const INCOMPLETE: &str = "backup_incomplete";

/// The layout of a location.
pub fn layout(place: &Location) -> Result<Layout> {
    let unknown =
        || Failure::invalid(format!("{} has the layout {}, which is unknown", place.id, place.layout));
    Layout::parse(&place.layout).ok_or_else(unknown)
}

/// The backups among these objects.
pub fn list(host: &dyn Host, agent_id: &str, layout: Layout, objects: Vec<Object>) -> Result<Vec<Listing>> {
    let names: Vec<String> =
        objects.iter().filter(|it| layout::is_record(layout, &it.name)).map(|it| it.name.clone()).collect();
    let mut records = BTreeMap::new();
    for some in names.chunks(AT_ONCE) {
        let read = host.read_small(agent_id, some)?;
        let read = read.into_iter().map(|bytes| bytes.map_err(|fault| fault.message));
        records.extend(some.iter().cloned().zip(read));
    }
    let by_name: BTreeMap<&str, &Object> = objects.iter().map(|it| (it.name.as_str(), it)).collect();
    let sizes: Vec<(String, u64)> = objects.iter().map(|it| (it.name.clone(), it.size)).collect();
    let paired = layout::pair(layout, &sizes, &records);
    let mut listings = Vec::new();
    for found in paired.backups {
        let files = layout::delete_order(&found);
        let backup =
            found.record.to_manifest().map_err(|error| Failure::archive(&found.names.archive, error));
        let protection = Protection::claimed(found.record.protected);
        let modified = by_name.get(found.names.archive.as_str()).map_or(0, |it| it.modified);
        listings.push(Listing {
            agent_id: agent_id.to_owned(),
            object: Object { name: found.names.archive, size: found.record.size, modified },
            files,
            backup: backup.map(|manifest| (manifest, protection)),
        });
    }
    let problem = |name: String, code: &'static str, reason: String, size: u64| Listing {
        agent_id: agent_id.to_owned(),
        object: Object { name: name.clone(), size, modified: 0 },
        files: vec![name],
        backup: Err(Failure::new(code, reason)),
    };
    // What could not be read now may be any backup, and any archive's record.
    let is_unread = |name: &str| records.get(name).is_some_and(|read| read.is_err());
    for found in paired.problems {
        let size = by_name.get(found.name.as_str()).map_or(0, |it| it.size);
        let code = if is_unread(&found.name) { UNREADABLE } else { INCOMPLETE };
        listings.push(problem(found.name, code, found.reason, size));
    }
    for (name, size) in paired.unrecorded {
        let (code, reason) = match paired.is_complete {
            true => {
                (INCOMPLETE, "it has no record, so nobody lists it: an upload is on its way or was cut off")
            }
            false => (UNREADABLE, "its record may be one of those that could not be read: list again"),
        };
        listings.push(problem(name, code, reason.to_owned(), size));
    }
    listings.sort_by(|a, b| a.object.name.cmp(&b.object.name));
    Ok(listings)
}
