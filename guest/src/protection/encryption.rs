//! The encryption of a new archive: the request for it, and the keys derived from the password.

use serde::Deserialize;

use crate::error::{Failure, Result};
use crate::ports::Host;
use crate::protection::unlock::Unlock;
use crate::securetar::{ArchiveKeys, Keys, Password, Version};

/// The SecureTar version of a request that names none.
pub fn newest_securetar() -> u8 {
    3
}

/// The password or key that protects a new backup, and the format to use.
#[derive(Debug, Clone, Deserialize)]
pub struct Protect {
    #[serde(flatten)]
    pub password: Unlock,
    /// The SecureTar version: 3, or 2 for a Home Assistant before 2026.
    #[serde(default = "newest_securetar")]
    pub securetar: u8,
}

/// The keys of an archive. They are derived once, for writing and for reading back.
pub struct Encryption {
    pub keys: ArchiveKeys,
    password: Password,
    version: u8,
}

impl Encryption {
    /// Derives the keys. `None` when the request wants no protection.
    pub fn new(host: &dyn Host, protect: &Protect) -> Result<Option<Self>> {
        let version = match protect.securetar {
            2 => Version::V2,
            3 => Version::V3,
            other => return Err(Failure::invalid(format!("securetar must be 3 or 2, not {other}"))),
        };
        let Some(password) = protect.password.chosen()? else { return Ok(None) };
        let keys = ArchiveKeys::new(version, &password, &mut |bytes: &mut [u8]| host.random(bytes))?;
        Ok(Some(Self { keys, password, version: protect.securetar }))
    }

    /// The keys of the previous backup, if it has the same password, so that its blocks can be reused. `None` for version 2:
    /// version 3 decrypts faster than deflating takes, version 2 does not.
    pub fn reading_last(&self) -> Option<Keys> {
        (self.version == 3).then(|| Keys::new(self.password.clone()))
    }

    /// The SecureTar version.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// Turns the keys into those that read the new archive back.
    pub fn into_reading(self) -> Keys {
        self.keys.into_reading(self.password)
    }
}
