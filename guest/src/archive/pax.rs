//! PAX extended headers: `length key=value` records.
//!
//! Owns the syntax of the records. `extension` and `header_fields` own the meaning of the keys. Values are bytes: a file name may
//! contain line breaks and need not be UTF-8, so the tar crate's line-based reader is not used.

/// Appends one record.
pub(super) fn push(records: &mut Vec<u8>, key: &str, value: &[u8]) {
    // The length includes its own digits, so it is the smallest number that is consistent with itself.
    let rest = key.len() + value.len() + 3;
    let mut length = rest;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    records.extend_from_slice(format!("{length} {key}=").as_bytes());
    records.extend_from_slice(value);
    records.push(b'\n');
}

/// Splits the content of an extended header into keys and values, in order. `None` when it is malformed.
pub(super) fn parse(mut records: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut found = Vec::new();
    // Some writers pad the content with zeros.
    while !records.is_empty() && records.iter().any(|byte| *byte != 0) {
        let (key, value, rest) = record(records)?;
        found.push((key, value));
        records = rest;
    }
    Some(found)
}

fn record(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = records.iter().take(20).position(|byte| *byte == b' ')?;
    let digits = std::str::from_utf8(records.get(..space)?).ok()?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length: usize = digits.parse().ok()?;
    let body = records.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|byte| *byte == b'=').filter(|at| *at > 0)?;
    Some((body.get(..equals)?, body.get(equals + 1..)?, records.get(length..)?))
}
