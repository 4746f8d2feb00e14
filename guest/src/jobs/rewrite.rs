//! Storing a backup once more, protected or readable by anyone: what `backup.json` says follows the bytes.
//!
//! The copy is read back and found to hold what the original holds before it appears. The original is left alone, unless the copy
//! is to take its place; then it does so in one step.

use std::io::{Read, Write};

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use crate::archive::{ArchiveError, Manifest, Member, Outer, OuterWriter, check};
use crate::error::{Failure, Result};
use crate::jobs::create::proof::{distrusted, unreadable};
use crate::jobs::create::{Lock, Port};
use crate::jobs::library;
use crate::jobs::progress::Progress;
use crate::jobs::space;
use crate::jobs::verify;
use crate::jobs::verify::Archive;
use crate::model::{EncryptRequest, ReadRequest, RekeyRequest, Rewritten};
use crate::ports::{Draft, Object, Outside, Reader};
use crate::protection::part::{PartReader, PartWriter, from_io};
use crate::protection::{Protection, Unlock, Unlocked, first_protected, version_of};
use crate::securetar::Keys;

/// The location that holds the one file that a person asked for.
const OUTPUT: &str = "larder.output";
/// Bytes that are handled at once.
const CHUNK: usize = 256 * 1024;

type Digested = [u8; 32];

/// Stores a protected copy.
pub fn encrypt(outside: &dyn Outside, request: &EncryptRequest) -> Result<Rewritten> {
    let opened = library::open(outside, &request.backup)?;
    let name = &opened.object.name;
    let mut outer = verify::outer(&opened)?;
    if first_protected(&mut outer)?.is_some() {
        let message = format!("{name} is protected already; `larder rekey` gives it another password");
        return Err(Failure::new("backup_unsupported", message));
    }
    // Whoever believes that a backup is protected must not find a part that is not.
    if let Some(other) = outer.members.iter().find(|member| !member.is_part()) {
        let message = format!(
            "{name} holds {}, which is no inner tar and would stay readable by anyone; it cannot be protected",
            other.name
        );
        return Err(Failure::new("backup_unsupported", message));
    }
    let Some(lock) = Lock::new(outside, &request.protect)? else {
        return Err(Failure::invalid(
            "a password is needed to encrypt with; give it with --password-file FILE or in LARDER_PASSWORD, or name a key of \
             the key ring with --key LABEL",
        ));
    };
    let warnings = request.protect.password.doubts();
    let change = Change { from: None, to: Some(lock), label: None, warnings };
    rewrite(outside, &mut outer, &opened.object, change, None)
}

/// Stores a copy that anyone can read.
pub fn decrypt(outside: &dyn Outside, request: &ReadRequest) -> Result<Rewritten> {
    let opened = library::open(outside, &request.backup)?;
    let name = &opened.object.name;
    let mut outer = verify::outer(&opened)?;
    let Some(part) = first_protected(&mut outer)? else {
        let message = format!("{name} is not protected: anyone can read it as it is");
        return Err(Failure::new("backup_unsupported", message));
    };
    let unlocked = open_all(&mut outer, &part, &request.unlock, name)?;
    let warnings = unlocked.note.into_iter().collect();
    let change = Change { from: Some(unlocked.keys), to: None, label: unlocked.label, warnings };
    rewrite(outside, &mut outer, &opened.object, change, None)
}

/// Stores it once more under another password; no byte of it is readable anywhere on the way.
pub fn rekey(outside: &dyn Outside, request: &RekeyRequest) -> Result<Rewritten> {
    let read = &request.read;
    let opened = library::open(outside, &read.backup)?;
    let name = &opened.object.name;
    let mut outer = verify::outer(&opened)?;
    let Some(part) = first_protected(&mut outer)? else {
        let message = format!("{name} is not protected: `larder encrypt` makes a copy that is");
        return Err(Failure::new("backup_unsupported", message));
    };
    let protect = request.protect();
    let Some(lock) = Lock::new(outside, &protect)? else {
        return Err(Failure::invalid(
            "which new password? Give it with --new-password-file FILE or --new-password-prompt, or name a key of the key ring with \
             --new-key LABEL",
        ));
    };
    let unlocked = open_all(&mut outer, &part, &read.unlock, name)?;
    let again = protect.password.open(&mut outer, &part, name).is_ok_and(|unlocked| unlocked.note.is_none());
    if again && Protection::look(&mut outer)?.version == Some(lock.version()) {
        return Err(Failure::invalid(format!("that password opens {name} already: nothing was changed")));
    }
    let warnings = unlocked.note.into_iter().chain(protect.password.doubts()).collect();
    let change = Change { from: Some(unlocked.keys), to: Some(lock), label: unlocked.label, warnings };
    let place = request.in_place.then_some(opened.agent_id.as_str());
    rewrite(outside, &mut outer, &opened.object, change, place)
}

