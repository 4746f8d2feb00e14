//! The ports, implemented with the contract's imports.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;

use larder_zone::Zone;

use super::bindings::larder::automation as imports;
use super::convert::{destination, fault, instant, listed, location, objects, outward, proven, scope_of};
use crate::archive::{Entry, Instant};
use crate::error::Failure;
use crate::ports::{self, Listed, Outcome, Place, Scope};
use imports::types;

/// Everything outside the sandbox.
pub(super) struct Host;

impl ports::Host for Host {
    fn start_job(&self, kind: &str, input: &str) -> Outcome<Box<dyn ports::Job>> {
        let job = imports::jobs::Job::start(kind, input).map_err(fault)?;
        Ok(Box::new(job))
    }

    fn report(&self, stage: &str, done: u64, total: Option<u64>) {
        imports::progress::report(&imports::progress::Progress { stage: stage.into(), done, total });
    }

    fn emit(&self, topic: &str, data: &str) {
        imports::entities::emit(topic, data);
    }

    fn publish(&self, entity_id: &str, state: &str, attributes: &str) {
        imports::entities::publish(entity_id, state, attributes);
    }

    fn set_timer(&self, name: &str, at: Instant) {
        imports::timers::set(name, types::Instant { seconds: at.seconds, nanoseconds: at.nanoseconds });
    }

    fn cancel_timer(&self, name: &str) {
        imports::timers::cancel(name);
    }

    fn settings(&self) -> String {
        imports::settings::get()
    }

    fn load_document(&self, name: &str) -> Outcome<Option<String>> {
        imports::documents::load(name).map_err(fault)
    }

    fn save_document(&self, name: &str, text: &str) -> Outcome<()> {
        imports::documents::save(name, text).map_err(fault)
    }

    fn set_document_aside(&self, name: &str, reason: &str) -> Outcome<Option<String>> {
        imports::documents::set_aside(name, reason).map_err(fault)
    }

    fn now(&self) -> Instant {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Instant {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanoseconds: since.subsec_nanos(),
        }
    }

    fn unset_clock(&self) -> Option<String> {
        imports::clock::unset()
    }

