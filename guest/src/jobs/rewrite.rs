//! Copies of a backup that are protected, unprotected, or under another password. `backup.json` is changed to match.
//!
//! The copy is read back and compared with the original before it is published. The original stays untouched unless the copy
//! is to replace it, which it then does in one step.

use std::io::{Read, Write};

use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};

use crate::archive::{ArchiveError, Manifest, Member, OuterWriter, check};
use crate::error::{Failure, Result};
use crate::jobs::create::proof::{distrusted, unreadable};
use crate::jobs::space;
use crate::jobs::stored_backups;
use crate::model::{EncryptRequest, ReadRequest, RekeyRequest, Rewritten, StageRequest};
use crate::ports::{Draft, Host, Object, STAGING};
use crate::progress::Progress;
use crate::protection::part::{DraftSink, PartReader, PartWriter, from_io};
use crate::protection::{Encryption, Protection, Unlock, Unlocked, first_protected, version_of};
use crate::securetar::Keys;
use crate::stored_archive::{self, Archive};

/// The location of the one file that the command line names as the output.
const OUTPUT: &str = "larder.output";
/// Bytes handled at once.
const CHUNK: usize = 256 * 1024;

/// The digest of a member's plaintext.
type PlaintextDigest = [u8; 32];

/// Makes a protected copy.
pub fn encrypt(host: &dyn Host, request: &EncryptRequest) -> Result<Rewritten> {
    let opened = stored_backups::open(host, &request.backup)?;
    let name = &opened.object.name;
    let mut outer = opened.archive()?;
    if first_protected(&mut outer)?.is_some() {
        let message = format!("{name} is protected already; `larder rekey` gives it another password");
        return Err(Failure::new("backup_unsupported", message));
    }
    // A backup that is called protected must not contain anything unprotected.
    if let Some(other) = outer.members.iter().find(|member| !member.is_part()) {
        let message = format!(
            "{name} holds {}, which is not an inner tar and would remain readable by anyone; it cannot be protected",
            other.name
        );
        return Err(Failure::new("backup_unsupported", message));
    }
    let Some(encryption) = Encryption::new(host, &request.protect)? else {
        return Err(Failure::invalid(
            "a password is needed to encrypt with; give it with --password-file FILE or in LARDER_PASSWORD, or name a key of \
             the key ring with --key LABEL",
        ));
    };
    let warnings = request.protect.password.doubts();
    let change = Change { from: None, to: Some(encryption), label: None, warnings };
    rewrite(host, &mut outer, &opened.object, change, Destination::Output)
}

/// Makes an unprotected copy.
pub fn decrypt(host: &dyn Host, request: &ReadRequest) -> Result<Rewritten> {
    let opened = stored_backups::open(host, &request.backup)?;
    let name = &opened.object.name;
    let mut outer = opened.archive()?;
    let Some(part) = first_protected(&mut outer)? else {
        let message = format!("{name} is not protected: anyone can already read it");
        return Err(Failure::new("backup_unsupported", message));
    };
    let unlocked = open_all(&mut outer, &part, &request.unlock, name)?;
    let warnings = unlocked.note.into_iter().collect();
    let change = Change { from: Some(unlocked.keys), to: None, label: unlocked.label, warnings };
    rewrite(host, &mut outer, &opened.object, change, Destination::Output)
}

