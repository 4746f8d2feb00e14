//! A part of a backup (the home, an add-on, a folder: an inner tar), unlocked and read from its first byte to its last.
//!
//! Every reader of a part goes through here, so all of them decrypt, inflate and report damage in the same way.

use crate::archive::{Base, Inflater, Limits, Member, Summary, TarStream, Visit, shown, walk_inflated};
use crate::error::{Failure, Result};
use crate::jobs::inflate::Inflated;
use crate::jobs::restorable;
use crate::ports::Host;
use crate::progress::{CountingReader, Progress};
use crate::protection::part::PartReader;
use crate::protection::{self, Unlock, Unlocked};
use crate::securetar::Keys;
use crate::stored_archive::Archive;

/// A part of a backup, and what opens it.
pub struct Part {
    pub member: Member,
    /// `None` if the part is unprotected.
    pub keys: Option<Keys>,
    /// The label of the key that opened it, if that key is in a key ring.
    pub label: Option<String>,
    /// How the password that opened it differs from the given one, as a sentence.
    pub note: Option<String>,
}

impl Part {
    /// Whether it is the home's part.
    pub fn is_home(&self) -> bool {
        self.member.part_name() == Some("homeassistant")
    }
}

/// Unlocks the home's part. A wrong password is reported here, before anything is read or written.
pub fn unlock_home(outer: &mut Archive<'_>, unlock: &Unlock, name: &str) -> Result<Part> {
    match outer.home().cloned() {
        Some(member) => unlock_part(outer, member, unlock, name),
        None => Err(restorable::must_be_restorable(outer)
            .err()
            .unwrap_or_else(|| Failure::invalid("there is no home"))
            .about(name)),
    }
}

/// Unlocks any part.
pub fn unlock_part(outer: &mut Archive<'_>, member: Member, unlock: &Unlock, name: &str) -> Result<Part> {
    match protection::version_of(outer, &member)? {
        // Otherwise an attacker who can write to the file could remove the encryption and have anything restored.
        None if outer.manifest.protected() => {
            let what = protection::unprotected(&member.name);
            Err(Failure::new("backup_damaged", format!("{name}: {what}")))
        }
        None => Ok(Part { member, keys: None, label: None, note: None }),
        Some(_) => {
            let Unlocked { keys, label, note } = unlock.open(outer, &member, name)?;
            Ok(Part { member, keys: Some(keys), label, note })
        }
    }
}

/// Walks through a part to its end and shows every entry to `visit`. A failure names the backup's file, `name`.
pub fn walk_part<V: Visit<Error = Failure>>(
    host: &dyn Host,
    outer: &mut Archive<'_>,
    part: &mut Part,
    name: &str,
    progress: &mut Progress<'_>,
    visit: &mut V,
) -> Result<Summary> {
    let base = if part.is_home() { Base::Home } else { Base::Any };
    let limits = Limits::default();
    read_part(host, outer, part, progress, |source| walk_inflated(source, base, &limits, visit))
        .map_err(|failure| failure.about(name))
}

/// Calls `read` with the decrypted and inflated tar of a part.
pub fn read_part<T>(
    host: &dyn Host,
    outer: &mut Archive<'_>,
    part: &mut Part,
    progress: &mut Progress<'_>,
    read: impl FnOnce(&mut dyn TarStream) -> Result<T>,
) -> Result<T> {
    let Part { member, keys, .. } = part;
    outer.source().ahead(member.offset, member.size);
    let source = CountingReader { inner: outer.read(member)?, progress };
    let is_unprotected = keys.is_none();
    let mut reader = PartReader::open(source, member.size, keys.as_mut())?;
    let mut surplus = None;
    let watch = |source: &mut dyn TarStream| {
        let read = read(source);
        surplus = source.stream_end().surplus_from;
        read
    };
    let read = match Inflated::start(host, &mut reader) {
        Ok(mut inflated) => watch(&mut inflated),
        Err(reader) => {
            Inflater::open(reader).map_err(Failure::from).and_then(|mut inflater| watch(&mut inflater))
        }
    };
    read.map_err(|failure| match surplus {
        Some(end) if is_unprotected => larger_than_content(member, end),
        _ => reader.explain(failure),
    })
}

/// A fragment of the message about a part whose header announces more bytes than its content has.
pub const HIDDEN: &str = "other members may be hidden";

fn larger_than_content(member: &Member, end: u64) -> Failure {
    let message = format!(
        "damaged archive: the header of {} announces {} bytes, up to byte {} of the file, but its content ends at byte {}; \
         {HIDDEN} after it: `larder extract --keep-going` extracts its contents, or use another copy of the backup",
        shown(member.name.as_bytes()),
        member.size,
        member.end(),
        member.offset.saturating_add(end),
    );
    Failure::new("backup_damaged", message)
}
