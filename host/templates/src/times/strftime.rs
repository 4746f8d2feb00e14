//! `strftime` as Python 3.14 does it with glibc, in the C locale.

use chrono::{Datelike, NaiveDateTime, Timelike};

use super::moment::Moment;
use super::show::{clock_offset, micros_of};
use super::stamp::is_daylight;
use super::tz::Tz;
use crate::context::Context;
use crate::error::Result;

pub const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The first letters of a name, as in `Mon`.
pub fn short(name: &str) -> &str {
    name.get(..3).unwrap_or(name)
}

/// Flags, width, and modifier of a directive.
#[derive(Default)]
struct Shape {
    /// `-`, `_`, or `0`.
    pad: Option<char>,
    upper: bool,
    change_case: bool,
    width: usize,
    modifier: Option<char>,
}

struct Writer<'a> {
    moment: &'a Moment,
    /// The zone of the process, for `%s`.
    system: Tz,
    text: String,
}

/// Formats a point in time. `%s` reads the wall clock in `system`. Directives that do not exist are kept.
pub fn strftime(moment: &Moment, format: &str, system: Tz, context: &Context) -> Result<String> {
    context.reserve(format.len())?;
    let mut writer = Writer { moment, system, text: String::new() };
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        writer.text.push_str(before);
        let used = writer.python(from).or_else(|| writer.glibc(from, context).transpose()).transpose()?;
        let used = used.unwrap_or(1);
        rest = from.get(used..).unwrap_or_default();
        context.reserve(writer.text.len().saturating_add(rest.len()))?;
    }
    writer.text.push_str(rest);
    Ok(writer.text)
}

