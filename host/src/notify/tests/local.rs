//! Commands, files and the log; invalid names and data.

use serde_json::json;

use super::*;

/// A target that runs a script with `sh -c`. The test configures the shell; Larder does not add one.
fn script(script: &str, more: &str) -> TestNotifier {
    TestNotifier::new(&format!(
        "[notify.x]\nkind = \"command\"\ncommand = ['/bin/sh', '-c', '''{script}''', '{{{{ message }}}}', '{{{{ title }}}}']\n{more}"
    ))
}

#[test]
fn a_command_gets_its_arguments_unchanged_and_its_input() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let notifier = script(
        &format!("printf '%s|' \"$0\" \"$1\" > {out}; cat >> {out}", out = out.display()),
        "input = 'in: {{ data.a }}'",
    );
    let hostile = "$(touch /tmp/x); `id` 'a\"b' *\n-rf\u{1b}[31m";
    notifier.send("x", json!({"message": hostile, "title": "--help", "data": {"a": "é"}})).unwrap();
    assert_eq!(std::fs::read_to_string(out).unwrap(), format!("{hostile}|--help|in: é"));
}

#[test]
fn a_command_inherits_only_the_variables_that_it_needs() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let toml = format!(
        "[notify.x]\nkind = \"command\"\ncommand = [\"/bin/sh\", \"-c\", \"env > {}\"]",
        out.display()
    );
    TestNotifier::new(&toml).send("x", json!({"message": "m"})).unwrap();
    let names: Vec<_> = std::fs::read_to_string(out)
        .unwrap()
        .lines()
        .map(|line| line.split('=').next().unwrap().to_owned())
        .collect();
    // The last three are the shell's own.
    let known = ["PATH", "HOME", "LANG", "TZ", "PWD", "SHLVL", "_"];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
    assert!(names.iter().any(|name| name == "PATH"));
    assert!(std::env::vars().count() > names.len(), "there is something to keep back");
}

#[test]
fn the_output_of_a_failed_command_is_part_of_the_error() {
    let error = script(r"echo out; printf 'no\033[1m way' >&2; exit 3", "")
        .send("x", json!({"message": "m"}))
        .unwrap_err();
    assert_eq!(error, "notify.x: `/bin/sh` exited with status 3 (out no [1m way); check the program");
    let error = script("kill -TERM $$", "").send("x", json!({"message": "m"})).unwrap_err();
    assert_eq!(error, "notify.x: `/bin/sh` was killed by signal 15; check the program");
    let loud = script("yes | head -c 10000000; exit 1", "").send("x", json!({"message": "m"})).unwrap_err();
    assert!(loud.len() < 500 && loud.contains("…); check the program"), "{loud}");
    let toml = "[notify.x]\nkind = \"command\"\ncommand = [\"/nowhere/x\"]";
    let error = TestNotifier::new(toml).send("x", json!({"message": "m"})).unwrap_err();
    assert_eq!(
        error,
        "notify.x: cannot start `/nowhere/x`: No such file or directory; check its path and permissions"
    );
}

#[test]
fn a_hanging_command_is_killed_with_its_child_processes() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    // A child process holds the pipe open until it is killed.
    let notifier = script(&format!("echo begun; sleep 1000 3> {} & wait", pipe.display()), "timeout = 2");
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    let error = notifier.send("x", json!({"message": "m"})).unwrap_err();
    assert_eq!(error, "notify.x: `/bin/sh` was killed after 2 s (begun); make it faster, or raise `timeout`");
    assert_eq!(reader.join().unwrap(), b"");
}

#[test]
fn a_command_need_not_read_its_input() {
    let notifier = script("exec <&-", "input = '{{ \"x\" * 60000 }}'");
    assert_eq!(notifier.send("x", json!({"message": "m"})), Ok(Value::Null));
}

#[test]
fn a_command_is_done_when_it_exits_even_if_a_child_lives_on() {
    let notifier = script("sleep 5 & exit 0", "");
    assert_eq!(notifier.send("x", json!({"message": "m"})), Ok(Value::Null));
}

#[test]
fn a_nul_in_an_argument_is_refused() {
    let error = script("exit 0", "").send("x", json!({"message": "m", "title": "a\0b"})).unwrap_err();
    assert_eq!(error, "notify.x: argument 4 contains a NUL character, which is not allowed; remove it");
}

