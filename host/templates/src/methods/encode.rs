//! From texts to bytes and back.

use super::receiver::read;
use crate::call::Args;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

/// The encodings that are here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    /// Two bytes for a character; whether the big end is first, and whether a mark says so.
    Utf16 {
        big: bool,
        mark: bool,
    },
}

fn encoding(args: &Args, method: &str) -> Result<Encoding> {
    let name = option(args, 1, method, "encoding")?.unwrap_or("utf-8");
    let plain: String = name.to_ascii_lowercase().replace(['_', ' '], "-");
    Ok(match plain.as_str() {
        "utf-8" | "utf8" | "u8" | "utf" => Encoding::Utf8,
        "ascii" | "us-ascii" | "646" => Encoding::Ascii,
        "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" => {
            Encoding::Latin1
        }
        "utf-16" | "utf16" | "u16" => Encoding::Utf16 { big: false, mark: true },
        "utf-16-le" | "utf-16le" => Encoding::Utf16 { big: false, mark: false },
        "utf-16-be" | "utf-16be" => Encoding::Utf16 { big: true, mark: false },
        _ => return Err(Error::runtime(format!("unknown encoding: {name}"))),
    })
}

/// What happens to characters that cannot be encoded, and to bytes that cannot be decoded.
fn errors<'a>(args: &'a Args, method: &str) -> Result<&'a str> {
    Ok(option(args, 2, method, "errors")?.unwrap_or("strict"))
}

fn option<'a>(args: &'a Args, at: usize, method: &str, name: &str) -> Result<Option<&'a str>> {
    let Some(value) = args.get(at) else { return Ok(None) };
    let kind = value.type_name();
    let wrong = || Error::type_error(format!("{method}() argument '{name}' must be str, not {kind}"));
    value.as_str().map(Some).ok_or_else(wrong)
}

fn unknown_handler(name: &str) -> Error {
    Error::new(ErrorKind::Runtime, format!("unknown error handler name '{name}'"))
}

pub fn encode(args: &mut Args, context: &Context) -> Result<Value> {
    let text = read(args, context)?;
    let encoding = encoding(args, "encode")?;
    let errors = errors(args, "encode")?;
    context.reserve(text.len().saturating_mul(4))?;
    let (limit, name) = match encoding {
        Encoding::Utf8 => return Ok(Value::Bytes(text.as_bytes().into())),
        Encoding::Utf16 { big, mark } => {
            let mut bytes = if mark { vec![0xff, 0xfe] } else { Vec::new() };
            for unit in text.encode_utf16() {
                bytes.extend(if big { unit.to_be_bytes() } else { unit.to_le_bytes() });
            }
            return Ok(Value::Bytes(bytes.into()));
        }
        Encoding::Ascii => (0x7f, "ascii"),
        Encoding::Latin1 => (0xff, "latin-1"),
    };
    let mut bytes = Vec::new();
    for (at, c) in text.chars().enumerate() {
        let number = u32::from(c);
        match u8::try_from(number) {
            Ok(byte) if number <= limit => bytes.push(byte),
            _ => match errors {
                "ignore" => {}
                "replace" => bytes.push(b'?'),
                "xmlcharrefreplace" => bytes.extend(format!("&#{number};").bytes()),
                "backslashreplace" => bytes.extend(escaped(number).bytes()),
                "strict" => {
                    let range = limit + 1;
                    let run = text.chars().skip(at).take_while(|c| u32::from(*c) > limit).count();
                    let place = match run {
                        0 | 1 => format!("character '{}' in position {at}", escaped(number)),
                        run => format!("characters in position {at}-{}", at + run - 1),
                    };
                    let what = format!("'{name}' codec can't encode {place}: ordinal not in range({range})");
                    return Err(Error::value(what));
                }
                other => return Err(unknown_handler(other)),
            },
        }
    }
    context.reserve(bytes.len())?;
    Ok(Value::Bytes(bytes.into()))
}

fn escaped(number: u32) -> String {
    match number {
        0..=0xff => format!("\\x{number:02x}"),
        0x100..=0xffff => format!("\\u{number:04x}"),
        _ => format!("\\U{number:08x}"),
    }
}

pub fn decode(args: &mut Args, context: &Context) -> Result<Value> {
    let Value::Bytes(bytes) = args.value(0) else { return Ok(Value::None) };
    let errors = errors(args, "decode")?;
    let encoding = match encoding(args, "decode") {
        // Python looks the encoding up only if there is something to decode.
        Err(error) if bytes.is_empty() && error.kind == ErrorKind::Runtime => Encoding::Utf8,
        encoding => encoding?,
    };
    context.reserve(bytes.len().saturating_mul(4))?;
    Ok(Value::from(match encoding {
        Encoding::Utf8 => utf8(bytes, errors)?,
        Encoding::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
        Encoding::Ascii => {
            let mut text = String::new();
            for (at, byte) in bytes.iter().enumerate() {
                match byte.is_ascii() {
                    true => text.push(char::from(*byte)),
                    false => {
                        let place = format!("byte 0x{byte:02x} in position {at}");
                        let what = format!("'ascii' codec can't decode {place}: ordinal not in range(128)");
                        replace(&[*byte], errors, &what, &mut text)?;
                    }
                }
            }
            text
        }
        Encoding::Utf16 { big, mark } => utf16(bytes, big, mark, errors)?,
    }))
}

/// What stands for bytes that are no text.
fn replace(bytes: &[u8], errors: &str, what: &str, to: &mut String) -> Result<()> {
    match errors {
        "ignore" => {}
        "replace" => to.push('\u{fffd}'),
        "backslashreplace" => bytes.iter().for_each(|byte| to.push_str(&escaped(u32::from(*byte)))),
        "strict" => return Err(Error::value(what)),
        other => return Err(unknown_handler(other)),
    }
    Ok(())
}

fn utf8(bytes: &[u8], errors: &str) -> Result<String> {
    let mut text = String::new();
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        at += chunk.valid().len();
        let invalid = chunk.invalid();
        let Some(first) = invalid.first() else { continue };
        let reason = match bytes.len() {
            length if at + invalid.len() == length && (0xc2..=0xf4).contains(first) => {
                "unexpected end of data"
            }
            _ if (0xc2..=0xf4).contains(first) => "invalid continuation byte",
            _ => "invalid start byte",
        };
        let place = match invalid.len() {
            1 => format!("byte 0x{first:02x} in position {at}"),
            length => format!("bytes in position {at}-{}", at + length - 1),
        };
        replace(invalid, errors, &format!("'utf-8' codec can't decode {place}: {reason}"), &mut text)?;
        at += invalid.len();
    }
    Ok(text)
}

fn utf16(bytes: &[u8], big: bool, mark: bool, errors: &str) -> Result<String> {
    let (big, bytes) = match bytes {
        [0xff, 0xfe, rest @ ..] if mark => (false, rest),
        [0xfe, 0xff, rest @ ..] if mark => (true, rest),
        _ => (big, bytes),
    };
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units =
        pairs.iter().map(|pair| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) });
    let mut text = String::new();
    for decoded in char::decode_utf16(units) {
        match decoded {
            Ok(c) => text.push(c),
            Err(error) => {
                let unit = error.unpaired_surrogate();
                let unit = if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
                replace(&unit, errors, "'utf-16' codec can't decode bytes: illegal encoding", &mut text)?;
            }
        }
    }
    if !rest.is_empty() {
        replace(rest, errors, "'utf-16' codec can't decode bytes: truncated data", &mut text)?;
    }
    Ok(text)
}
