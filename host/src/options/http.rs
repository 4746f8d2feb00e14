//! The tunables of HTTP requests, with their reasons.

use std::time::Duration;

/// How long a connection may take, TLS included: far away and over a slow line it takes two seconds.
pub const CONNECT_TIME: Duration = Duration::from_secs(10);
/// How long one request may take, from its first byte to the last of the answer, when `[http] timeout` says nothing.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);
/// The longest `timeout`: an hour, beyond which nobody waits for an answer.
pub const LONGEST_TIME: Duration = Duration::from_secs(3600);
/// How often a request follows a redirect: two are common (a name, then a scheme).
pub const MAX_REDIRECTS: usize = 5;
/// The longest address, in bytes: what servers take.
pub const MAX_URL: usize = 8 * 1024;
/// Headers of one request: some times what a browser sends.
pub const MAX_HEADERS: usize = 64;
/// Bytes of an answer's headers: what browsers take is less.
pub const MAX_RESPONSE_HEADERS: usize = 64 * 1024;
/// How much of an answer that says no is shown: a sentence or two.
pub const EXCERPT: usize = 200;
/// How much of an answer is read where nobody asks for it: the sentence that is shown is at its beginning.
pub const MAX_ANSWER: usize = 16 * 1024;
/// The longest answer that a plugin gets.
pub const MAX_BODY: usize = 1024 * 1024;
/// Requests of one plugin at a time; the others wait.
pub const MAX_REQUESTS: usize = 8;
/// What is read of a file of certificates: all that a system trusts have some hundred KiB.
pub const MAX_CERTIFICATES: u64 = 16 << 20;
