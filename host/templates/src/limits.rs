//! The limits of one rendering.

/// What one rendering may use.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Steps: each evaluated node is one, and so are every item of a loop and every 32 bytes of new text.
    pub steps: u64,
    /// The longest output, in bytes.
    pub output: usize,
    /// The longest single text or list that a template may build, in bytes or items.
    pub size: usize,
    /// The deepest nesting of calls and blocks.
    pub recursion: usize,
    /// The most memory of a compiled regular expression, in bytes.
    pub pattern: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps: 200_000, output: 256 * 1024, size: 1 << 20, recursion: 400, pattern: 256 * 1024 }
    }
}

/// How deep values may nest.
pub const MAX_DEPTH: u16 = 100;
/// How many values a value may hold, counting shared ones each time.
pub const MAX_WEIGHT: u32 = 200_000;
