//! Opens a protected backup with a password or the keys of the key ring.

use serde::Deserialize;

use crate::archive::Member;
use crate::error::{Failure, Result};
use crate::protection::key_ring::{KeyRing, no_key};
use crate::protection::password;
use crate::securetar::{Keys, Password, PasswordVerdict, check_password};
use crate::stored_archive::Archive;

/// The password or the keys that a request gives to open or to protect a backup.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Unlock {
    #[serde(default)]
    pub password: Option<Password>,
    /// The text of a key ring: `key_ring.rs`.
    #[serde(default)]
    pub key_ring: Option<Password>,
    /// The label of the one key of the ring to use. All are tried when absent.
    #[serde(default)]
    pub key: Option<String>,
}

/// The keys of an opened backup, and where they came from.
#[derive(Debug)]
pub struct Unlocked {
    pub keys: Keys,
    /// The key's label in the key ring. `None` for a password.
    pub label: Option<String>,
    /// How the password that opens it differs from the given one, as a sentence.
    pub note: Option<String>,
}

/// A password or key to try.
struct Candidate {
    /// The key's label in the key ring.
    label: Option<String>,
    password: Password,
    /// How it differs from the given password.
    change: Option<&'static str>,
}

impl Unlock {
    /// Whether there is a password or the label of a key.
    pub fn is_given(&self) -> bool {
        self.password.is_some() || self.key.is_some()
    }

    /// The password to protect something with. `None` when the request wants no protection.
    pub fn chosen(&self) -> Result<Option<Password>> {
        match self.is_given() {
            false => Ok(None),
            true => Ok(self.candidates()?.into_iter().next().map(|candidate| candidate.password)),
        }
    }

    /// Warnings about the password, before something is protected with it.
    pub fn doubts(&self) -> Vec<String> {
        self.password.as_ref().map(|password| password::doubts(password.reveal())).unwrap_or_default()
    }

    /// The passwords to try, most likely first: the given password and its variants, else the keys of the ring.
    fn candidates(&self) -> Result<Vec<Candidate>> {
        if let Some(password) = &self.password {
            if password.is_empty() {
                return Err(Failure::invalid("the password is empty; give one, or none at all"));
            }
            let given = Candidate { label: None, password: password.clone(), change: None };
            let variants = password::variants(password.reveal()).into_iter().map(|(text, how)| Candidate {
                label: None,
                password: Password::new(text.as_str()),
                change: Some(how),
            });
            return Ok(std::iter::once(given).chain(variants).collect());
        }
        let ring = KeyRing::of(self.key_ring.as_ref())?;
        let is_chosen = |label: &str| self.key.as_ref().is_none_or(|key| key == label);
        let newest_first = ring.newest_first().into_iter().filter(|entry| is_chosen(&entry.label));
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

    /// Finds what opens `member` of the backup `name`. Reads only the start of the member.
    pub fn open(&self, outer: &mut Archive<'_>, member: &Member, name: &str) -> Result<Unlocked> {
        let candidates = self.candidates()?;
        let count = candidates.len();
        let mut last_reason = None;
        for Candidate { label, password, change } in candidates {
            let mut keys = Keys::new(password);
            let source = outer.read(member).map_err(|error| Failure::archive(name, error))?;
            match check_password(source, member.size, &mut keys).map_err(Failure::from)? {
                PasswordVerdict::Correct => {
                    let note = change.map(|how| {
                        format!(
                            "the password does not work as given, but does {how}; Home Assistant needs it in that form, too: \
                             `larder rekey` gives this backup another password"
                        )
                    });
                    return Ok(Unlocked { keys, label, note });
                }
                PasswordVerdict::Incorrect { why } => last_reason = Some(why),
                PasswordVerdict::Damaged { why } => {
                    return Err(Failure::new("backup_damaged", format!("{name}: {}: {why}", member.name)));
                }
                PasswordVerdict::Unsupported { why } => {
                    let message = format!("{name}: {}: {why}", member.name);
                    return Err(Failure::new("decrypt_not_supported", message));
                }
            }
        }
        let why = match (last_reason, count) {
            (None, _) => {
                "it is protected by a password, and none was given; give it with --password-file FILE or in \
                 LARDER_PASSWORD, or add its key to the key ring"
                    .to_owned()
            }
            (Some(why), _) if self.password.is_some() => why,
            (Some(why), _) if let Some(key) = &self.key => {
                format!("the key \"{key}\" does not open it: {why}")
            }
            (Some(why), 1) => format!("the only key in the key ring does not open it: {why}"),
            (Some(why), count) => format!("none of the {count} keys in the key ring opens it: {why}"),
        };
        Err(Failure::new("password_incorrect", format!("{name}: {why}")))
    }
}
