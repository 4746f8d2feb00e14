//! Python's format specifications: `*^+12,.2f`.

use crate::context::Context;
use crate::error::{Error, Result};

/// How the digits of a number are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    None,
    Comma,
    Underscore,
}

impl Grouping {
    pub fn separator(self) -> Option<char> {
        match self {
            Self::None => None,
            Self::Comma => Some(','),
            Self::Underscore => Some('_'),
        }
    }
}

/// A parsed specification.
#[derive(Debug)]
pub struct Spec {
    pub fill: char,
    /// `<`, `>`, `^`, or `=`.
    pub align: char,
    pub sign: Option<char>,
    /// `z`: no negative zero.
    pub no_negative_zero: bool,
    /// `#`.
    pub alternate: bool,
    pub width: usize,
    pub grouping: Grouping,
    pub precision: Option<usize>,
    pub fraction_grouping: Grouping,
    pub kind: Option<char>,
}

/// A text within the width, filled up. `prefix` stays in front of the filling of `=`.
pub fn aligned(prefix: &str, text: &str, spec: &Spec, context: &Context) -> Result<String> {
    context.reserve(spec.width.saturating_mul(spec.fill.len_utf8()))?;
    let length = prefix.chars().count() + text.chars().count();
    let missing = spec.width.saturating_sub(length);
    let (left, inner) = match spec.align {
        '<' => (0, 0),
        '^' => (missing / 2, 0),
        '=' => (0, missing),
        _ => (missing, 0),
    };
    let fill = |count| std::iter::repeat_n(spec.fill, count);
    let mut result = String::new();
    result.extend(fill(left));
    result.push_str(prefix);
    result.extend(fill(inner));
    result.push_str(text);
    result.extend(fill(missing - left - inner));
    Ok(result)
}

/// The error of a type that a value does not have.
pub fn unknown(kind: char, type_name: &str) -> Error {
    Error::value(format!("Unknown format code '{}' for object of type '{type_name}'", shown(kind)))
}

/// A character as Python's messages show it.
fn shown(c: char) -> String {
    if ('!'..='\x7f').contains(&c) { c.to_string() } else { format!("\\x{:x}", u32::from(c)) }
}

fn is_align(c: char) -> bool {
    matches!(c, '<' | '>' | '=' | '^')
}

/// A specification that is being read.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Takes the next character if it fits.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> Option<char> {
        let c = self.peek().filter(|c| fits(*c))?;
        self.rest = self.rest.get(c.len_utf8()..).unwrap_or_default();
        Some(c)
    }

    fn has(&mut self, wanted: char) -> bool {
        self.take(|c| c == wanted).is_some()
    }

    /// `None` without digits.
    fn integer(&mut self) -> Result<Option<usize>> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        if digits.is_empty() {
            return Ok(None);
        }
        let number = digits.parse().ok().filter(|number| i64::try_from(*number).is_ok());
        number.map(Some).ok_or_else(|| Error::value("Too many decimal digits in format string"))
    }

    fn grouping(&mut self) -> Result<Grouping> {
        let comma = self.has(',');
        let underscore = self.has('_');
        if underscore && (comma || self.peek() == Some(',')) {
            return Err(Error::value("Cannot specify both ',' and '_'."));
        }
        Ok(match (comma, underscore) {
            (true, _) => Grouping::Comma,
            (_, true) => Grouping::Underscore,
            _ => Grouping::None,
        })
    }
}

impl Spec {
    /// `align` is the alignment of the type.
    pub fn parse(spec: &str, align: char, type_name: &str) -> Result<Self> {
        let mut reader = Reader { rest: spec };
        let mut given = None;
        let mut fill = None;
        let mut first = spec.chars();
        if let (Some(one), Some(two)) = (first.next(), first.next().filter(|c| is_align(*c))) {
            (fill, given) = (Some(one), Some(two));
            reader.rest = first.as_str();
        } else if let Some(one) = reader.take(is_align) {
            given = Some(one);
        }
        let sign = reader.take(|c| matches!(c, ' ' | '+' | '-'));
        let no_negative_zero = reader.has('z');
        let alternate = reader.has('#');
        if fill.is_none() && reader.has('0') {
            fill = Some('0');
            if align == '>' {
                given = given.or(Some('='));
            }
        }
        let width = reader.integer()?.unwrap_or(0);
        let grouping = reader.grouping()?;
        let mut precision = None;
        let mut fraction_grouping = Grouping::None;
        if reader.has('.') {
            precision = reader.integer()?;
            fraction_grouping = reader.grouping()?;
            if precision.is_none() && fraction_grouping == Grouping::None {
                return Err(Error::value("Format specifier missing precision"));
            }
        }
        let kind = reader.take(|_| true);
        if !reader.rest.is_empty() {
            let what = format!("Invalid format specifier '{spec}' for object of type '{type_name}'");
            return Err(Error::value(what));
        }
        let parsed = Self {
            fill: fill.unwrap_or(' '),
            align: given.unwrap_or(align),
            sign,
            no_negative_zero,
            alternate,
            width,
            grouping,
            precision,
            fraction_grouping,
            kind,
        };
        parsed.check_grouping(type_name)?;
        Ok(parsed)
    }

    /// Which types of numbers can be grouped.
    fn check_grouping(&self, type_name: &str) -> Result<()> {
        let default = match type_name {
            "str" => Some('s'),
            "float" => None,
            _ => Some('d'),
        };
        let kind = self.kind.or(default);
        let float = matches!(kind, None | Some('e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F'));
        let grouped = float
            || kind == Some('d')
            || (matches!(kind, Some('b' | 'o' | 'x' | 'X')) && self.grouping == Grouping::Underscore);
        // The other types ignore how a fraction is grouped.
        let fraction = kind != Some('n');
        for (grouping, allowed) in [(self.grouping, grouped), (self.fraction_grouping, fraction)] {
            if let (Some(separator), Some(kind), false) = (grouping.separator(), kind, allowed) {
                return Err(Error::value(format!("Cannot specify '{separator}' with '{}'.", shown(kind))));
            }
        }
        Ok(())
    }
}
