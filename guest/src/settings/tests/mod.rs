//! Settings as Home Assistant accepts, shows and refuses them, by recordings, and the keys that Larder adds.

mod assignments;
mod named;
mod properties;
mod refusals;

use serde_json::{Value, json};

use super::*;

const PASSWORD: &str = "Pa55-w0rd-rig";

fn updated(from: &Config, body: &Value) -> Config {
    from.update(body).unwrap_or_else(|invalid| panic!("{body}: {invalid}"))
}

/// Settings in which every value is set.
fn full() -> Config {
    updated(
        &Config::default(),
        &json!({
            "agents": {
                "backup.local": {"protected": false, "retention": {"copies": 7, "keep_weekly": 4}},
                "webdav.x/y~z": {},
            },
            "automatic_backups_configured": true,
            "create_backup": {
                "agent_ids": ["backup.local"], "password": PASSWORD, "name": "Mine", "exclude": ["www/*"],
                "securetar": 2,
            },
            "retention": {"copies": 3, "days": 30, "keep_monthly": 12},
            "schedule": {"recurrence": "custom_days", "days": ["mon", "fri"], "time": "03:30"},
        }),
    )
}

#[test]
fn recorded_updates_lead_to_the_recorded_settings() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../fixtures/recorded-updates.json")).unwrap();
    let mut config = Config::default();
    for case in cases {
        if let before @ Value::Object(_) = &case["before"] {
            assert_eq!(config.info(None, false), *before);
        }
        for body in case["updates"].as_array().unwrap() {
            config = updated(&config, body);
        }
        let after = &case["after"]["config"];
        let moment = |name: &str| after[name].as_str().and_then(Moment::parse);
        config.last_attempted_automatic_backup = moment("last_attempted_automatic_backup");
        config.last_completed_automatic_backup = moment("last_completed_automatic_backup");
        config.last_completed_automatic_backup_size = after["last_completed_automatic_backup_size"].as_u64();
        let next = moment("next_automatic_backup").map(Moment::time);
        assert_eq!(config.info(next.as_ref(), false), case["after"]);
    }
}

#[test]
fn create_backup_and_agents_change_by_the_key() {
    let config = updated(
        &full(),
        &json!({
            "create_backup": {"name": null},
            "agents": {"backup.local": {"protected": true}, "new.one": {"retention": {"days": 5}}},
        }),
    );
    assert_eq!(config.create_backup.name, None);
    assert_eq!(config.create_backup.password.as_ref().unwrap().reveal(), PASSWORD);
    assert_eq!(config.create_backup.exclude, ["www/*"]);
    let local = &config.agents["backup.local"];
    assert_eq!((local.protected, local.retention.as_ref().unwrap().copies), (true, Some(7)));
    let retention = Some(Policy { days: Some(5), ..Policy::default() });
    assert_eq!(config.agents["new.one"], Agent { protected: true, retention });
    assert_eq!(config.agents["webdav.x/y~z"], Agent { protected: true, retention: None });
}

#[test]
fn schedule_and_retention_are_replaced_except_for_larders_keys() {
    let body = json!({
        "agents": {"backup.local": {"retention": {"days": 2}}},
        "retention": {"copies": 1},
        "schedule": {"time": "5:07:09"},
    });
    let config = updated(&full(), &body);
    let policy = |text: &str| serde_json::from_str::<Policy>(text).unwrap();
    assert_eq!(config.retention, policy(r#"{"copies": 1, "days": null, "keep_monthly": 12}"#));
    let local = config.agents["backup.local"].retention;
    assert_eq!(local, Some(policy(r#"{"copies": null, "days": 2, "keep_weekly": 4}"#)));
    assert_eq!(
        serde_json::to_value(&config.schedule).unwrap(),
        json!({"days": [], "recurrence": "never", "time": "05:07:09"})
    );
    let without = updated(&full(), &json!({"agents": {"backup.local": {"retention": null}}}));
    assert_eq!(without.agents["backup.local"].retention, None);
}

#[test]
fn larders_keys_are_shown_if_set_and_can_be_unset() {
    let shown = full().info(None, false);
    assert_eq!(shown.pointer("/config/create_backup/securetar"), Some(&json!(2)));
    assert_eq!(shown.pointer("/config/retention/keep_monthly"), Some(&json!(12)));
    let body = json!({
        "create_backup": {"exclude": [], "securetar": null},
        "retention": {"copies": 3, "days": 30, "keep_monthly": null},
    });
    let shown = updated(&full(), &body).info(None, false);
    assert_eq!(shown.pointer("/config/retention"), Some(&json!({"copies": 3, "days": 30})));
    assert_eq!(shown.pointer("/config/create_backup").unwrap().as_object().unwrap().len(), 7);
}

#[test]
fn password_is_unset_by_null_and_redacted_for_people() {
    let config = full();
    assert_eq!(config.redacted()["create_backup"]["password"], "***");
    assert!(!config.redacted().to_string().contains(PASSWORD));
    assert!(!format!("{config:?}").contains(PASSWORD));
    let without = updated(&config, &json!({"create_backup": {"password": null}}));
    assert!(without.create_backup.password.is_none());
    assert_eq!(without.redacted()["create_backup"]["password"], Value::Null);
    // Only clients use it, and Home Assistant leaves it to them to set it.
    assert!(without.automatic_backups_configured);
}

#[test]
fn settings_are_read_as_they_were_stored() {
    let mut config = full();
    let cases = [
        ("2026-11-23T15:44:07.167228+01:00", "2026-11-23T15:44:07.167228+01:00"),
        ("2026-11-23T15:44:07.1672289Z", "2026-11-23T15:44:07.167228+00:00"),
        ("2026-11-23T15:44:07.000000-09:30", "2026-11-23T15:44:07-09:30"),
    ];
    for (text, written) in cases {
        config.last_attempted_automatic_backup = Moment::parse(text);
        let stored = serde_json::to_value(&config).unwrap();
        assert_eq!(stored["last_attempted_automatic_backup"], written);
        let back: Config = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&back).unwrap(), stored);
    }
}
