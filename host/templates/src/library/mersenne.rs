//! Python's `random.Random` with a seed: the Mersenne Twister MT19937.

use sha2::{Digest, Sha512};

use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;
use crate::value::hash_of_float;

const SIZE: usize = 624;
const MIDDLE: usize = 397;

pub struct Mersenne {
    state: Vec<u32>,
    at: usize,
}

impl Mersenne {
    /// From a number or a text. Other seeds are an error.
    pub fn seeded(seed: &Value, context: &Context) -> Result<Self> {
        let bytes = match seed {
            Value::Bool(_) | Value::Int(_) => {
                let number = seed.as_int().unwrap_or_default().unsigned_abs();
                number.to_be_bytes().to_vec()
            }
            Value::Float(number) => hash_of_float(*number).cast_unsigned().to_be_bytes().to_vec(),
            Value::Text(text) => with_digest(text.as_bytes(), context)?,
            Value::Bytes(bytes) => with_digest(bytes, context)?,
            _ => {
                return Err(Error::type_error(
                    "The only supported seed types are:\nNone, int, float, str, bytes, and bytearray.",
                ));
            }
        };
        let words =
            bytes.rchunks(4).map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)));
        let mut key: Vec<u32> = words.collect();
        while key.len() > 1 && key.last() == Some(&0) {
            key.pop();
        }
        Ok(Self::by_key(&key))
    }

    /// `init_by_array` of the reference implementation.
    fn by_key(key: &[u32]) -> Self {
        let mut state: Vec<u32> = Vec::with_capacity(SIZE);
        let mut last = 19_650_218_u32;
        state.push(last);
        for at in 1..SIZE as u32 {
            last = 1_812_433_253_u32.wrapping_mul(last ^ last >> 30).wrapping_add(at);
            state.push(last);
        }
        let mut mersenne = Self { state, at: SIZE };
        let (mut at, mut word) = (1, 0);
        for _ in 0..SIZE.max(key.len()) {
            let mixed = mersenne.mix(at, 1_664_525);
            #[allow(clippy::cast_possible_truncation, reason = "the key is as short as a text may be")]
            let added = key.get(word).copied().unwrap_or_default().wrapping_add(word as u32);
            mersenne.set(at, mixed.wrapping_add(added));
            at = mersenne.next_place(at);
            word = (word + 1) % key.len().max(1);
        }
        for _ in 0..SIZE - 1 {
            let mixed = mersenne.mix(at, 1_566_083_941);
            #[allow(clippy::cast_possible_truncation, reason = "below 624")]
            mersenne.set(at, mixed.wrapping_sub(at as u32));
            at = mersenne.next_place(at);
        }
        mersenne.set(0, 0x8000_0000);
        mersenne
    }

    fn word(&self, at: usize) -> u32 {
        self.state.get(at % SIZE).copied().unwrap_or_default()
    }

    fn set(&mut self, at: usize, word: u32) {
        if let Some(place) = self.state.get_mut(at) {
            *place = word;
        }
    }

    fn mix(&self, at: usize, factor: u32) -> u32 {
        let before = self.word(at + SIZE - 1);
        self.word(at) ^ (before ^ before >> 30).wrapping_mul(factor)
    }

    fn next_place(&mut self, at: usize) -> usize {
        if at + 1 < SIZE {
            return at + 1;
        }
        let last = self.word(SIZE - 1);
        self.set(0, last);
        1
    }

    fn next(&mut self) -> u32 {
        if self.at >= SIZE {
            for at in 0..SIZE {
                let joined = self.word(at) & 0x8000_0000 | self.word(at + 1) & 0x7fff_ffff;
                let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
                let word = self.word(at + MIDDLE) ^ joined >> 1 ^ odd;
                self.set(at, word);
            }
            self.at = 0;
        }
        let mut word = self.word(self.at);
        self.at += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    /// A number from 0 to below `limit`, which has at most 32 bits.
    pub fn below(&mut self, limit: usize) -> usize {
        let bits = (usize::BITS - limit.leading_zeros()).clamp(1, 32);
        loop {
            let number = (self.next() >> (32 - bits)) as usize;
            if number < limit {
                return number;
            }
        }
    }
}

/// A text or bytes as a seed: themselves and their digest.
fn with_digest(bytes: &[u8], context: &Context) -> Result<Vec<u8>> {
    context.reserve(bytes.len() + 64)?;
    context.spend(bytes.len() as u64 / 4)?;
    Ok([bytes, &Sha512::digest(bytes)].concat())
}
