//! Events, progress, standard error.

use crate::component::{Answer, Deed, GOOD, clock, entities, progress, timers, types};

const TOPIC: &str = "backup/subscribe_events";
const PROGRESS: &str = "larder/progress";

pub const DEEDS: &[(&str, Deed)] = &[
    ("loop-asking", || {
        loop {
            clock::time_zone();
        }
    }),
    ("emit-garbage", || {
        entities::emit(TOPIC, "{");
        Ok(GOOD.into())
    }),
    ("emit-huge", || {
        entities::emit(TOPIC, &format!("\"{}\"", "x".repeat(8 << 20)));
        Ok(GOOD.into())
    }),
    ("emit-forged", || {
        entities::emit(
            "state_changed",
            r#"{"entity_id": "sensor.other", "old_state": null, "new_state": null}"#,
        );
        Ok(GOOD.into())
    }),
    ("emit-long-words", || {
        let words = format!("\u{202e}words\u{2028}{}", "x".repeat(60_000));
        entities::emit("larder/log", &serde_json::json!({ "message": words }).to_string());
        Ok(GOOD.into())
    }),
    ("publish-long-id", || {
        entities::publish(&format!("sensor.\u{202e}{}", "x".repeat(1 << 20)), "on", "{}");
        Ok(GOOD.into())
    }),
    ("publish-long-attributes", || {
        entities::publish(&format!("sensor.{}", "x".repeat(1 << 20)), "on", "[]");
        Ok(GOOD.into())
    }),
    ("emit-endless", || {
        loop {
            entities::emit(TOPIC, &format!("\"{}\"", "x".repeat(32 << 10)));
        }
    }),
    ("emit-much", || {
        (0..5000).for_each(|n| entities::emit("larder/log", &format!(r#"{{"message": "number {n}"}}"#)));
        Ok(GOOD.into())
    }),
    ("timer-past", || {
        timers::set("past", types::Instant { seconds: 0, nanoseconds: 0 });
        Ok(GOOD.into())
    }),
    ("progress-absurd", progress_absurd),
    ("progress-huge", || {
        report(&"x".repeat(16 << 20), 1, Some(2));
        Ok(GOOD.into())
    }),
    ("progress-endless", || {
        loop {
            report("loop", 1, None);
        }
    }),
    ("stderr-much", || {
        stderr(64 << 10);
        Ok(GOOD.into())
    }),
    ("stderr-endless", || {
        loop {
            stderr(1024);
        }
    }),
    ("last-words", || {
        eprintln!("\u{1b}[2Jeverything is fine {}", "x".repeat(16 << 10));
        core::arch::wasm32::unreachable()
    }),
];

fn report(stage: &str, done: u64, total: Option<u64>) {
    progress::report(&progress::Progress { stage: stage.into(), done, total });
}

fn progress_absurd() -> Answer {
    for (done, total) in
        [(u64::MAX, Some(1)), (0, Some(0)), (1, None), (u64::MAX, Some(u64::MAX)), (0, Some(1))]
    {
        report("\u{1b}[2J", done, total);
        let total = total.map_or("null".into(), |total| total.to_string());
        let data = format!(r#"{{"job": "create", "stage": "\u001b[2J", "done": {done}, "total": {total}}}"#);
        entities::emit(PROGRESS, &data);
    }
    for data in
        [r#"{"done": -1, "total": "many", "stage": 7}"#, "[]", "null", r#"{"done": 1e300, "total": 0.5}"#]
    {
        entities::emit(PROGRESS, data);
    }
    entities::emit("\u{1b}[2J", "1");
    Ok(GOOD.into())
}

fn stderr(lines: usize) {
    for line in 0..lines {
        eprintln!("line {line} of more than anybody wants to read");
    }
}
