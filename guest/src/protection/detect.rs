//! Detects from its bytes whether a backup is protected.
//!
//! `backup.json` says so too, but has been wrong before. Only the first bytes of the parts count here.

use std::io::Read;

use crate::archive::{ArchiveError, Member};
use crate::error::{Failure, Result};
use crate::securetar::{Format, SNIFF_LENGTH, sniff};
use crate::stored_archive::Archive;

/// How the parts of a backup are protected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protection {
    /// The SecureTar version of the home's part, or of the first part if there is no home. `None` if it is unprotected.
    pub version: Option<u8>,
    /// Whether it is protected. Where only a record was read, its claim.
    pub is_protected: bool,
    /// Sentences about `backup.json` or other parts that contradict `version`.
    pub contradictions: Vec<String>,
}

impl Protection {
    /// What a record claims.
    pub fn claimed(is_protected: bool) -> Self {
        Self { is_protected, ..Self::default() }
    }

    /// Looks at the home's part only, or the first part if there is no home. Enough for a list.
    pub fn of_first_part(outer: &mut Archive<'_>) -> Result<Self> {
        let first = outer.home().or_else(|| outer.members.iter().find(|member| member.is_part())).cloned();
        Self::of(outer, first.as_slice())
    }

    /// Looks at all parts.
    pub fn of_all_parts(outer: &mut Archive<'_>) -> Result<Self> {
        let home = outer.home().cloned();
        let is_other = |member: &&Member| member.is_part() && home.as_ref() != Some(member);
        let others: Vec<_> = outer.members.iter().filter(is_other).cloned().collect();
        let parts: Vec<_> = home.into_iter().chain(others).collect();
        Self::of(outer, &parts)
    }

    fn of(outer: &mut Archive<'_>, parts: &[Member]) -> Result<Self> {
        let mut protection = Self::default();
        let claim = outer.manifest.protected();
        for (at, part) in parts.iter().enumerate() {
            let version = version_of(outer, part)?;
            let name = &part.name;
            if at == 0 {
                protection.version = version;
                protection.is_protected = version.is_some();
            } else if version.is_some() != protection.version.is_some() {
                let is = if version.is_some() { "is protected" } else { "can be read by anyone" };
                protection.contradictions.push(format!("{name} {is}, unlike the first part"));
            }
            if version.is_some() != claim && at == 0 {
                protection.contradictions.push(match claim {
                    true => unprotected(name),
                    false => format!(
                        "backup.json says that it is not protected, but {name} is: Home Assistant will not ask for the \
                         password and will fail to restore it; make a correct copy with `larder decrypt`"
                    ),
                });
            }
        }
        Ok(protection)
    }

    /// Sentences about weak or contradictory protection.
    pub fn warnings(&self) -> Vec<String> {
        let weak = self.version.filter(|version| *version < 3).map(|version| {
            format!(
                "SecureTar {version} does not authenticate its contents: anyone who can write to this file can change it undetected; \
                 only gzip's checksum and the structure of the tar reveal damage"
            )
        });
        self.contradictions.iter().cloned().chain(weak).collect()
    }

    /// Refuses a backup that claims to be protected and is not, or the reverse.
    pub fn must_be_consistent(&self, name: &str) -> Result<()> {
        match self.contradictions.first() {
            None => Ok(()),
            Some(first) => Err(Failure::new("backup_damaged", format!("{name}: {first}"))),
        }
    }
}

/// The sentence about an unprotected part of a backup whose `backup.json` says that it is protected.
pub fn unprotected(part: &str) -> String {
    format!(
        "backup.json says that it is protected by a password, but {part} can be read by anyone, and anyone can have put it \
         there; use another copy, or, if you trust this one, make a protected copy with `larder encrypt` and delete it"
    )
}

/// The part to try a password on: the home's, or the first that is protected.
pub fn first_protected(outer: &mut Archive<'_>) -> Result<Option<Member>> {
    let home = outer.home().cloned();
    let parts: Vec<_> = outer.members.iter().filter(|member| member.is_part()).cloned().collect();
    for part in home.into_iter().chain(parts) {
        if version_of(outer, &part)?.is_some() {
            return Ok(Some(part));
        }
    }
    Ok(None)
}

/// The SecureTar version of a part. `None` if it is unprotected.
pub fn version_of(outer: &mut Archive<'_>, part: &Member) -> Result<Option<u8>> {
    // Version 1 has no magic number. A part has it if it is nothing else and the manifest says that it is protected.
    let claim = outer.manifest.protected();
    let mut start = Vec::new();
    let mut source = outer.read(part)?.take(SNIFF_LENGTH as u64);
    source.read_to_end(&mut start).map_err(ArchiveError::from)?;
    Ok(match sniff(&start, part.size) {
        Format::Gzip | Format::Tar => None,
        Format::SecureTar(version) => Some(version),
        Format::MaybeSecureTar1 | Format::Unknown => claim.then_some(1),
    })
}
