//! Shutdown: of running, waiting and hanging deliveries. Every call is answered.

use std::sync::mpsc::channel;

use serde_json::json;

use super::*;
use crate::http_client::tests::server::{Server, answer, closed_port};

fn to(server: &Server) -> TestNotifier {
    TestNotifier::new(&format!("[notify.x]\nkind = \"webhook\"\nurl = \"{}\"", server.url("/")))
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn running_deliveries_finish_and_waiting_ones_are_canceled() {
    let (go, gate) = channel::<()>();
    let (arrived, arrival) = channel();
    let server = Server::start(move |_, _| {
        arrived.send(()).unwrap();
        gate.recv().unwrap();
        answer("200 OK", "", "")
    });
    let mut notifier = to(&server);
    let first = notifier.begin("x", json!({"message": "1"}));
    let second = notifier.begin("x", json!({"message": "2"}));
    arrival.recv().unwrap();
    let stop = notifier.notifier.as_ref().unwrap().deliverer.shutdown.clone();
    let closing = std::thread::spawn(move || notifier.close(LONG));
    assert!(stop.wait(LONG, |phase| phase > Phase::Open));
    go.send(()).unwrap();
    closing.join().unwrap();
    assert!(first.try_recv().unwrap().is_ok());
    let error = second.try_recv().unwrap().unwrap_err().message;
    assert_eq!(error, "notify.x: Larder shut down before it was sent; send it again after the next start");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_silent_receiver_is_interrupted_after_the_time_limit() {
    let (arrived, arrival) = channel();
    let server = Server::start(move |_, _| {
        arrived.send(()).unwrap();
        None
    });
    let mut notifier = to(&server);
    let first = notifier.begin("x", json!({"message": "1"}));
    let second = notifier.begin("x", json!({"message": "2"}));
    arrival.recv().unwrap();
    notifier.close(Duration::from_millis(50));
    let error = first.try_recv().unwrap().unwrap_err().message;
    assert!(error.ends_with("(tried once, then Larder shut down)"), "{error}");
    let error = second.try_recv().unwrap().unwrap_err().message;
    assert_eq!(error, "notify.x: Larder shut down before it was sent; send it again after the next start");
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_shutdown_ends_the_wait_for_another_attempt() {
    let notifier = TestNotifier::new(&format!(
        "[notify.x]\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{}/\"",
        closed_port()
    ));
    // Shut down during the wait for the second attempt.
    *notifier.pause.on_pause.lock().unwrap() = Some(Box::new(|stop| stop.set(Phase::Closing)));
    let error = notifier.send("x", json!({"message": "m"})).unwrap_err();
    assert!(error.ends_with("(tried once, then Larder shut down)"), "{error}");
    assert_eq!(notifier.waits(), vec![2]);
}

#[test]
fn a_shutdown_ends_a_real_wait() {
    let stop = Arc::new(Shutdown::default());
    let waiting = stop.clone();
    let thread = std::thread::spawn(move || RealTime.pause(LONG, &waiting));
    stop.set(Phase::Closing);
    thread.join().unwrap();
    RealTime.pause(Duration::from_millis(1), &Shutdown::default());
}

#[test]
fn a_hanging_command_is_killed_at_shutdown() {
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let script = format!("echo > {}; sleep 1000", pipe.display());
    let mut notifier = TestNotifier::new(&format!(
        "[notify.x]\nkind = \"command\"\ncommand = [\"/bin/sh\", \"-c\", \"{script}\"]"
    ));
    let outcome = notifier.begin("x", json!({"message": "m"}));
    assert_eq!(std::fs::read(&pipe).unwrap(), b"\n");
    notifier.close(Duration::from_millis(10));
    let message = outcome.try_recv().unwrap().unwrap_err().message;
    assert_eq!(message, "notify.x: `/bin/sh` was killed because Larder is shutting down");
}

#[test]
fn a_delivery_that_hangs_is_answered_and_abandoned() {
    let other = TestNotifier::new("[notify.x]\nkind = \"log\"");
    // The log hangs, and nothing can interrupt it.
    let (go, gate) = channel::<()>();
    let (arrived, arrival) = channel();
    let gate = Mutex::new(gate);
    let log = Arc::new(move |_: &str| {
        arrived.send(()).unwrap();
        let _ = gate.lock().unwrap().recv();
    });
    let targets = BTreeMap::from([("x".to_owned(), Target::Log)]);
    let notifier =
        Notifier::start(targets, &crate::http_client::tests::settings(), log, other.pause.clone()).unwrap();
    let mut notifier = TestNotifier { notifier: Some(notifier), ..other };
    let (first, second) =
        (notifier.begin("x", json!({"message": "1"})), notifier.begin("x", json!({"message": "2"})));
    arrival.recv().unwrap();
    notifier.close(Duration::from_millis(10));
    let error = first.try_recv().unwrap().unwrap_err().message;
    assert_eq!(
        error,
        "notify.x: it was still being delivered when Larder shut down; check whether it arrived"
    );
    assert!(second.try_recv().unwrap().is_err());
    drop(go);
}

#[test]
fn an_idle_notifier_closes_at_once() {
    TestNotifier::new("[notify.x]\nkind = \"log\"").close(LONG);
    TestNotifier::new("").close(LONG);
}
