//! Refusals, with Home Assistant's messages.

use super::*;

fn message(body: &Value) -> String {
    match full().update(body) {
        Ok(config) => panic!("{body} was taken: {config:?}"),
        Err(invalid) => Failure::from(invalid).message,
    }
}

#[test]
fn refused_updates_get_home_assistants_messages() {
    let cases: Value = serde_json::from_str(include_str!("../fixtures/refused.json")).unwrap();
    let mut wrong = Vec::new();
    for case in ["recorded", "by_the_same_schema"].iter().flat_map(|group| cases[group].as_array().unwrap()) {
        let answer = message(&case["body"]);
        if answer != case["message"] {
            wrong.push(format!("{}\n  got {answer}\n  not  {}", case["body"], case["message"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn refusal_has_home_assistants_code_and_changes_nothing() {
    let body = json!({"retention": {"copies": 0}, "create_backup": {"name": "other"}});
    assert_eq!(Failure::from(full().update(&body).unwrap_err()).code, "invalid_format");
}

#[test]
fn larders_keys_are_checked_too() {
    let cases = [
        (
            json!({"retention": {"keep_daily": 0}}),
            "value must be at least 1 at 'retention.keep_daily'. Got 0",
        ),
        (
            json!({"retention": {"keep_dayly": 1}}),
            "not a valid option, did you mean 'keep_daily' or 'keep_yearly'? at 'retention.keep_dayly'. Got 1",
        ),
        (
            json!({"create_backup": {"securetar": 1}}),
            "value must be one of [2, 3] at 'create_backup.securetar'. Got 1",
        ),
        (json!({"create_backup": {"exclude": null}}), "expected a list at 'create_backup.exclude'. Got None"),
        (json!({"create_backup": {"exclude": [1]}}), "expected str at 'create_backup.exclude[0]'. Got 1"),
    ];
    for (body, expected) in cases {
        assert_eq!(message(&body), expected);
    }
    let answer = message(&json!({"create_backup": {"exclude": ["media/*", "a/[b"]}}));
    assert!(
        answer.starts_with("not a valid pattern: ") && answer.contains("'create_backup.exclude[1]'"),
        "{answer}"
    );
}

#[test]
fn number_out_of_range_and_boolean_instead_of_number_are_refused() {
    let cases = [
        ("4294967296", "value must be at most 4294967295"),
        ("99999999999999999999999", "value must be at most 4294967295"),
        ("18446744073709551615", "value must be at most 4294967295"),
        ("-18446744073709551616", "expected int"),
        ("true", "expected int"),
        ("false", "expected int"),
    ];
    for (number, expected) in cases {
        let body = serde_json::from_str(&format!(r#"{{"retention": {{"days": {number}}}}}"#)).unwrap();
        let answer = message(&body);
        assert!(answer.starts_with(&format!("{expected} at 'retention.days'. Got ")), "{number}: {answer}");
    }
    updated(&full(), &json!({"retention": {"days": u32::MAX}}));
}

#[test]
fn body_that_is_not_an_object_is_refused() {
    assert_eq!(message(&json!(["Pa55"])), "expected a mapping. Got '**REDACTED**'");
}

#[test]
fn possible_password_is_not_quoted() {
    let cases = [
        json!({"create_backup": {"password": [PASSWORD]}}),
        json!({"create_backup": {"password": {"a": PASSWORD}}}),
        json!({"create_backup": {"pasword": PASSWORD}}),
        json!({"create_backup": {"kennwort": PASSWORD}}),
        json!({"create_backup": PASSWORD}),
        json!({"create_backup": [{"password": PASSWORD}]}),
        json!({"password": PASSWORD}),
        json!({"createbackup": {"password": PASSWORD, "name": 1}}),
        json!({"agents": {"backup.local": {"password": PASSWORD}}}),
        json!({"schedule": [{"encryption_key": PASSWORD}]}),
        json!(PASSWORD),
    ];
    for body in cases {
        let invalid = full().update(&body).unwrap_err();
        assert!(!format!("{invalid} {invalid:?}").contains(PASSWORD), "{body}: {invalid}");
    }
    let empty = message(&json!({"create_backup": {"password": ""}}));
    assert_eq!(empty, "length of value must be at least 1 at 'create_backup.password'. Got ''");
}
