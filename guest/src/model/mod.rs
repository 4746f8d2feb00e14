//! The JSON shapes that go into actions and jobs, and those that come out.
//!
//! Shapes only: no decision, no effect. Key names are Home Assistant's where it has them.

mod answers;
mod requests;

pub use answers::{
    Created, Excluded, FileSize, Imported, Info, KeyLabel, PasswordCheck, Preview, Problem, Restored,
    Rewritten, Skipped, Totals, Verified,
};
pub use requests::{
    BackupRef, Caution, CreateRequest, DeleteRequest, EncryptRequest, ExtractRequest, KeepRequest,
    KeyRequest, Path, ReadRequest, RekeyRequest, RestoreRequest, VerifiedSize,
};
