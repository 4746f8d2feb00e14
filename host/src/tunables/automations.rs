//! Tunables of automations.

/// The longest file of automations, in bytes: a home with a thousand automations has half of it.
pub const MAX_FILE: usize = 4 * 1024 * 1024;
/// Values in all files together, counting each use of an alias: a few lines of YAML can represent millions of values.
pub const MAX_NODES: usize = 500_000;
/// How deep values may nest: an automation of twenty nested blocks needs 60.
pub const MAX_DEPTH: usize = 128;
/// The deepest chain of files that include each other.
pub const MAX_INCLUDES: usize = 8;
/// Bytes of all files of `custom_templates` together.
pub const MAX_CUSTOM_BYTES: usize = 16 * 1024 * 1024;
/// The most files and directories of `custom_templates` that are looked at.
pub const MAX_CUSTOM_TEMPLATES: usize = 1000;
/// Instructions of one rendering: some hundred times what a long notification needs.
pub const TEMPLATE_FUEL: u64 = 200_000;
/// The longest output of a template, in bytes: the length of the longest event.
pub const TEMPLATE_OUTPUT: usize = 64 * 1024;
/// The longest text or list that a template may build on the way, in bytes or items.
pub const TEMPLATE_SIZE: usize = 1024 * 1024;
/// The deepest nesting of expressions, blocks, and macros in a rendering. A deeper one would need more than the stack of a thread.
pub const TEMPLATE_RECURSION: usize = 400;
/// The most memory of a compiled regular expression, in bytes.
pub const MAX_PATTERN: usize = 256 * 1024;
/// Steps that one run takes without a wait. More of them are an endless loop.
pub const MAX_STEPS: usize = 10_000;
/// Steps of all runs, and events for one automation each, that are handled before the driver's other work: far more than one event sets off.
pub const MAX_WORK: usize = 10_000;
/// Changes of entities that one trigger with `for` waits for at the same time.
pub const MAX_PENDING_FIRES: usize = 10_000;
/// How often an automation may cause itself within `CHAIN_SECONDS` before it is stopped.
pub const MAX_SELF_CAUSED: usize = 10;
/// How often an automation may run within `LOOP_SECONDS`, whatever the cause. Ten times a second is a loop through something that cannot be
/// traced, such as a state that an action sets.
pub const MAX_STARTS: usize = 600;
/// The period for that.
pub const LOOP_SECONDS: i64 = 60;
/// The period for `MAX_SELF_CAUSED`: long enough to find backups that cause each other, short enough for an automation that restarts itself
/// every few minutes on purpose.
pub const CHAIN_SECONDS: i64 = 1800;
/// Runs whose causes are remembered.
pub const MAX_CHAINS: usize = 10_000;
/// Runs of one automation that are remembered when `stored_traces` is not given: Home Assistant's number.
pub const MAX_TRACES: usize = 5;
/// Automations whose past is kept across a restart.
pub const MAX_REMEMBERED: usize = 2000;
/// Bytes of all traces that are kept across a restart.
pub const MAX_MEMORY: usize = 8 * 1024 * 1024;
/// The largest `stored_traces`.
pub const MOST_TRACES: usize = 50;
/// Problems, and warnings, that are reported at a start or reload. `larder automations check` shows all of them.
pub const TOLD_AT_ONCE: usize = 5;
/// Steps of one run that its trace keeps.
pub const MAX_TRACE_STEPS: usize = 500;
/// The longest value that a trace shows, in bytes.
pub const MAX_TRACE_VALUE: usize = 4096;
/// Runs at once or in the queue when `max` is not given: Home Assistant's number.
pub const DEFAULT_MAX: usize = 10;
/// The longest time span, in seconds: a hundred years.
pub const MAX_SECONDS: f64 = 3.2e9;
/// Periods before the clock was set that are remembered. With more of them, the clock is being set all the time.
pub const MAX_PAST: usize = 16;
