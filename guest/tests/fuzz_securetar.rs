//! A short, deterministic run of the fuzz target's checks on the stable compiler: headers that are almost valid, and a valid part with
//! hundreds of changes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../../fuzz/securetar_check.rs"]
mod check;

const ROUNDS: usize = 600;

/// Xorshift: the same numbers each time.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

#[test]
fn parts_with_hundreds_of_changes_never_break_the_readers_guarantees() {
    let mut numbers = Numbers(0x9e37_79b9);
    check::check(b"");
    for round in 0..ROUNDS {
        let mut bytes: Vec<u8> = (0..numbers.next() % 400).map(|_| numbers.next() as u8).collect();
        if round % 3 == 0 {
            let version = [1, 2, 3, 3, 4][numbers.next() as usize % 5];
            let size = u64::from(numbers.next() >> (numbers.next() % 32));
            let header =
                [b"SecureTar".as_slice(), &[version], &[0; 6], &size.to_be_bytes(), &[0; 8]].concat();
            bytes.splice(0..0, header);
        }
        check::check(&bytes);
    }
}
