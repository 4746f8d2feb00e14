//! The source of randomness that callers supply.

/// Supplies salts and nonces. Production code uses the system's secure source, tests a fixed sequence.
pub trait Random {
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Random for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}

/// Random bytes as an array.
pub(super) fn draw<const N: usize>(random: &mut dyn Random) -> [u8; N] {
    let mut bytes = [0; N];
    random.fill(&mut bytes);
    bytes
}
