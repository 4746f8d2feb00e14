//! Lines that break or stand still, servers that die, and work that is stopped.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use larder_remote::protocol::{Body, Protocol};
use larder_remote::{Error, Kind as Failure, Stop};
use larder_test_servers::{Kind, Proxy};

use super::site::{Site, get, location, names, noise, put, upload};

/// Bytes that do something when half of them have been read.
struct Half<F: FnMut()> {
    rest: usize,
    half: usize,
    act: F,
}

impl<F: FnMut()> Read for Half<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest <= self.half && self.half > 0 {
            self.half = 0;
            (self.act)();
        }
        let count = buffer.len().min(self.rest).min(32 * 1024);
        buffer[..count].fill(7);
        self.rest -= count;
        Ok(count)
    }
}

const SIZE: usize = 20_000_000;

#[test]
fn a_server_that_dies_in_the_middle_leaves_nothing_under_the_name_and_the_next_upload_works() {
    for kind in Kind::SFTP {
        let Some(site) = Site::start(kind) else { continue };
        let location = site.location("");
        let stop = Stop::default();
        let upload = upload("a.tar", "token00000000000", SIZE);
        let handle = location.start(&upload, &stop).unwrap();
        let site = std::sync::Arc::new(site);
        let killed = site.clone();
        let reader = Box::new(Half { rest: SIZE, half: SIZE / 2, act: move || killed.server.kill() });
        let body = Body { size: SIZE as u64, md5: None, reader };
        let error = location.send(&upload, &handle, 1, body, &stop).unwrap_err();
        assert_eq!(error.kind, Failure::Interrupted, "{kind:?} {error}");
        site.server.restart();
        assert_eq!(location.stat("a.tar", &stop).unwrap(), None, "{kind:?}");
        let reader = Box::new(Half { rest: SIZE, half: 0, act: || {} });
        let body = Body { size: SIZE as u64, md5: None, reader };
        location.send(&upload, &handle, 1, body, &stop).unwrap();
        location.finish(&upload, &handle, &[], &stop).unwrap();
        assert_eq!(names(&location), ["a.tar"], "{kind:?}");
    }
}

#[test]
fn an_error_of_the_local_file_ends_an_upload_as_it_is() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other(Error::new(Failure::Changed, "the file has changed")))
        }
    }
    let Some(site) = Site::start(Kind::OpenSsh) else { return };
    let location = site.location("");
    let stop = Stop::default();
    let upload = upload("a", "token00000000000", 10);
    let handle = location.start(&upload, &stop).unwrap();
    let body = Body { size: 10, md5: None, reader: Box::new(Broken) };
    assert_eq!(location.send(&upload, &handle, 1, body, &stop).unwrap_err().kind, Failure::Changed);
    location.discard(&upload, Some(&handle), &stop).unwrap();
    assert_eq!(names(&location), [""; 0]);
}

#[test]
fn an_upload_that_never_waits_stops_as_well() {
    let Some(site) = Site::start(Kind::OpenSsh) else { return };
    let location = site.location("");
    let stop = Stop::default();
    let upload = upload("a", "token00000000000", 1_000_000);
    let handle = location.start(&upload, &stop).unwrap();
    let act = stop.clone();
    let reader = Box::new(Half { rest: 1_000_000, half: 500_000, act: move || act.stop() });
    let body = Body { size: 1_000_000, md5: None, reader };
    assert_eq!(location.send(&upload, &handle, 1, body, &stop).unwrap_err().kind, Failure::Stopped);
    let part = location.stat(&handle, &Stop::default()).unwrap().unwrap();
    assert!(part.size < 600_000, "{}", part.size);
}

#[test]
fn work_stops_within_a_second_on_a_line_that_stands_still() {
    let Some(site) = Site::start(Kind::OpenSsh) else { return };
    let proxy = Proxy::to(site.server.port);
    let location = location(site.settings(proxy.port, ""));
    let bytes = noise(3_000_000);
    put(&location, "a", &bytes).unwrap();
    let stop = Stop::default();
    let mut reader = location.read("a", 0..3_000_000, &stop).unwrap();
    reader.read_exact(&mut [0; 1000]).unwrap();
    let upload = upload("b", "token00000000000", SIZE);
    let handle = location.start(&upload, &stop).unwrap();
    let stalled = std::sync::Arc::new(proxy);
    let (act, until) = (stalled.clone(), stop.clone());
    let stopper = std::thread::spawn(move || {
        // Long enough to be in the middle of waiting for the server.
        Stop::default().wait(Duration::from_millis(700)).unwrap();
        until.stop();
        Instant::now()
    });
    let reader_b = Box::new(Half { rest: SIZE, half: SIZE / 2, act: move || act.stall() });
    let body = Body { size: SIZE as u64, md5: None, reader: reader_b };
    let error = location.send(&upload, &handle, 1, body, &stop).unwrap_err();
    let took = stopper.join().unwrap().elapsed();
    assert_eq!(error.kind, Failure::Stopped, "{error}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(io::copy(&mut reader, &mut io::sink()).is_err());
    let begun = Instant::now();
    assert_eq!(location.list(&stop).unwrap_err().kind, Failure::Stopped);
    assert!(begun.elapsed() < Duration::from_secs(10));
    // The session goes on when the line does.
    stalled.go_on();
    assert_eq!(get(&location, "a", 0..3_000_000), bytes);
    assert_eq!(stalled.connections(), 1);
    location.discard(&upload, Some(&handle), &Stop::default()).unwrap();
    assert_eq!(names(&location), ["a"]);
}

#[test]
fn a_line_that_breaks_is_replaced_at_the_next_call() {
    let Some(site) = Site::start(Kind::OpenSsh) else { return };
    let proxy = Proxy::to(site.server.port);
    let location = location(site.settings(proxy.port, ""));
    put(&location, "a", b"bytes").unwrap();
    let mut reader = location.read("a", 0..5, &Stop::default()).unwrap();
    proxy.cut();
    let error = reader.read(&mut [0; 5]).unwrap_err();
    let error = error.get_ref().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(error.kind, Failure::Interrupted, "{error}");
    assert_eq!(get(&location, "a", 0..5), b"bytes");
    location.disconnect();
    assert_eq!(names(&location), ["a"]);
    assert_eq!(proxy.connections(), 3);
}
