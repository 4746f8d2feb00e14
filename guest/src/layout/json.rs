//! JSON as Home Assistant's agents write it, with Python's `json` or with orjson; and reading it.

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// As `json.dumps`: a space after `,` and `:`, and ASCII only.
pub(super) fn python(value: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::new();
    // It cannot fail: the keys are strings, and the writer is memory.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut text, Python));
    text
}

/// As orjson: no spaces, UTF-8.
pub(super) fn compact(value: &impl Serialize) -> Vec<u8> {
    // It cannot fail, as above.
    serde_json::to_vec(value).unwrap_or_default()
}

/// Reads a document. The error says what is wrong with it.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
    // Python skips a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| format!("it is not JSON ({error})"))
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for c in fragment.chars() {
            if matches!(c, ' '..='~') {
                write!(writer, "{c}")?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}
