//! The status codes of SFTP, and which error each means.

use crate::error::{Error, Kind};

/// A refusal of the server: its code and text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub code: u32,
    pub text: String,
}

pub const OK: u32 = 0;
pub const END: u32 = 1;

impl Status {
    pub fn is_missing(&self) -> bool {
        self.kind() == Kind::NotFound
    }

    /// Servers use codes of later versions of the protocol as well, and the code 4 for almost everything.
    pub fn kind(&self) -> Kind {
        let text = self.text.to_lowercase();
        let is_full = ["no space", "disk full", "disk is full", "quota", "not enough space", "enospc"];
        match self.code {
            14 | 15 => Kind::NoSpace,
            2 | 10 => Kind::NotFound,
            3 | 12 => Kind::Denied,
            8 => Kind::Unsupported,
            11 => Kind::Exists,
            _ if is_full.iter().any(|words| text.contains(words)) => Kind::NoSpace,
            5 | 9 | 20 => Kind::Invalid,
            _ => Kind::Interrupted,
        }
    }

    /// `what` is what was tried: `cannot open a.tar`.
    pub fn error(&self, what: impl std::fmt::Display) -> Error {
        let meaning = match self.kind() {
            Kind::NoSpace => "the server has no space left",
            Kind::NotFound => "it does not exist",
            Kind::Denied => "the server does not permit it to this user",
            Kind::Unsupported => "the server cannot do this",
            Kind::Exists => "it exists already",
            _ => "the server reports a failure",
        };
        let text: String = self.text.chars().filter(|c| !c.is_control()).take(200).collect();
        Error::new(self.kind(), format!("{what}: {meaning} (code {}, {text:?})", self.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_texts_decide_what_can_be_done() {
        let cases = [
            (2, "No such file", Kind::NotFound),
            (3, "Permission denied", Kind::Denied),
            (4, "Failure", Kind::Interrupted),
            (4, "write: No space left on device", Kind::NoSpace),
            (4, "Disk quota exceeded", Kind::NoSpace),
            (8, "", Kind::Unsupported),
            (11, "File exists", Kind::Exists),
            (14, "", Kind::NoSpace),
            (15, "", Kind::NoSpace),
            (4711, "?", Kind::Interrupted),
        ];
        for (code, text, kind) in cases {
            assert_eq!(Status { code, text: text.into() }.kind(), kind, "{code} {text}");
        }
    }
}
