//! The protocol SFTP: objects are the regular files of one folder. Links are not followed.

use std::io::Read;
use std::ops::Range;

use super::download::Download;
use super::keeper::Keeper;
use super::path::{Folder, is_temporary, temporary};
use super::requests::POSIX_RENAME;
use super::session::Session;
use super::wire::Attributes;
use super::{command, upload};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::{Body, Object, Part, Plan, Protocol, Upload};
use crate::settings;
use crate::stop::Stop;

/// A folder of an SFTP server. Connects at the first call.
pub struct SftpLocation {
    address: String,
    folder: Folder,
    keeper: Keeper,
    pace: upload::Pace,
}

impl SftpLocation {
    /// Fails with `Invalid` if ssh would misunderstand a setting.
    pub fn new(settings: settings::Sftp, _environment: settings::Environment) -> Result<Self> {
        command::check(&settings)?;
        let folder = Folder::new(&settings.path)?;
        let path = folder.path();
        let path = path.strip_prefix('/').map_or_else(|| format!("~/{path}"), str::to_owned);
        let host =
            if settings.host.contains(':') { format!("[{}]", settings.host) } else { settings.host.clone() };
        let port = if settings.port == 22 { String::new() } else { format!(":{}", settings.port) };
        let address = format!("sftp://{}@{host}{port}/{path}", settings.user);
        Ok(Self { address, folder, keeper: Keeper::new(settings), pace: upload::Pace::default() })
    }

    /// Creates the folder, from the outermost level.
    fn create_folder(&self, session: &Session, stop: &Stop) -> Result<()> {
        let is_there = |path: &str| -> Result<bool> {
            match session.stat(path, stop)? {
                Ok(found) if found.is_folder() => Ok(true),
                Ok(_) => Err(Error::new(Kind::Invalid, format!("{path} is not a folder"))),
                Err(status) if status.is_missing() => Ok(false),
                // Some servers do not let users look at the root. What counts is whether files can be created.
                Err(_) => Ok(true),
            }
        };
        if is_there(&self.folder.path())? {
            return Ok(());
        }
        for level in self.folder.levels() {
            if is_there(&level)? {
                continue;
            }
            let made = session.make_folder(&level, stop)?;
            // Servers answer 4 for an existing folder, and 0 as well: what is there counts.
            if !is_there(&level)? {
                return Err(match made {
                    Err(status) => status.error(format_args!("cannot create the folder {level}")),
                    Ok(()) => Error::new(
                        Kind::Interrupted,
                        format!("the folder {level} was created, but is not there"),
                    ),
                });
            }
        }
        Ok(())
    }

    /// Deletes a file. Success when it is gone.
    fn remove(&self, session: &Session, path: &str, stop: &Stop) -> Result<()> {
        let Err(status) = session.remove(path, stop)? else { return Ok(()) };
        if status.is_missing() || look(session, path, stop)?.is_none() {
            return Ok(());
        }
        // Windows does not delete what is marked as read-only.
        session.make_writable(path, stop)?.ok();
        match session.remove(path, stop)? {
            Err(_) if look(session, path, stop)?.is_some() => {
                Err(status.error(format_args!("cannot delete {path}")))
            }
            _ => Ok(()),
        }
    }

    fn publish(&self, session: &Session, upload: &Upload, old: &str, stop: &Stop) -> Result<()> {
        let new = self.folder.object(&upload.name)?;
        // An answer that is lost from here on says nothing about what was done.
        let is_free = |session: &Session| -> Result<bool> {
            let Some(there) = look(session, &new, stop)? else { return Ok(true) };
            // An earlier call that lost its answer may have done the work.
            match there.is_file() && there.size == Some(upload.size) && look(session, old, stop)?.is_none() {
                true => Ok(false),
                false => Err(Error::new(Kind::Exists, format!("{new} exists already"))),
            }
        };
        if !is_free(session)? {
            return Ok(());
        }
        let Err(status) = session.rename(old, &new, stop).map_err(unclear)? else { return Ok(()) };
        if !is_free(session)? {
            return Ok(());
        }
        if session.offers(POSIX_RENAME) {
            let renamed = session.posix_rename(old, &new, stop).map_err(unclear)?;
            if renamed.is_ok() || !is_free(session)? {
                return Ok(());
            }
        }
        Err(status.error(format_args!("cannot rename {old} to {new}")))
    }

    /// The path of the temporary object of an upload.
    fn temporary(&self, name: &str) -> Result<String> {
        match is_temporary(name) {
            true => self.folder.object(name),
            false => {
                Err(Error::new(Kind::Invalid, format!("{name:?} is not the name of an unfinished upload")))
            }
        }
    }
}

