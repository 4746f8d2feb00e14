//! Reads passwords and keys: from the table itself, from a file, or from an environment variable.
//!
//! No message repeats what was written, because a password may have been put into the wrong key.

use std::path::{Path, PathBuf};

use super::keys::as_text;
use crate::automation::files::Source;
use crate::automation::parse::keys::Keys;
use crate::automation::yaml::{Node, Parsed};
use crate::tunables::configuration::{MAX_CREDENTIAL, MAX_CREDENTIAL_FILE};

/// A credential: the key that holds it, the key that names its file, and the key that names its environment variable.
pub struct Credential {
    plain: &'static str,
    file: &'static str,
    variable: &'static str,
    /// Whether it must never be shown. A user name is no secret, and hiding it would make logs unreadable.
    is_secret: bool,
}

pub const ACCESS_KEY_ID: Credential = Credential {
    plain: "access_key_id",
    file: "access_key_id_file",
    variable: "access_key_id_env",
    is_secret: true,
};
pub const SECRET_ACCESS_KEY: Credential = Credential {
    plain: "secret_access_key",
    file: "secret_access_key_file",
    variable: "secret_access_key_env",
    is_secret: true,
};
pub const USERNAME: Credential =
    Credential { plain: "username", file: "username_file", variable: "username_env", is_secret: false };
pub const PASSWORD: Credential =
    Credential { plain: "password", file: "password_file", variable: "password_env", is_secret: true };

/// Where credentials come from, and what was learned while reading them.
pub struct Credentials<'a> {
    pub source: &'a dyn Source,
    /// The directory that paths are relative to.
    pub directory: &'a Path,
    pub secrets: &'a mut Vec<String>,
    /// The files that were read.
    pub files: &'a mut Vec<PathBuf>,
    pub warnings: &'a mut Vec<String>,
}

impl Credentials<'_> {
    /// A credential, if the table has it.
    pub fn take(&mut self, keys: &mut Keys, of: &Credential) -> Parsed<Option<String>> {
        let (plain, file, variable) = (keys.take(of.plain), keys.take(of.file), keys.take(of.variable));
        let given = [(of.plain, &plain), (of.file, &file), (of.variable, &variable)];
        let mut given = given.iter().filter_map(|(name, found)| found.map(|(place, _)| (name, place)));
        if let (Some((one, _)), Some((other, place))) = (given.next(), given.next()) {
            return Err(place.problem(format!("`{one}` and `{other}` say the same thing; keep one")));
        }
        let found = match (plain, file, variable) {
            (Some((_, node)), _, _) => Some((node, of.plain, as_text(node, of.plain)?)),
            (_, Some((_, node)), _) => Some((node, of.file, self.file(node, of.file)?)),
            (_, _, Some((_, node))) => Some((node, of.variable, self.variable(node, of.variable)?)),
            (None, None, None) => None,
        };
        let Some((node, name, value)) = found else { return Ok(None) };
        check(&value, name).map_err(|text| node.place.problem(text))?;
        if of.is_secret {
            self.secrets.push(value.clone());
        }
        Ok(Some(value))
    }

    /// A credential that the table must have.
    pub fn need(&mut self, keys: &mut Keys, of: &Credential, what: &str) -> Parsed<String> {
        let found = self.take(keys, of)?;
        found.ok_or_else(|| {
            let Credential { plain, file, variable, .. } = of;
            keys.place().problem(format!("{what} needs `{plain}`, `{file}` or `{variable}`; add one"))
        })
    }

    fn file(&mut self, node: &Node, name: &str) -> Parsed<String> {
        let path = self.directory.join(as_text(node, name)?);
        let text = self.source.read(&path).map_err(|reason| {
            let text = format!(
                "cannot read the file that `{name}` names: {reason}; check the path and its permissions"
            );
            node.place.problem(text)
        })?;
        if text.len() > MAX_CREDENTIAL_FILE {
            let text = format!(
                "the file that `{name}` names is larger than {} KiB; name a file with one line",
                MAX_CREDENTIAL_FILE >> 10
            );
            return Err(node.place.problem(text));
        }
        if self.source.is_readable_by_all(&path) {
            let text = format!("every user can read the file that `{name}` names; run chmod o= on it");
            self.warnings.push(node.place.problem(text).to_string());
        }
        self.files.push(path);
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }

    fn variable(&self, node: &Node, name: &str) -> Parsed<String> {
        let variable = as_text(node, name)?;
        self.source.variable(&variable).ok_or_else(|| {
            let text = format!(
                "the environment variable that `{name}` names is not set; set it, also for the service"
            );
            node.place.problem(text)
        })
    }
}

fn check(value: &str, name: &str) -> Result<(), String> {
    match () {
        () if value.trim().is_empty() => Err(format!("`{name}` leads to an empty value; write it there")),
        () if value.len() > MAX_CREDENTIAL => {
            Err(format!("`{name}` leads to more than {MAX_CREDENTIAL} bytes; use the right value"))
        }
        () if value.contains(char::is_control) => Err(format!(
            "`{name}` leads to a value with a line break or another control character; remove it"
        )),
        () => Ok(()),
    }
}
