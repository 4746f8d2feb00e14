//! Disk space: how much a restore needs, and the message when there is too little.
//!
//! Checked before anything is written.

use crate::error::{Failure, Result};

/// The code of a failure for lack of space.
pub const NO_SPACE: &str = "no_space";
/// Bytes that an entry of a restore takes in addition to its content, by the host's rule.
const ENTRY: u64 = 4096;
/// Runs of zeros of at least this length become a hole, by the host's rule. Shorter ones are written.
const HOLE: u64 = 64 * 1024;
/// Zeros are searched for in blocks of this size.
const GRAIN: usize = 4096;
/// If the free space is this many times the size of the archive, a restore hardly ever runs out of space. With less, its need
/// is counted first.
const PLENTY: u64 = 8;

/// Refuses `what` if it does not fit. `needed` is the whole need in bytes, `advice` what to do other than freeing space.
pub fn must_fit(what: &str, needed: u64, available: Option<u64>, advice: &str) -> Result<()> {
    match available {
        Some(available) if available < needed => {
            let [needed, available] = [needed, available].map(size);
            Err(Failure::new(
                NO_SPACE,
                format!(
                    "not enough space for {what}: it needs about {needed}, but only {available} is available; free some, {advice}"
                ),
            ))
        }
        _ => Ok(()),
    }
}

/// Whether an archive of that size can be restored without counting its need first.
pub fn is_plenty(available: u64, archive: u64) -> bool {
    available >= archive.saturating_mul(PLENTY)
}

/// Bytes in readable units: `9.10 MiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut unit = "B";
    let (mut whole, mut rest) = (bytes, 0);
    for next in UNITS {
        if whole < 1024 {
            break;
        }
        (unit, rest, whole) = (next, whole % 1024, whole / 1024);
    }
    match unit {
        "B" => format!("{whole} B"),
        unit => format!("{whole}.{:02} {unit}", rest * 100 / 1024),
    }
}

/// Counts the bytes that the entries of a restore will take on the disk.
#[derive(Debug, Default)]
pub struct Need {
    bytes: u64,
    /// Length of the current run of zeros, which may become a hole.
    zeros: u64,
}

impl Need {
    /// Counts another entry.
    pub fn entry(&mut self) {
        self.settle();
        self.bytes = self.bytes.saturating_add(ENTRY);
    }

    /// Counts data of the file whose entry was counted last.
    pub fn data(&mut self, bytes: &[u8]) {
        for grain in bytes.chunks(GRAIN) {
            if grain.iter().all(|byte| *byte == 0) {
                self.zeros = self.zeros.saturating_add(grain.len() as u64);
            } else {
                self.settle();
                self.bytes = self.bytes.saturating_add(grain.len() as u64);
            }
        }
    }

    /// Bytes that all of it will take.
    pub fn total(&mut self) -> u64 {
        self.settle();
        self.bytes
    }

    fn settle(&mut self) {
        let zeros = std::mem::take(&mut self.zeros);
        if zeros < HOLE {
            self.bytes = self.bytes.saturating_add(zeros);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_those_of_the_command_line() {
        let texts = [0, 1023, 1024, 262_144, 164_685_077, 1 << 40].map(size);
        assert_eq!(texts, ["0 B", "1023 B", "1.00 KiB", "256.00 KiB", "157.05 MiB", "1.00 TiB"]);
    }

    #[test]
    fn a_refusal_says_the_whole_need_and_what_is_free() {
        let refused = must_fit("the copy", 256 << 20, Some(16 << 20), "or write it elsewhere").unwrap_err();
        assert_eq!(refused.code, NO_SPACE);
        assert_eq!(
            refused.message,
            "not enough space for the copy: it needs about 256.00 MiB, but only 16.00 MiB is available; free some, or write it elsewhere"
        );
        assert!(must_fit("the copy", 16, Some(16), "").is_ok());
        assert!(
            must_fit("the copy", u64::MAX, None, "").is_ok(),
            "a file system that does not say is not a full one"
        );
    }

    #[test]
    fn long_runs_of_zeros_need_no_room_and_short_ones_do() {
        let mut need = Need::default();
        need.entry();
        (0..16).for_each(|_| need.data(&[0; 65536]));
        assert_eq!(need.total(), ENTRY);
        need.entry();
        need.data(&[0; 8192]);
        need.entry();
        need.data(&[0, 1, 0]);
        assert_eq!(need.total(), 3 * ENTRY + 8192 + 3);
    }
}
