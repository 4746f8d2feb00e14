//! Tunables of the thread pool: the work queue between a job and its workers.

/// The largest piece of work, or part of an answer, between a job and a worker, in bytes: two of the largest blocks.
pub const MAX_PIECE: usize = 4 * 1024 * 1024;
/// Bytes of one answer that may wait to be taken before its worker waits, too.
pub const MAX_UNTAKEN: usize = 1024 * 1024;
/// Pieces in the queue for each worker: the one that it works on, and enough to keep it busy while its job does something else.
pub const PIECES_EACH: usize = 256;
/// Answers after which a waiting job is woken while the queue is more than half full. Each wake-up costs some percent of the time for a
/// block.
pub const ANSWERS_AT_ONCE: usize = 8;
/// Bytes for each worker of waiting pieces, and of answers.
pub const BYTES_EACH: usize = 4 * MAX_PIECE;
/// The niceness of the service's workers relative to their job, which has to hand out work and collect answers. Commands that a user
/// runs do not set it: the user waits for them, and on a busy machine their workers would get a third of their share.
pub const BEHIND_JOBS: i32 = 5;
