//! Python's `'%s' % value`.

use super::float;
use super::grow::push;
use super::show::{ascii, display, repr};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Key, Value};

/// The widest field and the longest precision that Python reads.
const WIDEST: usize = i32::MAX as usize;

/// One conversion: `%(key)-+ #0width.precision…`.
#[derive(Default)]
struct Conversion {
    left: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// The arguments, and how many were used.
struct Arguments<'a> {
    values: &'a [Value],
    used: usize,
    /// What `%(key)s` looks its keys up in. If there is one, arguments may be left over.
    mapping: Option<&'a Value>,
    /// The value of the last key, until it is used.
    keyed: Option<Value>,
}

/// The template that is being read, by characters.
struct Reader<'a> {
    rest: std::str::Chars<'a>,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn next(&mut self) -> Option<char> {
        self.at += 1;
        self.rest.next()
    }

    fn number(&mut self, what: &str) -> Result<usize> {
        let mut number = 0_usize;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.next();
            number = number.saturating_mul(10).saturating_add(digit as usize);
            if number > WIDEST {
                return Err(Error::value(format!("{what} too big")));
            }
        }
        Ok(number)
    }
}

/// `template % argument`.
pub fn percent(template: &str, argument: &Value, context: &Context) -> Result<String> {
    let mut arguments = Arguments::new(argument);
    let mut reader = Reader { rest: template.chars(), at: 0 };
    let mut result = String::new();
    while let Some(c) = reader.next() {
        if c != '%' {
            result.push(c);
            continue;
        }
        context.spend(1)?;
        if reader.peek() == Some('%') {
            reader.next();
            result.push('%');
            continue;
        }
        push(&convert(&mut reader, &mut arguments, context)?, &mut result, context)?;
    }
    if arguments.mapping.is_none() && arguments.used < arguments.values.len() {
        return Err(Error::type_error("not all arguments converted during string formatting"));
    }
    Ok(result)
}

impl<'a> Arguments<'a> {
    fn new(argument: &'a Value) -> Self {
        let values = match argument {
            Value::Tuple(items) => items.items.as_slice(),
            _ => std::slice::from_ref(argument),
        };
        let mapping = matches!(
            argument,
            Value::Dict(_)
                | Value::List(_)
                | Value::Bytes(_)
                | Value::Undefined(_)
                | Value::State(_)
                | Value::States(_)
        );
        let object = matches!(argument, Value::Object(object) if object.type_name() == "range");
        Self { values, used: 0, mapping: (mapping || object).then_some(argument), keyed: None }
    }

    fn next(&mut self) -> Result<Value> {
        if let Some(value) = self.keyed.take() {
            return Ok(value);
        }
        let value = self.values.get(self.used).cloned();
        self.used += 1;
        value.ok_or_else(|| Error::type_error("not enough arguments for format string"))
    }

    fn look_up(&mut self, mapping: &Value, key: &str, context: &Context) -> Result<()> {
        let value = match mapping {
            Value::Dict(dict) => {
                let missing = || Error::new(ErrorKind::Key, repr(&Value::text(key)));
                dict.get(&Key::text(key)).cloned().ok_or_else(missing)?
            }
            Value::Undefined(message) => return Err(Error::undefined(message.as_ref())),
            Value::State(_) => context.interpreter.item(mapping, &Value::text(key), context)?,
            other => {
                let name = if matches!(other, Value::Bytes(_)) { "byte" } else { other.type_name() };
                let what = format!("{name} indices must be integers or slices, not str");
                return Err(Error::type_error(what));
            }
        };
        self.keyed = Some(value);
        // The value of a key takes the place of the arguments.
        self.used = self.values.len();
        Ok(())
    }

    /// A width or precision that is an argument: `*`.
    fn star(&mut self) -> Result<i128> {
        match self.next()? {
            Value::Int(number) => Ok(number),
            Value::Bool(flag) => Ok(i128::from(flag)),
            _ => Err(Error::type_error("* wants int")),
        }
    }
}

fn incomplete<T>() -> Result<T> {
    Err(Error::value("incomplete format"))
}

fn convert(reader: &mut Reader, arguments: &mut Arguments, context: &Context) -> Result<String> {
    if reader.peek() == Some('(') {
        reader.next();
        let mapping = arguments.mapping.ok_or_else(|| Error::type_error("format requires a mapping"))?;
        let key = key(reader)?;
        arguments.look_up(mapping, &key, context)?;
    }
    let mut conversion = Conversion::default();
    while let Some(c) = reader.peek() {
        match c {
            '-' => conversion.left = true,
            '+' => conversion.plus = true,
            ' ' => conversion.blank = true,
            '#' => conversion.alternate = true,
            '0' => conversion.zero = true,
            _ => break,
        }
        reader.next();
    }
    if reader.peek() == Some('*') {
        reader.next();
        let width = arguments.star()?;
        if i64::try_from(width).is_err() {
            return Err(Error::overflow("Python int too large to convert to C ssize_t"));
        }
        conversion.left |= width < 0;
        conversion.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
    } else {
        conversion.width = reader.number("width")?;
    }
    if reader.peek() == Some('.') {
        reader.next();
        conversion.precision = Some(if reader.peek() == Some('*') {
            reader.next();
            let precision = arguments.star()?.max(0);
            match usize::try_from(precision).ok().filter(|precision| *precision <= WIDEST) {
                Some(precision) => precision,
                None => return Err(Error::overflow("Python int too large to convert to C int")),
            }
        } else {
            reader.number("precision")?
        });
    }
    if matches!(reader.peek(), Some('h' | 'l' | 'L')) {
        reader.next();
    }
    let at = reader.at;
    match reader.next() {
        None => incomplete(),
        Some(kind) => {
            let value = arguments.next()?;
            context.reserve(conversion.width.max(conversion.precision.unwrap_or(0)))?;
            conversion.convert(kind, &value, at)
        }
    }
}

