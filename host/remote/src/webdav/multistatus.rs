//! Reads the answer to PROPFIND, by namespace and local name, in bounded memory and without recursion.

use std::io::{BufReader, Read};

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use crate::error::{Error, Kind, Result};
use crate::limits;

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
    let mut reader = NsReader::from_reader(BufReader::new(input.take(limits::MULTISTATUS_BYTES)));
    reader.config_mut().expand_empty_elements = true;
    let mut state = State::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let (namespace, event) =
            reader.read_resolved_event_into(&mut buffer).map_err(|error| match error {
                quick_xml::Error::Io(error) => {
                    Error::new(Kind::Interrupted, format!("the answer broke off: {error}"))
                }
                error => nonsense(error),
            })?;
        match event {
            Event::Start(start) => {
                let is_dav = matches!(namespace, ResolveResult::Bound(Namespace("DAV:")));
                state.open(is_dav.then(|| start.local_name().into_inner()))?;
            }
            Event::End(_) => state.close(),
            Event::Text(text) => state.text(&text.xml10_content()),
            Event::CData(text) => state.text(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(nonsense)? {
                Some(character) => state.text(character.encode_utf8(&mut [0; 4])),
                None => match resolve_predefined_entity(&reference) {
                    Some(text) => state.text(text),
                    None if state.wants_text() => {
                        return Err(nonsense(format_args!("unknown entity &{};", &*reference)));
                    }
                    None => {}
                },
            },
            Event::Eof => break,
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    match state.is_complete && state.open.is_empty() {
        true => Ok(state.found),
        false => Err(nonsense("it is not a whole multistatus document")),
    }
}

fn nonsense(error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Interrupted, format!("the server's answer cannot be read as WebDAV: {error}"))
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

impl State {
    fn open(&mut self, dav_name: Option<&str>) -> Result<()> {
        if self.open.len() >= limits::XML_DEPTH {
            return Err(nonsense("its elements are nested too deeply"));
        }
        let element = dav_name.map_or(Element::Other, |name| Element::below(self.open.last().copied(), name));
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
        if self.wants_text() {
            self.text.push_str(text);
        }
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

fn seconds(date: &str) -> Option<i64> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok().map(jiff::Timestamp::as_second)
}
