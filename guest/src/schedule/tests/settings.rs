//! The format of the schedule in the stored document.

use super::*;

#[test]
fn schedule_comes_back_as_home_assistant_wrote_it() {
    let documents = [
        r#"{"days":[],"recurrence":"daily","time":"03:30:00"}"#,
        r#"{"days":[],"recurrence":"never","time":null}"#,
        r#"{"days":["sun","mon"],"recurrence":"custom_days","time":"23:59:58"}"#,
        r#"{"days":["mon","tue","wed","thu","fri","sat","sun"],"recurrence":"custom_days","time":null}"#,
    ];
    for document in documents {
        let schedule: Schedule = serde_json::from_str(document).unwrap();
        assert_eq!(serde_json::to_string(&schedule).unwrap(), document);
    }
    assert_eq!(serde_json::from_str::<Schedule>("{}").unwrap(), schedule("never", "-"));
}

#[test]
fn time_is_read_with_and_without_seconds_and_refused_otherwise() {
    let cases = [("04:45", "04:45:00"), ("4:5", "04:05:00"), ("23:59:59", "23:59:59"), ("00:00", "00:00:00")];
    for (text, written) in cases {
        assert_eq!(TimeOfDay::parse(text).unwrap().to_string(), written);
    }
    for text in
        ["", "4", "24:00", "04:60", "04:45:60", "04:45:00:00", "+4:45", "004:45", "04:45 ", "٠4:45", "04:"]
    {
        let error = serde_json::from_value::<TimeOfDay>(text.into()).unwrap_err().to_string();
        assert!(error.contains("is not a time of day; write it like 04:45"), "{text}: {error}");
    }
}

#[test]
fn unknown_words_are_refused() {
    let cases =
        [r#"{"recurrence":"weekly"}"#, r#"{"days":["monday"]}"#, r#"{"days":"mon"}"#, r#"{"time":445}"#];
    for text in cases {
        assert!(serde_json::from_str::<Schedule>(text).is_err(), "{text}");
    }
}
