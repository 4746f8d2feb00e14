//! Tunables of locks, documents and the cache.

use std::time::Duration;

/// How long a command waits for the state directory's lock: a command that is only starting holds it for a moment.
pub const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How long a command waits for the key ring's lock, which another command holds for a moment.
pub const RING_WAIT: Duration = Duration::from_secs(30);
/// Documents that one plugin may store: many times what a plugin needs.
pub const MAX_DOCUMENTS: usize = 64;
/// Damaged copies that are kept of each document. Before there are more, a user has looked at them.
pub const MAX_SET_ASIDE: usize = 16;
/// The largest entry of the cache, in bytes. The index of a home of any size is smaller.
pub const MAX_CACHED: usize = 32 * 1024 * 1024;
/// Entries in the cache of one plugin. The oldest are removed.
pub const MAX_CACHE_ENTRIES: usize = 16;
/// Small objects that are read in one call.
pub const MAX_SMALL_READS: usize = 256;
