//! The two automations of Home Assistant's backup documentation, in virtual time.

use serde_json::json;

use super::Play;

const NIGHTLY: &str = r#"automation:
  - alias: "Backup Home Assistant every night at 3 AM"
    triggers:
      - trigger: time
        at: "03:00:00"
    actions:
      - alias: "Create backup now"
        action: backup.create
"#;

const FAILED: &str = r#"alias: "Backup failed"
triggers:
  - trigger: state
    entity_id:
      - event.backup_automatic_backup
conditions:
  - condition: state
    entity_id: event.backup_automatic_backup
    attribute: event_type
    state: failed
actions:
  - action: notify.mobile_app_your_phone
    data:
      title: "Automatic backup failed"
      message: >-
        The last automatic backup failed due to
        {{ state_attr('event.backup_automatic_backup', 'failed_reason') }}
"#;

#[test]
fn the_documented_nightly_backup_runs_once_a_night_through_both_clock_changes() {
    for (from, to, nights) in [
        (
            "2026-03-26T12:00:00Z",
            "2026-04-02T12:00:00Z",
            ["03-27", "03-28", "03-29", "03-30", "03-31", "04-01", "04-02"],
        ),
        (
            "2026-10-22T12:00:00Z",
            "2026-10-29T12:00:00Z",
            ["10-23", "10-24", "10-25", "10-26", "10-27", "10-28", "10-29"],
        ),
    ] {
        let mut play = Play::new(NIGHTLY, "Europe/Berlin", from);
        play.until(to);
        let expected: Vec<_> =
            nights.iter().map(|night| format!("{night} 03:00:00 backup.create {{}}")).collect();
        assert_eq!(play.log, expected);
    }
}

#[test]
fn the_documented_failure_message_says_the_reason_and_only_for_failures() {
    let mut play = Play::new(FAILED, "Europe/Berlin", "2026-05-01T00:00:00Z");
    let event = "event.backup_automatic_backup";
    play.set(event, "unknown", json!({"event_type": null}));
    play.set(event, "2026-05-01T01:00:00.000+00:00", json!({"event_type": "in_progress"}));
    play.set(
        event,
        "2026-05-01T01:01:00.000+00:00",
        json!({"event_type": "failed", "failed_reason": "upload_failed"}),
    );
    play.set(
        event,
        "2026-05-01T02:01:00.000+00:00",
        json!({"event_type": "completed", "failed_reason": null}),
    );
    assert_eq!(
        play.log,
        ["05-01 02:00:00 notify.mobile_app_your_phone {\"title\":\"Automatic backup failed\",\
         \"message\":\"The last automatic backup failed due to upload_failed\"}"]
    );
    let traces = play.engine.traces("Backup failed").unwrap();
    let ends: Vec<_> = traces.iter().map(|trace| trace.end.as_str()).collect();
    let no = "not run: a condition does not hold";
    assert_eq!(ends, [no, no, "done", no]);
}