/// What is under a path. `None` if there is nothing.
fn look(session: &Session, path: &str, stop: &Stop) -> Result<Option<Attributes>> {
    match session.lstat(path, stop)? {
        Ok(found) => Ok(Some(found)),
        Err(status) if status.is_missing() => Ok(None),
        Err(status) => Err(status.error(format_args!("cannot look at {path}"))),
    }
}

/// The answer to a change was lost.
fn unclear(error: Error) -> Error {
    match error.kind {
        Kind::Interrupted => Error { kind: Kind::Unclear, ..error },
        _ => error,
    }
}

fn object(name: String, attributes: &Attributes) -> Object {
    let size = attributes.size.unwrap_or_default();
    Object { name, size, modified: attributes.modified.map(i64::from), tag: None }
}

impl Protocol for SftpLocation {
    fn address(&self) -> &str {
        &self.address
    }

    fn list(&self, stop: &Stop) -> Result<Vec<Object>> {
        let path = self.folder.path();
        let entries = self.keeper.session(stop)?.entries(&path, stop)?;
        let entries =
            entries.map_err(|status| status.error(format_args!("cannot list the folder {path}")))?;
        let named = entries.into_iter().filter_map(|entry| {
            // Names that are no UTF-8 are nobody's whom we know.
            let name = String::from_utf8(entry.name).ok()?;
            self.folder.object(&name).is_ok().then(|| object(name, &entry.attributes))
        });
        Ok(named.collect())
    }

    fn stat(&self, name: &str, stop: &Stop) -> Result<Option<Object>> {
        let path = self.folder.object(name)?;
        let found = look(&*self.keeper.session(stop)?, &path, stop)?;
        Ok(found.filter(Attributes::is_file).map(|found| object(name.to_owned(), &found)))
    }

    fn read(&self, name: &str, range: Range<u64>, stop: &Stop) -> Result<Box<dyn Read + Send>> {
        let path = self.folder.object(name)?;
        let session = self.keeper.session(stop)?;
        let handle = session.open_to_read(&path, stop)?;
        let handle = handle.map_err(|status| status.error(format_args!("cannot open {path}")))?;
        Ok(Box::new(Download::new(session, handle, name, range, stop)))
    }

    fn delete(&self, name: &str, stop: &Stop) -> Result<()> {
        let path = self.folder.object(name)?;
        self.remove(&*self.keeper.session(stop)?, &path, stop)
    }

    fn free(&self, stop: &Stop) -> Result<Option<u64>> {
        let session = self.keeper.session(stop)?;
        // Servers that offer it and cannot do it are many, and a folder that is not there yet has no answer.
        let free = session.free(&self.folder.path(), stop)?;
        Ok(free.ok().flatten())
    }

    fn plan(&self, _size: u64) -> Plan {
        Plan::Whole
    }

    fn parallel(&self) -> usize {
        limits::SFTP_PARALLEL
    }

    fn start(&self, upload: &Upload, stop: &Stop) -> Result<String> {
        let path = self.folder.object(&upload.name)?;
        let name = temporary(&upload.token);
        self.folder.object(&name)?;
        let session = self.keeper.session(stop)?;
        self.create_folder(&session, stop)?;
        match look(&session, &path, stop)? {
            Some(_) => Err(Error::new(Kind::Exists, format!("{path} exists already"))),
            None => Ok(name),
        }
    }

    fn send(&self, _upload: &Upload, handle: &str, number: u32, body: Body, stop: &Stop) -> Result<Part> {
        let path = self.temporary(handle)?;
        let size = body.size;
        upload::send(&*self.keeper.session(stop)?, &path, body, &self.pace, stop)?;
        Ok(Part { number, size, tag: String::new(), is_proven: false })
    }

    fn parts(&self, _upload: &Upload, _handle: &str, _stop: &Stop) -> Result<Vec<Part>> {
        // Several servers corrupt a file that is written in two goes, without an error.
        Err(Error::new(Kind::NotFound, "an interrupted upload to an SFTP server begins anew"))
    }

    fn finish(&self, upload: &Upload, handle: &str, _parts: &[Part], stop: &Stop) -> Result<()> {
        let old = self.temporary(handle)?;
        self.publish(&*self.keeper.session(stop)?, upload, &old, stop)
    }

    fn discard(&self, upload: &Upload, handle: Option<&str>, stop: &Stop) -> Result<()> {
        let name = handle.map_or_else(|| temporary(&upload.token), str::to_owned);
        let path = self.temporary(&name)?;
        self.remove(&*self.keeper.session(stop)?, &path, stop)
    }

    fn disconnect(&self) {
        self.keeper.end();
    }
}
