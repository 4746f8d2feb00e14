//! `strptime` as Python 3.14 does it, in the C locale: the format becomes a regular expression.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate, NaiveTime};
use regex::{Captures, RegexBuilder};

use super::fields::{check_date, check_time};
use super::moment::{Moment, date_of_ordinal};
use super::strftime::{DAYS, MONTHS, short};
use super::tz::Abbreviation;
use super::tz::Tz;
use super::weeks::{day_of_week, of_iso_week};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::format::repr;
use crate::value::Value;

const DAY: &str = r"(?P<d>3[0-1]|[1-2][0-9]|0[1-9]|[1-9]| [1-9])";
const HOUR: &str = r"(?P<H>2[0-3]|[0-1][0-9]|[0-9]| [0-9])";
const HOUR_12: &str = r"(?P<I>1[0-2]|0[1-9]|[1-9]| [1-9])";
const OFFSET: &str = r"(?P<z>[+-][0-9][0-9]:?[0-5][0-9](:?[0-5][0-9](\.[0-9]{1,6})?)?|(?-i:Z))";
const YEAR_DAY: &str =
    r"(?P<j>36[0-6]|3[0-5][0-9]|[1-2][0-9][0-9]|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9])";

/// Steps that count for the compilation of a format.
const COMPILATION: u64 = 200;

/// What a text says.
#[derive(Debug)]
pub struct Parsed {
    pub date: (i64, i64, i64),
    pub time: (i64, i64, i64, i64),
    pub tz: Option<Tz>,
}

impl Parsed {
    pub fn date(&self) -> Result<NaiveDate> {
        check_date(self.date.0, self.date.1, self.date.2)
    }

    pub fn time(&self) -> Result<NaiveTime> {
        check_time(self.time.0, self.time.1, self.time.2, self.time.3)
    }

    pub fn moment(&self) -> Result<Moment> {
        Ok(Moment::at(self.date()?.and_time(self.time()?), self.tz))
    }
}

/// Parses a text. `zones` are the names that `%Z` reads beside `UTC` and `GMT`.
pub fn strptime(text: &str, format: &str, zones: &[String], context: &Context) -> Result<Parsed> {
    context.reserve(text.len().saturating_add(format.len().saturating_mul(8)))?;
    let pattern = pattern(format, zones)?;
    // Compiling takes longer than the rest.
    context.spend(COMPILATION + pattern.len() as u64 / 4)?;
    let regex = RegexBuilder::new(&format!("^(?:{pattern})"))
        .case_insensitive(true)
        .size_limit(context.limits.pattern.saturating_mul(4))
        .build()
        .map_err(|_| Error::limit("the time format is too long"))?;
    let Some(found) = regex.captures(text) else {
        let message = format!("time data {} does not match format {}", quoted(text), quoted(format));
        return Err(Error::value(message));
    };
    let rest = found.get(0).and_then(|all| text.get(all.end()..)).unwrap_or_default();
    if !rest.is_empty() {
        return Err(Error::value(format!("unconverted data remains: {rest}")));
    }
    Fields::read(&regex, &found)?.finish()
}

fn quoted(text: &str) -> String {
    repr(&Value::text(text))
}

/// The regular expression of a format.
fn pattern(format: &str, zones: &[String]) -> Result<String> {
    let (mut pattern, mut groups) = (String::new(), BTreeSet::new());
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '%' => {
                while chars.next_if(|c| matches!(c, '-' | '_' | '0' | '#')).is_some() {}
                while chars.next_if(char::is_ascii_digit).is_some() {}
                let modifier = chars.next_if(|c| matches!(c, 'O' | 'E'));
                let directive = chars.next_if(|c| *c != '\n');
                let name: String = modifier.into_iter().chain(directive).collect();
                let part = directive_pattern(&name, zones).ok_or_else(|| bad(&name, format))?;
                for group in part.split("(?P<").skip(1).filter_map(|rest| rest.split('>').next()) {
                    if !groups.insert(group.to_owned()) {
                        return Err(Error::runtime(format!("redefinition of group name '{group}'")));
                    }
                }
                pattern.push_str(&part);
            }
            '\'' => pattern.push_str("['\u{2bc}]"),
            c if c.is_whitespace() => {
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                pattern.push_str(r"\s+");
            }
            c => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(pattern)
}

fn bad(directive: &str, format: &str) -> Error {
    match directive.trim().is_empty() {
        true => Error::value(format!("stray % in format '{format}'")),
        false => Error::value(format!("'{directive}' is a bad directive in format '{format}'")),
    }
}

