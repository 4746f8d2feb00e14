//! `base64_encode` and `base64_decode`.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as ENCODER};

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

pub const FILTERS: &[Builtin] =
    &[builtin("base64_encode", "value", encode), builtin("base64_decode", "value, encoding=", decode)];

/// Python ignores the bits that are too many.
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

fn encode(args: &mut Args, context: &Context) -> Result<Value> {
    let bytes = match args.value(0) {
        Value::Text(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        other => {
            let name = other.type_name();
            return Err(Error::type_error(format!("a bytes-like object is required, not '{name}'")));
        }
    };
    context.reserve(bytes.len().saturating_mul(4) / 3)?;
    Ok(Value::from(ENCODER.encode(bytes)))
}

fn decode(args: &mut Args, context: &Context) -> Result<Value> {
    let text = match args.value(0) {
        Value::Text(text) if text.is_ascii() => text.as_bytes(),
        Value::Text(_) => return Err(Error::value("string argument should contain only ASCII characters")),
        Value::Bytes(bytes) => bytes,
        other => {
            return Err(Error::type_error(format!(
                "argument should be a bytes-like object or ASCII string, not '{}'",
                other.type_name()
            )));
        }
    };
    context.reserve(text.len())?;
    let bytes = DECODER.decode(data(text)?).map_err(|error| Error::value(error.to_string()))?;
    match args.get(1) {
        Some(Value::None) => Ok(Value::Bytes(bytes.into())),
        Some(Value::Text(encoding)) => decoded(bytes, encoding),
        Some(other) => Err(Error::type_error(format!(
            "decode() argument 'encoding' must be str, not {}",
            other.type_name()
        ))),
        None => decoded(bytes, "utf-8"),
    }
}

/// The characters of the alphabet up to the padding. Python skips all others.
fn data(text: &[u8]) -> Result<Vec<u8>> {
    let (mut data, mut pads) = (Vec::with_capacity(text.len()), 0);
    for byte in text {
        match byte {
            b'=' => {
                pads += 1;
                let part = data.len() % 4;
                if part >= 2 && part + pads >= 4 {
                    return Ok(data);
                }
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                pads = 0;
                data.push(*byte);
            }
            _ => {}
        }
    }
    match data.len() % 4 {
        0 => Ok(data),
        1 => Err(Error::value(format!(
            "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
            data.len()
        ))),
        _ => Err(Error::value("Incorrect padding")),
    }
}

/// Python's `bytes.decode`, for the encodings that templates use.
fn decoded(bytes: Vec<u8>, encoding: &str) -> Result<Value> {
    let name = encoding.to_lowercase().replace('_', "-");
    let wrong = || Error::value(format!("'{name}' codec can't decode the bytes"));
    match name.as_str() {
        "utf-8" | "utf8" | "u8" => String::from_utf8(bytes).map(Value::from).map_err(|_| wrong()),
        "ascii" | "us-ascii" if bytes.is_ascii() => {
            String::from_utf8(bytes).map(Value::from).map_err(|_| wrong())
        }
        "ascii" | "us-ascii" => Err(wrong()),
        "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => {
            Ok(Value::from(bytes.into_iter().map(char::from).collect::<String>()))
        }
        _ => Err(Error::runtime(format!(
            "the encoding `{encoding}` is not supported; use utf-8, ascii, or latin-1, or none for bytes"
        ))),
    }
}
