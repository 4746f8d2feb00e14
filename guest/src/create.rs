//! Creating a backup: home, plan, space, draft, content, proof, publication.
//!
//! The order is the promise: nothing is published that was not read back and found to be what was meant.

use serde_json::{Map, Value};

use crate::archive::{Exclude, Manifest, OuterWriter, backup_id, compressor, file_name};
use crate::content::{ContentWriter, Progressed};
use crate::error::{Failure, Result};
use crate::estimate;
use crate::home::{Home, iso};
use crate::library::LOCAL;
use crate::model::{Amount, CreateRequest, Created, Preview, Protect};
use crate::part::{PartWriter, from_io};
use crate::plan::Plan;
use crate::ports::{Draft, Location, Outside, Snapshot};
use crate::progress::Progress;
use crate::protection::Protection;
use crate::securetar::{ArchiveKeys, Keys, Password, Version};
use crate::verify::{self, HomePart};

/// Everything that is known before anything is written.
struct Prepared {
    snapshot: Box<dyn Snapshot>,
    home: Home,
    name: String,
    location: Location,
    plan: Plan,
}

fn prepare(outside: &dyn Outside, request: &CreateRequest) -> Result<Prepared> {
    let location = location(outside, request)?;
    let snapshot = outside.snapshot();
    let home = Home::read(outside, snapshot.as_ref());
    home.must_be_one(snapshot.as_ref())?;
    let given = request.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let name = given.map_or_else(|| format!("Custom backup {}", home.version_or_unknown()), str::to_owned);
    let exclude = Exclude::standard(request.include_database)
        .with(&request.exclude)
        .map_err(|error| Failure::invalid(error.to_string()))?;
    outside.report("home_assistant", 0, None);
    let plan = Plan::make(snapshot.as_ref(), &exclude)?;
    Ok(Prepared { snapshot, home, name, location, plan })
}

/// The location to store in: the local one, until there are others.
fn location(outside: &dyn Outside, request: &CreateRequest) -> Result<Location> {
    let local = [LOCAL.to_owned()];
    let wanted = request.agent_ids.as_deref().unwrap_or(&local);
    let found = outside.locations().into_iter().find(|l| l.writable && wanted.contains(&l.id));
    found.ok_or_else(|| {
        let message = format!("At least one available backup agent must be selected, got {wanted:?}");
        Failure::new("home_assistant_error", message)
    })
}

/// What a backup would hold and need.
pub fn preview(outside: &dyn Outside, request: &CreateRequest) -> Result<Preview> {
    let prepared = prepare(outside, request)?;
    let Prepared { snapshot, home, name, location, plan } = prepared;
    Ok(Preview {
        estimated_size: estimate::archive_size(&plan, snapshot.as_ref()),
        available: location.available,
        homeassistant_version: home.version_or_unknown().to_owned(),
        database_included: request.include_database,
        largest: plan.largest(),
        amount: plan.amount,
        excluded: plan.excluded,
        skipped: plan.skipped,
        name,
    })
}

