//! A home over years without intervention: every day has its backup, at the local time that was set.

use larder_tests::TestHome;
use serde_json::json;

#[test]
fn a_year_of_daily_backups_has_one_a_day_at_the_local_time_that_was_set() {
    let home = TestHome::in_memory();
    home.write(".storage/core.config", r#"{"data": {"time_zone": "Europe/Berlin"}}"#);
    let mut service = home.serve("2026-01-01T12:00:00+01:00");
    service.set(json!({
        "create_backup": {"agent_ids": ["backup.local"]},
        "retention": {"copies": 3, "days": null},
        "schedule": {"recurrence": "daily", "time": "02:30"},
    }));
    service.advance("2027-01-01T12:00:00+01:00");
    let heard = service.events();
    let completed = heard.iter().filter(|heard| heard.data["state"] == "completed");
    assert_eq!(completed.count(), 365);
    assert_eq!(home.archives().len(), 3);
}