/// Makes a copy under another password. No plaintext is stored anywhere on the way.
pub fn rekey(host: &dyn Host, request: &RekeyRequest) -> Result<Rewritten> {
    let read = &request.read;
    let opened = stored_backups::open(host, &read.backup)?;
    let name = &opened.object.name;
    let mut outer = opened.archive()?;
    let Some(part) = first_protected(&mut outer)? else {
        let message = format!("{name} is not protected: `larder encrypt` makes a copy that is");
        return Err(Failure::new("backup_unsupported", message));
    };
    let protect = request.protect();
    let Some(encryption) = Encryption::new(host, &protect)? else {
        return Err(Failure::invalid(
            "which new password? Give it with --new-password-file FILE or --new-password-prompt, or name a key of the key ring with \
             --new-key LABEL",
        ));
    };
    let unlocked = open_all(&mut outer, &part, &read.unlock, name)?;
    let again = protect.password.open(&mut outer, &part, name).is_ok_and(|unlocked| unlocked.note.is_none());
    if again && Protection::of_all_parts(&mut outer)?.version == Some(encryption.version()) {
        return Err(Failure::invalid(format!("that password already opens {name}; nothing was changed")));
    }
    let warnings = unlocked.note.into_iter().chain(protect.password.doubts()).collect();
    let change = Change { from: Some(unlocked.keys), to: Some(encryption), label: unlocked.label, warnings };
    let destination = match request.in_place {
        true => Destination::Replace(&opened.agent_id),
        false => Destination::Output,
    };
    rewrite(host, &mut outer, &opened.object, change, destination)
}

/// Opens all parts with one password. A part with another password is reported before anything is written.
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

/// How the copy differs from the original.
struct Change {
    /// The keys of the original's parts. `None` if they are unprotected.
    from: Option<Keys>,
    /// The encryption of the copy's parts. `None` if they are to be unprotected.
    to: Option<Encryption>,
    /// The label of the key that opened the original.
    label: Option<String>,
    warnings: Vec<String>,
}

impl Change {
    /// The most bytes that encryption adds to an unprotected backup with that many bytes and parts: 17 bytes per MiB, and a
    /// header and padding to whole blocks per part.
    fn overhead(&self, bytes: u64, parts: u64) -> u64 {
        match (&self.from, &self.to) {
            (None, Some(_)) => (bytes >> 20).saturating_mul(17).saturating_add(parts.saturating_mul(2048)),
            _ => 0,
        }
    }
}

/// Where a copy goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Destination<'a> {
    /// The file that the command line names.
    Output,
    /// This location, in place of the original.
    Replace(&'a str),
    /// The staging area, under this name.
    Staging(&'a str),
}

/// Makes a copy in the staging area with the protection that another location asks for.
pub fn stage(host: &dyn Host, request: &StageRequest) -> Result<Rewritten> {
    let opened = stored_backups::open(host, &request.backup)?;
    let name = &opened.object.name;
    let mut outer = opened.archive()?;
    let part = first_protected(&mut outer)?;
    let encryption = match request.unprotected {
        true => None,
        false => Encryption::new(host, &request.protect)?,
    };
    let unlocked = match &part {
        Some(part) => Some(open_all(&mut outer, part, &request.protect.password, name)?),
        None => None,
    };
    let (from, label) = unlocked.map_or((None, None), |unlocked| (Some(unlocked.keys), unlocked.label));
    let change = Change { from, to: encryption, label, warnings: Vec::new() };
    rewrite(host, &mut outer, &opened.object, change, Destination::Staging(&request.to_file))
}

/// Writes the copy.
fn rewrite(
    host: &dyn Host,
    outer: &mut Archive<'_>,
    original: &Object,
    mut change: Change,
    destination: Destination<'_>,
) -> Result<Rewritten> {
    let name = &original.name;
    let wanted = match destination {
        Destination::Output => OUTPUT,
        Destination::Replace(id) => id,
        Destination::Staging(_) => STAGING,
    };
    let Some(location) = host.places().into_iter().find(|location| location.id == wanted) else {
        return Err(Failure::invalid("there is no output location to write the copy to"));
    };
    if let Some(lost) = outer.ignored.first() {
        let message = format!("{name}: {lost} and would be missing in a copy, so none is made");
        return Err(Failure::new("backup_unsupported", message));
    }
    let version = change.to.as_ref().map(Encryption::version);
    let manifest = outer.manifest.with_protected(version.is_some())?;
    let needed = original.size.saturating_add(change.overhead(original.size, outer.members.len() as u64));
    space::must_fit("the copy", needed, location.available, "or write it elsewhere with --to")?;
    let (file, draft) = match destination {
        Destination::Output => (&location.name, host.draft(OUTPUT, &location.name)?),
        Destination::Replace(id) => (name, host.replacement(id, name)?),
        Destination::Staging(file) => (&file.to_owned(), host.draft(STAGING, file)?),
    };
    let (digests, size) = write(host, outer, name, &manifest, &mut change, draft.as_ref())?;

    let distrust = |failure| unreadable(file, failure);
    let stored = draft.read_back()?;
    let mut copy = stored_archive::open(stored.as_ref(), file).map_err(distrust)?;
    if copy.manifest != manifest || stored.size() != size {
        return Err(distrusted(file, "its size or its backup.json differs"));
    }
    let protection = Protection::of_all_parts(&mut copy).map_err(distrust)?;
    if copy.members.iter().any(Member::is_part) && protection.version != version {
        return Err(distrusted(file, "the start of its parts differs from what was written"));
    }
    protection.must_be_consistent(file).map_err(distrust)?;
    prove(host, &mut copy, [name, file], change.to.map(Encryption::into_reading), &digests)?;
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
        replaced: matches!(destination, Destination::Replace(_)),
        warnings: change.warnings,
        notes,
    })
}

