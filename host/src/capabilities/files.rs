//! `files`: the frozen view of the home, and the staged target.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use wasmtime::component::Resource;

use super::Refusal;
use super::content::{Content, instant};
use crate::error::{Error, Result};
use crate::home::bus::{Bus, Event, PROGRESS, REPLACED};
use crate::home::snapshot;
use crate::home::snapshot::{CopyProgress, Destination, Scratch, Snapshot, is_dangling};
use crate::home::staging;
use crate::home::staging::{Target, Writer};
use crate::model::{Entry, HomePath, Kind, Owner, Scope, Timestamp};
use crate::options::{MAX_SNAPSHOTS, RESTORE_RESERVE};
use crate::runtime::bindings::larder::automation::files;
use crate::runtime::{Grants, StoreData};

/// The most entries that are handed out at once.
const MAX_ENTRIES: u32 = 4096;

/// A snapshot, or why there is none.
pub struct HomeSnapshot {
    snapshot: Result<Snapshot>,
    /// Entries that were handed out.
    entries: usize,
    /// Counts the instance's snapshots.
    _one: Arc<()>,
}
/// A target until it is committed, and the symbolic links that it was given.
pub struct StagedTarget {
    target: Option<Target>,
    directory: PathBuf,
    links: Vec<HomePath>,
}
/// A writer until it is finished.
pub struct StagedWriter(Option<Writer>);

fn used_up(what: &str) -> Error {
    Error::Invalid(format!("the {what} was used after its end"))
}

fn not_given(what: &str) -> Error {
    Error::Denied(format!("no {what} was named; name one with --config"))
}

impl HomeSnapshot {
    fn open(&mut self) -> Result<&mut Snapshot> {
        self.snapshot.as_mut().map_err(|error| error.clone())
    }
}

impl StagedTarget {
    fn open(&mut self) -> Result<&mut Target> {
        self.target.as_mut().ok_or_else(|| used_up("restore target"))
    }

    fn dangling(&self) -> Result<Vec<HomePath>> {
        if self.target.is_some() {
            return Err(Error::Invalid(
                "the restore target was not committed yet; ask for its links then".into(),
            ));
        }
        let leads_nowhere = |path: &&HomePath| is_dangling(&self.directory.join(OsStr::from_bytes(path)));
        Ok(self.links.iter().filter(leads_nowhere).cloned().collect())
    }
}

/// Has it shown how far a large copy is: nothing else is heard of the job meanwhile.
fn copying(bus: Bus) -> CopyProgress {
    Arc::new(move |done, total| {
        let data = json!({"job": "create", "stage": "copy_database", "done": done, "total": total});
        bus.emit(&Event::new(PROGRESS, data.to_string()));
    })
}

impl files::Host for StoreData {}

impl files::HostSnapshot for StoreData {
    fn new(&mut self) -> wasmtime::Result<Resource<HomeSnapshot>> {
        let grants = &self.grants;
        let options = grants.home.clone().map(|root| snapshot::Options {
            root,
            scratch: Scratch {
                directory: grants.scratch.clone(),
                progress: Some(copying(grants.bus.clone())),
            },
            hidden: grants.hidden.clone(),
            lock_wait: self.vitals.limits.database_wait,
            // Well before the call itself would be given up.
            check_wait: self.vitals.limits.host_time / 4,
        });
        // A constructor cannot fail: a home that cannot be opened says so when it is looked at.
        let one = self.snapshots.clone();
        let snapshot = match Arc::strong_count(&one) {
            // Beside the snapshots, the instance itself holds one.
            count if count > MAX_SNAPSHOTS + 1 => Err(Error::Limit(format!(
                "more than {MAX_SNAPSHOTS} snapshots are open at once: drop one before another is taken"
            ))),
            _ => options.ok_or_else(|| not_given("home")).and_then(Snapshot::new),
        };
        Ok(self.table.push(HomeSnapshot { snapshot, entries: 0, _one: one })?)
    }

