//! Creating a backup: home, plan, space, draft, content, proof, publication.
//!
//! The order guarantees that nothing is published before it has been read back and compared with what was written.

pub mod content;
pub mod dry_run;
pub mod estimate;
pub mod name;
pub mod plan;
mod prepare;
pub mod preview;
pub mod proof;

use crate::archive::{Limits, OuterWriter};
use crate::blocks::digest::ExpectedBytes;
use crate::blocks::fingerprint::Fingerprints;
use crate::blocks::index::{self, IndexHeader};
use crate::blocks::pipeline::{Finished, Pipeline};
use crate::blocks::previous::{self, CachedIndex, PreviousBackup};
use crate::blocks::splitter::BlockSizes;
use crate::error::{Result, UNREADABLE};
use crate::jobs::create::content::{ContentWriter, StoredContent};
use crate::jobs::create::plan::Plan;
use crate::jobs::create::prepare::{damaged, doubts, manifest, prepare};
use crate::jobs::create::proof::Expected;
use crate::jobs::verify;
use crate::model::{CreateRequest, Created, Skipped};
use crate::ports::Host;
use crate::progress::Progress;
use crate::protection::Encryption;
use crate::protection::key::random_hex;
use crate::protection::part::{DraftSink, PartWriter};
use crate::securetar::{Password, Random};

/// The warning about a previous backup whose reused data made a new backup fail.
const DOUBT: &str = "a new backup that reused its unchanged data could not be written or did not read back correctly, so it was made \
                     without that data; `larder verify` shows whether this one can still be restored";

/// Makes a backup. If that fails and reused bytes of the previous backup may be the cause, it starts again without reusing any.
pub fn create(host: &dyn Host, request: &CreateRequest) -> Result<Created> {
    let cached = CachedIndex::new(host);
    match make(host, request, &cached) {
        Err(failure) if cached.was_used() && failure.code == UNREADABLE => {
            cached.invalidate();
            make(host, request, &cached)
        }
        made => made,
    }
}

/// Makes a backup in one attempt. `cached` decides whether bytes of the previous backup are reused.
fn make(host: &dyn Host, request: &CreateRequest, cached: &CachedIndex<'_>) -> Result<Created> {
    let prepared = prepare(host, request)?;
    estimate::must_fit(&prepared.plan, prepared.snapshot.as_ref(), prepared.location.available)?;
    let manifest = manifest(&prepared, request)?;
    let (now, file) = (prepared.now, prepared.file);
    let Plan { has_database, links_out, .. } = prepared.plan;
    let protect = prepared.is_protected.then_some(&request.protect);
    let encryption = protect.map(|protect| Encryption::new(host, protect)).transpose()?.flatten();
    // With a random key nothing of the previous backup can be reused, and nothing of this one in the next.
    let key = request.index_key.clone().unwrap_or_else(|| Password::new(random_hex::<32>(host)));
    let fingerprints = Fingerprints::new(&key)?;
    let reading_last = encryption.as_ref().and_then(Encryption::reading_last);
    let location = &prepared.location.id;
    let mut previous = PreviousBackup::open(cached, location, &fingerprints, reading_last);
    let draft = host.draft(&prepared.location.id, &file)?;

    let mut skipped = prepared.plan.skipped;
    let seconds = u32::try_from(now.seconds).unwrap_or(0);
    let total = prepared.plan.totals.bytes;
    let mut progress = Progress::new(host, "home_assistant", total);
    let mut outer = OuterWriter::new(DraftSink(draft.as_ref()), &manifest, now.seconds)?;
    let member = outer.member("homeassistant.tar.gz", now)?;
    let mut random = |bytes: &mut [u8]| host.random(bytes);
    let part = PartWriter::new(member, encryption.as_ref().map(|encryption| &encryption.keys), &mut random)?;
    let (limits, reusable) = (Limits::default(), previous.as_mut().and_then(PreviousBackup::blocks));
    let sizes = BlockSizes::of(total);
    let pipeline = Pipeline::new(host, part, seconds, sizes, &limits, &fingerprints, reusable)?;
    prepared.snapshot.check_databases();
    let mut content = ContentWriter::new(pipeline, prepared.snapshot.as_ref());
    content.add_all(prepared.plan.entries, &mut progress)?;
    let StoredContent { sink, totals, skipped: more } = content.finish()?;
    skipped.extend(more);
    let Finished { sink, segments, block_checks, pool, summary, blocks, reused } = sink.finish()?;
    sink.finish()?;
    let (_, size) = outer.finish()?;
    progress.finish();
    drop(previous);

    let version = encryption.as_ref().map(Encryption::version);
    let is_protected = encryption.is_some();
    let header =
        IndexHeader { location: prepared.location.id.clone(), file: file.clone(), size, is_protected };
    let keys = encryption.as_ref().map(|encryption| (&encryption.keys, &mut random as &mut dyn Random));
    let index = index::encode(&header, &blocks, &fingerprints, keys);
    let expected = Expected {
        manifest: &manifest,
        size,
        version,
        home: ExpectedBytes { segments: &segments, block_checks: &block_checks, fingerprints: &fingerprints },
        pool: pool.as_deref(),
        totals,
    };
    if verify::totals(&summary) != totals {
        return Err(proof::distrusted(&file, &format!("{totals:?} became {:?}", verify::totals(&summary))));
    }
    proof::prove(host, draft.as_ref(), &file, &expected, encryption.map(Encryption::into_reading))
        .map_err(|failure| proof::unreadable(&file, failure))?;
    // Databases were checked in the meantime. A damaged database is stored too: it is better than none.
    host.report("check_databases", 0, None);
    skipped.extend(prepared.snapshot.findings().into_iter().map(damaged));
    let lost = draft.publish()?;
    if let Some(index) = index {
        // If this fails, the next backup only takes longer.
        let _ = host.store_cached(previous::CACHE_NAME, &index);
    }
    Ok(Created {
        backup_id: manifest.slug().to_owned(),
        name: prepared.name,
        date: prepared.date,
        agent_id: prepared.location.id,
        file,
        size,
        verified: true,
        totals,
        unchanged: reused.bytes,
        homeassistant_version: prepared.home.version_or_unknown().to_owned(),
        database_included: has_database,
        links_out,
        securetar: version,
        copies: prepared.copies,
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
