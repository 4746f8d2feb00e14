//! Conversions between generated types and those of the ports.

use super::bindings::larder::automation as imports;
use super::bindings::larder::automation::types;
use crate::archive::{Entry, Instant, Kind};
use crate::ports::{self, Cause, Destination, Fault, Listed, Scope};

pub(super) fn fault(error: types::Error) -> Fault {
    use types::Error as E;
    let (cause, message) = match error {
        E::NotFound(text) => (Cause::NotFound, text),
        E::Exists(text) => (Cause::Exists, text),
        E::Denied(text) => (Cause::Denied, text),
        E::Invalid(text) => (Cause::Invalid, text),
        E::InUse(text) => (Cause::InUse, text),
        E::NoSpace(text) => (Cause::NoSpace, text),
        E::Limit(text) => (Cause::Limit, text),
        E::Io(text) => (Cause::Io, text),
        E::Other(text) => (Cause::Other, text),
    };
    Fault { cause, message }
}

pub(super) fn instant(instant: types::Instant) -> Instant {
    Instant { seconds: instant.seconds, nanoseconds: instant.nanoseconds }
}

pub(super) fn listed(found: imports::files::Entry) -> Listed {
    use imports::files::Kind as In;
    let kind = match found.kind {
        In::Directory => Kind::Directory,
        In::File(size) => Kind::File(size),
        In::Symlink(target) => Kind::Symlink(target),
        In::HardLink(path) => Kind::HardLink(path),
        In::Unusable(reason) => return Listed::Unusable { path: found.path, reason },
    };
    let entry = Entry {
        path: found.path,
        kind,
        mode: found.mode,
        uid: found.owner.uid,
        gid: found.owner.gid,
        user: found.owner.user,
        group: found.owner.group,
        mtime: instant(found.modified),
    };
    Listed::Entry { entry, identity: found.identity }
}

pub(super) fn destination(found: imports::files::Destination) -> Destination {
    use imports::files::Destination as In;
    match found {
        In::Inside => Destination::Inside,
        In::Outside => Destination::Outside,
        In::Nowhere => Destination::Nowhere,
    }
}

pub(super) fn outward(entry: &Entry) -> imports::files::Entry {
    use imports::files::Kind as Out;
    imports::files::Entry {
        path: entry.path.clone(),
        kind: match &entry.kind {
            Kind::Directory => Out::Directory,
            Kind::File(size) => Out::File(*size),
            Kind::Symlink(target) => Out::Symlink(target.clone()),
            Kind::HardLink(path) => Out::HardLink(path.clone()),
        },
        mode: entry.mode,
        owner: imports::files::Owner {
            uid: entry.uid,
            gid: entry.gid,
            user: entry.user.clone(),
            group: entry.group.clone(),
        },
        modified: types::Instant { seconds: entry.mtime.seconds, nanoseconds: entry.mtime.nanoseconds },
        identity: None,
    }
}

pub(super) fn scope_of(scope: &Scope) -> imports::files::Scope {
    use imports::files::Scope as Out;
    match scope {
        Scope::Add => Out::Add,
        Scope::AllBut(names) => Out::AllBut(names.clone()),
        Scope::Only(names) => Out::Only(names.clone()),
    }
}

pub(super) fn location(found: imports::storage::Location) -> ports::Location {
    let imports::storage::Knowledge { as_of, problem, unfinished } = found.knowledge;
    ports::Location {
        id: found.id,
        name: found.name,
        writable: found.writable,
        available: found.available,
        layout: found.layout,
        directory: found.directory,
        adopts: found.adopts,
        remote: found.remote,
        knowledge: ports::Knowledge { as_of: as_of.map(instant), problem, unfinished },
    }
}

pub(super) fn objects(found: Vec<imports::storage::Object>) -> Vec<ports::Object> {
    found
        .into_iter()
        .map(|object| ports::Object {
            name: object.name,
            size: object.size,
            modified: object.modified.seconds,
        })
        .collect()
}

pub(super) fn proven(proof: imports::storage::Proof) -> &'static str {
    use imports::storage::Proof as In;
    match proof {
        In::Size => "size",
        In::Digest => "digest",
        In::Sample => "sample",
        In::Full => "full",
    }
}