    fn entries(&mut self, this: Resource<HomeSnapshot>, max: u32) -> Result<Vec<files::Entry>, Refusal> {
        let max = usize::try_from(max.min(MAX_ENTRIES)).unwrap_or(0);
        let this = self.table.get_mut(&this)?;
        let entries = this.open()?.entries(max)?;
        this.entries = this.entries.saturating_add(entries.len());
        self.memory.follows(this.entries);
        Ok(entries.into_iter().map(outward).collect())
    }

    fn expect(&mut self, this: Resource<HomeSnapshot>, paths: Vec<Vec<u8>>) -> wasmtime::Result<()> {
        // A home that cannot be opened says so when it is looked at.
        if let Ok(snapshot) = self.table.get_mut(&this)?.open() {
            snapshot.open_ahead(paths);
        }
        Ok(())
    }

    fn open(&mut self, this: Resource<HomeSnapshot>, path: Vec<u8>) -> Result<Resource<Content>, Refusal> {
        let content = self.table.get_mut(&this)?.open()?.open(&path)?;
        Ok(self.table.push(Content::Home(content))?)
    }

    fn companions(&mut self, this: Resource<HomeSnapshot>, path: Vec<u8>) -> wasmtime::Result<Vec<Vec<u8>>> {
        let snapshot = self.table.get_mut(&this)?.open();
        Ok(snapshot.map(|snapshot| snapshot.companions(&path)).unwrap_or_default())
    }

    fn check_databases(&mut self, this: Resource<HomeSnapshot>) -> wasmtime::Result<()> {
        if let Ok(snapshot) = self.table.get_mut(&this)?.open() {
            snapshot.check_databases();
        }
        Ok(())
    }

    fn findings(&mut self, this: Resource<HomeSnapshot>) -> wasmtime::Result<Vec<files::Finding>> {
        // Well before the call itself would be given up.
        let wait = self.vitals.limits.host_time / 2;
        let findings = self.table.get_mut(&this)?.open().map(|snapshot| snapshot.findings(wait));
        let outward =
            |finding: snapshot::Finding| files::Finding { path: finding.path, reason: finding.reason };
        Ok(findings.unwrap_or_default().into_iter().map(outward).collect())
    }

    fn follow(&mut self, this: Resource<HomeSnapshot>, path: Vec<u8>) -> Result<Resource<Content>, Refusal> {
        let content = self.table.get_mut(&this)?.open()?.open_following_links(&path)?;
        Ok(self.table.push(Content::Home(content))?)
    }

    fn leads(&mut self, this: Resource<HomeSnapshot>, path: Vec<u8>) -> Result<files::Destination, Refusal> {
        Ok(match self.table.get_mut(&this)?.open()?.link_destination(&path)? {
            Destination::Inside => files::Destination::Inside,
            Destination::Outside => files::Destination::Outside,
            Destination::Nowhere => files::Destination::Nowhere,
        })
    }

    fn drop(&mut self, this: Resource<HomeSnapshot>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl files::HostTarget for StoreData {
    fn open(&mut self, scope: files::Scope, force: bool) -> Result<Resource<StagedTarget>, Refusal> {
        self.grants.check_may_write_elsewhere()?;
        let options = staging_options(&self.grants)?;
        let directory = options.directory.clone();
        let target = Some(Target::open(options, scope_of(scope), force)?);
        Ok(self.table.push(StagedTarget { target, directory, links: Vec::new() })?)
    }

    fn rehearse(&mut self, scope: files::Scope, force: bool) -> Result<u64, Refusal> {
        Ok(staging::dry_run(&staging_options(&self.grants)?, scope_of(scope), force)?)
    }

    fn available(&mut self, this: Resource<StagedTarget>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&this)?.target.as_ref().map_or(0, Target::available))
    }

    fn add(&mut self, this: Resource<StagedTarget>, entry: files::Entry) -> Result<(), Refusal> {
        let (entry, staged) = (inward(entry), self.table.get_mut(&this)?);
        staged.open()?.add(&entry)?;
        if matches!(entry.kind, Kind::Symlink(_)) {
            staged.links.push(entry.path);
        }
        Ok(())
    }

