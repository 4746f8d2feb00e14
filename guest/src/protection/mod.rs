//! Whether a backup is protected, told by its bytes, and which password or key opens it.
//!
//! `backup.json` says whether a backup is protected, and it has been wrong before: what counts here is how the parts begin.

pub mod key;
pub mod key_ring;
pub mod part;
pub mod password;

use std::io::Read;

use serde::Deserialize;

use crate::archive::Member;
use crate::error::{Failure, Result};
use crate::jobs::verify::Archive;
use crate::protection::key_ring::{KeyRing, no_key};
use crate::securetar::{Format, Keys, Password, PasswordVerdict, SNIFF_LENGTH, check_password, sniff};

/// What a request gives to open a protected backup: a password, or keys to try.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Unlock {
    #[serde(default)]
    pub password: Option<Password>,
    /// The text of a key ring: `key_ring.rs`.
    #[serde(default)]
    pub key_ring: Option<Password>,
    /// The label of the only key of the ring that is meant; all are tried when absent.
    #[serde(default)]
    pub key: Option<String>,
}

/// What opened a protected backup.
#[derive(Debug)]
pub struct Unlocked {
    pub keys: Keys,
    /// The key's label in the key ring; none for a password.
    pub label: Option<String>,
    /// How what fits differs from the password that was given, for people.
    pub note: Option<String>,
}

/// A password or key of a request that is not empty, or what may have been meant with it.
struct Candidate {
    label: Option<String>,
    password: Password,
    change: Option<&'static str>,
}

impl Unlock {
    /// Whether something is to be protected with this.
    pub fn is_given(&self) -> bool {
        self.password.is_some() || self.key.is_some()
    }

    /// The password to protect something with; none when the request wants no protection.
    pub fn chosen(&self) -> Result<Option<Password>> {
        match self.is_given() {
            false => Ok(None),
            true => Ok(self.candidates()?.into_iter().next().map(|candidate| candidate.password)),
        }
    }

    /// What a person should know who protects something with the password that was given.
    pub fn doubts(&self) -> Vec<String> {
        self.password.as_ref().map(|password| password::doubts(password.reveal())).unwrap_or_default()
    }

    /// What to try, the likeliest first. A password that was given is the only one, with what may have been meant with it.
    fn candidates(&self) -> Result<Vec<Candidate>> {
        if let Some(password) = &self.password {
            if password.is_empty() {
                return Err(Failure::invalid("the password is empty; give one, or none at all"));
            }
            let given = Candidate { label: None, password: password.clone(), change: None };
            let meant = password::variants(password.reveal()).into_iter().map(|(text, how)| Candidate {
                label: None,
                password: Password::new(text.as_str()),
                change: Some(how),
            });
            return Ok(std::iter::once(given).chain(meant).collect());
        }
        let ring = KeyRing::of(self.key_ring.as_ref())?;
        let is_meant = |label: &str| self.key.as_ref().is_none_or(|key| key == label);
        let newest_first = ring.newest_first().into_iter().filter(|entry| is_meant(&entry.label));
        let candidates: Vec<_> = newest_first
            .map(|entry| Candidate {
                label: Some(entry.label.clone()),
                password: entry.key.clone(),
                change: None,
            })
            .collect();
        match &self.key {
            Some(key) if candidates.is_empty() => Err(no_key(key)),
            _ => Ok(candidates),
        }
    }

