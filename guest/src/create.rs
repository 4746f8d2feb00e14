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
use crate::model::{CreateRequest, Created, Preview};
use crate::plan::Plan;
use crate::ports::{Draft, Location, Outside, Snapshot};
use crate::progress::Progress;
use crate::verify;

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
    let manifest = manifest(&prepared, &date, request.include_database)?;
    let file = file_name(&prepared.name, &date)
        .map_err(|error| Failure::new("invalid_backup_filename", error.to_string()))?;
    let draft = outside.draft(&prepared.location.id, &file)?;

    let total = prepared.plan.amount.bytes;
    let mut skipped = prepared.plan.skipped;
    let mut progress = Progress::new(outside, "home_assistant", total);
    let written = {
        let mut outer = OuterWriter::new(Port(draft.as_ref()), &manifest, now.seconds)?;
        let mut member = outer.member("homeassistant.tar.gz", now)?;
        let seconds = u32::try_from(now.seconds).unwrap_or(0);
        let gzip = compressor(std::io::BufWriter::with_capacity(BUFFER, &mut member), seconds);
        let mut content = ContentWriter::new(gzip, prepared.snapshot.as_ref());
        for planned in prepared.plan.entries {
            content.add(planned, &mut progress)?;
        }
        let Progressed { sink, amount, skipped: more } = content.finish()?;
        skipped.extend(more);
        let buffer = sink.finish().map_err(io)?;
        buffer.into_inner().map_err(|error| io(error.into_error()))?;
        member.finish()?;
        let (_, size) = outer.finish()?;
        (amount, size)
    };
    progress.finish();
    let (amount, size) = written;

    prove(outside, draft.as_ref(), &file, &manifest, (amount, size))?;
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
        skipped,
    })
}

/// Bytes that are collected before the host is called.
const BUFFER: usize = 256 * 1024;

fn manifest(prepared: &Prepared, date: &str, database: bool) -> Result<Manifest> {
    let mut extra = Map::new();
    if let Some(id) = &prepared.home.instance_id {
        extra.insert("instance_id".into(), id.clone().into());
    }
    extra.insert("with_automatic_settings".into(), Value::Bool(false));
    let id = backup_id(date, &prepared.name);
    Ok(Manifest::new(&id, &prepared.name, date, prepared.home.version_or_unknown(), database, extra)?)
}

/// Reads back what the location now holds: it must be what was written, to the last count.
fn prove(
    outside: &dyn Outside,
    draft: &dyn Draft,
    file: &str,
    manifest: &Manifest,
    (amount, size): (crate::model::Amount, u64),
) -> Result<()> {
    let stored = draft.read_back()?;
    let mut outer = verify::outer_of(stored.as_ref(), file)?;
    let summary = verify::read_through(outside, &mut outer, file, "upload_to_agents", &mut verify::Only)?;
    let found = verify::amount(&summary);
    if outer.manifest == *manifest && found == amount && stored.size() == size {
        return Ok(());
    }
    let message = format!(
        "{file} was written but does not read back as what was written ({size} bytes, {amount:?} became {} bytes, \
         {found:?}); the disk cannot be trusted: check it, then try again",
        stored.size()
    );
    Err(Failure::new("backup_reader_writer_error", message))
}

/// A draft as the archive writer wants it.
struct Port<'a>(&'a dyn Draft);

impl crate::archive::Draft for Port<'_> {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        Ok(self.0.append(bytes)?)
    }

    fn patch(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        Ok(self.0.patch(offset, bytes)?)
    }
}

fn io(error: std::io::Error) -> Failure {
    crate::archive::ArchiveError::Io(error).into()
}
