//! Tunables of HTTP requests.

use std::time::Duration;

/// The time limit for connecting, including TLS. A distant server over a slow line takes two seconds.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);
/// The time limit for one request, from its first byte to the last of the answer, when `[http] timeout` is not set.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);
/// The longest `timeout`: an hour is longer than anyone waits for an answer.
pub const LONGEST_TIME: Duration = Duration::from_secs(3600);
/// Redirects that a request follows. Two are common: one to another host, one to another scheme.
pub const MAX_REDIRECTS: usize = 5;
/// The longest address, in bytes: what servers accept.
pub const MAX_URL: usize = 8 * 1024;
/// Headers of one request: several times what a browser sends.
pub const MAX_HEADERS: usize = 64;
/// Bytes of an answer's headers: more than browsers accept.
pub const MAX_RESPONSE_HEADERS: usize = 64 * 1024;
/// Characters that messages show of a refusal: a sentence or two.
pub const EXCERPT: usize = 200;
/// Bytes read of an answer if only an excerpt is shown.
pub const MAX_ANSWER: usize = 16 * 1024;
/// The longest answer for a plugin, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;
/// Simultaneous requests of one plugin. Further requests wait.
pub const MAX_REQUESTS: usize = 8;
/// Bytes that are read of a file of certificates. All the certificates of a system have some hundred KiB.
pub const MAX_CERTIFICATES: u64 = 16 << 20;
