//! Creating a backup: home, plan, space, draft, content, proof, publication.
//!
//! The order is the promise: nothing is published that was not read back and found to be what was meant.

pub mod content;
pub mod dry_run;
pub mod estimate;
pub mod naming;
pub mod plan;
pub mod proof;

use serde_json::{Map, Value};

use crate::archive::{Exclude, Instant, Limits, Manifest, OuterWriter, backup_id, shown};
use crate::blocks::digest::ExpectedBytes;
use crate::blocks::fingerprint::Fingerprints;
use crate::blocks::index::{self, IndexHeader};
use crate::blocks::pipeline::{Finished, Pipeline};
use crate::blocks::previous::{self, CachedIndex, PreviousBackup};
use crate::blocks::splitter::BlockSizes;
use crate::error::{Failure, Result, UNREADABLE};
use crate::home::Home;
use crate::home::recorder;
use crate::jobs::create::content::{ContentWriter, Progressed};
use crate::jobs::create::dry_run::Rehearsal;
use crate::jobs::create::naming::Named;
use crate::jobs::create::plan::{Plan, Planned};
use crate::jobs::create::proof::Meant;
use crate::jobs::library::LOCAL;
use crate::jobs::progress::Progress;
use crate::jobs::verify;
use crate::manager::store::drawn;
use crate::model::{CreateRequest, Created, Preview, Problem, Protect, Skipped};
use crate::ports::{Draft, Finding, Location, Outside, Place, Snapshot};
use crate::protection::part::{PartWriter, Splice};
use crate::securetar::{ArchiveKeys, Keys, Password, Random, Version};

/// What is said of a last backup that something was taken from in vain.
const DOUBT: &str = "a backup that took from it what has not changed could not be written or did not read back right, so it was made \
                     without; `larder verify` says whether this one can still be restored";

/// Everything that is known before anything is written.
struct Prepared {
    snapshot: Box<dyn Snapshot>,
    home: Home,
    now: Instant,
    /// ISO 8601, in the home's zone.
    date: String,
    name: String,
    /// The object's name in its location.
    file: String,
    location: Location,
    failed_agent_ids: Vec<String>,
    plan: Plan,
    /// What is odd about the home or the name, and keeps nothing from being made.
    warnings: Vec<String>,
}

fn prepare(outside: &dyn Outside, request: &CreateRequest) -> Result<Prepared> {
    let (location, failed_agent_ids) = locations(outside, request)?;
    check_parts(request)?;
    let snapshot = outside.snapshot();
    let home = Home::read(outside, snapshot.as_ref());
    home.must_be_one(snapshot.as_ref())?;
    let now = outside.now();
    let Named { name, date, file, warning } = Named::of(request, &home, now)?;
    let elsewhere = recorder::elsewhere(snapshot.as_ref());
    let warnings = home.version_note.iter().cloned().chain(warning).chain(elsewhere).collect();
    let exclude = Exclude::standard(request.include_database)
        .with(&request.exclude)
        .map_err(|error| Failure::invalid(error.to_string()))?;
    outside.report("home_assistant", 0, None);
    let plan = Plan::make(snapshot.as_ref(), &exclude)?;
    Ok(Prepared { snapshot, home, now, date, name, file, location, failed_agent_ids, plan, warnings })
}

/// Refuses what only a Supervisor backs up.
fn check_parts(request: &CreateRequest) -> Result<()> {
    let names_any = |list: &Option<Vec<String>>| list.as_ref().is_some_and(|list| !list.is_empty());
    let (addons, folders) = (names_any(&request.include_addons), names_any(&request.include_folders));
    match (request.include_all_addons, addons, folders) {
        (true, true, _) => Err(refused("Cannot include all addons and specify specific addons")),
        (false, false, false) if request.include_homeassistant => Ok(()),
        (false, false, false) => Err(refused("Home Assistant must be included in backup")),
        _ => Err(refused("Addons and folders are not supported by core backup")),
    }
}

/// Refused by Home Assistant's manager before any work begins.
fn refused(message: impl Into<String>) -> Failure {
    Failure::new("home_assistant_error", message)
}

/// The location to store in, and those that were asked for and are not there.
fn locations(outside: &dyn Outside, request: &CreateRequest) -> Result<(Location, Vec<String>)> {
    let local = [LOCAL.to_owned()];
    let wanted = request.agent_ids.as_deref().unwrap_or(&local);
    let available: Vec<_> =
        outside.locations().into_iter().filter(|l| l.writable && wanted.contains(&l.id)).collect();
    let is_missing = |id: &&String| available.iter().all(|location| location.id != **id);
    let missing = wanted.iter().filter(is_missing).cloned().collect();
    match available.into_iter().next() {
        Some(location) => Ok((location, missing)),
        None => {
            // The list as Home Assistant writes it.
            let got: Vec<_> = wanted.iter().map(|id| format!("'{id}'")).collect();
            let got = got.join(", ");
            Err(refused(format!("At least one available backup agent must be selected, got [{got}]")))
        }
    }
}

