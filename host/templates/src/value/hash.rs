//! Python's hashes of numbers, which decide the order of sets.

use super::types::Value;

const MODULUS: u64 = (1 << 61) - 1;

/// Python's hash, if it is the same in every process: that of a number below 2⁶¹, or of none.
pub fn hash(value: &Value) -> Option<i64> {
    match value {
        Value::None => Some(0xfca8_6420),
        Value::Float(number) if number.is_nan() => None,
        Value::Float(number) => Some(hash_of_float(*number)),
        value => {
            // Larger ones could all have the same hash.
            let number = i64::try_from(value.as_int()?).ok()?;
            (number.unsigned_abs() < MODULUS).then(|| signed(number.abs(), number < 0))
        }
    }
}

/// Python's hash of a float.
pub fn hash_of_float(number: f64) -> i64 {
    if !number.is_finite() {
        return signed(314_159, number < 0.0);
    }
    let bits = number.abs().to_bits();
    let exponent = i64::try_from(bits >> 52).unwrap_or_default();
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, power) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | 1 << 52, exponent - 1075),
    };
    // A power of two rotates 61 bits.
    let by = u32::try_from(power.rem_euclid(61)).unwrap_or_default();
    let rest = (u128::from(mantissa) << by) % u128::from(MODULUS);
    signed(i64::try_from(rest).unwrap_or_default(), number < 0.0)
}

/// No hash is -1.
fn signed(hash: i64, is_negative: bool) -> i64 {
    match (is_negative, hash) {
        (true, 1) => -2,
        (true, hash) => -hash,
        (false, hash) => hash,
    }
}
