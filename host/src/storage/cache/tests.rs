//! The limit on the number of entries.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, SystemTime};

use super::*;

#[test]
fn the_oldest_entries_are_removed_beyond_the_limit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache");
    let cache = Cache::new(path.clone());
    let count = MAX_CACHE_ENTRIES + 3;
    for number in 0..count {
        let name = format!("entry-{number}");
        cache.store(&name, b"bytes").unwrap();
        let stored = SystemTime::UNIX_EPOCH + Duration::from_secs(1000 + number as u64);
        let file = File::options().write(true).open(path.join(name)).unwrap();
        file.set_times(FileTimes::new().set_modified(stored)).unwrap();
    }
    for number in 0..count {
        assert_eq!(cache.load(&format!("entry-{number}")).is_ok(), number >= 3, "{number}");
    }
    assert_eq!(fs::read_dir(&path).unwrap().count(), MAX_CACHE_ENTRIES);
    // Replacing an existing entry removes no other.
    cache.store("entry-5", b"more").unwrap();
    assert!(cache.load("entry-3").is_ok());
}
