//! Closing: what is under way, what waits, what hangs; everything is answered.

use std::sync::mpsc::channel;

use serde_json::json;

use super::*;
use crate::http::tests::server::{Server, answer, closed_port};

fn to(server: &Server) -> Play {
    Play::new(&format!("[notify.x]\nkind = \"webhook\"\nurl = \"{}\"", server.url("/")))
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn what_is_under_way_is_finished_and_the_rest_given_up() {
    let (go, gate) = channel::<()>();
    let (tell, came) = channel();
    let server = Server::start(move |_, _| {
        tell.send(()).unwrap();
        gate.recv().unwrap();
        answer("200 OK", "", "")
    });
    let mut play = to(&server);
    let first = play.begin("x", json!({"message": "1"}));
    let second = play.begin("x", json!({"message": "2"}));
    came.recv().unwrap();
    let stop = play.notifier.as_ref().unwrap().courier.stop.clone();
    let closing = std::thread::spawn(move || play.close(LONG));
    assert!(stop.wait(LONG, |phase| phase > Phase::Open));
    go.send(()).unwrap();
    closing.join().unwrap();
    assert!(first.try_recv().unwrap().is_ok());
    let told = second.try_recv().unwrap().unwrap_err().message;
    assert_eq!(told, "notify.x: it was not begun before Larder ended; send it again after the start");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_silent_receiver_is_interrupted_when_the_time_is_over() {
    let (tell, came) = channel();
    let server = Server::start(move |_, _| {
        tell.send(()).unwrap();
        None
    });
    let mut play = to(&server);
    let first = play.begin("x", json!({"message": "1"}));
    let second = play.begin("x", json!({"message": "2"}));
    came.recv().unwrap();
    play.close(Duration::from_millis(50));
    let told = first.try_recv().unwrap().unwrap_err().message;
    assert!(told.ends_with("(tried once, then Larder ended)"), "{told}");
    let told = second.try_recv().unwrap().unwrap_err().message;
    assert_eq!(told, "notify.x: it was not begun before Larder ended; send it again after the start");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn nobody_waits_for_another_attempt_at_the_end() {
    let play =
        Play::new(&format!("[notify.x]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{}/\"", closed_port()));
    // The end comes while the second attempt is waited for.
    *play.noted.then.lock().unwrap() = Some(Box::new(|stop| stop.set(Phase::Closing)));
    let told = play.send("x", json!({"message": "m"})).unwrap_err();
    assert!(told.ends_with("(tried once, then Larder ended)"), "{told}");
    assert_eq!(play.waits(), vec![2]);
}

#[test]
fn real_waits_end_when_it_closes() {
    let stop = Arc::new(Stop::default());
    let waiting = stop.clone();
    let thread = std::thread::spawn(move || RealTime.pause(LONG, &waiting));
    stop.set(Phase::Closing);
    thread.join().unwrap();
    RealTime.pause(Duration::from_millis(1), &Stop::default());
}

#[test]
fn a_command_that_hangs_is_killed_when_the_time_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = format!("echo > {}; sleep 1000", pipe.display());
    let mut play =
        Play::new(&format!("[notify.x]\nkind = \"command\"\ncommand = [\"/bin/sh\", \"-c\", \"{script}\"]"));
    let told = play.begin("x", json!({"message": "m"}));
    assert_eq!(std::fs::read(&pipe).unwrap(), b"\n");
    play.close(Duration::from_millis(10));
    let message = told.try_recv().unwrap().unwrap_err().message;
    assert_eq!(message, "notify.x: `/bin/sh` was killed, since Larder ends");
}

#[test]
fn what_does_not_come_back_is_answered_for_and_left_behind() {
    let play = Play::new("[notify.x]\nkind = \"log\"");
    // The log is what hangs: nothing can interrupt it.
    let (go, gate) = channel::<()>();
    let (tell, came) = channel();
    let gate = Mutex::new(gate);
    let log = Arc::new(move |_: &str| {
        tell.send(()).unwrap();
        let _ = gate.lock().unwrap().recv();
    });
    let targets = BTreeMap::from([("x".to_owned(), Target::Log)]);
    let notifier =
        Notifier::start(targets, &crate::http::tests::settings(), log, play.noted.clone()).unwrap();
    let mut play = Play { notifier: Some(notifier), ..play };
    let (first, second) =
        (play.begin("x", json!({"message": "1"})), play.begin("x", json!({"message": "2"})));
    came.recv().unwrap();
    play.close(Duration::from_millis(10));
    let told = first.try_recv().unwrap().unwrap_err().message;
    assert_eq!(told, "notify.x: it was still under way when Larder ended; check whether it arrived");
    assert!(second.try_recv().unwrap().is_err());
    drop(go);
}

#[test]
fn closing_with_nothing_to_do_is_at_once() {
    Play::new("[notify.x]\nkind = \"log\"").close(LONG);
    Play::new("").close(LONG);
}
