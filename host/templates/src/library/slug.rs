//! Slugs: the entity IDs that Home Assistant makes of free text.

use std::sync::LazyLock;

use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization;

use super::slug_ranges::{NOTHING, SEPARATORS};

/// Entities of HTML that become letters, with them.
const ENTITIES: &[(&str, &str)] = &[
    ("frac12", "1-2"),
    ("frac14", "1-4"),
    ("frac34", "3-4"),
    ("image", "i"),
    ("ordf", "a"),
    ("ordm", "o"),
    ("real", "r"),
    ("sup1", "1"),
    ("sup2", "2"),
    ("sup3", "3"),
    ("trade", "tm"),
];

/// Letters with accents that are entities, and the accents.
const ACCENTED: &[(&str, &str)] = &[
    ("acute", "AEIOUYaeiouy"),
    ("circ", "AEIOUaeiou"),
    ("grave", "AEIOUaeiou"),
    ("uml", "AEIOUYaeiouy"),
    ("tilde", "ANOano"),
    ("ring", "Aa"),
    ("cedil", "Cc"),
    ("caron", "Ss"),
];

/// Entities that become no letter.
const OTHERS: &str = " AElig Alpha Beta Chi Dagger Delta ETH Epsilon Eta Gamma Iota Kappa Lambda Mu Nu OElig Omega Omicron Oslash \
     Phi Pi Prime Psi Rho Sigma THORN Tau Theta Upsilon Xi Zeta acute aelig alefsym alpha amp and ang asymp bdquo beta brvbar bull \
     cap cedil cent chi circ clubs cong copy crarr cup curren dArr dagger darr deg delta diams divide empty emsp ensp epsilon equiv \
     eta eth euro exist fnof forall frasl gamma ge gt hArr harr hearts hellip iexcl infin int iota iquest isin kappa lArr lambda \
     lang laquo larr lceil ldquo le lfloor lowast loz lrm lsaquo lsquo lt macr mdash micro middot minus mu nabla nbsp ndash ne ni \
     not notin nsub nu oelig oline omega omicron oplus or oslash otimes para part permil perp phi pi piv plusmn pound prime prod \
     prop psi quot rArr radic rang raquo rarr rceil rdquo reg rfloor rho rlm rsaquo rsquo sbquo sdot sect shy sigma sigmaf sim \
     spades sub sube sum sup supe szlig tau there4 theta thetasym thinsp thorn tilde times uArr uarr uml upsih upsilon weierp xi \
     yen zeta zwj zwnj ";

/// The slug of a text: lowercase ASCII letters and digits; everything else becomes single separators. Empty only if the text is.
pub fn slug(text: &str, separator: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let plain: String = text.replace('\'', "-").nfkd().map(transliterated).collect();
    let plain: String = decoded(&plain).nfkd().collect::<String>().to_lowercase();
    let mut words: Vec<String> = vec![String::new()];
    let chars: Vec<char> = plain.chars().filter(|c| *c != '\'').collect();
    let is_digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
    for (at, c) in chars.iter().enumerate() {
        match (c, words.last_mut()) {
            (',', _) if is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1)) => {}
            (c, Some(word)) if c.is_ascii_alphanumeric() => word.push(*c),
            (_, Some(word)) if word.is_empty() => {}
            _ => words.push(String::new()),
        }
    }
    if words.last().is_some_and(String::is_empty) {
        words.pop();
    }
    match words.is_empty() {
        true => "unknown".to_owned(),
        false => words.join(separator),
    }
}

/// A character in ASCII.
fn transliterated(c: char) -> &'static str {
    let is_in = |ranges: &[(u16, u16)]| {
        let code = u16::try_from(c as u32);
        code.is_ok_and(|code| {
            let at = ranges.partition_point(|(_, end)| *end < code);
            ranges.get(at).is_some_and(|(start, _)| *start <= code)
        })
    };
    match c {
        c if c.is_ascii() => deunicode::deunicode_char(c).unwrap_or("-"),
        '\u{10000}'.. => "",
        _ if is_in(NOTHING) => "",
        _ if is_in(SEPARATORS) => "-",
        c => deunicode::deunicode_char(c).unwrap_or(""),
    }
}

/// Entities of HTML as what they stand for.
fn decoded(text: &str) -> String {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("&([A-Za-z]+[0-9]*);").ok());
    static DECIMAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("&#([0-9]+);").ok());
    static HEX: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("&#x([0-9A-Fa-f]+);").ok());
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut text = text.to_owned();
    if let Some(named) = NAMED.as_ref() {
        text = named.replace_all(&text, |found: &Captures| entity(found)).into_owned();
    }
    for (pattern, base) in [(DECIMAL.as_ref(), 10), (HEX.as_ref(), 16)] {
        let Some(pattern) = pattern else { continue };
        let is_char =
            |found: Captures| u32::from_str_radix(part(&found, 1), base).is_ok_and(|code| code <= 0x10_ffff);
        // One that is no character leaves all others as they are.
        if pattern.captures_iter(&text).all(is_char) {
            let char_of = |found: &Captures| {
                let code = u32::from_str_radix(part(found, 1), base).ok().and_then(char::from_u32);
                code.unwrap_or('-').to_string()
            };
            text = pattern.replace_all(&text, char_of).into_owned();
        }
    }
    text
}

fn part<'t>(found: &Captures<'t>, at: usize) -> &'t str {
    found.get(at).map_or("", |part| part.as_str())
}

fn entity(found: &Captures) -> String {
    let name = part(found, 1);
    if let Some((_, letters)) = ENTITIES.iter().find(|(known, _)| *known == name) {
        return (*letters).to_owned();
    }
    let mut rest = name.chars();
    let (letter, accent) = (rest.next().unwrap_or('-'), rest.as_str());
    if ACCENTED.iter().any(|(known, letters)| *known == accent && letters.contains(letter)) {
        return format!("{letter}-");
    }
    match OTHERS.contains(&format!(" {name} ")) {
        true => "-".to_owned(),
        false => part(found, 0).to_owned(),
    }
}
