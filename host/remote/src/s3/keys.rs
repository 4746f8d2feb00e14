//! The names of objects as keys of the bucket, and back: `PREFIX/NAME`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::error::{Error, Kind, Result};

/// The keys directly below a prefix.
pub struct Keys {
    /// Ends in `/`, or is empty.
    prefix: String,
}

impl Keys {
    /// Refuses a prefix that servers would understand differently.
    pub fn new(prefix: &str) -> Result<Self> {
        let prefix = prefix.trim_matches('/');
        let is_odd = |segment: &str| matches!(segment, "" | "." | "..");
        if !prefix.is_empty() && prefix.split('/').any(is_odd) {
            let message =
                format!("`prefix` is {prefix}; remove what is empty, `.` or `..` between its slashes");
            return Err(Error::new(Kind::Invalid, message));
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { prefix })
    }

    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The key of an object.
    pub fn key(&self, name: &str) -> Result<String> {
        match name {
            "" | "." | ".." => {}
            _ if name.contains('/') || name.len() > 255 => {}
            _ => return Ok(format!("{}{name}", self.prefix)),
        }
        let message = format!("{name:?} cannot be the name of an object; it must be one file name");
        Err(Error::new(Kind::Invalid, message))
    }

    /// The name of the object with that key. `None` if it is not directly below the prefix.
    pub fn name<'a>(&self, key: &'a str) -> Option<&'a str> {
        let name = key.strip_prefix(self.prefix.as_str())?;
        (!name.is_empty() && !name.contains('/')).then_some(name)
    }
}

/// A key of a listing. `encoding` is the `EncodingType` that the listing says it has.
pub fn decoded<'a>(key: &'a str, encoding: Option<&str>) -> Cow<'a, str> {
    match encoding {
        Some(encoding) if encoding.eq_ignore_ascii_case("url") => {
            let key = key.replace('+', " ");
            Cow::Owned(percent_decode_str(&key).decode_utf8_lossy().into_owned())
        }
        _ => Cow::Borrowed(key),
    }
}

/// An ETag without quotes, as everything here has it: servers write it in several ways.
pub fn tag(text: &str) -> String {
    let text = text.trim();
    text.strip_prefix("W/").unwrap_or(text).trim_matches('"').to_owned()
}
