//! Hashes of texts: `md5`, `sha1`, `sha256`, `sha512`.

use std::fmt::Write as _;

use sha2::Digest as _;

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

pub const GLOBALS: &[Builtin] = &[
    builtin("md5", "value", md5),
    builtin("sha1", "value", sha1),
    builtin("sha256", "value", sha256),
    builtin("sha512", "value", sha512),
];

pub const FILTERS: &[Builtin] = GLOBALS;

fn md5(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(hex(&md5::Md5::digest(text(args, context)?)))
}

fn sha1(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(hex(&sha1::Sha1::digest(text(args, context)?)))
}

fn sha256(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(hex(&sha2::Sha256::digest(text(args, context)?)))
}

fn sha512(args: &mut Args, context: &Context) -> Result<Value> {
    Ok(hex(&sha2::Sha512::digest(text(args, context)?)))
}

fn text<'a>(args: &'a Args, context: &Context) -> Result<&'a [u8]> {
    match args.value(0) {
        Value::Text(text) => {
            context.spend(text.len() as u64 / 64)?;
            Ok(text.as_bytes())
        }
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        other => Err(Error::new(
            ErrorKind::Attribute,
            format!("'{}' object has no attribute 'encode'", other.type_name()),
        )),
    }
}

fn hex(bytes: &[u8]) -> Value {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Value::from(text)
}
