//! The output of a plugin: answers, events, progress, and messages for users.

use larder_tests::Run;

use super::{WATCHDOG, command, fails, home, succeeds};

#[test]
fn an_end_before_the_answer_is_told_with_the_plugins_own_words() {
    let home = home();
    for (deed, says) in [
        ("trap", "unreachable"),
        ("panic", "the pantry is empty\\u{1b}[2J"),
        ("exit", "Exited with"),
        ("last-words", "its last output: \\u{1b}[2Jeverything is fine xxx"),
    ] {
        fails(&home, &format!("job-{deed}"), &[], &format!("it ran the job {deed}: "));
        fails(&home, &format!("job-{deed}"), &[], says);
        fails(&home, &format!("manager-{deed}"), &[], says);
    }
}

#[test]
fn an_answer_that_is_none_is_refused() {
    let home = home();
    for (deed, says) in [
        ("garbage", "not usable JSON"),
        ("huge", "with 41943042 bytes, more than 16777216"),
        ("deep", "not usable JSON: recursion limit"),
        ("complain", "\\u{1b}[2Jxxx"),
        ("emit-garbage", "an event about backup/subscribe_events that is not JSON"),
        ("emit-huge", "more than 65536"),
        ("emit-forged", "an event about state_changed that only the host sends: publishing a state sends it"),
    ] {
        fails(&home, &format!("job-{deed}"), &["memory=256"], says);
        fails(&home, &format!("manager-{deed}"), &["memory=256"], says);
    }
}

#[test]
fn absurd_progress_and_endless_chatter_harm_nobody() {
    let home = home();
    for name in ["manager-progress-absurd", "job-progress-absurd", "job-progress-huge", "job-stderr-much"] {
        succeeds(&home, name, &[]);
    }
    let arguments = ["-v", "create", "--name", "manager-progress-absurd"];
    let run = Run::within(WATCHDOG, command(&home, &[], &arguments)).exits(0);
    assert!(!run.stderr.contains('\u{1b}') && !run.stderr.contains("panicked"), "{}", run.stderr);
}

#[test]
fn a_description_with_control_characters_does_not_reach_the_terminal() {
    let run = Run::within(WATCHDOG, command(&home(), &[], &["plugin"])).exits(0);
    assert!(!run.stdout.contains('\u{1b}') && run.stdout.contains("Misbehaves."), "{}", run.stdout);
}

#[test]
fn long_words_and_such_that_turn_text_round_are_cut_and_escaped() {
    let home = home();
    let arguments = ["-v", "create", "--name", "manager-emit-long-words"];
    let run = Run::within(WATCHDOG, command(&home, &[], &arguments)).exits(0);
    assert!(
        run.stderr.contains("\\u{202e}words\\u{2028}xxx") && run.stderr.contains("xxx…"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.len() < 8192, "{} bytes of words", run.stderr.len());
    for deed in ["publish-long-id", "publish-long-attributes"] {
        let run = fails(&home, &format!("manager-{deed}"), &[], "is not a valid entity ID");
        assert!(run.stderr.len() < 1024 && !run.stderr.contains('\u{202e}'), "{}", run.stderr);
    }
}
