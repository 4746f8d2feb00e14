//! The JSON shapes of the requests and answers of actions and jobs.
//!
//! Shapes only: no decision, no effect. Key names are Home Assistant's where it has them.

mod answers;
mod requests;

pub use answers::{
    Copied, Copy, Created, Excluded, FileSize, Imported, Info, KeyLabel, PasswordCheck, Preview, Problem,
    Restored, Rewritten, Skipped, Totals, Verified,
};
pub use requests::{
    AbandonRequest, AgentRequest, BackupRef, Caution, CleanRequest, CopyRequest, CreateRequest,
    DeleteRequest, EncryptRequest, ExtractRequest, InfoRequest, KeepRequest, KeyRequest, Path, ReadRequest,
    RekeyRequest, RestoreRequest, SCHEDULE, StageRequest, VerifiedSize,
};
