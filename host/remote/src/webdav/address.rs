//! Where things lie on the server: the folder's URL, those of its files, and what an href of an answer means.
//!
//! Names are compared after percent-decoding, by segments; `+` is a plus. Hosts in hrefs are not looked at.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str};
use url::Url;

use crate::error::{Error, Kind, Result};
use crate::settings;

/// Everything but the unreserved characters, which some servers do not recognize when encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The addresses of a location. All of them end in `/` if they are folders.
pub struct Address {
    /// The base, then each level below it down to the folder itself.
    levels: Vec<Url>,
    folder: Url,
    uploads: Option<Url>,
    shown: String,
}

impl Address {
    pub fn new(settings: &settings::WebDav) -> Result<Self> {
        let url = &settings.url;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(invalid(format_args!(
                "{url} is no WebDAV address: it begins with https:// or http:// and a host"
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid(
                "`url` contains a username or password: write them as `username` and `password`",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid("`url` contains `?` or `#`: write the address of a folder (or %3F, %23)"));
        }
        let base: Vec<Vec<u8>> = segments(url.path());
        let mut levels = vec![with_path(url, &base)];
        let mut path = base.clone();
        for level in settings.path.split('/').filter(|level| !level.is_empty()) {
            check_name(level).map_err(|error| error.about("`path`"))?;
            path.push(level.as_bytes().to_vec());
            levels.push(with_path(url, &path));
        }
        let folder = with_path(url, &path);
        let shown = folder.as_str().trim_end_matches('/').to_owned();
        Ok(Self { levels, folder, uploads: uploads(url, &base), shown })
    }

    /// For messages.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub fn folder(&self) -> &Url {
        &self.folder
    }

    /// The base, then each level below it down to the folder itself.
    pub fn levels(&self) -> &[Url] {
        &self.levels
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> Result<Url> {
        check_name(name)?;
        Ok(below(&self.folder, name))
    }

    /// Whether the address is that of a Nextcloud or ownCloud, which take large files in chunks.
    pub fn is_nextcloud(&self) -> bool {
        self.uploads.is_some()
    }

    /// The folder for the chunks of an upload, with `/` at its end.
    pub fn chunks(&self, token: &str) -> Option<Url> {
        let uploads = self.uploads.as_ref()?;
        let mut url = uploads.clone();
        url.set_path(&format!("{}{}/", uploads.path(), encode(format!("larder-{token}").as_bytes())));
        Some(url)
    }
}

/// `…/remote.php/dav/uploads/USER/` for `…/remote.php/dav/files/USER[/…]`.
fn uploads(url: &Url, base: &[Vec<u8>]) -> Option<Url> {
    let at = base.windows(3).position(|window| window == [b"remote.php".as_slice(), b"dav", b"files"])?;
    let mut path = base.get(..at + 2)?.to_vec();
    path.push(b"uploads".to_vec());
    path.push(base.get(at + 3)?.clone());
    Some(with_path(url, &path))
}

/// A file below a folder's URL, which ends in `/`.
pub fn below(folder: &Url, name: &str) -> Url {
    let mut url = folder.clone();
    url.set_path(&format!("{}{}", folder.path(), encode(name.as_bytes())));
    url
}

/// The decoded segments of a URL or of its path, without empty ones.
pub fn segments(href: &str) -> Vec<Vec<u8>> {
    let path = match href.split_once("://") {
        Some((scheme, rest)) if !scheme.contains('/') => rest.split_once('/').map_or("", |(_, path)| path),
        _ => href,
    };
    path.split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).collect())
        .collect()
}

fn with_path(url: &Url, path: &[Vec<u8>]) -> Url {
    let mut text = String::from("/");
    for segment in path {
        text.push_str(&encode(segment));
        text.push('/');
    }
    let mut url = url.clone();
    url.set_path(&text);
    url
}

fn encode(segment: &[u8]) -> String {
    percent_encoding::percent_encode(segment, ENCODED).to_string()
}

/// A name that can be one segment of a path.
fn check_name(name: &str) -> Result<()> {
    let is_usable = !matches!(name, "" | "." | "..") && name.len() <= 255 && !name.contains(['/', '\0']);
    match is_usable {
        true => Ok(()),
        false => Err(invalid(format_args!("{name:?} cannot be a name on a WebDAV server"))),
    }
}

fn invalid(message: impl std::fmt::Display) -> Error {
    Error::new(Kind::Invalid, message.to_string())
}
