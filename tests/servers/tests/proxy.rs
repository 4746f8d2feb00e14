//! The proxy forwards, delays without limiting how much is on the way, stalls, and cuts where it is told to.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use larder_test_servers::Proxy;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server that sends back what it gets.
fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    port
}

/// A server that reads, and says how many bytes there were on each connection at its end.
fn sink() -> (u16, Receiver<u64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (counted, counts) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = vec![0; 1 << 20];
            let mut count = 0;
            while let Ok(read @ 1..) = stream.read(&mut buffer) {
                count += u64::try_from(read).unwrap();
            }
            if counted.send(count).is_err() {
                return;
            }
        }
    });
    (port, counts)
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", proxy.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn round_trip(stream: &mut TcpStream) -> Duration {
    let started = Instant::now();
    stream.write_all(b"ping").unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"ping");
    started.elapsed()
}

/// Whether the other side has ended the connection.
fn is_over(stream: &mut TcpStream) -> bool {
    !matches!(stream.read(&mut [0; 64]), Ok(1..))
}

#[test]
fn bytes_are_forwarded_and_counted() {
    let proxy = Proxy::to(echo());
    let mut stream = connect(&proxy);
    round_trip(&mut stream);
    assert_eq!((proxy.sent(), proxy.received(), proxy.count(), proxy.connections()), (4, 4, 8, 1));
    stream.shutdown(Shutdown::Write).unwrap();
    assert!(is_over(&mut stream), "the end of the stream is passed on");
}

#[test]
fn a_slow_line_takes_the_round_trip_for_a_connection_and_for_each_answer() {
    let trip = Duration::from_millis(100);
    let proxy = Proxy::slow(echo(), trip);
    let mut stream = connect(&proxy);
    let first = round_trip(&mut stream);
    assert!(first >= trip * 2, "the connection takes one as well: {first:?}");
    let second = round_trip(&mut stream);
    assert!(second >= trip && second < trip * 3, "{second:?}");
}

#[test]
fn a_slow_line_does_not_limit_how_much_is_on_the_way() {
    let (port, counts) = sink();
    let proxy = Proxy::slow(port, Duration::from_millis(500));
    let started = Instant::now();
    let mut stream = connect(&proxy);
    let piece = vec![1; 1 << 20];
    for _ in 0..64 {
        stream.write_all(&piece).unwrap();
    }
    drop(stream);
    assert_eq!(counts.recv_timeout(PATIENCE).unwrap(), 64 << 20);
    let seconds = started.elapsed().as_secs_f64();
    assert!(
        (0.75..5.0).contains(&seconds),
        "a wait for each of 256 pieces takes a minute; this took {seconds} s"
    );
}

#[test]
fn a_cut_ends_all_connections_and_admits_new_ones() {
    let proxy = Proxy::to(echo());
    let mut streams = [connect(&proxy), connect(&proxy)];
    for stream in &mut streams {
        round_trip(stream);
    }
    proxy.cut();
    for stream in &mut streams {
        assert!(is_over(stream));
    }
    round_trip(&mut connect(&proxy));
}

#[test]
fn a_cut_after_some_bytes_lets_exactly_those_through_and_happens_once() {
    let (port, counts) = sink();
    let proxy = Proxy::to(port);
    proxy.cut_after(1_000_001);
    let mut stream = connect(&proxy);
    let _ = stream.write_all(&vec![1; 3_000_000]);
    assert_eq!(counts.recv_timeout(PATIENCE).unwrap(), 1_000_001);
    assert!(is_over(&mut stream));
    let mut next = connect(&proxy);
    next.write_all(&vec![1; 2_000_000]).unwrap();
    drop(next);
    assert_eq!(counts.recv_timeout(PATIENCE).unwrap(), 2_000_000);
}

#[test]
fn a_stalled_line_says_nothing_until_it_goes_on_and_can_be_cut() {
    let proxy = Proxy::to(echo());
    let mut stream = connect(&proxy);
    round_trip(&mut stream);
    proxy.stall();
    stream.write_all(b"more").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut answer = [0; 4];
    assert!(stream.read(&mut answer).is_err(), "nothing comes through");
    proxy.go_on();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.read_exact(&mut answer).unwrap();
    proxy.stall();
    stream.write_all(b"lost").unwrap();
    proxy.cut();
    assert!(is_over(&mut stream));
}

#[test]
fn whoever_is_refused_is_disconnected_at_once() {
    let proxy = Proxy::to(echo());
    proxy.refuse();
    assert!(is_over(&mut connect(&proxy)));
    proxy.admit();
    round_trip(&mut connect(&proxy));
}

#[test]
fn without_a_server_connections_end_and_a_dropped_proxy_is_gone() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let proxy = Proxy::to(unused);
    assert!(is_over(&mut connect(&proxy)));
    let proxy = Proxy::to(echo());
    let mut stream = connect(&proxy);
    round_trip(&mut stream);
    assert!(proxy.wait_until_sent(4, PATIENCE));
    drop(proxy);
    assert!(is_over(&mut stream));
}
