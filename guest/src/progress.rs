//! The progress of a job, reported once per [`STEP`] so that reporting costs little.

use std::io::{self, Read, Seek, SeekFrom};

use crate::ports::Host;

/// Bytes between two reports.
const STEP: u64 = 1024 * 1024;

/// The progress of one stage, in bytes.
pub struct Progress<'a> {
    host: &'a dyn Host,
    stage: &'static str,
    total: u64,
    done: u64,
    reported: u64,
}

impl<'a> Progress<'a> {
    pub fn new(host: &'a dyn Host, stage: &'static str, total: u64) -> Self {
        host.report(stage, 0, Some(total));
        Self { host, stage, total, done: 0, reported: 0 }
    }

    pub fn add(&mut self, bytes: u64) {
        self.done = self.done.saturating_add(bytes);
        if self.done.saturating_sub(self.reported) >= STEP {
            self.reported = self.done;
            self.host.report(self.stage, self.done.min(self.total), Some(self.total));
        }
    }

    /// Reports that the stage is complete.
    pub fn finish(&self) {
        self.host.report(self.stage, self.total, Some(self.total));
    }
}

/// A reader that counts its bytes as progress. Bytes skipped by seeking do not count.
pub struct CountingReader<'a, 'b, R> {
    pub inner: R,
    pub progress: &'a mut Progress<'b>,
}

impl<R: Read> Read for CountingReader<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for CountingReader<'_, '_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
