//! The interface `files`: snapshots of the home, and staged targets.

use std::sync::Arc;

use serde_json::json;
use wasmtime::component::Resource;

use super::content::instant;
use crate::error::{Error, Result};
use crate::home::bus::{Bus, Event, PROGRESS, REPLACED};
use crate::home::snapshot;
use crate::home::snapshot::{CopyProgress, Destination, Scratch, Snapshot};
use crate::home::staging;
use crate::home::staging::Target;
use crate::model::{Entry, Kind, Owner, Scope, Timestamp};
use crate::runtime::bindings::larder::automation::files;
use crate::runtime::{Content, Grants, HomeSnapshot, Refusal, StagedTarget, StagedWriter, StoreData};
use crate::tunables::{MAX_SNAPSHOTS, RESTORE_RESERVE};

/// The most entries that one call returns.
const MAX_ENTRIES: u32 = 4096;

fn not_given(what: &str) -> Error {
    Error::Denied(format!("no {what} was given; pass one with --config"))
}

/// Reports the progress of copying a large database: the job cannot report any in the meantime.
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
            lock_wait: self.watchdog.limits.database_wait,
            // Well before the watchdog gives up the call.
            check_wait: self.watchdog.limits.host_time / 4,
        });
        // A constructor cannot fail. The first call that needs the home reports why it cannot be opened.
        let counted = self.snapshots.clone();
        let snapshot = match Arc::strong_count(&counted) {
            // The instance itself holds one reference.
            count if count > MAX_SNAPSHOTS + 1 => Err(Error::Limit(format!(
                "more than {MAX_SNAPSHOTS} snapshots are open at once: drop one before another is taken"
            ))),
            _ => options.ok_or_else(|| not_given("home")).and_then(Snapshot::new),
        };
        Ok(self.table.push(HomeSnapshot::new(snapshot, counted))?)
    }

    fn entries(&mut self, this: Resource<HomeSnapshot>, max: u32) -> Result<Vec<files::Entry>, Refusal> {
        let max = usize::try_from(max.min(MAX_ENTRIES)).unwrap_or(0);
        let this = self.table.get_mut(&this)?;
        let entries = this.open()?.entries(max)?;
        this.entries = this.entries.saturating_add(entries.len());
        self.memory.follows(this.entries);
        Ok(entries.into_iter().map(outward).collect())
    }

    fn prefetch(&mut self, this: Resource<HomeSnapshot>, paths: Vec<Vec<u8>>) -> wasmtime::Result<()> {
        // The first call that needs the home reports why it cannot be opened.
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
        // Well before the watchdog gives up the call.
        let wait = self.watchdog.limits.host_time / 2;
        let findings = self.table.get_mut(&this)?.open().map(|snapshot| snapshot.findings(wait));
        let outward =
            |finding: snapshot::Finding| files::Finding { path: finding.path, reason: finding.reason };
        Ok(findings.unwrap_or_default().into_iter().map(outward).collect())
    }

    fn follow(&mut self, this: Resource<HomeSnapshot>, path: Vec<u8>) -> Result<Resource<Content>, Refusal> {
        let content = self.table.get_mut(&this)?.open()?.open_following_links(&path)?;
        Ok(self.table.push(Content::Home(content))?)
    }

    fn link_destination(
        &mut self,
        this: Resource<HomeSnapshot>,
        path: Vec<u8>,
    ) -> Result<files::Destination, Refusal> {
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
        let target = Target::open(options, scope_of(scope), force)?;
        Ok(self.table.push(StagedTarget { target, directory, links: Vec::new() })?)
    }

    fn dry_run(&mut self, scope: files::Scope, force: bool) -> Result<u64, Refusal> {
        Ok(staging::dry_run(&staging_options(&self.grants)?, scope_of(scope), force)?)
    }

    fn available(&mut self, this: Resource<StagedTarget>) -> wasmtime::Result<u64> {
        Ok(self.table.get(&this)?.target.available())
    }

    fn add(&mut self, this: Resource<StagedTarget>, entry: files::Entry) -> Result<(), Refusal> {
        let (entry, staged) = (inward(entry), self.table.get_mut(&this)?);
        staged.target.add(&entry)?;
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
        let writer = self.table.get_mut(&this)?.target.add_file(&inward(entry))?;
        Ok(self.table.push(StagedWriter(writer))?)
    }

    fn check(&mut self, this: Resource<StagedTarget>, max: u64) -> Result<u64, Refusal> {
        let read = self.table.get_mut(&this)?.target.read_back(max)?;
        self.pace(usize::try_from(read).unwrap_or(usize::MAX));
        Ok(read)
    }

    fn commit(&mut self, this: Resource<StagedTarget>) -> Result<files::Committed, Refusal> {
        let (losses, dangling) = self.table.delete(this)?.commit()?;
        self.grants.bus.emit(&Event::new(REPLACED, "{}"));
        Ok(files::Committed { losses, dangling })
    }

    fn drop(&mut self, this: Resource<StagedTarget>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl files::HostWriter for StoreData {
    fn append(&mut self, this: Resource<StagedWriter>, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.pace(bytes.len());
        Ok(self.table.get_mut(&this)?.0.append(&bytes)?)
    }

    fn finish(&mut self, this: Resource<StagedWriter>) -> Result<(), Refusal> {
        Ok(self.table.delete(this)?.0.finish()?)
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
