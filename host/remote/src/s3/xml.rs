//! Reads the answers of S3 servers: a root, its fields, and rows of fields. By local names, in bounded memory and without recursion.

use std::io::Read;

use crate::error::{Error, Result};
use crate::limits;
use crate::xml::{self, Elements};

/// A document. What is nested deeper than the fields of rows is left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The name of the root element. It differs between servers, except `Error`.
    pub root: String,
    /// The fields of the root.
    pub fields: Fields,
    /// The elements below the root with their fields, in order: `Contents`, `Part`, `Upload`.
    pub rows: Vec<(String, Fields)>,
}

/// Names and texts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The text of the first field of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, text)| text.as_str())
    }

    pub fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.text(name)?.trim().parse().ok()
    }

    /// Whether the field says so. An absent one does not.
    pub fn is_true(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
    }
}

impl Document {
    /// The rows of that name.
    pub fn rows(&self, name: &str) -> impl Iterator<Item = &Fields> {
        self.rows.iter().filter(move |(found, _)| found == name).map(|(_, fields)| fields)
    }
}

/// Reads a whole answer. One that ends early, is too large or is not XML is an error of the kind `Interrupted`.
pub fn read(input: impl Read) -> Result<Document> {
    let mut state = State::default();
    xml::read(input, limits::S3_ANSWER_BYTES, "S3", &mut state)?;
    match state.is_complete && state.depth == 0 {
        true => Ok(state.document),
        false => Err(nonsense("it is not a whole document")),
    }
}

fn nonsense(error: impl std::fmt::Display) -> Error {
    xml::nonsense("S3", error)
}

#[derive(Default)]
struct State {
    document: Document,
    is_complete: bool,
    depth: usize,
    elements: usize,
    /// The open element below the root, and its fields.
    row: (String, Fields),
    /// The open field of the row.
    field: String,
    text: String,
}

impl Elements for State {
    fn open(&mut self, _is_dav: bool, name: &str) -> Result<()> {
        self.elements = self.elements.saturating_add(1);
        if self.elements > limits::S3_ELEMENTS {
            return Err(nonsense("it has too many elements"));
        }
        match self.depth {
            0 if self.is_complete => return Err(nonsense("it has two roots")),
            0 => name.clone_into(&mut self.document.root),
            1 => self.row = (name.to_owned(), Fields::default()),
            2 => name.clone_into(&mut self.field),
            _ => {}
        }
        self.text.clear();
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    fn wants_text(&self) -> bool {
        matches!(self.depth, 2 | 3)
    }

    fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn close(&mut self) {
        let text = std::mem::take(&mut self.text);
        match self.depth {
            1 => self.is_complete = true,
            2 => {
                let (name, fields) = std::mem::take(&mut self.row);
                match fields.0.is_empty() {
                    true => self.document.fields.0.push((name, text)),
                    false => self.document.rows.push((name, fields)),
                }
            }
            3 => self.row.1.0.push((std::mem::take(&mut self.field), text)),
            _ => {}
        }
        self.depth = self.depth.saturating_sub(1);
    }
}