    fn add_file(
        &mut self,
        this: Resource<StagedTarget>,
        entry: files::Entry,
    ) -> Result<Resource<StagedWriter>, Refusal> {
        let writer = self.table.get_mut(&this)?.open()?.add_file(&inward(entry))?;
        Ok(self.table.push(StagedWriter(Some(writer)))?)
    }

    fn check(&mut self, this: Resource<StagedTarget>, max: u64) -> Result<u64, Refusal> {
        let read = self.table.get_mut(&this)?.open()?.read_back(max)?;
        self.pace(usize::try_from(read).unwrap_or(usize::MAX));
        Ok(read)
    }

    fn commit(&mut self, this: Resource<StagedTarget>) -> Result<Vec<String>, Refusal> {
        let target = self.table.get_mut(&this)?.target.take().ok_or_else(|| used_up("restore target"))?;
        let lost = target.commit()?;
        self.grants.bus.emit(&Event::new(REPLACED, "{}"));
        Ok(lost)
    }

    fn dangling(&mut self, this: Resource<StagedTarget>) -> Result<Vec<Vec<u8>>, Refusal> {
        Ok(self.table.get(&this)?.dangling()?)
    }

    fn drop(&mut self, this: Resource<StagedTarget>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl files::HostWriter for StoreData {
    fn append(&mut self, this: Resource<StagedWriter>, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.pace(bytes.len());
        let writer = self.table.get_mut(&this)?.0.as_mut().ok_or_else(|| used_up("file writer"))?;
        Ok(writer.append(&bytes)?)
    }

    fn finish(&mut self, this: Resource<StagedWriter>) -> Result<(), Refusal> {
        let writer = self.table.get_mut(&this)?.0.take().ok_or_else(|| used_up("file writer"))?;
        Ok(writer.finish()?)
    }

    fn drop(&mut self, this: Resource<StagedWriter>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

fn staging_options(grants: &Grants) -> Result<staging::Options> {
    Ok(staging::Options {
        directory: grants.target.clone().ok_or_else(|| not_given("directory to restore to"))?,
        keep: grants.kept.clone(),
        reserve: RESTORE_RESERVE,
        keep_setuid: grants.keep_setuid,
        steps: grants.steps.clone(),
    })
}

fn scope_of(scope: files::Scope) -> Scope {
    match scope {
        files::Scope::Add => Scope::Add,
        files::Scope::AllBut(names) => Scope::AllBut(names),
        files::Scope::Only(names) => Scope::Only(names),
    }
}

fn outward(entry: Entry) -> files::Entry {
    files::Entry {
        kind: match entry.kind {
            Kind::Directory => files::Kind::Directory,
            Kind::File(size) => files::Kind::File(size),
            Kind::Symlink(target) => files::Kind::Symlink(target),
            Kind::HardLink(path) => files::Kind::HardLink(path),
            Kind::Unusable(reason) => files::Kind::Unusable(reason),
        },
        path: entry.path,
        mode: entry.mode,
        owner: files::Owner {
            uid: entry.owner.uid,
            gid: entry.owner.gid,
            user: entry.owner.user,
            group: entry.owner.group,
        },
        modified: instant(entry.modified),
        identity: entry.identity,
    }
}

fn inward(entry: files::Entry) -> Entry {
    Entry {
        kind: match entry.kind {
            files::Kind::Directory => Kind::Directory,
            files::Kind::File(size) => Kind::File(size),
            files::Kind::Symlink(target) => Kind::Symlink(target),
            files::Kind::HardLink(path) => Kind::HardLink(path),
            files::Kind::Unusable(reason) => Kind::Unusable(reason),
        },
        path: entry.path,
        mode: entry.mode,
        owner: Owner {
            uid: entry.owner.uid,
            gid: entry.owner.gid,
            user: entry.owner.user,
            group: entry.owner.group,
        },
        modified: Timestamp { seconds: entry.modified.seconds, nanoseconds: entry.modified.nanoseconds },
        identity: entry.identity,
    }
}
