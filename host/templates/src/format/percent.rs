//! Python's `'%s' % value`.

use super::conversion::Conversion;
use super::grow::push;
use super::show::repr;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::value::{Key, Value};

/// The widest field and the longest precision that Python reads.
const WIDEST: usize = i32::MAX as usize;

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
