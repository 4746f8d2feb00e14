//! Reads the answer to PROPFIND, by namespace and local name, in bounded memory and without recursion.

use std::io::Read;

use crate::error::Result;
use crate::http::seconds;
use crate::limits;
use crate::xml::{self, Elements};

/// What the server says about one file or folder. Properties that it does not have, or does not give, are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    /// As the server wrote it: percent-encoded, a path or a whole URL.
    pub href: String,
    /// The status of the resource as a whole, where the server gives one instead of properties.
    pub status: Option<u16>,
    pub is_collection: bool,
    /// Bytes.
    pub size: Option<u64>,
    /// Seconds since 1970.
    pub modified: Option<i64>,
    pub tag: Option<String>,
    /// Free bytes of the folder.
    pub free: Option<u64>,
}

/// The elements that matter. Their place counts as well: what is below `Other` is `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Multistatus,
    Response,
    Href,
    Status,
    Propstat,
    PropstatStatus,
    Prop,
    ResourceType,
    Collection,
    Size,
    Modified,
    Tag,
    Free,
    Other,
}

impl Element {
    fn below(parent: Option<Self>, name: &str) -> Self {
        match (parent, name) {
            (None, "multistatus") => Self::Multistatus,
            (Some(Self::Multistatus), "response") => Self::Response,
            (Some(Self::Response), "href") => Self::Href,
            (Some(Self::Response), "status") => Self::Status,
            (Some(Self::Response), "propstat") => Self::Propstat,
            (Some(Self::Propstat), "status") => Self::PropstatStatus,
            (Some(Self::Propstat), "prop") => Self::Prop,
            (Some(Self::Prop), "resourcetype") => Self::ResourceType,
            (Some(Self::ResourceType), "collection") => Self::Collection,
            (Some(Self::Prop), "getcontentlength") => Self::Size,
            (Some(Self::Prop), "getlastmodified") => Self::Modified,
            (Some(Self::Prop), "getetag") => Self::Tag,
            (Some(Self::Prop), "quota-available-bytes") => Self::Free,
            _ => Self::Other,
        }
    }

    fn has_text(self) -> bool {
        matches!(
            self,
            Self::Href
                | Self::Status
                | Self::PropstatStatus
                | Self::Size
                | Self::Modified
                | Self::Tag
                | Self::Free
        )
    }
}

/// Reads a whole answer. An answer that ends early, is larger than the limit or is no multistatus is an error.
pub fn read(input: impl Read) -> Result<Vec<Resource>> {
    let mut state = State::default();
    xml::read(input, limits::MULTISTATUS_BYTES, "WebDAV", &mut state)?;
    match state.is_complete && state.open.is_empty() {
        true => Ok(state.found),
        false => Err(xml::nonsense("WebDAV", "it is not a whole multistatus document")),
    }
}

#[derive(Default)]
struct State {
    found: Vec<Resource>,
    is_complete: bool,
    open: Vec<Element>,
    text: String,
    /// Of the open `response`.
    hrefs: Vec<String>,
    whole: Resource,
    /// Of the open `propstat`.
    part: Resource,
    is_given: bool,
}

impl Elements for State {
    fn open(&mut self, is_dav: bool, name: &str) -> Result<()> {
        let element = match is_dav {
            true => Element::below(self.open.last().copied(), name),
            false => Element::Other,
        };
        match element {
            Element::Response => {
                self.hrefs.clear();
                self.whole = Resource::default();
            }
            Element::Propstat => {
                self.part = Resource::default();
                self.is_given = false;
            }
            Element::Collection => self.part.is_collection = true,
            _ => {}
        }
        self.text.clear();
        self.open.push(element);
        Ok(())
    }

    fn wants_text(&self) -> bool {
        self.open.last().is_some_and(|element| element.has_text())
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        let text = self.text.trim();
        match element {
            Element::Href => self.hrefs.push(text.to_owned()),
            Element::Status => self.whole.status = status(text),
            Element::PropstatStatus => self.is_given = matches!(status(text), Some(200..=299)),
            Element::Size => self.part.size = text.parse().ok(),
            Element::Modified => self.part.modified = seconds(text),
            Element::Tag => self.part.tag = (!text.is_empty()).then(|| text.to_owned()),
            // Negative: unknown or unlimited (Nextcloud).
            Element::Free => self.part.free = text.parse().ok(),
            Element::Propstat if self.is_given => self.take_part(),
            Element::Response => self.take_whole(),
            Element::Multistatus => self.is_complete = true,
            _ => {}
        }
        self.text.clear();
    }
}

impl State {
    fn take_part(&mut self) {
        let part = std::mem::take(&mut self.part);
        self.whole.is_collection |= part.is_collection;
        self.whole.size = part.size.or(self.whole.size);
        self.whole.modified = part.modified.or(self.whole.modified);
        self.whole.tag = part.tag.or(self.whole.tag.take());
        self.whole.free = part.free.or(self.whole.free);
    }

    fn take_whole(&mut self) {
        let whole = std::mem::take(&mut self.whole);
        for href in self.hrefs.drain(..) {
            // Some servers give no `resourcetype`.
            let is_collection = whole.is_collection || href.ends_with('/');
            self.found.push(Resource { href, is_collection, ..whole.clone() });
        }
    }
}

/// The number in `HTTP/1.1 200 OK`.
fn status(line: &str) -> Option<u16> {
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
