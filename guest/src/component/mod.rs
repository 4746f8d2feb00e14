//! The door: generated bindings on one side, ports on the other.
//!
//! The only file with generated types. It converts and nothing else; it decides nothing.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;

use crate::archive::{Entry, Instant};
use crate::error::Failure;
use crate::ports::{self, Listed, Outcome, Place, Scope};
use crate::{actions, jobs, manager};

// Generated code is not held to the house's lints.
#[allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unsafe_code,
    unreachable_pub
)]
mod bindings {
    wit_bindgen::generate!({ path: "../wit", world: "plugin", generate_all });
    use super::Plugin;
    export!(Plugin);
}

/// Wipes what is freed: passwords pass through many hands, and none of them has to remember it.
#[global_allocator]
static ALLOCATOR: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

mod convert;

use bindings::exports::larder::automation as exports;
use bindings::larder::automation as imports;
use convert::{destination, fault, instant, listed, outward, scope_of};
use imports::types;
use larder_zone::Zone;

struct Plugin;

impl exports::lifecycle::Guest for Plugin {
    fn set_up() -> Result<(), types::Failure> {
        manager::set_up(&Host).map_err(failure)
    }

    async fn timer(name: String) -> Result<(), types::Failure> {
        manager::timer(&Host, &name).await.map_err(failure)
    }
}

impl exports::actions::Guest for Plugin {
    fn describe() -> Vec<exports::actions::Action> {
        actions::ACTIONS
            .iter()
            .map(|action| exports::actions::Action {
                name: action.name.into(),
                description: action.description.into(),
                public: action.public,
                fields: action
                    .fields()
                    .map(|field| exports::actions::Field {
                        name: field.name.into(),
                        type_name: field.type_name.into(),
                        required: field.required,
                        description: field.description.into(),
                    })
                    .collect(),
            })
            .collect()
    }

    async fn call(name: String, data: String) -> Result<String, types::Failure> {
        manager::call(&Host, &name, &data).await.map_err(failure)
    }
}

impl exports::job::Guest for Plugin {
    fn run(kind: String, input: String) -> Result<String, types::Failure> {
        jobs::run(&Host, &kind, &input).map_err(failure)
    }
}

fn failure(failure: Failure) -> types::Failure {
    types::Failure { code: failure.code.into_owned(), message: failure.message }
}

/// Everything outside, as the ports see it.
struct Host;

impl ports::Outside for Host {
    fn start_job(&self, kind: &str, input: &str) -> Outcome<Box<dyn ports::Job>> {
        let job = imports::jobs::Job::start(kind, input).map_err(fault)?;
        Ok(Box::new(job))
    }

    fn report(&self, stage: &str, done: u64, total: Option<u64>) {
        imports::jobs::report(&imports::jobs::Progress { stage: stage.into(), done, total });
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
        // `wasi:random` cannot fail. If it ever did, a predictable key would be worse than no backup.
        if getrandom::fill(bytes).is_err() {
            std::process::abort();
        }
    }

    fn time_zone(&self) -> ports::HomeZone {
        let imports::clock::Zone { name, rules, origin, of_home, problems } = imports::clock::time_zone();
        match Zone::new(&name, &rules) {
            Ok(zone) => ports::HomeZone { zone, origin, is_of_home: of_home, problems },
            // The host has read these rules before. Without them, every date would be wrong.
            Err(_) => std::process::abort(),
        }
    }

    fn snapshot(&self) -> Box<dyn ports::Snapshot> {
        Box::new(imports::files::Snapshot::new())
    }

    fn target(&self, scope: &Scope, force: bool) -> Outcome<Box<dyn ports::Target>> {
        Ok(Box::new(imports::files::Target::open(&scope_of(scope), force).map_err(fault)?))
    }

    fn rehearse_target(&self, scope: &Scope, force: bool) -> Outcome<u64> {
        imports::files::Target::rehearse(&scope_of(scope), force).map_err(fault)
    }

    fn locations(&self) -> Vec<ports::Location> {
        imports::storage::locations()
            .into_iter()
            .map(|l| ports::Location { id: l.id, name: l.name, writable: l.writable, available: l.available })
            .collect()
    }

    fn objects(&self, location: &str) -> Outcome<Vec<ports::Object>> {
        let objects = imports::storage::objects(location).map_err(fault)?;
        Ok(objects.into_iter().map(|o| ports::Object { name: o.name, size: o.size }).collect())
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

    fn crew(&self, kind: &str, settings: &str, most: u32) -> Outcome<Box<dyn ports::Crew>> {
        Ok(Box::new(imports::workers::Crew::start(kind, settings, most).map_err(fault)?))
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

impl ports::Crew for imports::workers::Crew {
    fn capacity(&self) -> usize {
        self.capacity() as usize
    }
    fn put(&self, piece: &[u8]) -> Outcome<()> {
        self.put(piece).map_err(fault)
    }
    fn put_with(&self, piece: &[u8], behind: Place<'_>) -> Outcome<()> {
        self.put_with(piece, given_out(behind)?, behind.offset, behind.count).map_err(fault)
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
        self.ahead(offset, count);
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The host's own handle: every content comes from there.
fn given_out(place: Place<'_>) -> Outcome<&imports::content::Content> {
    place
        .content
        .as_any()
        .downcast_ref()
        .ok_or_else(|| ports::Fault::unexpected("a content that is not the host's"))
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
        Ok(destination(self.leads(path).map_err(fault)?))
    }
    fn expect(&self, paths: &[&[u8]]) {
        let paths: Vec<_> = paths.iter().map(|path| path.to_vec()).collect();
        self.expect(&paths);
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
    fn commit(&self) -> Outcome<Vec<String>> {
        self.commit().map_err(fault)
    }
    fn dangling(&self) -> Outcome<Vec<Vec<u8>>> {
        self.dangling().map_err(fault)
    }
}

impl ports::Writer for imports::files::Writer {
    fn append(&self, bytes: &[u8]) -> Outcome<()> {
        self.append(bytes).map_err(fault)
    }
    fn finish(&self) -> Outcome<()> {
        self.finish().map_err(fault)
    }
}

impl ports::Draft for imports::storage::Draft {
    fn append(&self, bytes: &[u8]) -> Outcome<()> {
        self.append(bytes).map_err(fault)
    }
    fn append_from(&self, source: Place<'_>) -> Outcome<()> {
        self.append_from(given_out(source)?, source.offset, source.count).map_err(fault)
    }
    fn patch(&self, offset: u64, bytes: &[u8]) -> Outcome<()> {
        self.patch(offset, bytes).map_err(fault)
    }
    fn read_back(&self) -> Outcome<Box<dyn ports::Content>> {
        Ok(Box::new(self.read_back().map_err(fault)?))
    }
    fn publish(&self) -> Outcome<Vec<String>> {
        self.publish().map_err(fault)
    }
}
