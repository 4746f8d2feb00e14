//! The memory limit of one instance: the sum of all its memories and tables, and their number. The limit grows with the home: an
//! instance that lists many files has to remember them.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use super::address_space;
use super::watchdog::Watchdog;
use crate::tunables::MAX_PARTS;

/// The memory limit of one store.
pub(crate) struct Memory {
    watchdog: Arc<Watchdog>,
    /// Bytes of all memories and tables.
    used: usize,
    /// The most entries of the home that one snapshot returned.
    entries: usize,
}

impl Memory {
    pub(super) fn new(watchdog: Arc<Watchdog>) -> Self {
        Self { watchdog, used: 0, entries: 0 }
    }

    /// One snapshot has returned this many entries of the home.
    pub(crate) fn follows(&mut self, entries: usize) {
        self.entries = self.entries.max(entries);
    }

    fn grow(&mut self, current: usize, desired: usize) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        let limit = self.watchdog.limits.memory_for(self.entries);
        if used > limit {
            return Err(self.watchdog.stop(self.too_much(used, limit)));
        }
        self.used = used;
        Ok(true)
    }
}

impl Memory {
    /// The message, with a suggested limit half as large again as what is needed now.
    fn too_much(&self, used: usize, limit: usize) -> String {
        let enough =
            (self.watchdog.limits.memory.saturating_add(used.saturating_sub(limit)) >> 20) * 3 / 2 + 1;
        let files = match self.entries {
            0 => String::new(),
            entries => format!(" with {entries} files and directories of the home"),
        };
        format!(
            "it asked for {used} bytes of memory{files}, {} MiB are allowed (limit memory); allow more with --limit memory={enough}",
            limit >> 20
        )
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.grow(current, desired)
    }

    /// The system refused memory that the limit allows. A plugin that received that error could only panic.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        match address_space::is_refusal(&error) {
            true => Err(self.watchdog.stop(address_space::refused())),
            false => Ok(()),
        }
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _max: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = |elements: usize| elements.saturating_mul(size_of::<usize>());
        self.grow(bytes(current), bytes(desired))
    }

    fn instances(&self) -> usize {
        MAX_PARTS
    }

    fn tables(&self) -> usize {
        MAX_PARTS
    }

    fn memories(&self) -> usize {
        MAX_PARTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tunables::Limits;

    #[test]
    fn the_sum_of_all_memories_and_tables_counts() {
        let limits = Limits { memory: 1000, ..Limits::default() };
        let mut memory = Memory::new(Arc::new(Watchdog::new(limits, true)));
        assert!(memory.memory_growing(0, 400, None).unwrap());
        assert!(memory.memory_growing(0, 400, None).unwrap());
        assert!(memory.table_growing(0, 10, None).unwrap());
        assert!(memory.memory_growing(400, 520, None).unwrap());
        let error = memory.table_growing(10, 11, None).unwrap_err().to_string();
        assert!(error.contains("limit memory"), "{error}");
    }

    #[test]
    fn the_limit_follows_the_home_up_to_a_ceiling_and_says_what_to_set() {
        let limits = Limits { memory: 1 << 20, home_memory: 2 << 20, ..Limits::default() };
        let mut memory = Memory::new(Arc::new(Watchdog::new(limits, true)));
        memory.follows(1024);
        memory.follows(10);
        assert!(memory.memory_growing(0, 2 << 20, None).unwrap());
        memory.follows(100_000);
        assert!(memory.memory_growing(2 << 20, 3 << 20, None).unwrap());
        let error = memory.memory_growing(3 << 20, 5 << 20, None).unwrap_err().to_string();
        assert_eq!(
            error,
            "it asked for 5242880 bytes of memory with 100000 files and directories of the home, 3 MiB are allowed (limit memory); \
             allow more with --limit memory=5"
        );
    }
}
