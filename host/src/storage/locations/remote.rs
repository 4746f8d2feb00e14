//! A location on another machine: the crate `larder-remote`, with the host's errors, documents and clock.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use larder_remote::ports::{Memory, Source};
use larder_remote::{Check, Remote, Stop};

use super::location::Location;
use super::reader::ObjectReader;
use super::remote_error::outward;
use super::types::{Draft, Knowledge, Object, Stored};
use super::whole::MAX_SMALL;
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::steps::Steps;
use crate::storage::documents::Documents;

/// A location that the crate `larder-remote` reaches.
pub struct RemoteLocation {
    pub remote: Remote,
    /// The name that users see.
    pub name: String,
    pub layout: String,
    /// The directory as the server's users see it; empty where no layout needs it.
    pub directory: String,
    pub adopts: Option<String>,
}

/// The host's documents as the engine's memory.
pub struct RemoteMemory(pub Documents);

impl Memory for RemoteMemory {
    fn load(&self, name: &str) -> Option<String> {
        self.0.load(&document(name)).ok().flatten()
    }

    fn save(&self, name: &str, text: &str) -> std::result::Result<(), String> {
        self.0.save(&document(name), text).map_err(|error| error.to_string())
    }
}

/// The name of a document as the host allows it: the engine puts the location's id in front.
fn document(name: &str) -> String {
    name.replace('.', "-")
}

/// A stored object as the source of an upload.
struct Uploaded {
    object: ObjectReader,
    name: String,
}

impl Source for Uploaded {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.object.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.object.read(offset, buffer.len()).map_err(io::Error::other)?;
        let length = bytes.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..length), bytes.get(..length)) {
            to.copy_from_slice(from);
        }
        Ok(length)
    }

    fn fingerprint(&self) -> String {
        self.object.fingerprint()
    }
}

impl RemoteLocation {
    fn refuse<T>(&self) -> Result<T> {
        Err(Error::Denied(format!("{}: only whole objects can be stored on another machine", self.id())))
    }
}

impl Location for RemoteLocation {
    fn id(&self) -> &str {
        self.remote.id()
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn is_writable(&self) -> bool {
        true
    }

    fn available(&self) -> Option<u64> {
        self.remote.state().free
    }

    fn layout(&self) -> &str {
        &self.layout
    }

    fn directory(&self) -> &str {
        &self.directory
    }

    fn adopts(&self) -> Option<&str> {
        self.adopts.as_deref()
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn knowledge(&self) -> Knowledge {
        let state = self.remote.state();
        Knowledge {
            as_of: state.as_of.map(|seconds| Timestamp { seconds, nanoseconds: 0 }),
            problem: state.error.map(|(_, message)| message),
            unfinished: self.remote.unfinished(),
        }
    }

    fn remembered(&self) -> Result<Vec<Object>> {
        let unknown = || Error::NotFound(format!("{} has not been listed yet", self.id()));
        Ok(objects(self.remote.remembered().ok_or_else(unknown)?))
    }

    fn objects(&self) -> Result<Vec<Object>> {
        self.remote.list(&Stop::default()).map(objects).map_err(outward)
    }

    fn open(&self, name: &str) -> Result<ObjectReader> {
        self.remote.open(name, Stop::default()).map(ObjectReader::Remote).map_err(outward)
    }

    fn read_small(&self, names: &[String], stop: &Stop) -> Vec<Result<Vec<u8>>> {
        let most = usize::try_from(MAX_SMALL).unwrap_or(usize::MAX);
        let listed = self.remote.remembered().map(|listing| listing.objects).unwrap_or_default();
        let listed: HashMap<_, _> = listed.iter().map(|object| (object.name.as_str(), object)).collect();
        let found = |name: &String| listed.get(name.as_str()).copied().cloned();
        let wanted: Vec<_> = names.iter().filter_map(found).collect();
        let mut read = wanted.iter().map(|it| it.name.clone()).zip(self.remote.small(&wanted, most, stop));
        let mut next = read.next();
        let mut result = Vec::new();
        for name in names {
            result.push(match next.take() {
                Some((found, bytes)) if found == *name => {
                    next = read.next();
                    bytes.map_err(outward)
                }
                other => {
                    next = other;
                    Err(Error::NotFound(format!("{name} is not in {}", self.id())))
                }
            });
        }
        result
    }

    fn store(
        &self,
        name: &str,
        source: &ObjectReader,
        steps: &Steps,
        progress: &(dyn Fn(u64) + Sync),
        stop: &Stop,
    ) -> Result<Stored> {
        steps.at("remote: store");
        let source = Arc::new(Uploaded { object: source.clone(), name: name.to_owned() });
        let stored = self.remote.store(name, source, progress, stop).map_err(outward)?;
        steps.at("remote: stored");
        Ok(Stored { proof: stored.proof, notes: stored.notes })
    }

    fn put(&self, name: &str, bytes: &[u8], steps: &Steps, stop: &Stop) -> Result<()> {
        steps.at("remote: put");
        self.remote.put(name, bytes, stop).map_err(outward)?;
        steps.at("remote: put done");
        Ok(())
    }

    fn clean(&self, wanted: &[String], stop: &Stop) -> Vec<String> {
        self.remote.clean(&|name| wanted.iter().any(|it| it == name), stop)
    }

    fn test(&self, _steps: &Steps, stop: &Stop) -> Vec<Check> {
        self.remote.test(stop)
    }

    fn delete(&self, name: &str) -> Result<()> {
        self.remote.delete(name, &Stop::default()).map_err(outward)
    }

    fn draft(&self, _name: &str, _steps: &Steps) -> Result<Box<dyn Draft>> {
        self.refuse()
    }

    fn may_store(&self, _name: &str) -> Result<()> {
        Ok(())
    }
}

fn objects(listing: larder_remote::Listing) -> Vec<Object> {
    let object = |it: larder_remote::protocol::Object| Object {
        name: it.name,
        size: it.size,
        modified: Timestamp { seconds: it.modified.unwrap_or_default(), nanoseconds: 0 },
    };
    listing.objects.into_iter().map(object).collect()
}
