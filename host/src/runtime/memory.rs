//! What one instance may take of the machine's memory: the sum of all its memories and tables, and how many.

use std::sync::Arc;

use wasmtime::ResourceLimiter;

use super::vitals::Vitals;
use crate::options::MAX_PARTS;

/// The memory of one store.
pub(crate) struct Memory {
    vitals: Arc<Vitals>,
    /// Bytes of all memories and tables.
    used: usize,
}

impl Memory {
    pub(super) fn new(vitals: Arc<Vitals>) -> Self {
        Self { vitals, used: 0 }
    }

    fn grow(&mut self, current: usize, desired: usize) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        let limit = self.vitals.limits.memory;
        if used > limit {
            return Err(self.vitals.stop(format!(
                "it asked for {used} bytes of memory, {} MiB are allowed (limit memory)",
                limit >> 20
            )));
        }
        self.used = used;
        Ok(true)
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
    use crate::options::Limits;

    #[test]
    fn the_sum_of_all_memories_and_tables_counts() {
        let limits = Limits { memory: 1000, ..Limits::default() };
        let mut memory = Memory::new(Arc::new(Vitals::new(limits, true)));
        assert!(memory.memory_growing(0, 400, None).unwrap());
        assert!(memory.memory_growing(0, 400, None).unwrap());
        assert!(memory.table_growing(0, 10, None).unwrap());
        assert!(memory.memory_growing(400, 520, None).unwrap());
        let error = memory.table_growing(10, 11, None).unwrap_err().to_string();
        assert!(error.contains("limit memory"), "{error}");
    }
}
