//! Shutdown: of running, waiting and hanging deliveries. Every call is answered.

use std::sync::mpsc::channel;

use serde_json::json;

use super::*;
use crate::http::tests::server::{Server, answer, closed_port};

fn to(server: &Server) -> TestNotifier {
    TestNotifier::new(&format!("[notify.x]\nkind = \"webhook\"\nurl = \"{}\"", server.url("/")))
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
    let mut notifier = to(&server);
    let first = notifier.begin("x", json!({"message": "1"}));
    let second = notifier.begin("x", json!({"message": "2"}));
    came.recv().unwrap();
    let stop = notifier.notifier.as_ref().unwrap().deliverer.shutdown.clone();
    let closing = std::thread::spawn(move || notifier.close(LONG));
    assert!(stop.wait(LONG, |phase| phase > Phase::Open));
    go.send(()).unwrap();
    closing.join().unwrap();
    assert!(first.try_recv().unwrap().is_ok());
    let told = second.try_recv().unwrap().unwrap_err().message;
    assert_eq!(told, "notify.x: Larder shut down before it was sent; send it again after the next start");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_silent_receiver_is_interrupted_when_the_time_is_over() {
    let (tell, came) = channel();
    let server = Server::start(move |_, _| {
        tell.send(()).unwrap();
        None
    });
    let mut notifier = to(&server);
    let first = notifier.begin("x", json!({"message": "1"}));
    let second = notifier.begin("x", json!({"message": "2"}));
    came.recv().unwrap();
    notifier.close(Duration::from_millis(50));
    let told = first.try_recv().unwrap().unwrap_err().message;
    assert!(told.ends_with("(tried once, then Larder shut down)"), "{told}");
    let told = second.try_recv().unwrap().unwrap_err().message;
    assert_eq!(told, "notify.x: Larder shut down before it was sent; send it again after the next start");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn nobody_waits_for_another_attempt_at_the_end() {
    let notifier = TestNotifier::new(&format!(
        "[notify.x]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{}/\"",
        closed_port()
    ));
    // Shut down during the wait for the second attempt.
    *notifier.pause.on_pause.lock().unwrap() = Some(Box::new(|stop| stop.set(Phase::Closing)));
    let told = notifier.send("x", json!({"message": "m"})).unwrap_err();
    assert!(told.ends_with("(tried once, then Larder shut down)"), "{told}");
    assert_eq!(notifier.waits(), vec![2]);
}

#[test]
fn real_waits_end_when_it_closes() {
    let stop = Arc::new(Shutdown::default());
    let waiting = stop.clone();
    let thread = std::thread::spawn(move || RealTime.pause(LONG, &waiting));
    stop.set(Phase::Closing);
    thread.join().unwrap();
    RealTime.pause(Duration::from_millis(1), &Shutdown::default());
}

#[test]
fn a_command_that_hangs_is_killed_when_the_time_is_over() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = format!("echo > {}; sleep 1000", pipe.display());
    let mut notifier = TestNotifier::new(&format!(
        "[notify.x]\nkind = \"command\"\ncommand = [\"/bin/sh\", \"-c\", \"{script}\"]"
    ));
    let told = notifier.begin("x", json!({"message": "m"}));
    assert_eq!(std::fs::read(&pipe).unwrap(), b"\n");
    notifier.close(Duration::from_millis(10));
    let message = told.try_recv().unwrap().unwrap_err().message;
    assert_eq!(message, "notify.x: `/bin/sh` was killed because Larder is shutting down");
}

#[test]
fn what_does_not_come_back_is_answered_for_and_left_behind() {
    let other = TestNotifier::new("[notify.x]\nkind = \"log\"");
    // The log hangs, and nothing can interrupt it.
    let (go, gate) = channel::<()>();
    let (tell, came) = channel();
    let gate = Mutex::new(gate);
    let log = Arc::new(move |_: &str| {
        tell.send(()).unwrap();
        let _ = gate.lock().unwrap().recv();
    });
    let targets = BTreeMap::from([("x".to_owned(), Target::Log)]);
    let notifier =
        Notifier::start(targets, &crate::http::tests::settings(), log, other.pause.clone()).unwrap();
    let mut notifier = TestNotifier { notifier: Some(notifier), ..other };
    let (first, second) =
        (notifier.begin("x", json!({"message": "1"})), notifier.begin("x", json!({"message": "2"})));
    came.recv().unwrap();
    notifier.close(Duration::from_millis(10));
    let told = first.try_recv().unwrap().unwrap_err().message;
    assert_eq!(
        told,
        "notify.x: it was still being delivered when Larder shut down; check whether it arrived"
    );
    assert!(second.try_recv().unwrap().is_err());
    drop(go);
}

#[test]
fn closing_with_nothing_to_do_is_at_once() {
    TestNotifier::new("[notify.x]\nkind = \"log\"").close(LONG);
    TestNotifier::new("").close(LONG);
}
