//! Python's escapes in texts.

/// The text that a quoted text stands for, without its quotes. Unknown escapes stay. An error if one is cut off.
pub fn unescaped(text: &str) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\\' {
            result.push(c);
            continue;
        }
        let Some(escape) = chars.next() else {
            result.push('\\');
            break;
        };
        match escape {
            '\n' => {}
            '\\' | '\'' | '"' => result.push(escape),
            'a' => result.push('\u{7}'),
            'b' => result.push('\u{8}'),
            'f' => result.push('\u{c}'),
            'n' => result.push('\n'),
            'r' => result.push('\r'),
            't' => result.push('\t'),
            'v' => result.push('\u{b}'),
            'x' => result.push(hex(&mut chars, 2)?),
            'u' => result.push(hex(&mut chars, 4)?),
            'U' => result.push(hex(&mut chars, 8)?),
            'N' => return Err("the escape `\\N{…}` is not supported; write the character itself".into()),
            '0'..='7' => {
                let mut number = escape.to_digit(8).unwrap_or(0);
                for _ in 0..2 {
                    let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                    number = number * 8 + digit;
                    chars.next();
                }
                result.push(char::from_u32(number).unwrap_or('\u{fffd}'));
            }
            other => result.extend(['\\', other]),
        }
    }
    Ok(result)
}

fn hex(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, digits: usize) -> Result<char, String> {
    let mut number = 0_u32;
    for _ in 0..digits {
        let digit = chars.next().and_then(|c| c.to_digit(16)).ok_or("an escape in a text is cut off")?;
        number = number.wrapping_mul(16).wrapping_add(digit);
    }
    char::from_u32(number).ok_or_else(|| "an escape in a text is not a character".into())
}
