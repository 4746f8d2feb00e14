//! Requests that Home Assistant refuses, with its messages: its recorded conversation, sent to Larder.
//!
//! The fixture is a conversation with a Home Assistant 2026.11, ids and times redacted. Intended differences are listed here
//! and in `docs/compatibility.md`.

use std::fs;

use larder_tests::{TestHome, TestService, tests_directory};
use serde_json::{Value, json};

const NOW: &str = "2026-11-23T12:00:00+01:00";

/// Commands that are not actions here, or are of the WebSocket itself.
fn is_elsewhere(send: &Value, receive: &Value) -> bool {
    let command = send["type"].as_str().unwrap();
    let has_envelope =
        receive["error"]["message"].as_str().is_some_and(|message| message.contains("'id': <id>"));
    command == "backup/can_decrypt_on_download"
        || receive["error"]["code"] == "unknown_command"
        || has_envelope
}

/// An empty password would protect nothing: Larder refuses it. An unknown key next to the password may be a password itself:
/// Larder does not repeat it.
fn is_refused_on_purpose(data: &Value) -> bool {
    let settings = &data["create_backup"];
    data["password"] == "" || settings["password"] == "" || settings.get("nope").is_some()
}

struct Conversation {
    service: TestService,
    id: String,
}

impl Conversation {
    fn begin(home: &TestHome) -> Self {
        let mut service = home.serve(NOW);
        let data = json!({"agent_ids": ["backup.local"], "name": "fixture"});
        let created = service.call("backup.generate", data).unwrap();
        let id = created["backup_id"].as_str().unwrap().to_owned();
        Self { service, id }
    }

    /// Sends a recorded command. Ids of the recording become those of this home.
    fn send(&mut self, send: &Value) -> Result<Value, larder::runtime::Failure> {
        let mut data: Value =
            serde_json::from_str(&send.to_string().replace("<backup-id>", &self.id)).unwrap();
        let command = data.as_object_mut().unwrap().remove("type").unwrap();
        let action = command.as_str().unwrap().replace('/', ".");
        let action = action.replace("generate_with_automatic_settings", "create_automatic");
        self.service.pass(1);
        self.service.call(&action, data)
    }

    /// The events of the backup manager since the last look.
    fn events(&mut self) -> Vec<Value> {
        let heard = self.service.events().into_iter();
        heard.filter(|heard| heard.topic == "backup/subscribe_events").map(|heard| heard.data).collect()
    }
}

#[test]
fn refusals_are_home_assistants_word_for_word() {
    let path = tests_directory().join("fixtures/recordings/api-backup-commands.json");
    let recording: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let home = TestHome::in_memory();
    let mut conversation = Conversation::begin(&home);
    let mut compared = 0;
    for exchange in recording["answers"].as_array().unwrap() {
        let (send, receive) = (&exchange["send"], &exchange["receive"]);
        if send.is_null() || is_elsewhere(send, receive) {
            continue;
        }
        let answer = conversation.send(send);
        compared += 1;
        match (&answer, is_refused_on_purpose(send)) {
            (Err(failure), false) => {
                let error = json!({"code": failure.code, "message": failure.message});
                assert_eq!(error, receive["error"], "{send}");
            }
            (Err(failure), true) => assert!(failure.code == "invalid_format", "{send}: {failure:?}"),
            (Ok(answer), _) => {
                assert_eq!(receive["success"], true, "{send}: {answer}");
                assert!(
                    !receive["result"].is_null() || answer.is_null() || answer.get("warnings").is_some(),
                    "{send}: {answer}"
                );
            }
        }
    }
    assert_eq!(compared, 64);
}

