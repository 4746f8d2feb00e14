//! Commands, files and the log; names and data that are wrong.

use serde_json::json;

use super::*;

/// A target that runs a script with `sh -c`: the shell is what is configured here, nothing puts one between.
fn script(script: &str, more: &str) -> Play {
    Play::new(&format!(
        "[notify.x]\nkind = \"command\"\ncommand = ['/bin/sh', '-c', '''{script}''', '{{{{ message }}}}', '{{{{ title }}}}']\n{more}"
    ))
}

#[test]
fn a_command_gets_its_arguments_as_they_are_and_its_input() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let play = script(
        &format!("printf '%s|' \"$0\" \"$1\" > {out}; cat >> {out}", out = out.display()),
        "input = 'in: {{ data.a }}'",
    );
    let hostile = "$(touch /tmp/x); `id` 'a\"b' *\n-rf\u{1b}[31m";
    play.send("x", json!({"message": hostile, "title": "--help", "data": {"a": "é"}})).unwrap();
    assert_eq!(std::fs::read_to_string(out).unwrap(), format!("{hostile}|--help|in: é"));
}

#[test]
fn a_command_sees_none_of_our_environment_but_what_it_needs() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out");
    let toml = format!(
        "[notify.x]\nkind = \"command\"\ncommand = [\"/bin/sh\", \"-c\", \"env > {}\"]",
        out.display()
    );
    Play::new(&toml).send("x", json!({"message": "m"})).unwrap();
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
fn a_command_that_fails_tells_what_it_said() {
    let error = script(r"echo out; printf 'no\033[1m way' >&2; exit 3", "")
        .send("x", json!({"message": "m"}))
        .unwrap_err();
    assert_eq!(error, "notify.x: `/bin/sh` ended with code 3 (out no [1m way); correct it");
    let error = script("kill -TERM $$", "").send("x", json!({"message": "m"})).unwrap_err();
    assert_eq!(error, "notify.x: `/bin/sh` was ended by signal 15; correct it");
    let loud = script("yes | head -c 10000000; exit 1", "").send("x", json!({"message": "m"})).unwrap_err();
    assert!(loud.len() < 500 && loud.contains("…); correct it"), "{loud}");
    let toml = "[notify.x]\nkind = \"command\"\ncommand = [\"/nowhere/x\"]";
    let error = Play::new(toml).send("x", json!({"message": "m"})).unwrap_err();
    assert_eq!(
        error,
        "notify.x: cannot start `/nowhere/x`: No such file or directory; check its path and permissions"
    );
}

#[test]
fn a_command_that_hangs_is_killed_with_all_that_it_started() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    // A child of its own holds the pipe open: that ends only when the child does.
    let play = script(&format!("echo begun; sleep 1000 3> {} & wait", pipe.display()), "timeout = 2");
    let reader = std::thread::spawn(move || std::fs::read(pipe).unwrap());
    let error = play.send("x", json!({"message": "m"})).unwrap_err();
    assert_eq!(error, "notify.x: `/bin/sh` was killed after 2 s (begun); make it faster, or raise `timeout`");
    assert_eq!(reader.join().unwrap(), b"");
}

#[test]
fn a_command_need_not_read_its_input() {
    let play = script("exec <&-", "input = '{{ \"x\" * 60000 }}'");
    assert_eq!(play.send("x", json!({"message": "m"})), Ok(Value::Null));
}

#[test]
fn a_command_that_leaves_somebody_behind_is_done_when_it_ends() {
    let play = script("sleep 5 & exit 0", "");
    assert_eq!(play.send("x", json!({"message": "m"})), Ok(Value::Null));
}

#[test]
fn a_nul_in_an_argument_is_refused() {
    let error = script("exit 0", "").send("x", json!({"message": "m", "title": "a\0b"})).unwrap_err();
    assert_eq!(error, "notify.x: argument 4 holds a NUL character, which none can; leave it out");
}

#[test]
fn a_file_gets_a_line_for_each() {
    let directory = tempfile::tempdir().unwrap();
    let toml = "[notify.diary]\nkind = \"file\"\npath = \"diary.log\"\n[notify.own]\nkind = \"file\"\npath = \"own\"\nline = \"{{ title }}!\"";
    let play = Play::at(directory.path(), toml);
    play.send("diary", json!({"message": "one\n2026-01-01 forged\0"})).unwrap();
    play.send("diary", json!({"message": "two", "title": "T"})).unwrap();
    play.send("own", json!({"message": "two", "title": "T"})).unwrap();
    let read = |name| std::fs::read_to_string(directory.path().join(name)).unwrap();
    let stamp = "2026-11-23T04:45:00+00:00";
    assert_eq!(read("diary.log"), format!("{stamp} one 2026-01-01 forged \n{stamp} T: two\n"));
    assert_eq!(read("own"), "T!\n");
}

#[test]
fn a_file_that_cannot_be_written_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| {
        Play::at(directory.path(), &format!("[notify.f]\nkind = \"file\"\npath = \"{path}\""))
            .send("f", json!({"message": "m"}))
    };
    let shown = directory.path().join("no/f");
    let expected =
        format!("notify.f: cannot open {}: its directory does not exist; create it", shown.display());
    assert_eq!(at("no/f").unwrap_err(), expected);
    assert!(at(".").unwrap_err().contains("Is a directory"));
    assert!(at("/dev/full").unwrap_err().contains("/dev/full is no plain file (it is a device, "));
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(
        at("pipe")
            .unwrap_err()
            .ends_with("pipe is no plain file (it is a FIFO, not a regular file); name another")
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
    let play = Play::new("[notify.log]\nkind = \"log\"");
    play.send("log", json!({"title": "T", "message": "a\nb"})).unwrap();
    assert_eq!(*play.log.lock().unwrap(), ["T: a b"]);
}

#[test]
fn notify_is_every_target_and_tells_which_failed() {
    let play = Play::new(
        "[notify.a]\nkind = \"log\"\n[notify.b]\nkind = \"file\"\npath = \"/nowhere/b\"\n[notify.c]\nkind = \"log\"",
    );
    let error = play.send("notify", json!({"message": "m"})).unwrap_err();
    assert_eq!(error, "notify.b: cannot open /nowhere/b: its directory does not exist; create it");
    assert_eq!(*play.log.lock().unwrap(), ["m", "m"]);
    let named =
        Play::new("[notify.notify]\nkind = \"log\"\n[notify.b]\nkind = \"file\"\npath = \"/nowhere/b\"");
    assert_eq!(named.send("notify", json!({"message": "m"})), Ok(Value::Null));
}

#[test]
fn names_and_data_that_are_wrong_are_final() {
    let play = Play::new("[notify.a]\nkind = \"log\"\n[notify.b]\nkind = \"log\"");
    let told = |name: &str, data| play.begin(name, data).try_recv().unwrap().unwrap_err();
    let unknown = told("phone", json!({"message": "m"}));
    let expected =
        "notify.phone: there is no such target; configured is a, b: correct the name or add [notify.phone]";
    assert_eq!((unknown.message.as_str(), unknown.is_final), (expected, true));
    let missing = told("a", json!({"title": "t"}));
    assert_eq!(
        (missing.message.as_str(), missing.is_final),
        ("notify.a: `message` is missing; add it", true)
    );
    let none = Play::new("").begin("notify", json!({"message": "m"})).try_recv().unwrap().unwrap_err();
    assert!(none.message.contains("configured is nothing"), "{}", none.message);
}
