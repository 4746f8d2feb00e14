//! Reads XML answers of servers: elements and their texts, in bounded memory and without recursion.

use std::io::{BufReader, Read};

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

use crate::error::{Error, Kind, Result};
use crate::limits;

/// What takes the elements of a document, in order.
pub trait Elements {
    /// An element begins. `is_dav`: its namespace is `DAV:`. The name is the local one.
    fn open(&mut self, is_dav: bool, name: &str) -> Result<()>;
    /// Whether the text here matters.
    fn wants_text(&self) -> bool;
    /// A piece of the text, of which there may be several.
    fn text(&mut self, text: &str);
    fn close(&mut self);
}

/// Reads a whole answer of at most `most` bytes. `what` is what it ought to be, such as `WebDAV`. One that breaks off or is no XML is an error of the
/// kind `Interrupted`. Whether the document is complete is for the elements to say.
pub fn read(input: impl Read, most: u64, what: &str, elements: &mut impl Elements) -> Result<()> {
    let mut reader = NsReader::from_reader(BufReader::new(input.take(most)));
    reader.config_mut().expand_empty_elements = true;
    let nonsense = |error: &dyn std::fmt::Display| nonsense(what, error);
    let mut buffer = Vec::new();
    let mut depth: usize = 0;
    loop {
        buffer.clear();
        let (namespace, event) =
            reader.read_resolved_event_into(&mut buffer).map_err(|error| match error {
                quick_xml::Error::Io(error) => {
                    Error::new(Kind::Interrupted, format!("the answer broke off: {error}"))
                }
                error => nonsense(&error),
            })?;
        match event {
            Event::Start(start) => {
                depth = depth.saturating_add(1);
                if depth > limits::XML_DEPTH {
                    return Err(nonsense(&"its elements are nested too deeply"));
                }
                let is_dav = matches!(namespace, ResolveResult::Bound(Namespace("DAV:")));
                elements.open(is_dav, start.local_name().into_inner())?;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                elements.close();
            }
            Event::Text(text) if elements.wants_text() => elements.text(&text.xml10_content()),
            Event::CData(text) if elements.wants_text() => elements.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                match reference.resolve_char_ref().map_err(|error| nonsense(&error))? {
                    Some(character) if elements.wants_text() => {
                        elements.text(character.encode_utf8(&mut [0; 4]));
                    }
                    Some(_) => {}
                    None => match resolve_predefined_entity(&reference) {
                        Some(text) if elements.wants_text() => elements.text(text),
                        Some(_) => {}
                        None => return Err(nonsense(&format_args!("unknown entity &{};", &*reference))),
                    },
                }
            }
            Event::Eof => return Ok(()),
            Event::Text(_)
            | Event::CData(_)
            | Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// The error of an answer that is not `what`.
pub fn nonsense(what: &str, error: impl std::fmt::Display) -> Error {
    Error::new(Kind::Interrupted, format!("the server's answer cannot be read as {what}: {error}"))
}