#[test]
fn a_refused_restore_has_home_assistants_reason_and_events() {
    let home = TestHome::in_memory();
    let mut conversation = Conversation::begin(&home);
    let password = json!({"agent_ids": ["backup.local"], "name": "protected", "password": "right"});
    conversation.service.pass(1);
    let protected = conversation.service.call("backup.generate", password).unwrap()["backup_id"].clone();
    fs::write(home.backups().join("damaged.tar"), damaged()).unwrap();
    let local = |more: Value| {
        let mut data =
            json!({"type": "backup/restore", "backup_id": "<backup-id>", "agent_id": "backup.local"});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    // The request, and Home Assistant's reason for the failure.
    let cases = [
        (local(json!({"backup_id": protected})), "password_incorrect"),
        (local(json!({"backup_id": protected, "password": "wrong"})), "password_incorrect"),
        (local(json!({"backup_id": "deadbeef"})), "backup_manager_error"),
        (local(json!({"agent_id": "nope.nope"})), "unknown_error"),
        (
            local(json!({"restore_homeassistant": false, "restore_database": false})),
            "backup_reader_writer_error",
        ),
        (local(json!({"restore_folders": ["ssl"]})), "backup_reader_writer_error"),
        (local(json!({"restore_addons": ["x"]})), "backup_reader_writer_error"),
        (local(json!({"backup_id": "0badcafe"})), "backup_reader_writer_error"),
    ];
    conversation.events();
    for (send, reason) in cases {
        conversation.send(&send).unwrap_err();
        let event = |state: &str, reason: Value| json!({"manager_state": "restore_backup", "stage": null, "state": state, "reason": reason});
        let events = [
            event("in_progress", Value::Null),
            event("failed", reason.into()),
            json!({"manager_state": "idle"}),
        ];
        assert_eq!(conversation.events(), events, "{send}");
    }
    // Invalid requests are refused before anything begins.
    for wrong in
        [json!({"nope": 1}), json!({"restore_folders": ["nope"]}), json!({"restore_database": "yes"})]
    {
        assert_eq!(conversation.send(&local(wrong)).unwrap_err().code, "invalid_format");
        assert_eq!(conversation.events(), Vec::<Value>::new());
    }
}

/// A backup whose home is truncated.
fn damaged() -> Vec<u8> {
    let inner = larder_tests::tar::gzip(&larder_tests::tar::Tar::home().end());
    larder_tests::tar::backup_of(&inner[..inner.len() / 2])
}

#[test]
fn a_wrong_password_is_told_in_home_assistants_words_and_the_log_says_more() {
    let home = TestHome::in_memory();
    let mut conversation = Conversation::begin(&home);
    let password = json!({"agent_ids": ["backup.local"], "name": "protected", "password": "right"});
    conversation.service.pass(1);
    let protected = conversation.service.call("backup.generate", password).unwrap();
    conversation.service.events();
    let send =
        json!({"type": "backup/restore", "backup_id": protected["backup_id"], "agent_id": "backup.local"});
    let failure = conversation.send(&send).unwrap_err();
    assert_eq!(
        (failure.code.as_str(), failure.message.as_str()),
        ("password_incorrect", "Incorrect password")
    );
    let heard = conversation.service.events();
    let said = heard
        .iter()
        .filter(|heard| heard.topic == "larder/log")
        .map(|heard| heard.data["message"].to_string());
    let said = said.collect::<String>();
    assert!(said.contains(protected["file"].as_str().unwrap()) && said.contains("none was given"), "{said}");
    // The command line shows both.
    let id = protected["backup_id"].as_str().unwrap();
    drop(conversation);
    home.larder(&["restore", id, "--yes"]).exits(1).says("none was given").says("error: Incorrect password");
}

#[test]
fn a_restore_is_heard_as_home_assistants_is() {
    let home = TestHome::in_memory();
    let mut conversation = Conversation::begin(&home);
    home.write("added.yaml", "later");
    conversation.events();
    let send = json!({"type": "backup/restore", "backup_id": "<backup-id>", "agent_id": "backup.local"});
    let states = |events: Vec<Value>| -> Vec<Value> {
        assert!(events.iter().all(|event| event.get("stage").is_none_or(Value::is_null)), "{events:?}");
        events.iter().map(|event| event.get("state").unwrap_or(&event["manager_state"]).clone()).collect()
    };
    let mut dry = send.clone();
    dry["dry_run"] = true.into();
    conversation.send(&dry).unwrap();
    assert_eq!(states(conversation.events()), ["in_progress", "completed", "idle"]);
    conversation.send(&send).unwrap();
    assert_eq!(states(conversation.events()), ["in_progress", "core_restart", "completed", "idle"]);
    assert!(!home.path("added.yaml").exists());
}