/// What a backup would hold and need. Makes every check of [`create`], and stores nothing.
pub fn preview(outside: &dyn Outside, request: &CreateRequest) -> Result<Preview> {
    let prepared = prepare(outside, request)?;
    let Prepared { snapshot, home, name, file, location, mut plan, mut warnings, .. } = prepared;
    outside.may_store(&location.id, &file)?;
    let lock = request.protect_in(&location.id).map(|protect| Lock::new(outside, protect));
    lock.transpose()?;
    warnings.extend(doubts(request));
    let estimated_size = estimate::archive_size(&plan, snapshot.as_ref());
    let refused = estimate::must_fit(&plan, snapshot.as_ref(), location.available).err();
    let largest = plan.largest();
    let entries = std::mem::take(&mut plan.entries);
    plan.skipped.extend(rehearse(outside, snapshot.as_ref(), entries, plan.amount.bytes)?);
    Ok(Preview {
        estimated_size,
        error: refused.map(Problem::from),
        available: location.available,
        homeassistant_version: home.version_or_unknown().to_owned(),
        database_included: plan.has_database,
        largest,
        links_out: plan.links_out,
        warnings,
        amount: plan.amount,
        excluded: plan.excluded,
        skipped: plan.skipped,
        name,
    })
}

/// Opens everything that a backup would read: what it would leave out or name.
fn rehearse(
    outside: &dyn Outside,
    snapshot: &dyn Snapshot,
    entries: Vec<Planned>,
    bytes: u64,
) -> Result<Vec<Skipped>> {
    let rehearsal = Rehearsal::new(snapshot);
    let mut progress = Progress::new(outside, "home_assistant", bytes);
    let mut content = ContentWriter::new(std::io::sink(), &rehearsal);
    content.add_all(entries, &mut progress)?;
    let Progressed { skipped, .. } = content.finish()?;
    progress.finish();
    Ok(skipped.into_iter().chain(rehearsal.findings().into_iter().map(damaged)).collect())
}

/// Makes a backup. When bytes that were taken from the last one may be at fault that it fails, nothing is taken, and all begins anew.
pub fn create(outside: &dyn Outside, request: &CreateRequest) -> Result<Created> {
    let cached = CachedIndex::new(outside);
    match make(outside, request, &cached) {
        Err(failure) if cached.was_used() && failure.code == UNREADABLE => {
            cached.invalidate();
            make(outside, request, &cached)
        }
        made => made,
    }
}

fn make(outside: &dyn Outside, request: &CreateRequest, cached: &CachedIndex<'_>) -> Result<Created> {
    let prepared = prepare(outside, request)?;
    estimate::must_fit(&prepared.plan, prepared.snapshot.as_ref(), prepared.location.available)?;
    let manifest = manifest(&prepared, request)?;
    let (now, file) = (prepared.now, prepared.file);
    let Plan { has_database, links_out, .. } = prepared.plan;
    let lock = request.protect_in(&prepared.location.id).map(|protect| Lock::new(outside, protect));
    let lock = lock.transpose()?.flatten();
    // Without the home's key nothing is taken from the last backup, nor can the next one take from this.
    let key = request.index_key.clone().unwrap_or_else(|| Password::new(drawn::<32>(outside)));
    let fingerprints = Fingerprints::new(&key)?;
    let reading_last = lock.as_ref().and_then(Lock::reading_last);
    let location = &prepared.location.id;
    let mut previous = PreviousBackup::open(cached, location, &fingerprints, reading_last);
    let draft = outside.draft(&prepared.location.id, &file)?;

    let mut skipped = prepared.plan.skipped;
    let seconds = u32::try_from(now.seconds).unwrap_or(0);
    let total = prepared.plan.amount.bytes;
    let mut progress = Progress::new(outside, "home_assistant", total);
    let mut outer = OuterWriter::new(Port(draft.as_ref()), &manifest, now.seconds)?;
    let member = outer.member("homeassistant.tar.gz", now)?;
    let mut random = |bytes: &mut [u8]| outside.random(bytes);
    let part = PartWriter::new(member, lock.as_ref().map(|lock| &lock.keys), &mut random)?;
    let (limits, reusable) = (Limits::default(), previous.as_mut().and_then(PreviousBackup::blocks));
    let sizes = BlockSizes::of(total);
    let pipeline = Pipeline::new(outside, part, seconds, sizes, &limits, &fingerprints, reusable)?;
    prepared.snapshot.check_databases();
    let mut content = ContentWriter::new(pipeline, prepared.snapshot.as_ref());
    content.add_all(prepared.plan.entries, &mut progress)?;
    let Progressed { sink, amount, skipped: more } = content.finish()?;
    skipped.extend(more);
    let Finished { sink, segments, block_checks, pool, summary, blocks, reused } = sink.finish()?;
    sink.finish()?;
    let (_, size) = outer.finish()?;
    progress.finish();
    drop(previous);

    let version = lock.as_ref().map(Lock::version);
    let is_protected = lock.is_some();
    let header =
        IndexHeader { location: prepared.location.id.clone(), file: file.clone(), size, is_protected };
    let keys = lock.as_ref().map(|lock| (&lock.keys, &mut random as &mut dyn Random));
    let index = index::encode(&header, &blocks, &fingerprints, keys);
    let meant = Meant {
        manifest: &manifest,
        size,
        version,
        home: ExpectedBytes { segments: &segments, block_checks: &block_checks, fingerprints: &fingerprints },
        crew: pool.as_deref(),
        amount,
    };
    if verify::amount(&summary) != amount {
        return Err(proof::distrusted(&file, &format!("{amount:?} became {:?}", verify::amount(&summary))));
    }
    proof::prove(outside, draft.as_ref(), &file, &meant, lock.map(Lock::into_reading))
        .map_err(|failure| proof::unreadable(&file, failure))?;
    // Databases were checked meanwhile. A damaged one is better than none.
    outside.report("check_databases", 0, None);
    skipped.extend(prepared.snapshot.findings().into_iter().map(damaged));
    let lost = draft.publish()?;
    if let Some(index) = index {
        // Without it the next backup takes longer, and no more.
        let _ = outside.store_cached(previous::CACHE_NAME, &index);
    }
    Ok(Created {
        backup_id: manifest.slug().to_owned(),
        name: prepared.name,
        date: prepared.date,
        agent_id: prepared.location.id,
        file,
        size,
        verified: true,
        amount,
        unchanged: reused.bytes,
        homeassistant_version: prepared.home.version_or_unknown().to_owned(),
        database_included: has_database,
        links_out,
        securetar: version,
        failed_agent_ids: prepared.failed_agent_ids,
        skipped,
        notes: lost,
        warnings: prepared.warnings.into_iter().chain(doubts(request)).collect(),
        doubted: cached
            .wrong_about()
            .map(|path| Skipped { path, reason: DOUBT.into() })
            .into_iter()
            .collect(),
    })
}