    /// Finds what opens `member` of the backup `name`. Nothing but the beginning of the member is read.
    pub fn open(&self, outer: &mut Archive<'_>, member: &Member, name: &str) -> Result<Unlocked> {
        let candidates = self.candidates()?;
        let count = candidates.len();
        let mut said = None;
        for Candidate { label, password, change } in candidates {
            let mut keys = Keys::new(password);
            let source = outer.read(member).map_err(|error| Failure::archive(name, error))?;
            match check_password(source, member.size, &mut keys).map_err(Failure::from)? {
                PasswordVerdict::Correct => {
                    let note = change.map(|how| {
                        format!(
                            "the password does not fit as it was given, but {how}; Home Assistant needs it like that, too: \
                             `larder rekey` gives this backup another one"
                        )
                    });
                    return Ok(Unlocked { keys, label, note });
                }
                PasswordVerdict::Incorrect { why } => said = Some(why),
                PasswordVerdict::Damaged { why } => {
                    return Err(Failure::new("backup_damaged", format!("{name}: {}: {why}", member.name)));
                }
                PasswordVerdict::Unsupported { why } => {
                    let message = format!("{name}: {}: {why}", member.name);
                    return Err(Failure::new("decrypt_not_supported", message));
                }
            }
        }
        let why = match (said, count) {
            (None, _) => {
                "it is protected by a password, and none was given; give it with --password-file FILE, in \
                 LARDER_PASSWORD, or put its key into the key ring"
                    .to_owned()
            }
            (Some(why), _) if self.password.is_some() => why,
            (Some(why), _) if let Some(key) = &self.key => {
                format!("the key \"{key}\" does not open it: {why}")
            }
            (Some(why), 1) => format!("the only key in the key ring does not fit: {why}"),
            (Some(why), count) => format!("none of the {count} keys in the key ring fits: {why}"),
        };
        Err(Failure::new("password_incorrect", format!("{name}: {why}")))
    }
}

/// How the parts of a backup are protected, as their bytes tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protection {
    /// The version of SecureTar around the home, or around the first part when there is no home; none when anyone can read it.
    pub version: Option<u8>,
    /// Where what `backup.json` says, or other parts, differ from that: what people would wrongly believe.
    pub contradictions: Vec<String>,
}

impl Protection {
    /// Looks at the part that counts most: enough for a list.
    pub fn glance(outer: &mut Archive<'_>) -> Result<Self> {
        let first = outer.home().or_else(|| outer.members.iter().find(|member| member.is_part())).cloned();
        Self::of(outer, first.as_slice())
    }

    /// Looks at all parts.
    pub fn look(outer: &mut Archive<'_>) -> Result<Self> {
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
            } else if version.is_some() != protection.version.is_some() {
                let is = if version.is_some() { "is protected" } else { "can be read by anyone" };
                protection.contradictions.push(format!("{name} {is}, unlike the first part"));
            }
            if version.is_some() != claim && at == 0 {
                protection.contradictions.push(match claim {
                    true => unprotected(name),
                    false => format!(
                        "backup.json says that it is not protected, but {name} is: Home Assistant will not ask for the \
                         password and fail to restore it; mend a copy with `larder decrypt`"
                    ),
                });
            }
        }
        Ok(protection)
    }

    /// Everything that people should know beside whether there is a password.
    pub fn warnings(&self) -> Vec<String> {
        let weak = self.version.filter(|version| *version < 3).map(|version| {
            format!(
                "SecureTar {version} carries no authentication: whoever can write to this file can change it unnoticed; \
                 damage is found by gzip's check value and the tar's structure only"
            )
        });
        self.contradictions.iter().cloned().chain(weak).collect()
    }

    /// A backup that is believed to be protected and is not, or the reverse, is not good.
    pub fn must_be_consistent(&self, name: &str) -> Result<()> {
        match self.contradictions.first() {
            None => Ok(()),
            Some(first) => Err(Failure::new("backup_damaged", format!("{name}: {first}"))),
        }
    }
}

/// What to say of a part that is plain though `backup.json` says that it is not.
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

/// The version of SecureTar around a part; none when it is plain.
pub fn version_of(outer: &mut Archive<'_>, part: &Member) -> Result<Option<u8>> {
    // Version 1 has no mark: there is only that it is nothing else, and is said to be protected.
    let claim = outer.manifest.protected();
    let mut start = Vec::new();
    let mut source = outer.read(part)?.take(SNIFF_LENGTH as u64);
    source.read_to_end(&mut start).map_err(crate::archive::ArchiveError::from)?;
    Ok(match sniff(&start, part.size) {
        Format::Gzip | Format::Tar => None,
        Format::SecureTar(version) => Some(version),
        Format::MaybeSecureTar1 | Format::Unknown => claim.then_some(1),
    })
}
