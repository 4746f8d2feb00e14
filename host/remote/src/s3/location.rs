//! A bucket and a prefix as a location. Small objects go at once, others in parts; nothing is created or deleted but objects.

use std::io::Read;
use std::ops::Range;

use super::client::Client;
use super::keys::Keys;
use super::site::Site;
use super::{listing, multipart, objects, sizes, whole};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::{Body, Object, Part, Plan, Protocol, Upload};
use crate::settings;
use crate::stop::Stop;

/// An S3 location. The handle of an object that is sent at once is its name; that of others is the upload's id.
pub struct S3Location(Site);

impl S3Location {
    /// Makes no request. Fails with `Invalid` if the settings cannot be right.
    pub fn new(
        settings: settings::S3,
        http: settings::Http,
        environment: settings::Environment,
    ) -> Result<Self> {
        let keys = Keys::new(&settings.prefix)?;
        Ok(Self(Site::new(Client::new(&settings, http, environment)?, keys)))
    }
}

impl Protocol for S3Location {
    fn address(&self) -> &str {
        &self.0.address
    }

    fn list(&self, stop: &Stop) -> Result<Vec<Object>> {
        let what = format!("cannot list {}", self.0.address);
        listing::list(&self.0, &what, self.0.keys.prefix(), stop)
    }

    fn makes_folder(&self) -> bool {
        false
    }

    fn stat(&self, name: &str, stop: &Stop) -> Result<Option<Object>> {
        Ok(objects::find(&self.0, name, stop)?.map(|found| found.object))
    }

    fn read(&self, name: &str, range: Range<u64>, stop: &Stop) -> Result<Box<dyn Read + Send>> {
        objects::read(&self.0, name, &range, stop)
    }

    fn delete(&self, name: &str, stop: &Stop) -> Result<()> {
        objects::delete(&self.0, name, stop)
    }

    fn free(&self, _stop: &Stop) -> Result<Option<u64>> {
        Ok(None)
    }

    fn plan(&self, size: u64) -> Plan {
        sizes::plan(size)
    }

    fn parallel(&self) -> usize {
        limits::S3_PARALLEL
    }

    fn wants_md5(&self) -> bool {
        true
    }

    fn start(&self, upload: &Upload, stop: &Stop) -> Result<String> {
        listing::need_bucket(&self.0, stop)?;
        if objects::find(&self.0, &upload.name, stop)?.is_some() {
            let what = self.0.cannot("upload", &upload.name);
            return Err(Error::new(Kind::Exists, "an object of that name exists").about(what));
        }
        match sizes::plan(upload.size) {
            Plan::Whole => Ok(upload.name.clone()),
            Plan::Parts(_) => multipart::create(&self.0, upload, stop),
        }
    }

    fn send(&self, upload: &Upload, handle: &str, number: u32, body: Body, stop: &Stop) -> Result<Part> {
        match handle {
            name if name == upload.name => whole::send(&self.0, upload, body, stop),
            id => multipart::send(&self.0, upload, id, number, body, stop),
        }
    }

    fn parts(&self, upload: &Upload, handle: &str, stop: &Stop) -> Result<Vec<Part>> {
        match handle {
            name if name == upload.name => {
                let what = self.0.cannot("continue the upload of", &upload.name);
                Err(Error::new(Kind::NotFound, "it is sent in one piece").about(what))
            }
            id => multipart::parts(&self.0, upload, id, stop),
        }
    }

    fn finish(&self, upload: &Upload, handle: &str, parts: &[Part], stop: &Stop) -> Result<()> {
        match handle {
            // The object is there since it was sent.
            name if name == upload.name => Ok(()),
            id => multipart::complete(&self.0, upload, id, parts, stop),
        }
    }

    fn discard(&self, upload: &Upload, handle: Option<&str>, stop: &Stop) -> Result<()> {
        match (handle, sizes::plan(upload.size)) {
            (Some(name), _) if name == upload.name => whole::discard(&self.0, upload, stop),
            (Some(id), _) => multipart::abort(&self.0, &upload.name, id, stop),
            (None, Plan::Parts(_)) => multipart::abort_all(&self.0, &upload.name, stop),
            // Nothing was sent yet.
            (None, Plan::Whole) => Ok(()),
        }
    }
}
