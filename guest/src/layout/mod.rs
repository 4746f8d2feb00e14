//! How a backup lies in each kind of location: names of objects, content of records, and which objects belong together.
//!
//! Pure rules: no input or output, and no host. The layouts are those of Home Assistant's agents, so that Home Assistant lists our
//! backups and Larder lists its own.
//!
//! * An archive lies under a name made of the backup's name and date. Beside it lies a record, which Home Assistant reads instead of
//!   the archive; `names` computes both names.
//! * `record` holds what a record says, `fields` reads it leniently, `json` writes it as Home Assistant does. `plain`, `b2` and `sftp`
//!   wrap it; `content` chooses among them.
//! * `pair` makes backups of a listing. What it cannot use is named with a reason and never hides the rest.
//! * Home Assistant's agents list a record without looking at the archive. So a writer stores and verifies the archive, then the
//!   record; `delete_order` removes the record first. Temporary names are hidden and end neither in `.tar` nor in `.json`.

mod b2;
mod content;
mod fields;
mod json;
mod kind;
mod names;
mod pair;
mod plain;
mod record;
mod sftp;
#[cfg(test)]
mod tests;

pub use content::{FoundRecord, RECORD_LIMIT, read_record, record_bytes};
pub use kind::Layout;
pub use names::{Names, is_archive, is_record, names};
pub use pair::{Paired, PairedBackup, Problem, delete_order, pair};
pub use record::{Addon, Record};