fn directive_pattern(directive: &str, zones: &[String]) -> Option<String> {
    let names = |group: &str, names: Vec<String>| {
        let mut names: Vec<_> = names.iter().map(|name| regex::escape(name)).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        format!("(?P<{group}>{})", names.join("|"))
    };
    let all =
        |group: &str, words: &[&str]| names(group, words.iter().map(|word| (*word).to_owned()).collect());
    let several = |directives: &str| -> Option<String> {
        let mut pattern = String::new();
        for c in directives.chars() {
            match c {
                c if c.is_ascii_alphabetic() => {
                    pattern.push_str(&directive_pattern(c.encode_utf8(&mut [0; 4]), zones)?);
                }
                ' ' => pattern.push_str(r"\s+"),
                c => pattern.push(c),
            }
        }
        Some(pattern)
    };
    let fixed = match directive {
        "%" => "%",
        "d" | "e" => DAY,
        "H" | "k" => HOUR,
        "I" | "l" => HOUR_12,
        "f" => "(?P<f>[0-9]{1,6})",
        "G" => r"(?P<G>[0-9][0-9][0-9][0-9])",
        "Y" => r"(?P<Y>[0-9][0-9][0-9][0-9])",
        "y" => r"(?P<y>[0-9][0-9])",
        "j" => YEAR_DAY,
        "m" => "(?P<m>1[0-2]|0[1-9]|[1-9])",
        "M" => r"(?P<M>[0-5][0-9]|[0-9])",
        "S" => r"(?P<S>6[0-1]|[0-5][0-9]|[0-9])",
        "U" => r"(?P<U>5[0-3]|[0-4][0-9]|[0-9])",
        "W" => r"(?P<W>5[0-3]|[0-4][0-9]|[0-9])",
        "V" => r"(?P<V>5[0-3]|0[1-9]|[1-4][0-9]|[0-9])",
        "w" => "(?P<w>[0-6])",
        "u" => "(?P<u>[1-7])",
        "z" => OFFSET,
        "p" | "P" | "Op" => "(?P<p>am|pm)",
        // In the C locale, Python's expressions for alternative digits match the empty text.
        "Od" | "Oe" | "Om" | "Oy" | "OC" | "OH" | "OI" | "OM" | "OS" | "Ow" => "",
        "A" => return Some(all("A", &DAYS)),
        "a" => return Some(all("a", &DAYS.map(short))),
        "B" => return Some(all("B", &MONTHS)),
        "b" => return Some(all("b", &MONTHS.map(short))),
        "Z" => {
            let known = ["utc".to_owned(), "gmt".to_owned()];
            return Some(names("Z", known.into_iter().chain(zones.iter().cloned()).collect()));
        }
        "T" | "X" => return several("H:M:S"),
        "R" => return several("H:M"),
        "r" => return several("I:M:S p"),
        "x" => return several("m/d/y"),
        "c" => return several("a b d H:M:S Y"),
        _ => return None,
    };
    Some(fixed.to_owned())
}

#[derive(Default)]
struct Fields {
    year: Option<i64>,
    iso_year: Option<i64>,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    /// From 0 for Monday.
    weekday: Option<i64>,
    year_day: Option<i64>,
    /// The week of the year, and whether weeks begin on Monday.
    week: Option<(i64, bool)>,
    iso_week: Option<i64>,
    offset: Option<i32>,
    zone: Option<Abbreviation>,
}

impl Fields {
    fn read(regex: &regex::Regex, found: &Captures<'_>) -> Result<Self> {
        let mut fields = Self { month: 1, day: 1, ..Self::default() };
        let text_of = |group: &str| found.name(group).map(|text| text.as_str());
        for group in regex.capture_names().flatten() {
            let Some(text) = text_of(group) else { continue };
            let number = || number(text);
            let place = |names: &[&str]| {
                let at = names.iter().position(|name| name.eq_ignore_ascii_case(text));
                at.and_then(|at| i64::try_from(at).ok()).unwrap_or_default()
            };
            match group {
                "Y" => fields.year = Some(number()?),
                "y" => {
                    let year = number()?;
                    fields.year = Some(if year <= 68 { year + 2000 } else { year + 1900 });
                }
                "G" => fields.iso_year = Some(number()?),
                "m" => fields.month = number()?,
                "B" => fields.month = place(&MONTHS) + 1,
                "b" => fields.month = place(&MONTHS.map(short)) + 1,
                "d" => fields.day = number()?,
                "H" => fields.hour = number()?,
                "I" => {
                    let is_pm = text_of("p").is_some_and(|half| half.eq_ignore_ascii_case("pm"));
                    let hour = number()?;
                    fields.hour = match (hour, is_pm) {
                        (12, false) => 0,
                        (12, true) => 12,
                        (hour, false) => hour,
                        (hour, true) => hour + 12,
                    };
                }
                "M" => fields.minute = number()?,
                "S" => fields.second = number()?,
                "f" => fields.micros = self::number(&format!("{text:0<6}"))?,
                "A" => fields.weekday = Some(place(&DAYS)),
                "a" => fields.weekday = Some(place(&DAYS.map(short))),
                "w" => fields.weekday = Some((number()? + 6).rem_euclid(7)),
                "u" => fields.weekday = Some(number()? - 1),
                "j" => fields.year_day = Some(number()?),
                "U" => fields.week = Some((number()?, false)),
                "W" => fields.week = Some((number()?, true)),
                "V" => fields.iso_week = Some(number()?),
                "z" => fields.offset = Some(offset(text)?),
                "Z" => fields.zone = Some(Abbreviation::new(text)),
                _ => {}
            }
        }
        Ok(fields)
    }

