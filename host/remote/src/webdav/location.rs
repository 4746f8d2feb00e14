//! A folder of a WebDAV server as a location: the calls of `Protocol`, made of single requests.
//!
//! An upload goes to a hidden name beside its final one, is compared by size, and renamed without overwriting. Where the server cannot rename, it
//! goes to its final name at once; a cut upload is then seen there until it is discarded.

use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::address::Address;
use super::answers::unclear;
use super::chunks::{self, Chunks};
use super::client::Client;
use super::folder;
use super::listing::children;
use super::multistatus::Resource;
use super::publish::Moves;
use super::whole::{self, Whole};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::{Body, Object, Part, Plan, Protocol, Upload};
use crate::settings::{self, Environment};
use crate::stop::Stop;

pub struct WebDavLocation {
    address: Address,
    client: Client,
    moves: Moves,
    /// The address looks like that of a Nextcloud, but the server does not take chunks.
    has_no_chunks: AtomicBool,
}

impl WebDavLocation {
    /// Asks nothing of the network.
    pub fn new(settings: settings::WebDav, http: settings::Http, _environment: Environment) -> Result<Self> {
        Ok(Self {
            address: Address::new(&settings)?,
            client: Client::new(&settings, http)?,
            moves: Moves::default(),
            has_no_chunks: AtomicBool::new(false),
        })
    }

    /// Whether files are renamed here after their upload, as far as is known: the first upload tells. Without that, a file that is being uploaded
    /// is visible under its final name.
    pub fn moves(&self) -> bool {
        self.moves.are_possible()
    }

    fn whole(&self) -> Whole<'_> {
        Whole { address: &self.address, client: &self.client, moves: &self.moves }
    }

    /// The chunked upload that this handle names.
    fn chunks(&self, upload: &Upload, handle: &str) -> Result<Option<Chunks>> {
        match handle == chunks_handle(upload) {
            true => Chunks::new(&self.address, upload),
            false => Ok(None),
        }
    }

    /// Looks whether the file lies under its name, with all of its bytes: some servers misread a destination.
    fn look_after(&self, upload: &Upload, stop: &Stop) -> Result<()> {
        match self.stat(&upload.name, stop).map_err(unclear)? {
            Some(object) if object.size == upload.size => Ok(()),
            Some(object) => {
                let message = format!(
                    "{} has {} bytes on the server instead of {}",
                    upload.name, object.size, upload.size
                );
                Err(Error::new(Kind::Interrupted, message))
            }
            None => Err(Error::new(
                Kind::Unsupported,
                format!("the server has given the file another name than {:?}", upload.name),
            )),
        }
    }

    fn object(&self, name: String, found: Resource, stop: &Stop) -> Result<Option<Object>> {
        let size = match found.size {
            Some(size) => Some(size),
            None => self.client.size(&self.address.file(&name)?, stop)?,
        };
        Ok(size.map(|size| Object { name, size, modified: found.modified, tag: found.tag }))
    }
}

fn chunks_handle(upload: &Upload) -> String {
    format!("larder-{}", upload.token)
}

impl Protocol for WebDavLocation {
    fn address(&self) -> &str {
        self.address.shown()
    }

    fn list(&self, stop: &Stop) -> Result<Vec<Object>> {
        let folder = self.address.folder();
        let Some(resources) = self.client.list(folder, stop)? else {
            folder::is_missing(&self.client, &self.address, stop)?;
            return Ok(Vec::new());
        };
        let mut objects = Vec::new();
        for (name, found) in children(resources, folder.path())
            .map_err(|error| error.about(format_args!("cannot list {folder}")))?
        {
            if !found.is_collection {
                objects.extend(self.object(name, found, stop)?);
            }
        }
        Ok(objects)
    }

    fn stat(&self, name: &str, stop: &Stop) -> Result<Option<Object>> {
        match self.client.find(&self.address.file(name)?, stop)? {
            Some(found) if !found.is_collection => self.object(name.to_owned(), found, stop),
            _ => Ok(None),
        }
    }

    fn read(&self, name: &str, range: Range<u64>, stop: &Stop) -> Result<Box<dyn Read + Send>> {
        self.client.read(&self.address.file(name)?, range, stop)
    }

    fn delete(&self, name: &str, stop: &Stop) -> Result<()> {
        self.client.delete(&self.address.file(name)?, stop)
    }

    fn free(&self, stop: &Stop) -> Result<Option<u64>> {
        for level in self.address.levels().iter().rev() {
            if let Some(free) = self.client.free(level, stop)? {
                return Ok(free);
            }
        }
        folder::is_missing(&self.client, &self.address, stop).map(|()| None)
    }

    fn plan(&self, size: u64) -> Plan {
        let takes_parts = self.address.is_nextcloud() && !self.has_no_chunks.load(Ordering::Relaxed);
        match takes_parts && size >= limits::NEXTCLOUD_PARTS_FROM {
            true => Plan::Parts(chunks::part_size(size)),
            false => Plan::Whole,
        }
    }

    fn parallel(&self) -> usize {
        limits::WEBDAV_PARALLEL
    }

    fn start(&self, upload: &Upload, stop: &Stop) -> Result<String> {
        folder::make(&self.client, &self.address, stop)?;
        whole::check_free(&self.client, &self.address, &upload.name, stop)?;
        if matches!(self.plan(upload.size), Plan::Parts(_))
            && let Some(chunks) = Chunks::new(&self.address, upload)?
        {
            if chunks.start(&self.client, stop)? {
                return Ok(chunks_handle(upload));
            }
            self.has_no_chunks.store(true, Ordering::Relaxed);
            let message = format!(
                "{} takes no uploads in parts; the next attempt sends the file in one piece",
                self.address.shown()
            );
            return Err(Error::new(Kind::Interrupted, message));
        }
        self.whole().start(upload, stop)
    }

    fn send(&self, upload: &Upload, handle: &str, number: u32, body: Body, stop: &Stop) -> Result<Part> {
        match self.chunks(upload, handle)? {
            Some(chunks) => chunks.send(&self.client, number, body, stop),
            None => self.whole().send(handle, number, body, stop),
        }
    }

    fn parts(&self, upload: &Upload, handle: &str, stop: &Stop) -> Result<Vec<Part>> {
        match self.chunks(upload, handle)? {
            Some(chunks) => chunks.parts(&self.client, stop),
            None => self.whole().parts(upload, handle, stop),
        }
    }

    fn finish(&self, upload: &Upload, handle: &str, parts: &[Part], stop: &Stop) -> Result<()> {
        let chunks = self.chunks(upload, handle)?;
        if handle != upload.name {
            whole::check_free(&self.client, &self.address, &upload.name, stop)?;
            match chunks {
                Some(chunks) => chunks.finish(&self.client, parts, stop)?,
                None => self.whole().finish(upload, handle, stop)?,
            }
        }
        self.look_after(upload, stop)
    }

    fn discard(&self, upload: &Upload, handle: Option<&str>, stop: &Stop) -> Result<()> {
        let is_chunked = handle.is_none_or(|handle| handle == chunks_handle(upload));
        if is_chunked && let Some(chunks) = Chunks::new(&self.address, upload)? {
            chunks.discard(&self.client, stop)?;
        }
        if handle != Some(&chunks_handle(upload)) {
            self.whole().discard(upload, handle, stop)?;
        }
        Ok(())
    }
}
