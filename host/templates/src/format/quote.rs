//! Python's quoted texts: which characters are escaped, and how.

use super::characters::{all_printable, is_printable};

/// A text in quotes: single ones, unless it contains only single ones.
pub fn quoted(text: &str, to: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    to.push(quote);
    if all_printable(text) && !text.contains([quote, '\\']) {
        to.push_str(text);
    } else {
        for c in text.chars() {
            match c {
                '\n' => to.push_str("\\n"),
                '\r' => to.push_str("\\r"),
                '\t' => to.push_str("\\t"),
                c if c == quote || c == '\\' => to.extend(['\\', c]),
                c if is_printable(c) => to.push(c),
                c => escaped(c, to),
            }
        }
    }
    to.push(quote);
}

/// `\x07`, `\u200b`, `\U0001f600`.
pub fn escaped(c: char, to: &mut String) {
    let number = u32::from(c);
    to.push_str(&match number {
        0..=0xff => format!("\\x{number:02x}"),
        0x100..=0xffff => format!("\\u{number:04x}"),
        _ => format!("\\U{number:08x}"),
    });
}

/// Bytes in quotes: `b'\x00a'`.
pub fn quoted_bytes(bytes: &[u8], to: &mut String) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    to.push('b');
    to.push(char::from(quote));
    for byte in bytes {
        match byte {
            b'\n' => to.push_str("\\n"),
            b'\r' => to.push_str("\\r"),
            b'\t' => to.push_str("\\t"),
            byte if *byte == quote || *byte == b'\\' => to.extend(['\\', char::from(*byte)]),
            0x20..=0x7e => to.push(char::from(*byte)),
            byte => escaped(char::from(*byte), to),
        }
    }
    to.push(char::from(quote));
}
