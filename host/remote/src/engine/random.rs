//! Random numbers for tokens, jitter and samples.

use crate::error::{Error, Kind, Result};

/// 16 letters and digits. An error if the machine has no random numbers: a token must be unique.
pub fn token() -> Result<String> {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Kind::Invalid, format!("the machine gives no random numbers: {error}"))
    })?;
    Ok(bytes
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|byte| char::from(*byte))
        .collect())
}

/// Below `limit`; 0 if that is 0. Zero where the machine has no random numbers: nothing here depends on them.
pub fn below(limit: u64) -> u64 {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes).checked_rem(limit).unwrap_or(0)
}
