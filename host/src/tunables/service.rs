//! Tunables of the running service: events, the log, automations, and requests of other commands.

use std::time::Duration;

/// The longest event, in bytes. Home Assistant's events have some hundred.
pub const MAX_EVENT: usize = 64 * 1024;
/// Events that wait for one listener before it loses some. Home Assistant disconnects its clients at 4096.
pub const MAX_PENDING: usize = 1024;
/// Events that wait for the automations, which read them at once unless the machine is very busy. None may be lost.
pub const MAX_UNHEARD: usize = 64 * 1024;
/// Lines of the service's log that wait to be written: a minute of a very busy home.
pub const MAX_LINES: usize = 1024;
/// How long the service waits at its end for the last lines to be written: the program that reads them may hang.
pub const LAST_LINES: Duration = Duration::from_secs(1);
/// Rounds of events and due timers that automations handle before the rest of the service gets its turn.
pub const MAX_ROUNDS: usize = 10_000;
/// Effects that the driver carries out at once, for automations that call actions without end.
pub const MAX_AT_ONCE: usize = 10_000;
/// Seconds from a run of an automation until the past of automations is stored.
pub const SAVE_AFTER: i64 = 10;
/// Persistent notifications that are kept. The oldest is removed.
pub const MAX_NOTIFICATIONS: usize = 100;
/// Entities of one plugin: many times what a plugin needs.
pub const MAX_ENTITIES: usize = 64;
/// Requests of other commands that the service answers at once.
pub const MAX_CONTROL: usize = 64;
/// How long such a request may take to arrive, and how long the command may take to read a part of the answer.
pub const CONTROL_TIME: Duration = Duration::from_secs(2);
/// The longest such request, in bytes: a key ring, or settings from a file.
pub const MAX_REQUEST: usize = 2 * 1024 * 1024;
/// How long a command waits for a service that is starting: on a small machine it compiles its component first.
pub const SERVICE_START_WAIT: Duration = Duration::from_secs(120);
/// The niceness of the service: half-way, so that backups still finish on a busy machine.
pub const SERVICE_NICE: u8 = 10;
