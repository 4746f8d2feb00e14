//! What Python knows about characters: which can be printed, which are digits, and their cases.

use std::sync::LazyLock;

use regex::Regex;

/// A class of characters by its regular expression. Its patterns are constant and compile.
type Class = LazyLock<Option<Regex>>;

static UNPRINTABLE: Class = LazyLock::new(|| Regex::new(r"[[\p{C}\p{Z}]--[ ]]").ok());
static LETTER: Class = LazyLock::new(|| Regex::new(r"\p{L}").ok());
static DECIMAL: Class = LazyLock::new(|| Regex::new(r"\p{Nd}").ok());
static NUMBER: Class = LazyLock::new(|| Regex::new(r"\p{N}").ok());
static TITLE: Class = LazyLock::new(|| Regex::new(r"\p{Lt}").ok());
static IDENTIFIER: Class = LazyLock::new(|| Regex::new(r"^[\p{XID_Start}_]\p{XID_Continue}*$").ok());

/// Letters that are numbers: Chinese ones.
const NUMERALS: &str = "㐅㒃㠪㭍一七万三两九二五亖京亿什仟仨伍佰俩倆億兆兩八六十千卄卅卌叁参參叄四壱壹幺廾廿弌弍\
    弎弐拐拾捌柒洞漆玖百皕秭肆萬貮貳贰鈎钩阡陆陌陸零";
const RARE_NUMERALS: &[u32] = &[
    0xf96b, 0xf973, 0xf978, 0xf9b2, 0xf9d1, 0xf9d3, 0xf9fd, 0x20001, 0x20064, 0x200e2, 0x20121, 0x2092a,
    0x20983, 0x2098c, 0x2099c, 0x20aea, 0x20afd, 0x20b19, 0x22390, 0x22998, 0x23b1b, 0x2626d, 0x2f890,
];

/// Digits that no number is written with: superscripts, circled ones.
const DIGITS: &[(u32, u32)] = &[
    (0xb2, 0xb3),
    (0xb9, 0xb9),
    (0x1369, 0x1371),
    (0x19da, 0x19da),
    (0x2070, 0x2070),
    (0x2074, 0x2079),
    (0x2080, 0x2089),
    (0x2460, 0x2468),
    (0x2474, 0x247c),
    (0x2488, 0x2490),
    (0x24ea, 0x24ea),
    (0x24f5, 0x24fd),
    (0x24ff, 0x24ff),
    (0x2776, 0x277e),
    (0x2780, 0x2788),
    (0x278a, 0x2792),
    (0x10a40, 0x10a43),
    (0x10e60, 0x10e68),
    (0x11052, 0x1105a),
    (0x1f100, 0x1f10a),
];

fn is_in(class: &Class, c: char) -> bool {
    class.as_ref().is_some_and(|class| class.is_match(c.encode_utf8(&mut [0; 4])))
}

/// Whether `repr` writes it as it is.
pub fn is_printable(c: char) -> bool {
    match c.is_ascii() {
        true => c == ' ' || c.is_ascii_graphic(),
        false => !is_in(&UNPRINTABLE, c),
    }
}

/// Whether `repr` writes every character of a text as it is, quotes apart.
pub fn all_printable(text: &str) -> bool {
    match text.is_ascii() {
        true => text.chars().all(is_printable),
        false => UNPRINTABLE.as_ref().is_some_and(|class| !class.is_match(text)),
    }
}

pub fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { is_in(&LETTER, c) }
}

pub fn is_decimal(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { is_in(&DECIMAL, c) }
}

pub fn is_digit(c: char) -> bool {
    is_decimal(c) || DIGITS.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
}

pub fn is_numeric(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_digit(),
        false => is_in(&NUMBER, c) || NUMERALS.contains(c) || RARE_NUMERALS.contains(&u32::from(c)),
    }
}

pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// Whether it is a title case letter of its own: `ǅ`.
pub fn is_title(c: char) -> bool {
    !c.is_ascii() && is_in(&TITLE, c)
}

pub fn is_cased(c: char) -> bool {
    c.is_lowercase() || c.is_uppercase() || is_title(c)
}

pub fn is_identifier(text: &str) -> bool {
    IDENTIFIER.as_ref().is_some_and(|class| class.is_match(text))
}

/// Adds the title case of a character: `ß` is `Ss`.
pub fn push_title(c: char, to: &mut String) {
    let number = u32::from(c);
    let one = match number {
        0x01c4..=0x01c6 => 0x01c5,
        0x01c7..=0x01c9 => 0x01c8,
        0x01ca..=0x01cc => 0x01cb,
        0x01f1..=0x01f3 => 0x01f2,
        0x10d0..=0x10fa | 0x10fd..=0x10ff => number,
        0x1f80..=0x1faf => number | 8,
        0x1fb3 | 0x1fbc => 0x1fbc,
        0x1fc3 | 0x1fcc => 0x1fcc,
        0x1ff3 | 0x1ffc => 0x1ffc,
        _ => 0,
    };
    if let Some(one) = char::from_u32(one).filter(|c| *c != '\0') {
        to.push(one);
        return;
    }
    let upper = c.to_uppercase();
    match number {
        0x1fb2 | 0x1fb4 | 0x1fb7 | 0x1fc2 | 0x1fc4 | 0x1fc7 | 0x1ff2 | 0x1ff4 | 0x1ff7 => {
            to.extend(upper.map(|c| if c == '\u{399}' { '\u{345}' } else { c }));
        }
        0xdf | 0x587 | 0xfb00..=0xfb06 | 0xfb13..=0xfb17 => {
            for (at, c) in upper.enumerate() {
                match at {
                    0 => to.push(c),
                    _ => to.extend(c.to_lowercase()),
                }
            }
        }
        _ => to.extend(upper),
    }
}

/// Adds the folded case of a character, for comparisons that ignore case.
pub fn push_folded(c: char, to: &mut String) {
    match u32::from(c) {
        0x131 | 0x13a0..=0x13f5 => to.push(c),
        0x13f8..=0x13fd | 0xab70..=0xabbf => to.extend(c.to_uppercase()),
        0x1e9e => to.push_str("ss"),
        _ => to.extend(c.to_uppercase().flat_map(char::to_lowercase)),
    }
}
