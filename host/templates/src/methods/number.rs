//! The methods and attributes of numbers.

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::value::Value;

/// Those of an integer and of a boolean.
pub const INT: &[Builtin] = &[
    builtin("as_integer_ratio", "self, /", |args, _| Ok(ratio(int(args), 1))),
    builtin("bit_count", "self, /", |args, _| Ok(Value::from(int(args).unsigned_abs().count_ones()))),
    builtin("bit_length", "self, /", |args, _| {
        Ok(Value::from(128 - int(args).unsigned_abs().leading_zeros()))
    }),
    builtin("conjugate", "self, /", |args, _| Ok(Value::Int(int(args)))),
    builtin("from_bytes", "self, bytes, byteorder=, *, signed=", from_bytes),
    builtin("is_integer", "self, /", |_, _| Ok(Value::Bool(true))),
    builtin("to_bytes", "self, /, length=, byteorder=, *, signed=", to_bytes),
];

/// Those of a float.
pub const FLOAT: &[Builtin] = &[
    builtin("as_integer_ratio", "self, /", float_ratio),
    builtin("conjugate", "self, /", |args, _| Ok(Value::Float(float(args)))),
    builtin("hex", "self, /", |args, _| Ok(Value::from(hex(float(args))))),
    builtin("is_integer", "self, /", |args, _| Ok(Value::Bool(float(args).fract() == 0.0))),
];

/// `number.real` and its like. `None` if there is no such attribute.
pub fn attribute(value: &Value, name: &str) -> Option<Value> {
    match (value, name) {
        (Value::Float(_), "real") => Some(value.clone()),
        (Value::Float(_), "imag") => Some(Value::Float(0.0)),
        (Value::Bool(_) | Value::Int(_), "real" | "numerator") => value.as_int().map(Value::Int),
        (Value::Bool(_) | Value::Int(_), "imag") => Some(Value::Int(0)),
        (Value::Bool(_) | Value::Int(_), "denominator") => Some(Value::Int(1)),
        _ => None,
    }
}

fn int(args: &Args) -> i128 {
    args.value(0).as_int().unwrap_or(0)
}

fn float(args: &Args) -> f64 {
    args.value(0).as_float().unwrap_or(f64::NAN)
}

fn ratio(numerator: i128, denominator: i128) -> Value {
    Value::tuple(vec![Value::Int(numerator), Value::Int(denominator)])
}

/// A float as `mantissa * 2 ** exponent`; the sign apart.
fn parts(number: f64) -> (u64, i32) {
    let bits = number.to_bits();
    let mantissa = bits & ((1 << 52) - 1);
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0);
    match exponent {
        0 => (mantissa, -1074),
        _ => (mantissa | 1 << 52, exponent - 1075),
    }
}

fn float_ratio(args: &mut Args, _: &Context) -> Result<Value> {
    let number = float(args);
    if number.is_nan() {
        return Err(Error::value("cannot convert NaN to integer ratio"));
    }
    if number.is_infinite() {
        return Err(Error::overflow("cannot convert Infinity to integer ratio"));
    }
    let (mantissa, exponent) = parts(number);
    if mantissa == 0 {
        return Ok(ratio(0, 1));
    }
    let zeros = mantissa.trailing_zeros();
    let odd = i128::from(mantissa >> zeros);
    let exponent = i64::from(exponent) + i64::from(zeros);
    let power = u32::try_from(exponent.unsigned_abs()).ok().filter(|power| *power < 126);
    let power = power.and_then(|power| 1_i128.checked_shl(power));
    let found = match exponent >= 0 {
        true => power.and_then(|power| odd.checked_mul(power)).map(|numerator| (numerator, 1)),
        false => power.map(|power| (odd, power)),
    };
    let (numerator, denominator) = found.ok_or_else(|| Error::overflow("the integer is too large"))?;
    Ok(ratio(if number < 0.0 { -numerator } else { numerator }, denominator))
}

/// `0x1.8000000000000p+0`.
fn hex(number: f64) -> String {
    if !number.is_finite() {
        return crate::format::float::repr(number);
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    if number == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let (mantissa, exponent) = parts(number);
    let (whole, fraction) = (mantissa >> 52, mantissa & ((1 << 52) - 1));
    format!("{sign}0x{whole}.{fraction:013x}p{:+}", exponent + 52)
}

/// Whether bytes are in the order of the parameter: the big end first.
fn is_big(args: &Args, at: usize, what: &str) -> Result<bool> {
    match args.get(at).map(|order| order.as_str()) {
        None | Some(Some("big")) => Ok(true),
        Some(Some("little")) => Ok(false),
        Some(Some(_)) => Err(Error::value("byteorder must be either 'little' or 'big'")),
        Some(None) => {
            let name = args.value(at).type_name();
            Err(Error::type_error(format!("{what}() argument 'byteorder' must be str, not {name}")))
        }
    }
}

fn to_bytes(args: &mut Args, context: &Context) -> Result<Value> {
    let number = int(args);
    let length = args.int(1)?.unwrap_or(1);
    let big = is_big(args, 2, "to_bytes")?;
    let signed = args.flag(3, false);
    let length = usize::try_from(length).map_err(|_| Error::value("length argument must be non-negative"))?;
    if number < 0 && !signed {
        return Err(Error::overflow("can't convert negative int to unsigned"));
    }
    context.reserve(length)?;
    let filling = if number < 0 { 0xff } else { 0 };
    let mut bytes: Vec<u8> = number.to_le_bytes().into_iter().collect();
    let lost = bytes.split_off(length.min(bytes.len()));
    let sign_fits =
        !signed || length == 0 || bytes.last().is_none_or(|last| (last & 0x80 != 0) == (number < 0));
    if lost.iter().any(|byte| *byte != filling) || !sign_fits || (length == 0 && number != 0) {
        return Err(Error::overflow("int too big to convert"));
    }
    bytes.resize(length, filling);
    if big {
        bytes.reverse();
    }
    Ok(Value::Bytes(bytes.into()))
}

fn from_bytes(args: &mut Args, context: &Context) -> Result<Value> {
    let mut bytes: Vec<u8> = match args.value(1) {
        Value::Bytes(bytes) => bytes.to_vec(),
        Value::Text(_) => return Err(Error::type_error("cannot convert 'str' object to bytes")),
        other => {
            let byte = |value: Value| value.as_int().and_then(|number| u8::try_from(number).ok());
            let bytes = context.items(other)?.into_iter().map(byte).collect::<Option<Vec<_>>>();
            bytes.ok_or_else(|| Error::value("bytes must be in range(0, 256)"))?
        }
    };
    if is_big(args, 2, "from_bytes")? {
        bytes.reverse();
    }
    let negative = args.flag(3, false) && bytes.last().is_some_and(|last| last & 0x80 != 0);
    let filling = if negative { 0xff } else { 0 };
    let mut whole = [filling; 16];
    let too_large = || Error::overflow("the integer is too large");
    for (at, byte) in bytes.into_iter().enumerate() {
        match whole.get_mut(at) {
            Some(place) => *place = byte,
            None if byte == filling => {}
            None => return Err(too_large()),
        }
    }
    let number = i128::from_le_bytes(whole);
    if (number < 0) != negative {
        return Err(too_large());
    }
    Ok(match args.value(0) {
        Value::Bool(_) => Value::Bool(number != 0),
        _ => Value::Int(number),
    })
}