/// All parts have the same password; where one has not, that is known before anything is written.
fn open_all(outer: &mut Archive<'_>, first: &Member, unlock: &Unlock, name: &str) -> Result<Unlocked> {
    let mut unlocked = unlock.open(outer, first, name)?;
    for member in outer.members.clone().iter().filter(|member| member.is_part()) {
        if version_of(outer, member)?.is_some() {
            let source = outer.read(member).map_err(|error| Failure::archive(name, error))?;
            PartReader::open(source, member.size, Some(&mut unlocked.keys))
                .map_err(|error| about(error, name, member))?;
        }
    }
    Ok(unlocked)
}

/// What opens the original's parts, and what protects those of the copy.
struct Change {
    from: Option<Keys>,
    to: Option<Lock>,
    label: Option<String>,
    warnings: Vec<String>,
}

impl Change {
    /// The most that an encryption adds to a backup of so many bytes and parts, where there was none: 17 bytes to each piece of 1 MiB,
    /// a header and a rounding to whole blocks to each part.
    fn overhead(&self, bytes: u64, parts: u64) -> u64 {
        match (&self.from, &self.to) {
            (None, Some(_)) => (bytes >> 20).saturating_mul(17).saturating_add(parts.saturating_mul(2048)),
            _ => 0,
        }
    }
}

/// Writes the copy to the output location, or `in_place` of the original, in that location.
fn rewrite(
    outside: &dyn Outside,
    outer: &mut Archive<'_>,
    original: &Object,
    mut change: Change,
    in_place: Option<&str>,
) -> Result<Rewritten> {
    let name = &original.name;
    let wanted = in_place.unwrap_or(OUTPUT);
    let Some(location) = outside.locations().into_iter().find(|location| location.id == wanted) else {
        return Err(Failure::invalid("where to? There is no output location"));
    };
    if let Some(lost) = outer.ignored.first() {
        let message = format!("{name}: {lost} and would be missing in a copy, so none is made");
        return Err(Failure::new("backup_unsupported", message));
    }
    let version = change.to.as_ref().map(Lock::version);
    let manifest = outer.manifest.with_protected(version.is_some())?;
    let needed = original.size.saturating_add(change.overhead(original.size, outer.members.len() as u64));
    space::must_fit("the copy", needed, location.available, "or write it elsewhere with --to")?;
    let file = if in_place.is_some() { name } else { &location.name };
    let draft = match in_place {
        Some(id) => outside.replacement(id, name)?,
        None => outside.draft(OUTPUT, file)?,
    };
    let (digests, size) = write(outside, outer, name, &manifest, &mut change, draft.as_ref())?;

    let distrust = |failure| unreadable(file, failure);
    let stored = draft.read_back()?;
    let mut copy = verify::outer_of(stored.as_ref(), file).map_err(distrust)?;
    if copy.manifest != manifest || stored.size() != size {
        return Err(distrusted(file, "it has another size, or says something else of itself"));
    }
    let protection = Protection::look(&mut copy).map_err(distrust)?;
    if copy.members.iter().any(Member::is_part) && protection.version != version {
        return Err(distrusted(file, "what stands at the start of its parts is not what was written"));
    }
    protection.must_be_consistent(file).map_err(distrust)?;
    prove(outside, &mut copy, [name, file], change.to.map(Lock::into_reading), &digests)?;
    let notes = draft.publish()?;
    Ok(Rewritten {
        backup_id: manifest.slug().to_owned(),
        name: manifest.name().to_owned(),
        date: manifest.date_text().to_owned(),
        file: file.clone(),
        size,
        parts: copy.members.iter().filter(|member| member.is_part()).count() as u64,
        securetar: version,
        key: change.label,
        verified: true,
        replaced: in_place.is_some(),
        warnings: change.warnings,
        notes,
    })
}