#[test]
fn each_notification_adds_a_line_to_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let toml = "[notify.diary]\nkind = \"file\"\npath = \"diary.log\"\n[notify.own]\nkind = \"file\"\npath = \"own\"\nline = \"{{ title }}!\"";
    let notifier = TestNotifier::at(directory.path(), toml);
    notifier.send("diary", json!({"message": "one\n2026-01-01 forged\0"})).unwrap();
    notifier.send("diary", json!({"message": "two", "title": "T"})).unwrap();
    notifier.send("own", json!({"message": "two", "title": "T"})).unwrap();
    let read = |name| std::fs::read_to_string(directory.path().join(name)).unwrap();
    let stamp = "2026-11-23T04:45:00+00:00";
    assert_eq!(read("diary.log"), format!("{stamp} one 2026-01-01 forged \n{stamp} T: two\n"));
    assert_eq!(read("own"), "T!\n");
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| {
        TestNotifier::at(directory.path(), &format!("[notify.f]\nkind = \"file\"\npath = \"{path}\""))
            .send("f", json!({"message": "m"}))
    };
    let shown = directory.path().join("no/f");
    let expected =
        format!("notify.f: cannot open {}: its directory does not exist; create it", shown.display());
    assert_eq!(at("no/f").unwrap_err(), expected);
    assert!(at(".").unwrap_err().contains("Is a directory"));
    assert!(at("/dev/full").unwrap_err().contains("/dev/full cannot be used (it is a device, "));
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(
        at("pipe")
            .unwrap_err()
            .ends_with("pipe cannot be used (it is a FIFO, not a regular file); choose a regular file")
    );
    let theirs = directory.path().join("theirs");
    std::os::unix::fs::symlink(&theirs, directory.path().join("link")).unwrap();
    for text in [None, Some("theirs")] {
        text.into_iter().for_each(|text| std::fs::write(&theirs, text).unwrap());
        assert!(at("link").unwrap_err().contains("it is a symbolic link, which is not followed here"));
        assert_eq!(std::fs::read_to_string(&theirs).ok().as_deref(), text);
    }
}

#[test]
fn the_log_gets_one_line() {
    let notifier = TestNotifier::new("[notify.log]\nkind = \"log\"");
    notifier.send("log", json!({"title": "T", "message": "a\nb"})).unwrap();
    assert_eq!(*notifier.log.lock().unwrap(), ["T: a b"]);
}

#[test]
fn notify_sends_to_every_target_and_names_those_that_failed() {
    let notifier = TestNotifier::new(
        "[notify.a]\nkind = \"log\"\n[notify.b]\nkind = \"file\"\npath = \"/nowhere/b\"\n[notify.c]\nkind = \"log\"",
    );
    let error = notifier.send("notify", json!({"message": "m"})).unwrap_err();
    assert_eq!(error, "notify.b: cannot open /nowhere/b: its directory does not exist; create it");
    assert_eq!(*notifier.log.lock().unwrap(), ["m", "m"]);
    let named = TestNotifier::new(
        "[notify.notify]\nkind = \"log\"\n[notify.b]\nkind = \"file\"\npath = \"/nowhere/b\"",
    );
    assert_eq!(named.send("notify", json!({"message": "m"})), Ok(Value::Null));
}

#[test]
fn an_unknown_target_or_invalid_data_is_a_final_failure() {
    let notifier = TestNotifier::new("[notify.a]\nkind = \"log\"\n[notify.b]\nkind = \"log\"");
    let failure = |name: &str, data| notifier.begin(name, data).try_recv().unwrap().unwrap_err();
    let unknown = failure("phone", json!({"message": "m"}));
    let expected = "notify.phone: there is no such target; configured targets: a, b. Correct the name, or add [notify.phone] to larder.toml";
    assert_eq!((unknown.message.as_str(), unknown.is_final), (expected, true));
    let missing = failure("a", json!({"title": "t"}));
    assert_eq!(
        (missing.message.as_str(), missing.is_final),
        ("notify.a: `message` is missing; add it", true)
    );
    let none =
        TestNotifier::new("").begin("notify", json!({"message": "m"})).try_recv().unwrap().unwrap_err();
    assert!(none.message.contains("no notification targets are configured"), "{}", none.message);
}
