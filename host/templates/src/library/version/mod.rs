//! `version`: versions that can be compared, as AwesomeVersion does.

mod compare;
mod object;
mod parsed;
mod strategy;

use parsed::Version;

use crate::call::{Args, Builtin, builtin};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::display;
use crate::value::Value;

pub const GLOBALS: &[Builtin] = &[builtin("version", "value", version)];

pub const FILTERS: &[Builtin] = GLOBALS;

/// The longest version, in bytes.
const MAX_LENGTH: usize = 256;

fn version(args: &mut Args, context: &Context) -> Result<Value> {
    let text = display(args.value(0));
    context.spend(text.len() as u64 / 8 + 10)?;
    match text.len() > MAX_LENGTH {
        true => Err(Error::limit(format!("a version is longer than {MAX_LENGTH} bytes"))),
        false => Ok(Value::object(Version::new(&text))),
    }
}
