//! Templates with times stay within the limits, whatever they ask for.

use std::path::Path;

use super::world::Fixed;
use larder_templates::{Engine, ErrorKind, Value, Variables};

fn render(template: &str) -> Result<String, ErrorKind> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/home-assistant");
    let world = Fixed::read(&fixtures, None);
    let rendered = Engine::default().render(template, &Variables::new(), &world).0;
    rendered.map(|rendered| rendered.text).map_err(|error| error.kind)
}

#[test]
fn a_time_that_is_shown_too_wide_or_too_long_is_an_error() {
    for template in [
        "{{ now().strftime('%0999999999d') }}",
        "{{ now().strftime('%99999999999999999999999Y') }}",
        "{{ now().strftime('%900000A' * 100) }}",
        "{{ now().strftime('%c' * 500000) }}",
        "{{ 0 | timestamp_custom('%900000q' * 100) }}",
        "{% for i in [0] * 100000 %}{{ now().strftime('%1000d') | as_timedelta }}{% endfor %}",
        "{% for i in [0] * 100000 %}{% set x = strptime('2026', '%Y') %}{% endfor %}",
        "{{ strptime('x' * 1000000, '%Y' ~ ' x' * 60000) }}",
        "{{ strptime('2026', '%A' * 1000000) }}",
    ] {
        assert_eq!(render(template), Err(ErrorKind::Limit), "{template}");
    }
}

#[test]
fn texts_that_are_no_times_are_read_to_the_end_once() {
    for (template, expected) in [
        ("{{ as_datetime('1' * 1000000) }}", Err(ErrorKind::Overflow)),
        ("{{ as_datetime('2026-06-01T12:00:00.' ~ '1' * 1000000) }}", Ok("2026-06-01 12:00:00.111111")),
        ("{{ as_timedelta('1' * 1000) }}", Err(ErrorKind::Overflow)),
        ("{{ as_timedelta('1 ' * 500000) }}", Ok("None")),
        ("{{ today_at(':' * 1000000) }}", Err(ErrorKind::Value)),
        ("{{ as_timestamp('1' * 1000000, 5) }}", Ok("5")),
        ("{{ strptime('1' * 1000000, '%d', 'no') }}", Ok("no")),
        ("{{ strptime('5 5', '%d %d', 'no') }}", Err(ErrorKind::Runtime)),
        ("{{ now() - timedelta.max }}", Err(ErrorKind::Overflow)),
        ("{{ timedelta.max * 10 ** 30 }}", Err(ErrorKind::Overflow)),
        ("{{ time_since(now() - timedelta(days=700000), 6) }}", Ok("1917 years 9 months 25 days")),
    ] {
        assert_eq!(render(template), expected.map(str::to_owned), "{template}");
    }
}

proptest::proptest! {
    #[test]
    fn no_format_and_no_text_makes_a_template_panic(format in "(%[-_0^#EO:]{0,2}[0-9]{0,4}.|.){0,8}", text in ".{0,20}") {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/home-assistant");
        let world = Fixed::read(&fixtures, None);
        let mut variables = Variables::new();
        variables.insert("format".into(), Value::text(&format));
        variables.insert("text".into(), Value::text(&text));
        for template in [
            "{{ now().strftime(format) }}{{ now().date().strftime(format) }}{{ 0 | timestamp_custom(format) }}",
            "{{ strptime(text, format, none) }}",
            "{{ strptime(now().strftime(format), format, none) }}",
            "{{ as_datetime(text) }}{{ as_timestamp(text, 0) }}{{ as_timedelta(text) }}",
        ] {
            let _ = Engine::default().render(template, &variables, &world);
        }
    }
}
