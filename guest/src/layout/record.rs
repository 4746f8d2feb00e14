//! What a record says about a backup: Home Assistant's `AgentBackup`, and facts of Larder's own beside it.
//!
//! Converts from and to a manifest. Writes only what each of Home Assistant's agents can read.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::archive::{self, Manifest};

/// The folders that Home Assistant knows. Another one in a record makes several agents fail.
const FOLDERS: [&str; 4] = ["share", "addons/local", "ssl", "media"];
/// The key in `larder` that holds the SHA-256 of the archive, in hexadecimal.
const DIGEST: &str = "sha256";
/// The Supervisor's note that takes precedence over a manifest's date.
const REQUEST_DATE: &str = "supervisor.backup_request_date";

/// The keys, in Home Assistant's order. The first eleven are all required.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    pub addons: Vec<Addon>,
    pub backup_id: String,
    /// ISO 8601 with a UTC offset.
    pub date: String,
    pub database_included: bool,
    /// The creator's notes. Home Assistant writes texts and booleans only.
    pub extra_metadata: Map<String, Value>,
    pub folders: Vec<String>,
    pub homeassistant_included: bool,
    pub homeassistant_version: Option<String>,
    pub name: String,
    pub protected: bool,
    /// Bytes of the archive.
    pub size: u64,
    /// Larder's own facts, which Home Assistant ignores. Not written when there are none.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub larder: Map<String, Value>,
}

/// An add-on in a record. An additional key makes several agents fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Addon {
    pub name: Option<String>,
    pub slug: String,
    pub version: Option<String>,
}

impl Record {
    /// The record of a stored copy. Folders and notes that Home Assistant would not read are left out; the archive's own manifest
    /// still has them.
    pub fn new(manifest: &Manifest, size: u64, protected: bool) -> Self {
        let addon = |addon: &archive::Addon| Addon {
            name: Some(addon.name.clone()),
            slug: addon.slug.clone(),
            version: Some(addon.version.clone()),
        };
        let version = manifest.homeassistant_version();
        let folders = manifest.folders().filter(|folder| FOLDERS.contains(folder));
        let mut extra_metadata = manifest.extra().cloned().unwrap_or_default();
        extra_metadata.retain(|_, value| value.is_string() || value.is_boolean());
        extra_metadata.sort_keys();
        Self {
            addons: manifest.addons().iter().map(addon).collect(),
            backup_id: manifest.slug().to_owned(),
            date: manifest.date_text().to_owned(),
            database_included: manifest.database_included(),
            extra_metadata,
            folders: folders.map(str::to_owned).collect(),
            homeassistant_included: version.is_some(),
            homeassistant_version: version.map(str::to_owned),
            name: manifest.name().to_owned(),
            protected,
            size,
            larder: Map::new(),
        }
    }

    /// The same with the SHA-256 of the archive, in hexadecimal.
    pub fn with_digest(mut self, sha256: &str) -> Self {
        self.larder.insert(DIGEST.to_owned(), sha256.into());
        self
    }

    /// The SHA-256 of the archive in lower-case hexadecimal. `None` in records of other programs.
    pub fn digest(&self) -> Option<&str> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        self.larder.get(DIGEST)?.as_str().filter(|text| text.len() == 64 && text.bytes().all(is_digit))
    }

    /// The manifest that the archive presumably holds, so that a listing need not open it.
    pub fn to_manifest(&self) -> archive::Result<Manifest> {
        let addon = |addon: &Addon| {
            json!({
                "name": addon.name.as_ref().unwrap_or(&addon.slug),
                "slug": addon.slug,
                "version": addon.version.as_deref().unwrap_or_default(),
            })
        };
        let mut extra = self.extra_metadata.clone();
        if let Some(date) = extra.get_mut(REQUEST_DATE) {
            // The record's date is this one, and the only one that Home Assistant shows.
            *date = self.date.as_str().into();
        }
        let mut manifest = json!({
            "slug": self.backup_id,
            "name": self.name,
            "date": self.date,
            "type": "partial",
            "version": 2,
            "compressed": true,
            "protected": self.protected,
            "extra": extra,
            "addons": self.addons.iter().map(addon).collect::<Vec<_>>(),
            "folders": self.folders,
        });
        if let (true, Some(all)) = (self.homeassistant_included, manifest.as_object_mut()) {
            let version = self.homeassistant_version.as_deref().unwrap_or("unknown");
            let home = json!({"version": version, "exclude_database": !self.database_included});
            all.insert("homeassistant".into(), home);
        }
        Manifest::parse(manifest.to_string().as_bytes())
    }
}
