//! Importing a foreign backup. It is copied, read back and verified, then published under the name that Home Assistant would
//! give it.
//!
//! Publishes exactly the bytes that it verified; until then nothing is listed.

use crate::archive::{Manifest, file_name};
use crate::error::{Failure, Result};
use crate::jobs::space;
use crate::jobs::stored_backups;
use crate::jobs::stored_backups::{LOCAL, Opened};
use crate::jobs::verify;
use crate::model::{Imported, ReadRequest, Verified};
use crate::ports::{Content, Draft, Host, Location, Object, Place};
use crate::progress::Progress;

/// Bytes copied at once: the most that a host accepts.
const PIECE: u32 = 1024 * 1024;

/// Copies a backup into the local location.
pub fn import(host: &dyn Host, request: &ReadRequest) -> Result<Imported> {
    let opened = stored_backups::open(host, &request.backup)?;
    let name = opened.object.name.clone();
    let manifest = opened.archive()?.manifest;
    let location = local(host)?;
    must_be_new(host, &manifest, &name)?;
    let file = file_name(manifest.name(), manifest.date_text())
        .map_err(|error| Failure::new("invalid_backup_filename", format!("{name}: {error}")))?;
    let size = opened.content.size();
    let advice = "or choose another directory with --backups";
    space::must_fit("the backup", size, location.available, advice)?;
    let draft = host.draft(LOCAL, &file)?;
    copy(host, opened.content.as_ref(), draft.as_ref())?;
    let content = draft.read_back()?;
    // Messages name the file as the user did.
    let object = Object { name, size: content.size(), modified: 0 };
    let stored = Opened { agent_id: LOCAL.to_owned(), object, content };
    let verified = verify::verify_opened(host, &stored, &request.unlock)?;
    drop(stored);
    let notes = draft.publish()?;
    Ok(Imported { verified: Verified { file, ..verified }, agent_id: LOCAL.to_owned(), notes })
}

fn local(host: &dyn Host) -> Result<Location> {
    let local = host.locations().into_iter().find(|location| location.id == LOCAL && location.writable);
    local.ok_or_else(|| Failure::new("home_assistant_error", format!("there is no location {LOCAL}")))
}

/// Refuses a second backup with the same id.
fn must_be_new(host: &dyn Host, manifest: &Manifest, name: &str) -> Result<()> {
    let id = manifest.slug();
    match stored_backups::with_id(host, LOCAL, id)? {
        None => Ok(()),
        Some(listing) => Err(Failure::new(
            "exists",
            format!("{name}: the backup {id} already exists, as {}; nothing was copied", listing.object.name),
        )),
    }
}

fn copy(host: &dyn Host, content: &dyn Content, draft: &dyn Draft) -> Result<()> {
    let size = content.size();
    let mut progress = Progress::new(host, "copy", size);
    content.ahead(0, size);
    let mut offset = 0;
    while offset < size {
        let count = u32::try_from(size.saturating_sub(offset)).unwrap_or(PIECE).min(PIECE);
        draft.append_from(Place { content, offset, count })?;
        offset = offset.saturating_add(count.into());
        progress.add(count.into());
    }
    progress.finish();
    Ok(())
}
