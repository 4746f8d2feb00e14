//! Tunables of the sandbox: the engine, instances, and the lifetime of plugins.

use std::time::Duration;

/// How often the engine interrupts running components for a check. The resolution of `compute-time`.
pub const EPOCH: Duration = Duration::from_millis(50);
/// How often a thread that waits checks for time limits and for a stop. The resolution of the other time limits.
pub const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Stack frames that are reported of a plugin that was stopped: wasmtime's default.
pub const FRAMES: usize = 20;
/// How long compiled components are kept along with newer ones: those of earlier versions are no longer useful.
pub const COMPILED_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long a host waits at its end for its plugin's threads to release what they hold. A disk that does not answer must not prevent a
/// command from ending; the next start removes what is left.
pub const LAST_WAIT: Duration = Duration::from_secs(10);
/// Bytes that a content returns per call: large enough to keep the calls cheap, small enough for a small memory.
pub const MAX_READ: u32 = 1024 * 1024;
/// Bytes that are kept of a plugin's standard error: the end, which holds the reason for a failure.
pub const STDERR_BYTES: usize = 64 * 1024;
/// Characters that are shown of a plugin's message.
pub const MAX_MESSAGE: usize = 4096;
/// Characters that are shown of a name from a plugin, such as a stage or an error code.
pub const MAX_WORD: usize = 64;
/// The longest answer of a plugin, in bytes: a line for each of 100 000 files. As parsed values it takes ten times as much memory.
pub const MAX_JSON: usize = 16 * 1024 * 1024;
/// The largest component, in bytes. Real ones are far smaller.
pub const MAX_COMPONENT: u64 = 256 << 20;
/// Core instances, memories and tables of one instance of a component. An ordinary component has a few of each.
pub const MAX_PARTS: usize = 64;
/// How long a plugin other than the backup plugin may take to set itself up.
pub const SET_UP_TIME: Duration = Duration::from_secs(30);
/// How long the start of a host waits for such plugins. After that, the service starts without waiting for them.
pub const START_WAIT: Duration = Duration::from_secs(5);
/// The pause before a dead plugin is restarted. Each further pause is twice as long.
pub const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// The longest such pause.
pub const LAST_BACK_OFF: Duration = Duration::from_secs(300);
/// How long a plugin must live before its next death counts as the first again.
pub const HEALTHY: Duration = Duration::from_secs(600);
/// How often a plugin's timers may fire in a row: many times what a plugin needs, and little work.
pub const MAX_FIRINGS: u32 = 128;
/// The pause between firings after that.
pub const FIRING_PAUSE: Duration = Duration::from_secs(1);
/// Instances that need address space in addition to the workers: the manager, a job, and room for the rest of the program. If there is
/// not enough, every instance reserves less.
pub const BESIDE_WORKERS: usize = 3;
/// Bytes of addresses that an instance then reserves ahead, at its start and whenever it grows. Growing memory is rarely moved, and
/// little is wasted.
pub const MEMORY_STEP: u64 = 16 << 20;
/// Bytes of addresses around an instance's memory that are never used: wasmtime's value for small machines.
pub const MEMORY_GUARD: u64 = 64 * 1024;
/// The least address space, in bytes, with which Larder starts: the program itself, compiling, and one small job.
pub const MIN_ADDRESSES: u64 = 1 << 30;
