//! Stub.
use crate::error::Result;
use crate::ports::{Memory, Source};
use crate::protocol::{Object, Protocol};
use crate::settings::Environment;
use crate::stop::Stop;
use std::sync::Arc;
#[derive(Clone, Copy)]
pub enum Verify {
    Digest,
    Sample,
    Full,
}
#[derive(Clone, Copy)]
pub enum Proof {
    Size,
    Digest,
    Sample,
    Full,
}
#[derive(Clone)]
pub struct Options {
    pub verify: Verify,
    pub bandwidth: Option<u64>,
}
pub struct Listing {
    pub objects: Vec<Object>,
    pub as_of: i64,
}
pub struct Stored {
    pub proof: Proof,
    pub notes: Vec<String>,
}
pub struct State {
    pub as_of: Option<i64>,
    pub free: Option<u64>,
    pub error: Option<(i64, String)>,
}
pub struct Check {
    pub what: String,
    pub result: std::result::Result<String, String>,
}
#[derive(Clone)]
pub struct Reader;
impl Reader {
    pub fn size(&self) -> u64 {
        0
    }
    pub fn modified(&self) -> Option<i64> {
        None
    }
    pub fn read(&self, _o: u64, _m: usize) -> Result<Vec<u8>> {
        Ok(vec![])
    }
    pub fn read_ahead(&mut self, _o: u64, _c: u64) {}
}
#[derive(Clone)]
pub struct Remote;
impl Remote {
    pub fn new(
        _id: String,
        _p: Arc<dyn Protocol>,
        _m: Arc<dyn Memory>,
        _o: Options,
        _e: Environment,
    ) -> Self {
        Self
    }
    pub fn id(&self) -> &str {
        ""
    }
    pub fn address(&self) -> &str {
        ""
    }
    pub fn list(&self, _s: &Stop) -> Result<Listing> {
        Ok(Listing { objects: vec![], as_of: 0 })
    }
    pub fn remembered(&self) -> Option<Listing> {
        None
    }
    pub fn state(&self) -> State {
        State { as_of: None, free: None, error: None }
    }
    pub fn unfinished(&self) -> Vec<String> {
        vec![]
    }
    pub fn small(&self, _o: &[Object], _m: usize, _s: &Stop) -> Vec<Result<Vec<u8>>> {
        vec![]
    }
    pub fn open(&self, _n: &str, _s: Stop) -> Result<Reader> {
        Ok(Reader)
    }
    pub fn store(
        &self,
        _n: &str,
        _s: Arc<dyn Source>,
        _p: &(dyn Fn(u64) + Sync),
        _t: &Stop,
    ) -> Result<Stored> {
        Ok(Stored { proof: Proof::Size, notes: vec![] })
    }
    pub fn put(&self, _n: &str, _b: &[u8], _s: &Stop) -> Result<()> {
        Ok(())
    }
    pub fn delete(&self, _n: &str, _s: &Stop) -> Result<()> {
        Ok(())
    }
    pub fn clean(&self, _w: &dyn Fn(&str) -> bool, _s: &Stop) -> Vec<String> {
        vec![]
    }
    pub fn test(&self, _s: &Stop) -> Vec<Check> {
        vec![]
    }
}