    fn random(&self, bytes: &mut [u8]) {
        // `wasi:random` cannot fail. If it did, a predictable key would be worse than no backup.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }

    fn time_zone(&self) -> ports::HomeZone {
        let imports::clock::Zone { name, rules, origin, of_home, problems } = imports::clock::time_zone();
        match Zone::new(&name, &rules) {
            Ok(zone) => ports::HomeZone { zone, origin, is_of_home: of_home, problems },
            // The host has already parsed these rules. Without them every date would be wrong.
            Err(_) => std::process::abort(),
        }
    }

    fn snapshot(&self) -> Box<dyn ports::Snapshot> {
        Box::new(imports::files::Snapshot::new())
    }

    fn target(&self, scope: &Scope, force: bool) -> Outcome<Box<dyn ports::Target>> {
        Ok(Box::new(imports::files::Target::open(&scope_of(scope), force).map_err(fault)?))
    }

    fn dry_run_target(&self, scope: &Scope, force: bool) -> Outcome<u64> {
        imports::files::Target::dry_run(&scope_of(scope), force).map_err(fault)
    }

    fn places(&self) -> Vec<ports::Location> {
        imports::storage::locations().into_iter().map(location).collect()
    }

    fn objects(&self, location: &str) -> Outcome<Vec<ports::Object>> {
        imports::storage::objects(location).map(objects).map_err(fault)
    }

    fn remembered(&self, location: &str) -> Outcome<Vec<ports::Object>> {
        imports::storage::remembered(location).map(objects).map_err(fault)
    }

    fn read_small(&self, location: &str, names: &[String]) -> Outcome<Vec<Outcome<Vec<u8>>>> {
        let read = imports::storage::read_small(location, names).map_err(fault)?;
        Ok(read.into_iter().map(|bytes| bytes.map_err(fault)).collect())
    }

    fn store(&self, location: &str, name: &str, source: &dyn ports::Content) -> Outcome<ports::Stored> {
        let whole = Place { content: source, offset: 0, count: 0 };
        let imports::storage::Stored { proof, notes } =
            imports::storage::store(location, name, host_content(whole)?).map_err(fault)?;
        Ok(ports::Stored { proof: proven(proof), notes })
    }

    fn put(&self, location: &str, name: &str, bytes: &[u8]) -> Outcome<()> {
        imports::storage::put(location, name, bytes).map_err(fault)
    }

    fn clean(&self, location: &str, wanted: &[String]) -> Outcome<Vec<String>> {
        imports::storage::clean(location, wanted).map_err(fault)
    }

    fn test_location(&self, location: &str) -> Outcome<Vec<ports::Check>> {
        let checks = imports::storage::test(location).map_err(fault)?;
        Ok(checks.into_iter().map(|check| ports::Check { what: check.what, found: check.found }).collect())
    }

    fn open_object(&self, location: &str, name: &str) -> Outcome<Box<dyn ports::Content>> {
        Ok(Box::new(imports::storage::open(location, name).map_err(fault)?))
    }

    fn delete_object(&self, location: &str, name: &str) -> Outcome<()> {
        imports::storage::delete(location, name).map_err(fault)
    }

    fn draft(&self, location: &str, name: &str) -> Outcome<Box<dyn ports::Draft>> {
        Ok(Box::new(imports::storage::Draft::create(location, name).map_err(fault)?))
    }

    fn may_store(&self, location: &str, name: &str) -> Outcome<()> {
        imports::storage::may_store(location, name).map_err(fault)
    }

    fn replacement(&self, location: &str, name: &str) -> Outcome<Box<dyn ports::Draft>> {
        Ok(Box::new(imports::storage::Draft::replace(location, name).map_err(fault)?))
    }

    fn pool(&self, kind: &str, settings: &str, most: u32) -> Outcome<Box<dyn ports::WorkerPool>> {
        Ok(Box::new(imports::workers::Pool::start(kind, settings, most).map_err(fault)?))
    }

    fn next_piece(&self) -> Option<Vec<u8>> {
        imports::workers::next()
    }

    fn give(&self, part: &[u8]) {
        imports::workers::give(part);
    }

    fn load_cached(&self, name: &str) -> Outcome<Box<dyn ports::Content>> {
        Ok(Box::new(imports::cache::load(name).map_err(fault)?))
    }

    fn store_cached(&self, name: &str, bytes: &[u8]) -> Outcome<()> {
        imports::cache::store(name, bytes).map_err(fault)
    }
}

impl ports::WorkerPool for imports::workers::Pool {
    fn capacity(&self) -> usize {
        self.capacity() as usize
    }
    fn put(&self, piece: &[u8]) -> Outcome<()> {
        self.put(piece).map_err(fault)
    }
    fn put_with(&self, piece: &[u8], behind: Place<'_>) -> Outcome<()> {
        self.put_with(piece, host_content(behind)?, behind.offset, behind.count).map_err(fault)
    }
    fn take(&self) -> Result<Option<Vec<u8>>, Failure> {
        self.take().map_err(|f| Failure { code: f.code.into(), message: f.message })
    }
}

impl ports::Job for imports::jobs::Job {
    fn next(&self) -> Pin<Box<dyn Future<Output = ports::Event> + '_>> {
        Box::pin(async move {
            match imports::jobs::Job::next(self).await {
                imports::jobs::Event::Progress(p) => {
                    ports::Event::Progress { stage: p.stage, done: p.done, total: p.total }
                }
                imports::jobs::Event::Finished(result) => ports::Event::Finished(
                    result.map_err(|f| Failure { code: f.code.into(), message: f.message }),
                ),
            }
        })
    }
}

