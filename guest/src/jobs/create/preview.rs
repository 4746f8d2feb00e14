//! The preview of a backup: its contents and size, determined by the code that makes backups.
//!
//! Stores nothing.

use crate::error::Result;
use crate::jobs::create::content::{ContentWriter, StoredContent};
use crate::jobs::create::dry_run::DryRunSnapshot;
use crate::jobs::create::estimate;
use crate::jobs::create::plan::Planned;
use crate::jobs::create::prepare::{Prepared, damaged, doubts, prepare};
use crate::model::{CreateRequest, Preview, Problem, Skipped};
use crate::ports::{Host, Snapshot};
use crate::progress::Progress;
use crate::protection::Encryption;

/// Previews a backup. Runs every check of [`create`](super::create), and stores nothing.
pub fn preview(host: &dyn Host, request: &CreateRequest) -> Result<Preview> {
    let prepared = prepare(host, request)?;
    let Prepared { snapshot, home, name, file, location, is_protected, mut plan, mut warnings, .. } =
        prepared;
    host.may_store(&location.id, &file)?;
    let protect = is_protected.then_some(&request.protect);
    protect.map(|protect| Encryption::new(host, protect)).transpose()?;
    warnings.extend(doubts(request));
    let estimated_size = estimate::archive_size(&plan, snapshot.as_ref());
    let refused = estimate::must_fit(&plan, snapshot.as_ref(), location.available).err();
    let largest = plan.largest();
    let entries = std::mem::take(&mut plan.entries);
    plan.skipped.extend(dry_run(host, snapshot.as_ref(), entries, plan.totals.bytes)?);
    Ok(Preview {
        estimated_size,
        error: refused.map(Problem::from),
        available: location.available,
        homeassistant_version: home.version_or_unknown().to_owned(),
        database_included: plan.has_database,
        largest,
        links_out: plan.links_out,
        warnings,
        totals: plan.totals,
        excluded: plan.excluded,
        skipped: plan.skipped,
        name,
    })
}

/// Opens everything that a backup would read. Returns what the backup would leave out or report.
fn dry_run(
    host: &dyn Host,
    snapshot: &dyn Snapshot,
    entries: Vec<Planned>,
    bytes: u64,
) -> Result<Vec<Skipped>> {
    let snapshot = DryRunSnapshot::new(snapshot);
    let mut progress = Progress::new(host, "home_assistant", bytes);
    let mut content = ContentWriter::new(std::io::sink(), &snapshot);
    content.add_all(entries, &mut progress)?;
    let StoredContent { skipped, .. } = content.finish()?;
    progress.finish();
    Ok(skipped.into_iter().chain(snapshot.findings().into_iter().map(damaged)).collect())
}
