//! The content of a record in each layout: what is written, and what is read.

use super::kind::Layout;
use super::record::Record;
use super::{b2, names, plain, sftp};
use crate::archive::{file_name, shown};

/// Bytes of a record. Home Assistant's have a few hundred; a reader need not read more than this.
pub const RECORD_LIMIT: usize = 1 << 20;

/// A record that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundRecord {
    pub record: Record,
    /// The archive's name. In the B2 layout, an archive whose name begins with this one without `.tar` will do.
    pub archive: String,
    /// Bytes that the archive must have. `None`: the agent takes the archive's own size, and so do we (B2, except for our records).
    pub size: Option<u64>,
}

/// The content of the record of an archive with the given name. `folder` is the location's path as Home Assistant's login sees it;
/// only SFTP's record contains it. Empty in the local layout.
pub fn record_bytes(layout: Layout, record: &Record, archive: &str, folder: &str) -> Vec<u8> {
    match layout {
        Layout::Local => Vec::new(),
        Layout::S3 | Layout::WebDav | Layout::Synology | Layout::Seafile => plain::write(layout, record),
        Layout::B2 => b2::write(record),
        Layout::Sftp => sftp::write(record, archive, folder),
    }
}

/// Reads one record. The error is a sentence that names it.
pub fn read_record(layout: Layout, object_name: &str, bytes: &[u8]) -> Result<FoundRecord, String> {
    read(layout, object_name, bytes).map_err(|problem| {
        // A parser's message may quote the record.
        format!(
            "`{}` is not the record of a backup: {}",
            shown(object_name.as_bytes()),
            larder_text::escape(&problem, "")
        )
    })
}

fn read(layout: Layout, object_name: &str, bytes: &[u8]) -> Result<FoundRecord, String> {
    if bytes.len() > RECORD_LIMIT {
        return Err(format!("it has more than {RECORD_LIMIT} bytes"));
    }
    let base = names::record_base(layout, object_name).ok_or("it does not have the name of one")?;
    match layout {
        Layout::Local => Err("archives of this location describe themselves".to_owned()),
        // The agents compute the name, whatever the record itself is called.
        Layout::S3 | Layout::WebDav => {
            let record = plain::read(bytes)?;
            let archive = file_name(&record.name, &record.date).map_err(|error| error.to_string())?;
            Ok(found(record, archive))
        }
        Layout::Synology | Layout::Seafile => Ok(found(plain::read(bytes)?, format!("{base}{}", names::TAR))),
        Layout::B2 => {
            let found = found(b2::read(bytes)?, format!("{base}{}", names::TAR));
            let is_ours = !found.record.larder.is_empty();
            Ok(FoundRecord { size: found.size.filter(|_| is_ours), ..found })
        }
        Layout::Sftp => sftp::read(bytes).map(|(record, archive)| found(record, archive)),
    }
}

fn found(record: Record, archive: String) -> FoundRecord {
    FoundRecord { size: Some(record.size), record, archive }
}
