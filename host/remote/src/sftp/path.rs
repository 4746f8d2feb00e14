//! The folder of a location, and the paths of objects in it.

use crate::error::{Error, Kind, Result};

/// Where temporary objects of uploads begin and end.
const TEMPORARY: (&str, &str) = (".larder-", ".part");

/// A folder: absolute, or relative to where the login ends. The root and `.` are folders like any other.
#[derive(Debug, Clone)]
pub struct Folder {
    is_absolute: bool,
    levels: Vec<String>,
}

impl Folder {
    pub fn new(path: &str) -> Result<Self> {
        if path.contains('\0') {
            return Err(Error::new(Kind::Invalid, "the path of the folder holds a NUL character"));
        }
        let levels = path.split('/').filter(|level| !matches!(*level, "" | "."));
        Ok(Self { is_absolute: path.starts_with('/'), levels: levels.map(str::to_owned).collect() })
    }

    /// For requests.
    pub fn path(&self) -> String {
        self.upper(self.levels.len())
    }

    /// From the outermost folder to this one.
    pub fn levels(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.levels.len()).map(|count| self.upper(count))
    }

    fn upper(&self, count: usize) -> String {
        let levels = self.levels.iter().take(count).map(String::as_str).collect::<Vec<_>>().join("/");
        match (self.is_absolute, levels.is_empty()) {
            (true, _) => format!("/{levels}"),
            (false, true) => ".".to_owned(),
            (false, false) => levels,
        }
    }

    /// The path of an object in it.
    pub fn object(&self, name: &str) -> Result<String> {
        if matches!(name, "" | "." | "..") || name.contains(['/', '\0']) || name.len() > 255 {
            return Err(Error::new(Kind::Invalid, format!("{name:?} cannot be the name of an object")));
        }
        Ok(match self.path().as_str() {
            "." => name.to_owned(),
            "/" => format!("/{name}"),
            folder => format!("{folder}/{name}"),
        })
    }
}

/// The name under which an upload is sent.
pub fn temporary(token: &str) -> String {
    format!("{}{token}{}", TEMPORARY.0, TEMPORARY.1)
}

/// Whether `name` can be such a name. A recorded handle that cannot is never deleted.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_written_in_one_way_and_the_root_is_one() {
        let cases: [(&str, &str, &str, &[&str]); 8] = [
            ("", ".", "a", &[]),
            (".", ".", "a", &[]),
            ("./", ".", "a", &[]),
            ("/", "/", "/a", &[]),
            ("sub/dir", "sub/dir", "sub/dir/a", &["sub", "sub/dir"]),
            ("./sub//dir/", "sub/dir", "sub/dir/a", &["sub", "sub/dir"]),
            ("/x/y", "/x/y", "/x/y/a", &["/x", "/x/y"]),
            ("../up", "../up", "../up/a", &["..", "../up"]),
        ];
        for (written, path, object, levels) in cases {
            let folder = Folder::new(written).unwrap();
            assert_eq!(
                (folder.path().as_str(), folder.object("a").unwrap().as_str()),
                (path, object),
                "{written}"
            );
            assert_eq!(folder.levels().collect::<Vec<_>>(), levels, "{written}");
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["", ".", "..", "a/b", "a\0", &"x".repeat(256)] {
            assert_eq!(Folder::new("/").unwrap().object(name).unwrap_err().kind, Kind::Invalid, "{name:?}");
        }
    }
}
