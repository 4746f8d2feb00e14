//! Points in time as decimal text, as PAX headers store them.
//!
//! Owns a conversion that keeps microseconds. Python parses such a text as a binary floating-point number and truncates it to a
//! microsecond. The text written here yields the stored microsecond both that way and when it is parsed here.

use super::entry::Instant;

/// The latest time that every reader can restore. Python parses times as binary floating-point numbers; the next larger one is
/// 2^63 seconds, which `os.utime` refuses, and then the whole restore fails.
const LATEST: Instant = Instant { seconds: 9_223_372_036_854_774_784, nanoseconds: 0 };

/// The nearest time that every reader can restore; `None` when `time` itself can be restored.
pub fn nearest_restorable_time(time: Instant) -> Option<Instant> {
    (time > LATEST).then_some(LATEST)
}

/// A time as text, in the form of Python's floats: `1795444780.988981`, `-0.5`, `12.0`.
pub(super) fn to_text(time: Instant) -> String {
    let micro = time.nanoseconds / 1_000;
    // `as` gives the nearest floating-point number, which is what Python would have.
    let near = time.seconds as f64 + f64::from(time.nanoseconds) / 1e9;
    let fits = |text: &String| reads_as(text, time.seconds, micro);
    [near, near.next_up(), near.next_down()]
        .into_iter()
        .map(float_text)
        .find(fits)
        .unwrap_or_else(|| exact_text(time.seconds, micro))
}

/// Rounded to a whole second, ties to even, as Python stores it in the header's own field.
pub(super) fn rounded(time: Instant) -> i64 {
    let up = match time.nanoseconds.cmp(&500_000_000) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Equal => time.seconds & 1,
        std::cmp::Ordering::Greater => 1,
    };
    time.seconds.saturating_add(up)
}

/// Parses decimal text. Digits beyond nanoseconds are rounded towards the past. `None` when the text is not a time.
pub(super) fn from_text(text: &str) -> Option<Instant> {
    if text.contains(['e', 'E']) {
        return from_float(text.parse().ok()?);
    }
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    let seconds: i128 = whole.parse().ok()?;
    let kept: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let nanoseconds: u32 = kept.parse().ok()?;
    let more = fraction.bytes().skip(9).any(|byte| byte != b'0');
    match negative {
        true => before_epoch(seconds, nanoseconds, more),
        false => Some(Instant { seconds: i64::try_from(seconds).ok()?, nanoseconds }),
    }
}

/// `-(seconds + nanoseconds)`, one nanosecond less when there were `more` digits, as an [`Instant`].
fn before_epoch(seconds: i128, nanoseconds: u32, more: bool) -> Option<Instant> {
    let below = nanoseconds.checked_add(u32::from(more))?;
    let (whole, nanoseconds) = match below {
        0 => (seconds.checked_neg()?, 0),
        _ => (seconds.checked_neg()?.checked_sub(1)?, 1_000_000_000_u32.checked_sub(below)?),
    };
    Some(Instant { seconds: i64::try_from(whole).ok()?, nanoseconds })
}

fn from_float(value: f64) -> Option<Instant> {
    // Beyond 9e15 seconds a float cannot represent whole seconds, and no file system has such times.
    if !value.is_finite() || value.abs() > 9e15 {
        return None;
    }
    let seconds = value.floor();
    let nanoseconds = ((value - seconds) * 1e9).floor().min(999_999_999.0);
    Some(Instant { seconds: seconds as i64, nanoseconds: nanoseconds as u32 })
}

fn reads_as(text: &str, seconds: i64, micro: u32) -> bool {
    let same = |time: Instant| time.seconds == seconds && time.nanoseconds / 1_000 == micro;
    from_text(text).is_some_and(same) && text.parse().ok().and_then(from_float).is_some_and(same)
}

fn float_text(value: f64) -> String {
    let text = value.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

fn exact_text(seconds: i64, micro: u32) -> String {
    if seconds < 0 && micro > 0 {
        return format!(
            "-{}.{:06}",
            seconds.saturating_add(1).unsigned_abs(),
            1_000_000_u32.saturating_sub(micro)
        );
    }
    format!("{seconds}.{micro:06}")
}
