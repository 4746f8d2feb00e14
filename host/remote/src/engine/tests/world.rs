//! What the tests of the engine stand on: a source, a memory, a time that jumps, and a location made of them.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::faulty::Faulty;
use crate::engine::time::Time;
use crate::engine::{Options, Remote, Stored, Verify};
use crate::error::Result;
use crate::ports::{Memory, Source};
use crate::settings::Environment;
use crate::stop::Stop;

/// Waiting costs nothing, and lets the time go on.
#[derive(Default)]
pub struct Jumping(AtomicU64);

impl Time for Jumping {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::SeqCst))
    }

    fn wait(&self, time: Duration, stop: &Stop) -> Result<()> {
        self.0.fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::SeqCst);
        stop.check()
    }
}

#[derive(Default)]
pub struct Documents(pub Mutex<BTreeMap<String, String>>);

impl Memory for Documents {
    fn load(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn save(&self, name: &str, text: &str) -> std::result::Result<(), String> {
        self.0.lock().unwrap().insert(name.to_owned(), text.to_owned());
        Ok(())
    }
}

/// A file that a test may change.
pub struct File {
    pub bytes: Mutex<Vec<u8>>,
    pub fingerprint: Mutex<String>,
}

impl File {
    pub fn new(size: usize) -> Arc<Self> {
        Self::of(bytes(size))
    }

    pub fn of(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { bytes: Mutex::new(bytes), fingerprint: Mutex::new("first".to_owned()) })
    }

    pub fn content(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }
}

impl Source for File {
    fn name(&self) -> &str {
        "staged"
    }

    fn size(&self) -> u64 {
        self.bytes.lock().unwrap().len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes.lock().unwrap();
        let rest = bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.lock().unwrap().clone()
    }
}

/// Bytes without a pattern that parts could share.
pub fn bytes(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = std::iter::repeat_with(next).take(size.div_ceil(8)).flatten().collect();
    bytes.truncate(size);
    bytes
}

/// A server, and what the process that uses it remembers.
pub struct World {
    pub server: Arc<Faulty>,
    pub memory: Arc<Documents>,
    pub time: Arc<Jumping>,
    pub verify: Verify,
    pub bandwidth: Option<u64>,
    pub stop: Stop,
}

impl World {
    pub fn new(server: Faulty) -> Self {
        Self {
            server: Arc::new(server),
            memory: Arc::default(),
            time: Arc::default(),
            verify: Verify::Full,
            bandwidth: None,
            stop: Stop::default(),
        }
    }

    /// A new process on the same memory.
    pub fn remote(&self) -> Remote {
        let options = Options { verify: self.verify, bandwidth: self.bandwidth };
        let environment = Environment { now: Arc::new(|| 1_700_000_000) };
        let (protocol, memory) = (self.server.clone(), self.memory.clone());
        Remote::with_time("mem.test".to_owned(), protocol, memory, options, environment, self.time.clone())
    }

    pub fn store(&self, file: &Arc<File>) -> Result<Stored> {
        self.remote().store("backup.tar", file.clone(), &|_| {}, &self.stop)
    }

    pub fn has_nothing_unfinished(&self) -> bool {
        let text = self.memory.load("mem.test.uploads").unwrap_or_default();
        self.server.unfinished() == 0 && !text.contains("token")
    }
}