/// Makes a backup.
pub fn create(outside: &dyn Outside, request: &CreateRequest) -> Result<Created> {
    let prepared = prepare(outside, request)?;
    estimate::must_fit(&prepared.plan, prepared.snapshot.as_ref(), prepared.location.available)?;
    let now = outside.now();
    let date = iso(&prepared.home.local(now));
    let manifest = manifest(&prepared, &date, request)?;
    let file = file_name(&prepared.name, &date)
        .map_err(|error| Failure::new("invalid_backup_filename", error.to_string()))?;
    let lock = Lock::new(outside, &request.protect)?;
    let draft = outside.draft(&prepared.location.id, &file)?;

    let total = prepared.plan.amount.bytes;
    let mut skipped = prepared.plan.skipped;
    let mut progress = Progress::new(outside, "home_assistant", total);
    let written = {
        let mut outer = OuterWriter::new(Port(draft.as_ref()), &manifest, now.seconds)?;
        let member = outer.member("homeassistant.tar.gz", now)?;
        let mut random = |bytes: &mut [u8]| outside.random(bytes);
        let part = PartWriter::new(member, lock.as_ref().map(|lock| &lock.keys), &mut random)?;
        let seconds = u32::try_from(now.seconds).unwrap_or(0);
        let mut content = ContentWriter::new(compressor(part, seconds), prepared.snapshot.as_ref());
        for planned in prepared.plan.entries {
            content.add(planned, &mut progress)?;
        }
        let Progressed { sink, amount, skipped: more } = content.finish()?;
        skipped.extend(more);
        sink.finish().map_err(from_io)?.finish()?;
        let (_, size) = outer.finish()?;
        (amount, size)
    };
    progress.finish();
    let (amount, size) = written;
    let version = lock.as_ref().map(Lock::version);

    prove(outside, draft.as_ref(), &file, &manifest, lock, (amount, size))
        .map_err(|failure| unreadable(&file, failure))?;
    draft.publish()?;
    Ok(Created {
        backup_id: manifest.slug().to_owned(),
        name: prepared.name,
        date,
        agent_id: prepared.location.id,
        file,
        size,
        verified: true,
        amount,
        homeassistant_version: prepared.home.version_or_unknown().to_owned(),
        database_included: request.include_database,
        securetar: version,
        skipped,
    })
}

fn manifest(prepared: &Prepared, date: &str, request: &CreateRequest) -> Result<Manifest> {
    let mut extra = Map::new();
    if let Some(id) = &prepared.home.instance_id {
        extra.insert("instance_id".into(), id.clone().into());
    }
    extra.insert("with_automatic_settings".into(), Value::Bool(false));
    let id = backup_id(date, &prepared.name);
    let (version, database) = (prepared.home.version_or_unknown(), request.include_database);
    let manifest = Manifest::new(&id, &prepared.name, date, version, database, extra)?;
    Ok(manifest.with_protected(request.protect.password.chosen()?.is_some())?)
}

/// Reads back what the location now holds: it must be what was written, to the last count, and as protected as it was to be.
fn prove(
    outside: &dyn Outside,
    draft: &dyn Draft,
    file: &str,
    manifest: &Manifest,
    lock: Option<Lock>,
    (amount, size): (Amount, u64),
) -> Result<()> {
    let stored = draft.read_back()?;
    let mut outer = verify::outer_of(stored.as_ref(), file)?;
    let protection = Protection::look(&mut outer)?;
    if protection.version != lock.as_ref().map(Lock::version) {
        return Err(distrusted(file, "what stands at the start of its parts is not what was written"));
    }
    protection.must_be_consistent(file)?;
    let Some(member) = outer.home().cloned() else {
        return Err(distrusted(file, "the home is not in it"));
    };
    let mut home = HomePart { member, keys: lock.map(Lock::into_reading), label: None };
    let stage = "upload_to_agents";
    let summary = verify::read_through(outside, &mut outer, &mut home, file, stage, &mut verify::Only)?;
    let found = verify::amount(&summary);
    if outer.manifest == *manifest && found == amount && stored.size() == size {
        return Ok(());
    }
    let what = format!("{size} bytes, {amount:?} became {} bytes, {found:?}", stored.size());
    Err(distrusted(file, &what))
}

/// What was stored reads back as something else.
pub fn distrusted(file: &str, what: &str) -> Failure {
    let message = format!(
        "{file} was written but does not read back as what was written ({what}); the disk cannot be trusted: check it, then \
         try again"
    );
    Failure::new("backup_reader_writer_error", message)
}

/// What a backup that was just written does not read back with. What to do with one from elsewhere is no advice here.
pub fn unreadable(file: &str, failure: Failure) -> Failure {
    match failure.code.as_ref() {
        "password_incorrect" => distrusted(file, "the start of a protected part is another one"),
        "backup_damaged"
        | "backup_unsafe"
        | "backup_unsupported"
        | "backup_too_large"
        | "decrypt_not_supported" => {
            let what = failure.message.split("; ").next().unwrap_or_default();
            distrusted(file, what)
        }
        _ => failure,
    }
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