    fn finish(mut self) -> Result<Parsed> {
        self.check_weeks()?;
        let is_leap_day = self.year.is_none() && self.month == 2 && self.day == 29;
        let mut year = self.year.unwrap_or(if is_leap_day { 1904 } else { 1900 });
        let (mut month, mut day) = (self.month, self.day);
        if let (None, Some(weekday)) = (self.year_day, self.weekday) {
            if let Some((week, from_monday)) = self.week {
                self.year_day = Some(day_of_week(year, week, weekday, from_monday)?);
            } else if let (Some(iso_year), Some(week)) = (self.iso_year, self.iso_week) {
                let date = of_iso_week(iso_year, week, weekday + 1)?;
                (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            }
        }
        if let Some(year_day) = self.year_day {
            let first = check_date(year, 1, 1)?;
            let date = date_of_ordinal(i64::from(first.num_days_from_ce()) + year_day - 1);
            let date = date.ok_or_else(|| Error::value("ordinal must be >= 1"))?;
            (year, month, day) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
        } else {
            check_date(year, month, day)?;
        }
        if is_leap_day {
            year = 1900;
        }
        let tz = self.offset.map(|seconds| match self.zone {
            Some(name) => Tz::Named(seconds, name),
            None => Tz::Fixed(seconds),
        });
        let time = (self.hour, self.minute, self.second, self.micros);
        Ok(Parsed { date: (year, month, day), time, tz })
    }

    fn check_weeks(&self) -> Result<()> {
        let message = match (self.iso_year, self.iso_week) {
            (Some(_), _) if self.year_day.is_some() => "'%j' does not go with the ISO year '%G': use '%Y'",
            (Some(_), week) if week.is_none() || self.weekday.is_none() => {
                "the ISO year '%G' needs the ISO week '%V' and a weekday ('%A', '%a', '%w', or '%u')"
            }
            (None, Some(_)) if self.year.is_none() || self.weekday.is_none() => {
                "the ISO week '%V' needs the ISO year '%G' and a weekday ('%A', '%a', '%w', or '%u')"
            }
            (None, Some(_)) => "the ISO week '%V' does not go with the year '%Y': use '%G'",
            _ => return Ok(()),
        };
        Err(Error::value(message))
    }
}

/// The digits of any script.
fn number(text: &str) -> Result<i64> {
    text.trim().parse().map_err(|_| Error::value(format!("invalid literal for int() with base 10: '{text}'")))
}

/// The seconds of `+05:30`, `-0330`, or `Z`.
fn offset(text: &str) -> Result<i32> {
    if text == "Z" {
        return Ok(0);
    }
    let colons = text.matches(':').count();
    let has_first = text.chars().nth(3) == Some(':');
    let digits: String = text.chars().skip(1).filter(char::is_ascii_digit).collect();
    let has_seconds = digits.len() > 4;
    if has_first && has_seconds && colons < 2 {
        return Err(Error::value(format!("Inconsistent use of : in {text}")));
    }
    if !has_first && colons > 0 {
        // Python reads the colon as a part of the seconds.
        return Err(Error::value(format!("invalid literal for int() with base 10: '{text}'")));
    }
    let part =
        |from: usize| digits.get(from..from + 2).and_then(|part| part.parse::<i32>().ok()).unwrap_or(0);
    let seconds = part(0) * 3600 + part(2) * 60 + part(4);
    if digits.get(6..).is_some_and(|micros| micros.bytes().any(|digit| digit != b'0')) {
        return Err(Error::value("offsets with fractions of a second are not supported"));
    }
    if seconds >= 86400 {
        return Err(Error::value("offset must be a timedelta strictly between -24 and 24 hours"));
    }
    Ok(if text.starts_with('-') { -seconds } else { seconds })
}
