//! A small file that is replaced: whole at any time, for its owner alone.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::io::Errno;
use tempfile::{Builder, NamedTempFile};

use super::durable::{sync, sync_names};
use super::retry::retry_at_end;

/// A file's new content, beside it, under a name that begins with `prefix`.
pub(crate) fn draft(path: &Path, prefix: &str, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let draft = Builder::new().prefix(prefix).tempfile_in(directory(path))?;
    retry_at_end(|| draft.as_file().write_all_at(bytes, 0))?;
    Ok(draft)
}

/// Makes a draft durable as `path`. Why that could not be promised, if so: then it is there all the same.
pub(crate) fn replace(draft: NamedTempFile, path: &Path) -> io::Result<Option<Errno>> {
    let refused = sync(draft.as_file())?;
    put(draft, path)?;
    Ok(refused.or_else(|| sync_names(directory(path))))
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// Gives a draft its name.
pub(crate) fn put(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    let mut draft = Some(draft);
    retry_at_end(|| match draft.take().map(|draft| draft.persist(path)) {
        None | Some(Ok(_)) => Ok(()),
        Some(Err(failed)) => {
            draft = Some(failed.file);
            Err(failed.error)
        }
    })
}