/// What speaks against the password. Of the automatic settings' own it was said when it was set.
fn doubts(request: &CreateRequest) -> Vec<String> {
    if request.automatic { Vec::new() } else { request.protect.password.doubts() }
}

fn damaged(finding: Finding) -> Skipped {
    let path = if finding.path.is_empty() { "databases".to_owned() } else { shown(&finding.path) };
    Skipped { path, reason: finding.reason }
}

fn manifest(prepared: &Prepared, request: &CreateRequest) -> Result<Manifest> {
    let mut extra = Map::new();
    if let Some(id) = prepared.home.instance_id.as_ref().or(request.instance_id.as_ref()) {
        extra.insert("instance_id".into(), id.clone().into());
    }
    extra.insert("with_automatic_settings".into(), Value::Bool(request.automatic));
    let date = &prepared.date;
    let id = backup_id(date, &prepared.name);
    let (version, database) = (prepared.home.version_or_unknown(), prepared.plan.has_database);
    let manifest = Manifest::new(&id, &prepared.name, date, version, database, extra)?;
    let protect = request.protect_in(&prepared.location.id);
    let is_protected = protect.is_some_and(|protect| protect.password.is_given());
    Ok(manifest.with_protected(is_protected)?)
}

/// What an archive is protected with: its key is derived once, for writing and for reading back.
pub struct Lock {
    pub keys: ArchiveKeys,
    password: Password,
    version: u8,
}

impl Lock {
    /// None when no protection is asked for.
    pub fn new(outside: &dyn Outside, protect: &Protect) -> Result<Option<Self>> {
        let version = match protect.securetar {
            2 => Version::V2,
            3 => Version::V3,
            other => return Err(Failure::invalid(format!("securetar must be 3 or 2, not {other}"))),
        };
        let Some(password) = protect.password.chosen()? else { return Ok(None) };
        let keys = ArchiveKeys::new(version, &password, &mut |bytes: &mut [u8]| outside.random(bytes))?;
        Ok(Some(Self { keys, password, version: protect.securetar }))
    }

    /// What opens the last backup of the same password, where blocks can be taken from one: version 3 decrypts faster than
    /// deflating takes, version 2 does not.
    fn reading_last(&self) -> Option<Keys> {
        (self.version == 3).then(|| Keys::new(self.password.clone()))
    }

    pub fn version(&self) -> u8 {
        self.version
    }

    pub fn into_reading(self) -> Keys {
        self.keys.into_reading(self.password)
    }
}

/// A draft as the archive writer wants it.
pub struct Port<'a>(pub &'a dyn Draft);

impl crate::archive::Draft for Port<'_> {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        Ok(self.0.append(bytes)?)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        Ok(self.0.patch(offset, bytes)?)
    }
}

impl Splice for Port<'_> {
    fn splice(&mut self, from: Place<'_>) -> std::io::Result<()> {
        Ok(self.0.append_from(from)?)
    }
}
