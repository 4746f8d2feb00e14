//! Addition and subtraction of times. `minijinja` adds numbers only, so `+` and `-` become calls of functions that
//! handle both.
//!
//! Rewrites the tokens of a template before it is compiled, and only if it mentions times. Handles precedence as far
//! as plus and minus need it. Never changes line numbers.

use std::borrow::Cow;

use super::tokens::{KEYWORDS, Kind, Segment, Token, segments};

/// Names that show that a template may calculate with times.
const TIME_NAMES: [&str; 12] = [
    "now",
    "utcnow",
    "as_datetime",
    "as_local",
    "timedelta",
    "as_timedelta",
    "strptime",
    "today_at",
    "last_changed",
    "last_updated",
    "fromisoformat",
    "last_triggered",
];
/// The template with `+` and `-` replaced by calls of `__add` and `__sub`, if it may calculate with times.
pub fn rewritten(source: &str) -> Cow<'_, str> {
    if !source.contains(['+', '-']) || !TIME_NAMES.iter().any(|word| source.contains(word)) {
        return Cow::Borrowed(source);
    }
    let mut result = String::with_capacity(source.len() * 2);
    for segment in segments(source) {
        match segment {
            Segment::Text(text) => result.push_str(text),
            Segment::Code { open, tokens, close } => {
                result.push_str(open);
                result.push_str(&with_calls(&tokens));
                result.push_str(close);
            }
        }
    }
    Cow::Owned(result)
}

/// One level of brackets.
#[derive(Default)]
struct Level {
    done: String,
    /// The left operand and the function of the last plus or minus.
    left: Option<(String, &'static str)>,
    operand: String,
    /// Whether a plus or minus now would be binary.
    has_value: bool,
}

impl Level {
    fn sum(&mut self) -> String {
        let operand = std::mem::take(&mut self.operand);
        match self.left.take() {
            Some((left, name)) => format!(" {name}({left},{operand})"),
            None => operand,
        }
    }

    fn end(&mut self, token: &Token) {
        let sum = self.sum();
        self.done.push_str(&sum);
        self.done.push_str(token.space);
        self.done.push_str(token.text);
        self.has_value = false;
    }

    fn push(&mut self, token: &Token, is_value: bool) {
        self.operand.push_str(token.space);
        self.operand.push_str(token.text);
        self.has_value = is_value;
    }
}

fn with_calls(tokens: &[Token]) -> String {
    let mut levels = vec![Level::default()];
    let mut before = "";
    for token in tokens {
        let Some(level) = levels.last_mut() else { break };
        match (token.kind, token.text) {
            (Kind::Name, word) if !matches!(before, "." | "|") && KEYWORDS.contains(&word) => {
                level.end(token)
            }
            (Kind::Name | Kind::Literal, _) => level.push(token, true),
            (Kind::Open, _) => {
                level.push(token, false);
                levels.push(Level::default());
            }
            (Kind::Close, _) => {
                let inner = match levels.len() {
                    0 | 1 => String::new(),
                    _ => levels
                        .pop()
                        .map(|mut level| {
                            let sum = level.sum();
                            level.done + &sum
                        })
                        .unwrap_or_default(),
                };
                if let Some(level) = levels.last_mut() {
                    level.operand.push_str(&inner);
                    level.push(token, true);
                }
            }
            (Kind::Operator, "+" | "-") if level.has_value => {
                let sum = level.sum();
                level.left = Some((sum, if token.text == "+" { "__add" } else { "__sub" }));
                level.operand.push_str(token.space);
                level.has_value = false;
            }
            (Kind::Operator, "+" | "-" | "*" | "/" | "//" | "**" | "%" | "|" | "." | "~") => {
                level.push(token, false)
            }
            (Kind::Operator, _) => level.end(token),
        }
        before = token.text;
    }
    let mut result = String::new();
    for mut level in levels {
        let sum = level.sum();
        result.push_str(&level.done);
        result.push_str(&sum);
    }
    result
}