/// The key up to the parenthesis that closes it.
fn key(reader: &mut Reader) -> Result<String> {
    let mut open = 1_usize;
    let mut key = String::new();
    while let Some(c) = reader.next() {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Ok(key);
        }
        key.push(c);
    }
    Err(Error::value("incomplete format key"))
}

impl Conversion {
    fn convert(&self, kind: char, value: &Value, at: usize) -> Result<String> {
        let text = match kind {
            's' => display(value),
            'r' => repr(value),
            'a' => ascii(value),
            'c' => return Ok(self.filled("", "", &character(value)?, false)),
            'd' | 'i' | 'u' | 'o' | 'x' | 'X' => return self.integer(kind, value),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => return self.float(kind, value),
            _ => {
                let (shown, code) = (if (' '..'\x7f').contains(&kind) { kind } else { '?' }, u32::from(kind));
                let what = format!("unsupported format character '{shown}' (0x{code:x}) at index {at}");
                return Err(Error::value(what));
            }
        };
        let kept = match self.precision {
            Some(precision) => text.chars().take(precision).collect(),
            None => text,
        };
        Ok(self.filled("", "", &kept, false))
    }

    fn integer(&self, kind: char, value: &Value) -> Result<String> {
        let (negative, prefix, digits) = match value {
            // A whole float is written in full, however large it is.
            Value::Float(number) if !matches!(kind, 'o' | 'x' | 'X') => {
                let number = finite(*number)?.trunc();
                (number < 0.0, "", format!("{:.0}", number.abs()))
            }
            _ => {
                let number = whole(kind, value)?;
                let size = number.unsigned_abs();
                let (prefix, digits) = match kind {
                    'o' => ("0o", format!("{size:o}")),
                    'x' => ("0x", format!("{size:x}")),
                    'X' => ("0X", format!("{size:X}")),
                    _ => ("", size.to_string()),
                };
                (number < 0, prefix, digits)
            }
        };
        let missing = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let digits: String = std::iter::repeat_n('0', missing).chain(digits.chars()).collect();
        let prefix = if self.alternate { prefix } else { "" };
        Ok(self.filled(self.sign(negative), prefix, &digits, true))
    }

    fn float(&self, kind: char, value: &Value) -> Result<String> {
        let number = match value {
            Value::Undefined(message) => return Err(Error::undefined(message.as_ref())),
            value => value.as_float().ok_or_else(|| {
                Error::type_error(format!("must be real number, not {}", value.type_name()))
            })?,
        };
        let precision = self.precision.unwrap_or(6);
        let text = match kind.to_ascii_lowercase() {
            'e' => float::scientific(number, precision, self.alternate),
            'f' => float::fixed(number, precision, self.alternate),
            _ => float::general(number, precision, self.alternate, false),
        };
        let text = if kind.is_ascii_uppercase() { text.to_ascii_uppercase() } else { text };
        let (negative, digits) =
            text.strip_prefix('-').map_or((false, text.as_str()), |digits| (true, digits));
        Ok(self.filled(self.sign(negative), "", digits, true))
    }

    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.blank) {
            (true, ..) => "-",
            (false, true, _) => "+",
            (false, false, true) => " ",
            _ => "",
        }
    }

    fn filled(&self, sign: &str, prefix: &str, text: &str, is_number: bool) -> String {
        let missing = self.width.saturating_sub(sign.len() + prefix.len() + text.chars().count());
        let zeros = is_number && self.zero;
        let mut result = String::new();
        if !self.left && !zeros {
            result.extend(std::iter::repeat_n(' ', missing));
        }
        result.push_str(sign);
        result.push_str(prefix);
        if !self.left && zeros {
            result.extend(std::iter::repeat_n('0', missing));
        }
        result.push_str(text);
        if self.left {
            result.extend(std::iter::repeat_n(' ', missing));
        }
        result
    }
}

fn finite(number: f64) -> Result<f64> {
    match number {
        _ if number.is_nan() => Err(Error::value("cannot convert float NaN to integer")),
        _ if number.is_infinite() => Err(Error::overflow("cannot convert float infinity to integer")),
        _ => Ok(number),
    }
}

fn whole(kind: char, value: &Value) -> Result<i128> {
    let wrong = || {
        let wanted = if matches!(kind, 'o' | 'x' | 'X') { "an integer" } else { "a real number" };
        Error::type_error(format!("%{kind} format: {wanted} is required, not {}", value.type_name()))
    };
    match value {
        Value::Undefined(message) => Err(Error::undefined(message.as_ref())),
        _ => value.as_int().ok_or_else(wrong),
    }
}

fn character(value: &Value) -> Result<String> {
    if let Some(text) = value.as_str() {
        return match text.chars().count() {
            1 => Ok(text.to_owned()),
            length => Err(Error::type_error(format!(
                "%c requires an int or a unicode character, not a string of length {length}"
            ))),
        };
    }
    let Some(number) = value.as_int() else {
        let name = value.type_name();
        return Err(Error::type_error(format!("%c requires an int or a unicode character, not {name}")));
    };
    let c = u32::try_from(number).ok().and_then(char::from_u32);
    c.map(String::from).ok_or_else(|| Error::overflow("%c arg not in range(0x110000)"))
}
