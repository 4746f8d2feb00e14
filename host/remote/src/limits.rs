//! All tunables of the locations: sizes, counts and times, each with its reason.

use std::time::Duration;

/// Bytes of an answer to PROPFIND: some hundred thousand files.
pub const MULTISTATUS_BYTES: u64 = 64 << 20;
/// Elements inside one another in an answer. WebDAV needs six.
pub const XML_DEPTH: usize = 64;
/// Requests side by side to a WebDAV server. Home servers have few processes.
pub const WEBDAV_PARALLEL: usize = 4;
/// Bytes that may be read and thrown away when a server ignores a range.
pub const SKIPPED_BYTES: u64 = 1 << 20;
/// Bytes of an error's text that are looked at for the server's explanation.
pub const EXPLANATION_BYTES: u64 = 8 << 10;
/// Waits between looking for a file whose answer was lost: half a minute and more is usual while a server puts it in its place. Four minutes in all.
pub const LOST_ANSWER_PAUSES: &[Duration] = &[
    Duration::from_millis(200),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
];

/// Uploads of this size are sent to Nextcloud in parts; Nextcloud's own clients do so from 100 MiB.
pub const NEXTCLOUD_PARTS_FROM: u64 = 100 << 20;
/// Bytes of a part. Nextcloud takes 5 MB to 5 GB; proxies and PHP limit bodies, often to some hundred megabytes.
pub const NEXTCLOUD_PART_BYTES: u64 = 50 << 20;
/// Parts of one upload, by Nextcloud's manual.
pub const NEXTCLOUD_PARTS: u64 = 10_000;
/// Bytes of a request body from which the server is asked before it is sent (`Expect: 100-continue`): an early refusal would be lost otherwise.
pub const EXPECT_FROM: u64 = 1 << 20;
/// Files below this are sent again rather than waited for when an answer was lost.
pub const CHEAP_BYTES: u64 = 16 << 20;
/// How many of the pauses are made for them.
pub const CHEAP_PAUSES: usize = 2;
/// The longest wait for a TCP and TLS connection.
pub const CONNECT_TIME: Duration = Duration::from_secs(20);
/// The longest wait for the answer after a whole request. Servers that put a large file in its place before they answer need minutes.
pub const ANSWER_TIME: Duration = Duration::from_secs(300);
/// The longest time without a byte read or written.
pub const STALL_TIME: Duration = Duration::from_secs(120);
