//! `pack`, `unpack`, and `from_hex`: values as bytes, by the formats of Python's `struct`.

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

const PACK: Builtin = builtin("pack", "value, format_string", pack);
const UNPACK: Builtin = builtin("unpack", "value, format_string, offset=", unpack);

pub const GLOBALS: &[Builtin] = &[PACK, UNPACK];

pub const FILTERS: &[Builtin] = &[PACK, UNPACK, builtin("from_hex", "value", from_hex)];

/// What a format describes.
struct Layout {
    big: bool,
    /// The first value: its code, its place, and its size.
    first: Option<(char, usize, usize)>,
    /// How many values there are.
    values: usize,
    size: usize,
}

/// Reads a format. `None` if Python refuses it.
fn layout(format: &str) -> Option<Layout> {
    let (native, big, rest) = match format.chars().next() {
        Some('@') => (true, false, format.get(1..)?),
        Some('=' | '<') => (false, false, format.get(1..)?),
        Some('>' | '!') => (false, true, format.get(1..)?),
        _ => (true, false, format),
    };
    let mut layout = Layout { big, first: None, values: 0, size: 0 };
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        if matches!(c, ' ' | '\t'..='\r') {
            continue;
        }
        let (mut code, mut count) = (c, 1_usize);
        if c.is_ascii_digit() {
            let mut digits = String::from(c);
            digits.extend(std::iter::from_fn(|| chars.next_if(char::is_ascii_digit)));
            count = digits.parse().ok()?;
            code = chars.next()?;
        }
        let size = match (code, native) {
            ('x' | 'c' | 'b' | 'B' | '?' | 's' | 'p', _) => 1,
            ('h' | 'H' | 'e', _) => 2,
            ('i' | 'I' | 'f', _) | ('l' | 'L', false) => 4,
            ('q' | 'Q' | 'd', _) | ('l' | 'L' | 'n' | 'N' | 'P', true) => 8,
            _ => return None,
        };
        if native {
            layout.size = layout.size.checked_next_multiple_of(size)?;
        }
        let whole = size.checked_mul(count)?;
        let values = match code {
            'x' => 0,
            's' | 'p' => 1,
            _ => count,
        };
        if values > 0 && layout.first.is_none() {
            layout.first = Some((code, layout.size, if matches!(code, 's' | 'p') { whole } else { size }));
        }
        layout.values = layout.values.checked_add(values)?;
        layout.size = layout.size.checked_add(whole)?;
    }
    Some(layout)
}

fn format(args: &Args) -> Result<String> {
    match args.value(1) {
        Value::Text(format) => Ok(format.to_string()),
        Value::Bytes(format) => Ok(format.iter().copied().map(char::from).collect()),
        other => {
            let name = other.type_name();
            Err(Error::type_error(format!("Struct() argument 1 must be a str or bytes object, not {name}")))
        }
    }
}

fn pack(args: &mut Args, context: &Context) -> Result<Value> {
    let Some(layout) = layout(&format(args)?) else { return Ok(Value::None) };
    let Some((code, place, size)) = layout.first.filter(|_| layout.values == 1) else {
        return Ok(Value::None);
    };
    context.reserve(layout.size)?;
    let Some(mut packed) = packed(args.value(0), code, size)? else { return Ok(Value::None) };
    if layout.big && !matches!(code, 's' | 'p') {
        packed.reverse();
    }
    let mut bytes = vec![0; layout.size];
    bytes.iter_mut().skip(place).zip(packed).for_each(|(to, byte)| *to = byte);
    Ok(Value::Bytes(bytes.into()))
}

/// The bytes of a value, the lowest first. `None` if Python cannot pack it.
fn packed(value: &Value, code: char, size: usize) -> Result<Option<Vec<u8>>> {
    let float = |most: f64| match value.as_float() {
        Some(number) if number.is_finite() && number.abs() >= most => {
            Err(Error::overflow(format!("float too large to pack with {code} format")))
        }
        number => Ok(number),
    };
    Ok(match code {
        '?' => Some(vec![u8::from(value.is_true())]),
        'c' | 's' | 'p' => match value {
            Value::Bytes(bytes) if code == 's' => Some(bytes.iter().copied().take(size).collect()),
            Value::Bytes(bytes) if code == 'p' => {
                let kept = bytes.len().min(size.saturating_sub(1)).min(255);
                let length = u8::try_from(kept).ok().filter(|_| size > 0);
                Some(length.into_iter().chain(bytes.iter().copied().take(kept)).collect())
            }
            Value::Bytes(bytes) if bytes.len() == 1 => Some(bytes.to_vec()),
            _ => None,
        },
        #[allow(clippy::cast_possible_truncation, reason = "Python rounds too")]
        'f' => float(340_282_356_779_733_661_637_539_395_458_142_568_448.0)?
            .map(|number| (number as f32).to_le_bytes().to_vec()),
        'd' => value.as_float().map(|number| number.to_le_bytes().to_vec()),
        'e' => float(65520.0)?.map(|number| half(number).to_le_bytes().to_vec()),
        code => {
            let Some(number) = value.as_int() else { return Ok(None) };
            let bits = u32::try_from(size * 8).unwrap_or(64);
            let is_signed = code.is_ascii_lowercase();
            let (low, high) = match is_signed {
                true => (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1),
                false if code == 'P' => (-(1_i128 << 63), (1_i128 << 64) - 1),
                false => (0, (1_i128 << bits) - 1),
            };
            let fits = number >= low && number <= high;
            fits.then(|| number.to_le_bytes().into_iter().take(size).collect())
        }
    })
}

