//! Computing, memory, and answers.

use std::hint::black_box;

use crate::component::{Answer, Deed, GOOD, failure};

pub const DEEDS: &[(&str, Deed)] = &[
    ("good", || Ok(GOOD.into())),
    ("loop", || {
        loop {
            black_box(0);
        }
    }),
    ("memory", memory),
    ("trap", || core::arch::wasm32::unreachable()),
    ("panic", || panic!("the pantry is empty\u{1b}[2J")),
    ("overflow", || Ok(overflow(0).to_string())),
    ("deepen", || Ok(deepen(0).to_string())),
    ("garbage", || Ok("this is not JSON".into())),
    ("huge", || Ok(format!("\"{}\"", "x".repeat(40 << 20)))),
    ("deep", || Ok(format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)))),
    ("complain", || Err(failure("refused", format!("\u{1b}[2J{}", "x".repeat(8 << 20))))),
];

fn memory() -> Answer {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Its frames are in the instance's memory and reach below its start.
#[allow(unconditional_recursion)]
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    overflow(depth + 1) + frame[7]
}

/// Its frames are on the host's stack.
fn deepen(depth: u64) -> u64 {
    let next: fn(u64) -> u64 = black_box(deepen);
    next(depth + 1).rotate_left(1) ^ depth
}