impl ports::Content for imports::content::Content {
    fn size(&self) -> u64 {
        self.size()
    }
    fn modified(&self) -> Instant {
        instant(self.modified())
    }
    fn identity(&self) -> Option<u64> {
        self.identity()
    }
    fn note(&self) -> Option<String> {
        self.note()
    }
    fn read(&self, offset: u64, max: u32) -> Outcome<Vec<u8>> {
        self.read(offset, max).map_err(fault)
    }
    fn ahead(&self, offset: u64, count: u64) {
        self.read_ahead(offset, count);
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The host's handle of a content. Every content comes from the host.
fn host_content(place: Place<'_>) -> Outcome<&imports::content::Content> {
    place
        .content
        .as_any()
        .downcast_ref()
        .ok_or_else(|| ports::Fault::unexpected("a content that does not come from the host"))
}

impl ports::Snapshot for imports::files::Snapshot {
    fn entries(&self, max: u32) -> Outcome<Vec<Listed>> {
        Ok(self.entries(max).map_err(fault)?.into_iter().map(listed).collect())
    }
    fn open(&self, path: &[u8]) -> Outcome<Box<dyn ports::Content>> {
        Ok(Box::new(self.open(path).map_err(fault)?))
    }
    fn follow(&self, path: &[u8]) -> Outcome<Box<dyn ports::Content>> {
        Ok(Box::new(self.follow(path).map_err(fault)?))
    }
    fn leads(&self, path: &[u8]) -> Outcome<ports::Destination> {
        Ok(destination(self.link_destination(path).map_err(fault)?))
    }
    fn expect(&self, paths: &[&[u8]]) {
        let paths: Vec<_> = paths.iter().map(|path| path.to_vec()).collect();
        self.prefetch(&paths);
    }
    fn companions(&self, path: &[u8]) -> Vec<Vec<u8>> {
        self.companions(path)
    }
    fn check_databases(&self) {
        self.check_databases();
    }
    fn findings(&self) -> Vec<ports::Finding> {
        let inward =
            |finding: imports::files::Finding| ports::Finding { path: finding.path, reason: finding.reason };
        self.findings().into_iter().map(inward).collect()
    }
}

impl ports::Target for imports::files::Target {
    fn available(&self) -> u64 {
        self.available()
    }
    fn add(&self, entry: &Entry) -> Outcome<()> {
        self.add(&outward(entry)).map_err(fault)
    }
    fn add_file(&self, entry: &Entry) -> Outcome<Box<dyn ports::Writer>> {
        Ok(Box::new(self.add_file(&outward(entry)).map_err(fault)?))
    }
    fn check(&self, max: u64) -> Outcome<u64> {
        self.check(max).map_err(fault)
    }
    fn commit(self: Box<Self>) -> Outcome<ports::Committed> {
        let imports::files::Committed { losses, dangling } = Self::commit(*self).map_err(fault)?;
        Ok(ports::Committed { losses, dangling })
    }
}

impl ports::Writer for imports::files::Writer {
    fn append(&self, bytes: &[u8]) -> Outcome<()> {
        self.append(bytes).map_err(fault)
    }
    fn finish(self: Box<Self>) -> Outcome<()> {
        Self::finish(*self).map_err(fault)
    }
}

impl ports::Draft for imports::storage::Draft {
    fn append(&self, bytes: &[u8]) -> Outcome<()> {
        self.append(bytes).map_err(fault)
    }
    fn append_from(&self, source: Place<'_>) -> Outcome<()> {
        self.append_from(host_content(source)?, source.offset, source.count).map_err(fault)
    }
    fn patch(&self, offset: u64, bytes: &[u8]) -> Outcome<()> {
        self.patch(offset, bytes).map_err(fault)
    }
    fn read_back(&self) -> Outcome<Box<dyn ports::Content>> {
        Ok(Box::new(self.read_back().map_err(fault)?))
    }
    fn publish(self: Box<Self>) -> Outcome<Vec<String>> {
        Self::publish(*self).map_err(fault)
    }
}