/// Writes the copy. Returns the digests of the members' plaintexts, in their order, and the copy's size.
fn write(
    host: &dyn Host,
    outer: &mut Archive<'_>,
    name: &str,
    manifest: &Manifest,
    change: &mut Change,
    draft: &dyn Draft,
) -> Result<(Vec<PlaintextDigest>, u64)> {
    let members = outer.members.clone();
    let mut progress = Progress::new(host, "copy", members.iter().map(|member| member.size).sum());
    let mut random = |bytes: &mut [u8]| host.random(bytes);
    let mut copy = OuterWriter::new(DraftSink(draft), manifest, host.now().seconds)?;
    let mut digests = Vec::new();
    for member in &members {
        let is_protected = member.is_part() && version_of(outer, member)?.is_some();
        let keys = change.from.as_mut().filter(|_| is_protected);
        outer.source().ahead(member.offset, member.size);
        let source = outer.read(member).map_err(|error| Failure::archive(name, error))?;
        let mut source =
            PartReader::open(source, member.size, keys).map_err(|error| about(error, name, member))?;
        let keys = change.to.as_ref().filter(|_| member.is_part()).map(|encryption| &encryption.keys);
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

/// Reads the copy back: each member must hold what the original's held, and each inner tar must unpack to its end. If one
/// does not unpack although its bytes are the same, the original is damaged.
fn prove(
    host: &dyn Host,
    copy: &mut Archive<'_>,
    [original, file]: [&str; 2],
    mut keys: Option<Keys>,
    digests: &[PlaintextDigest],
) -> Result<()> {
    let members = copy.members.clone();
    let mut progress = Progress::new(host, "verify", members.iter().map(|member| member.size).sum());
    let distrust = |failure| unreadable(file, failure);
    if members.len() != digests.len() {
        return Err(distrusted(file, "its members differ"));
    }
    for (member, digest) in members.iter().zip(digests) {
        copy.source().ahead(member.offset, member.size);
        let source = copy.read(member).map_err(|error| distrust(error.into()))?;
        let keys = keys.as_mut().filter(|_| member.is_part());
        let part = PartReader::open(source, member.size, keys).map_err(distrust)?;
        let mut part = DigestingReader { source: part, digest: Blake2b::new(), progress: &mut progress };
        let checked = match member.is_part() {
            true => check(&mut part).map(drop),
            false => std::io::copy(&mut part, &mut std::io::sink()).map(drop).map_err(Into::into),
        };
        let rest = std::io::copy(&mut part, &mut std::io::sink());
        if rest.is_err() || *part.digest.finalize() != *digest {
            return Err(match checked {
                Ok(()) => distrusted(file, &format!("the bytes of {} differ", member.name)),
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

/// A reader that digests and counts its bytes.
struct DigestingReader<'a, 'b, R> {
    source: PartReader<R>,
    digest: Blake2b<U32>,
    progress: &'a mut Progress<'b>,
}

impl<R: Read> Read for DigestingReader<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.digest.update(buffer.get(..count).unwrap_or_default());
        self.progress.add(count as u64);
        Ok(count)
    }
}