impl Writer<'_> {
    /// The directives that Python replaces before glibc sees them. Returns the bytes that were read.
    fn python(&mut self, from: &str) -> Option<Result<usize>> {
        let wall = self.moment.wall;
        let offset = self.moment.utcoffset();
        let text = if from.starts_with("%f") {
            format!("{:06}", micros_of(wall.time()))
        } else if from.starts_with("%z") {
            offset.map(|seconds| clock_offset(seconds, false)).unwrap_or_default()
        } else if from.starts_with("%Z") {
            self.zone_name()
        } else if from.starts_with("%:z") {
            self.text.push_str(&offset.map(|seconds| clock_offset(seconds, true)).unwrap_or_default());
            return Some(Ok(3));
        } else if from.starts_with("%Y") {
            format!("{:04}", wall.year())
        } else if from.starts_with("%G") {
            format!("{:04}", wall.iso_week().year())
        } else if from.starts_with("%F") {
            wall.format("%Y-%m-%d").to_string()
        } else if from.starts_with("%C") {
            format!("{:02}", wall.year() / 100)
        } else {
            return None;
        };
        self.text.push_str(&text);
        Some(Ok(2))
    }

    fn zone_name(&self) -> String {
        self.moment.tz.map(|tz| tz.name(self.moment.wall, self.moment.fold)).unwrap_or_default()
    }

    /// One directive as glibc reads it. Returns the bytes that were read.
    fn glibc(&mut self, from: &str, context: &Context) -> Result<Option<usize>> {
        let mut shape = Shape::default();
        let mut chars = from.char_indices().skip(1).peekable();
        while let Some((_, c)) = chars.peek().copied() {
            match c {
                '_' | '-' | '0' => shape.pad = Some(c),
                '^' => shape.upper = true,
                '#' => shape.change_case = true,
                _ => break,
            }
            chars.next();
        }
        while let Some(digit) = chars.peek().and_then(|(_, c)| c.to_digit(10)) {
            shape.width = shape.width.saturating_mul(10).saturating_add(digit as usize);
            chars.next();
        }
        if let Some((_, c)) = chars.peek().copied().filter(|(_, c)| matches!(c, 'E' | 'O')) {
            shape.modifier = Some(c);
            chars.next();
        }
        context.reserve(shape.width)?;
        let Some((at, directive)) = chars.next() else {
            self.pad(from, &shape);
            return Ok(Some(from.len()));
        };
        let end = at + directive.len_utf8();
        if !self.directive(directive, &shape) {
            // A colon and what follows it is not a directive either, but the text goes on after it.
            self.pad(from.get(..end).unwrap_or(from), &shape);
        }
        Ok(Some(end))
    }

    fn directive(&mut self, directive: char, shape: &Shape) -> bool {
        let wall = self.moment.wall;
        let allowed = match shape.modifier {
            Some('E') => "cnprstuxyzCPRTXYZ%",
            Some(_) => "bdeghjklmnprstuwyzBCGHIMPRSTUVWZ%",
            None => return self.plain(directive, shape, wall),
        };
        allowed.contains(directive) && self.plain(directive, shape, wall)
    }

    fn plain(&mut self, directive: char, shape: &Shape, wall: NaiveDateTime) -> bool {
        let day = DAYS.get(wall.weekday().num_days_from_monday() as usize).copied().unwrap_or_default();
        let month = MONTHS.get(wall.month0() as usize).copied().unwrap_or_default();
        let afternoon = wall.hour() >= 12;
        match directive {
            '%' => self.pad("%", shape),
            'n' => self.pad("\n", shape),
            't' => self.pad("\t", shape),
            'a' => self.name(short(day), shape),
            'A' => self.name(day, shape),
            'b' | 'h' => self.name(short(month), shape),
            'B' => self.name(month, shape),
            'p' if shape.change_case => self.pad(if afternoon { "pm" } else { "am" }, shape),
            'p' => self.pad(if afternoon { "PM" } else { "AM" }, shape),
            'P' => self.pad(if afternoon { "pm" } else { "am" }, &Shape { upper: false, ..*shape }),
            'Z' => self.pad(&self.process_zone(), shape),
            'z' => self.offset(shape),
            'c' => self.nested(
                format!(
                    "{} {} {:2} {} {}",
                    short(day),
                    short(month),
                    wall.day(),
                    wall.format("%T"),
                    wall.year()
                ),
                shape,
            ),
            'D' | 'x' => {
                self.nested(format!("{}/{:02}", wall.format("%m/%d"), wall.year().rem_euclid(100)), shape)
            }
            'r' => self.nested(wall.format("%I:%M:%S %p").to_string(), shape),
            'R' => self.nested(wall.format("%H:%M").to_string(), shape),
            'T' | 'X' => self.nested(wall.format("%H:%M:%S").to_string(), shape),
            'F' => self.nested(format!("{}{}", wall.year(), wall.format("-%m-%d")), shape),
            _ => return self.numeric(directive, shape, wall),
        }
        true
    }

    fn numeric(&mut self, directive: char, shape: &Shape, wall: NaiveDateTime) -> bool {
        let hour12 = (wall.hour() + 11) % 12 + 1;
        let (yday, from_sunday) = (wall.ordinal0(), wall.weekday().num_days_from_sunday());
        let from_monday = wall.weekday().num_days_from_monday();
        let iso = wall.iso_week();
        let (number, digits, blank) = match directive {
            'd' => (wall.day(), 2, '0'),
            'e' => (wall.day(), 2, '_'),
            'H' => (wall.hour(), 2, '0'),
            'k' => (wall.hour(), 2, '_'),
            'I' => (hour12, 2, '0'),
            'l' => (hour12, 2, '_'),
            'j' => (yday + 1, 3, '0'),
            'm' => (wall.month(), 2, '0'),
            'M' => (wall.minute(), 2, '0'),
            'S' => (wall.second(), 2, '0'),
            'u' => (from_monday + 1, 1, '0'),
            'w' => (from_sunday, 1, '0'),
            'U' => ((yday + 7 - from_sunday) / 7, 2, '0'),
            'W' => ((yday + 7 - from_monday) / 7, 2, '0'),
            'V' => (iso.week(), 2, '0'),
            'y' => (wall.year().rem_euclid(100).unsigned_abs(), 2, '0'),
            'g' => (iso.year().rem_euclid(100).unsigned_abs(), 2, '0'),
            'C' => ((wall.year() / 100).unsigned_abs(), 1, '0'),
            'G' => (iso.year().unsigned_abs(), 1, '0'),
            'Y' => (wall.year().unsigned_abs(), 1, '0'),
            's' => {
                // Without daylight saving of its own, a time says nothing of the second of two equal hours.
                let fold = self.moment.fold && is_daylight(self.moment) >= 0;
                let naive = Moment { tz: Some(self.system), fold, ..*self.moment };
                self.number(&naive.utc().and_utc().timestamp().to_string(), 1, '0', shape);
                return true;
            }
            _ => return false,
        };
        self.number(&number.to_string(), digits, blank, shape);
        true
    }

    fn number(&mut self, text: &str, digits: usize, blank: char, shape: &Shape) {
        let pad = shape.pad.unwrap_or(blank);
        let wanted = if pad == '-' { 0 } else { digits };
        let blank = if shape.pad == Some('-') || pad == '_' { ' ' } else { '0' };
        let size = wanted.max(shape.width);
        for _ in text.len()..size {
            self.text.push(blank);
        }
        self.text.push_str(text);
    }

    /// `%Z` with a flag or a width: glibc shows the zone of the process, with the daylight saving of the moment.
    fn process_zone(&self) -> String {
        match is_daylight(self.moment) {
            -1 => String::new(),
            daylight => self.system.seasonal_name(daylight > 0),
        }
    }

    /// `%z` with a flag or a width: glibc gets no offset from Python.
    fn offset(&mut self, shape: &Shape) {
        if is_daylight(self.moment) >= 0 {
            self.pad("+", shape);
            self.number("0", 4, '0', shape);
        }
    }

    fn name(&mut self, name: &str, shape: &Shape) {
        match shape.change_case {
            true => self.pad(&name.to_uppercase(), shape),
            false => self.pad(name, shape),
        }
    }

    fn nested(&mut self, text: String, shape: &Shape) {
        self.pad(&text, shape);
    }

    fn pad(&mut self, text: &str, shape: &Shape) {
        let blank = if shape.pad == Some('0') { '0' } else { ' ' };
        for _ in text.len()..shape.width {
            self.text.push(blank);
        }
        match shape.upper {
            true => self.text.push_str(&text.to_uppercase()),
            false => self.text.push_str(text),
        }
    }
}
