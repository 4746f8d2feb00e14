//! Free ports that no other test takes meanwhile: each is held by a locked file until its value is dropped.
//!
//! Below the range from which the system gives ports to outgoing connections, so that a server finds its port free when it restarts.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

const FIRST: u32 = 22_000;
const COUNT: u32 = 10_000;

/// A port that belongs to this process.
pub struct Port {
    pub number: u16,
    _lock: Option<File>,
}

impl Port {
    pub fn free() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let first = std::process::id().wrapping_mul(61);
        for _ in 0..COUNT {
            let offset = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
            let number = u16::try_from(FIRST + offset).unwrap();
            if let Some(lock) = lock(number)
                && TcpListener::bind(("127.0.0.1", number)).is_ok()
            {
                return Self { number, _lock: Some(lock) };
            }
        }
        panic!("no port is free");
    }

    /// A port that the test has chosen.
    pub fn given(number: u16) -> Self {
        Self { number, _lock: lock(number) }
    }
}

/// `None` when another test has it.
fn lock(number: u16) -> Option<File> {
    let user = fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid());
    let directory: PathBuf = std::env::temp_dir().join(format!("larder-test-ports-{user}"));
    fs::create_dir_all(&directory).unwrap();
    let file = File::options().create(true).append(true).open(directory.join(number.to_string())).unwrap();
    file.try_lock().is_ok().then_some(file)
}
