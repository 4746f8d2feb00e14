//! Random tokens and random pauses.

/// The letters of a token: they are safe in every name.
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// 16 random letters and digits.
pub(super) fn token() -> String {
    let mut bytes = [0_u8; 16];
    fill(&mut bytes);
    let letter = |byte: &u8| LETTERS.get(usize::from(byte % 32)).copied().unwrap_or(b'a');
    bytes.iter().map(|byte| char::from(letter(byte))).collect()
}

/// A random number below `limit`; 0 when `limit` is 0.
pub(super) fn below(limit: u64) -> u64 {
    let mut bytes = [0_u8; 8];
    fill(&mut bytes);
    u64::from_le_bytes(bytes).checked_rem(limit).unwrap_or(0)
}

/// The system's secure source does not fail. If it did, names would repeat, and a name that is taken is never overwritten.
fn fill(bytes: &mut [u8]) {
    let _ = getrandom::fill(bytes);
}
