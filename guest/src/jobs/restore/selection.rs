//! The selection of a restore: which files of a home it restores, and which existing ones it replaces.

use crate::error::{Failure, Result, UNREADABLE};
use crate::home::recorder::DATABASE;
use crate::model::RestoreRequest;
use crate::ports::Scope;

/// The database and the files that belong to it. SQLite takes any log or journal next to a database for that database's own.
const DATABASE_FILES: [&[u8]; 4] =
    [DATABASE, b"home-assistant_v2.db-wal", b"home-assistant_v2.db-journal", b"home-assistant_v2.db-shm"];
const BACKUPS: &[u8] = b"backups";
/// Home Assistant's own message.
const NEITHER: &str = "Home Assistant or database must be included in restore";

/// Which files of a home are restored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    Everything,
    WithoutDatabase,
    Database,
}

impl Selection {
    /// The selection of a request. A backup without a database does not replace one: the home would lose its database and gain
    /// nothing.
    pub fn of(request: &RestoreRequest, has_database: bool) -> Result<Self> {
        match (request.restore_homeassistant, request.restore_database) {
            (true, true) if has_database || request.elsewhere => Ok(Self::Everything),
            (true, true) => Ok(Self::WithoutDatabase),
            (true, false) => Ok(Self::WithoutDatabase),
            (false, true) => Ok(Self::Database),
            (false, false) => Err(Failure::new(UNREADABLE, NEITHER)),
        }
    }

    /// Whether the file at `path` is restored.
    pub fn includes(self, path: &[u8]) -> bool {
        let is_database = DATABASE_FILES.contains(&path);
        match self {
            Self::Everything => true,
            Self::WithoutDatabase => !is_database,
            Self::Database => is_database,
        }
    }

    /// The files that the restore replaces. In a new directory (`elsewhere`) it replaces nothing.
    pub fn scope(self, elsewhere: bool) -> Scope {
        let database = DATABASE_FILES.map(<[u8]>::to_vec).to_vec();
        let backups = BACKUPS.to_vec();
        match self {
            _ if elsewhere => Scope::Add,
            Self::Everything => Scope::AllBut(vec![backups]),
            Self::WithoutDatabase => Scope::AllBut([vec![backups], database].concat()),
            Self::Database => Scope::Only(database),
        }
    }
}