/// A float of 16 bits, ties to even.
fn half(number: f64) -> u16 {
    let sign = if number.is_sign_negative() { 0x8000 } else { 0 };
    if number.is_nan() {
        return sign | 0x7e00;
    }
    if number.is_infinite() {
        return sign | 0x7c00;
    }
    let power = i32::try_from((number.abs().to_bits() >> 52) & 0x7ff).unwrap_or(0) - 1023;
    let power = power.max(-14);
    let mantissa = (number.abs() / 2_f64.powi(power) * 1024.0).round_ties_even();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 2048")]
    let mantissa = mantissa as u16;
    sign | (u16::try_from(power + 14).unwrap_or(0) << 10).saturating_add(mantissa)
}

fn unpack(args: &mut Args, context: &Context) -> Result<Value> {
    let format = format(args)?;
    let Value::Bytes(bytes) = args.value(0) else {
        let name = args.value(0).type_name();
        return Err(Error::type_error(format!("a bytes-like object is required, not '{name}'")));
    };
    context.spend(format.len() as u64 / 32)?;
    let offset = args.int(2)?.unwrap_or(0);
    let Some(layout) = layout(&format) else { return Ok(Value::None) };
    let length = i128::try_from(bytes.len()).unwrap_or(i128::MAX);
    let start = if offset < 0 { offset.saturating_add(length) } else { offset };
    let part = usize::try_from(start).ok().and_then(|start| {
        let end = start.checked_add(layout.size)?;
        bytes.get(start..end)
    });
    let Some(part) = part else { return Ok(Value::None) };
    let Some((code, place, size)) = layout.first else {
        return Err(Error::new(ErrorKind::Index, "tuple index out of range"));
    };
    let mut value = part.get(place..place.saturating_add(size)).unwrap_or_default().to_vec();
    if layout.big && !matches!(code, 's' | 'p') {
        value.reverse();
    }
    Ok(unpacked(&value, code))
}

/// The value of bytes, the lowest first.
fn unpacked(bytes: &[u8], code: char) -> Value {
    let number = bytes.iter().rev().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    match code {
        '?' => Value::Bool(number != 0),
        'c' | 's' => Value::Bytes(bytes.into()),
        'p' => {
            let (length, text) = bytes.split_first().unwrap_or((&0, &[]));
            Value::Bytes(text.iter().copied().take(usize::from(*length)).collect())
        }
        'f' => Value::Float(f64::from(f32::from_bits(u32::try_from(number).unwrap_or(0)))),
        'd' => Value::Float(f64::from_bits(number)),
        'e' => Value::Float(whole(u16::try_from(number).unwrap_or(0))),
        code if code.is_ascii_lowercase() => {
            let unused = 64 - u32::try_from(bytes.len() * 8).unwrap_or(64);
            Value::from((number << unused).cast_signed() >> unused)
        }
        _ => Value::Int(i128::from(number)),
    }
}

/// The value of a float of 16 bits.
fn whole(half: u16) -> f64 {
    let (power, mantissa) = (i32::from((half >> 10) & 0x1f), f64::from(half & 0x3ff));
    let number = match power {
        0 => mantissa * 2_f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        power => (1024.0 + mantissa) * 2_f64.powi(power - 25),
    };
    if half & 0x8000 == 0 { number } else { -number }
}

fn from_hex(args: &mut Args, context: &Context) -> Result<Value> {
    let text: Vec<u8> = match args.value(0) {
        Value::Text(text) => text.as_bytes().to_vec(),
        Value::Bytes(bytes) => bytes.to_vec(),
        other => {
            let name = other.type_name();
            let message = format!("fromhex() argument must be str or bytes-like, not {name}");
            return Err(Error::type_error(message));
        }
    };
    context.reserve(text.len())?;
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (mut bytes, mut high) = (Vec::with_capacity(text.len() / 2), None);
    for (at, byte) in text.iter().enumerate() {
        let wrong =
            || Error::value(format!("non-hexadecimal number found in fromhex() arg at position {at}"));
        match (high, digit(*byte)) {
            (Some(first), Some(second)) => {
                bytes.push(first * 16 + second);
                high = None;
            }
            (None, Some(first)) => high = Some(first),
            (None, None) if matches!(byte, b' ' | b'\t'..=b'\r') => {}
            _ => return Err(wrong()),
        }
    }
    match high {
        None => Ok(Value::Bytes(bytes.into())),
        Some(_) => Err(Error::value("fromhex() arg must contain an even number of hexadecimal digits")),
    }
}