/// Writes the copy; what each member's plaintext is known by, in their order, and the copy's size.
fn write(
    outside: &dyn Outside,
    outer: &mut Archive<'_>,
    name: &str,
    manifest: &Manifest,
    change: &mut Change,
    draft: &dyn Draft,
) -> Result<(Vec<Digested>, u64)> {
    let members = outer.members.clone();
    let mut progress = Progress::new(outside, "copy", members.iter().map(|member| member.size).sum());
    let mut random = |bytes: &mut [u8]| outside.random(bytes);
    let mut copy = OuterWriter::new(Port(draft), manifest, outside.now().seconds)?;
    let mut digests = Vec::new();
    for member in &members {
        let is_protected = member.is_part() && version_of(outer, member)?.is_some();
        let keys = change.from.as_mut().filter(|_| is_protected);
        outer.source().ahead(member.offset, member.size);
        let source = outer.read(member).map_err(|error| Failure::archive(name, error))?;
        let mut source =
            PartReader::open(source, member.size, keys).map_err(|error| about(error, name, member))?;
        let keys = change.to.as_ref().filter(|_| member.is_part()).map(|lock| &lock.keys);
        let mut sink = PartWriter::new(copy.member(&member.name, member.modified)?, keys, &mut random)?;
        let mut digest = Blake2b::<U32>::new();
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = source
                .read(&mut buffer)
                .map_err(|error| about(source.explain(ArchiveError::from(error).into()), name, member))?;
            let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
            digest.update(bytes);
            sink.write_all(bytes).map_err(from_io)?;
            progress.add(count as u64);
        }
        sink.finish()?;
        digests.push(digest.finalize().into());
    }
    progress.finish();
    let (_, size) = copy.finish()?;
    Ok((digests, size))
}

/// Reads the copy back: each member holds what the original's held, and each inner tar unpacks to its end. One that does not
/// and holds the same bytes is the original's fault.
fn prove(
    outside: &dyn Outside,
    copy: &mut Outer<Reader<'_>>,
    [original, file]: [&str; 2],
    mut keys: Option<Keys>,
    digests: &[Digested],
) -> Result<()> {
    let members = copy.members.clone();
    let mut progress = Progress::new(outside, "verify", members.iter().map(|member| member.size).sum());
    let distrust = |failure| unreadable(file, failure);
    if members.len() != digests.len() {
        return Err(distrusted(file, "it has other members"));
    }
    for (member, digest) in members.iter().zip(digests) {
        copy.source().ahead(member.offset, member.size);
        let source = copy.read(member).map_err(|error| distrust(error.into()))?;
        let keys = keys.as_mut().filter(|_| member.is_part());
        let part = PartReader::open(source, member.size, keys).map_err(distrust)?;
        let mut part = Digesting { source: part, digest: Blake2b::new(), progress: &mut progress };
        let checked = match member.is_part() {
            true => check(&mut part).map(drop),
            false => std::io::copy(&mut part, &mut std::io::sink()).map(drop).map_err(Into::into),
        };
        let rest = std::io::copy(&mut part, &mut std::io::sink());
        if rest.is_err() || *part.digest.finalize() != *digest {
            return Err(match checked {
                Ok(()) => distrusted(file, &format!("{} holds other bytes", member.name)),
                Err(error) => distrust(about(part.source.explain(error.into()), file, member)),
            });
        }
        checked.map_err(|error| about(error.into(), original, member))?;
    }
    progress.finish();
    Ok(())
}

fn about(failure: Failure, name: &str, member: &Member) -> Failure {
    failure.about(&format!("{name}: {}", member.name))
}

/// A reader whose bytes are digested and counted.
struct Digesting<'a, 'b, R> {
    source: PartReader<R>,
    digest: Blake2b<U32>,
    progress: &'a mut Progress<'b>,
}

impl<R: Read> Read for Digesting<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.digest.update(buffer.get(..count).unwrap_or_default());
        self.progress.add(count as u64);
        Ok(count)
    }
}
