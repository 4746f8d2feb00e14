//! The engine over each protocol against real servers: cut lines, uploads that are continued, small objects, and what is left.

mod site;

use std::sync::Arc;
use std::time::{Duration, Instant};

use larder_remote::protocol::{Body, Protocol, Upload};
use larder_remote::{Kind as Failure, Proof, Stop};
use larder_test_servers::{BUCKET, Kind, Options, Protocol as Speaks, Server};

use self::site::{File, Site, on_each, read};
use crate::sftp::site::{Site as Sftp, noise};

const MIB: usize = 1 << 20;
/// How long a store may take when the line is there again.
const SOON: Duration = Duration::from_secs(150);

#[test]
fn a_large_object_whose_line_is_cut_in_the_middle_is_stored_and_proven() {
    let bytes = noise(45 * MIB);
    on_each("large", Duration::ZERO, |site| {
        let (remote, stop) = (site.remote(), Stop::default());
        site.proxy.cut_after(20 << 20);
        let begun = Instant::now();
        let stored = remote.store("a.tar", Arc::new(File(bytes.clone())), &|_| {}, &stop);
        println!("{:?}: 45 MiB with a cut took {:?}", site.kind, begun.elapsed());
        let stored = stored.unwrap_or_else(|error| panic!("{:?}: {error}", site.kind));
        assert!(begun.elapsed() < SOON, "{:?} {:?}", site.kind, begun.elapsed());
        let expected = if site.speaks() == Speaks::S3 { Proof::Digest } else { Proof::Sample };
        assert_eq!((stored.proof, stored.notes.as_slice()), (expected, [].as_slice()), "{:?}", site.kind);
        assert!(read(&remote, "a.tar") == bytes, "{:?}", site.kind);
        let listed = remote.list(&stop).unwrap().objects;
        let listed: Vec<_> = listed.iter().map(|object| (object.name.as_str(), object.size)).collect();
        assert_eq!(listed, [("a.tar", 45 << 20)], "{:?}", site.kind);
        assert_eq!(remote.clean(&|_| false, &stop), [""; 0], "{:?}", site.kind);
        assert_eq!(site.names(), ["a.tar"], "{:?}", site.kind);
        let tells = matches!(site.kind, Kind::WsgiDav | Kind::OpenSsh | Kind::Asyncssh | Kind::RcloneSftp);
        let free = remote.state().free;
        assert_eq!(free.is_some_and(|free| free > 0), tells, "{:?} {free:?}", site.kind);
    });
}

/// The cuts hit every step, the last renaming too.
#[test]
fn a_small_object_whose_line_is_cut_anywhere_is_stored() {
    const CUTS: u64 = 10;
    on_each("small", Duration::ZERO, |site| {
        let (remote, stop) = (site.remote(), Stop::default());
        remote.put("first", b"bytes", &stop).unwrap();
        let before = site.proxy.sent();
        remote.put("second", b"bytes", &stop).unwrap();
        let whole = site.proxy.sent() - before;
        for cut in 0..CUTS {
            site.proxy.cut_after(1 + whole * cut / CUTS);
            let begun = Instant::now();
            let put = remote.put(&format!("cut{cut}"), b"bytes", &stop);
            println!("{:?}: cut {cut} of {CUTS} took {:?}", site.kind, begun.elapsed());
            put.unwrap_or_else(|error| panic!("{:?} {cut}: {error}", site.kind));
            assert!(begun.elapsed() < SOON, "{:?} {cut} {:?}", site.kind, begun.elapsed());
        }
        assert_eq!(remote.clean(&|_| false, &stop), [""; 0], "{:?}", site.kind);
        assert_eq!(site.names().len(), 12, "{:?} {:?}", site.kind, site.names());
    });
}

#[test]
fn an_object_is_stored_soon_after_a_line_that_was_away_is_back() {
    let bytes = noise(8 * MIB);
    on_each("away", Duration::ZERO, |site| {
        let (remote, stop) = (site.remote(), Stop::default());
        remote.put("first", b"bytes", &stop).unwrap();
        site.proxy.refuse();
        std::thread::scope(|scope| {
            let back = scope.spawn(|| {
                Stop::default().wait(Duration::from_secs(5)).unwrap();
                site.proxy.admit();
                Instant::now()
            });
            let stored = remote.store("a.tar", Arc::new(File(bytes.clone())), &|_| {}, &stop);
            stored.unwrap_or_else(|error| panic!("{:?}: {error}", site.kind));
            let took = back.join().unwrap().elapsed();
            println!("{:?}: stored {took:?} after the line was back", site.kind);
            assert!(took < SOON, "{:?} {took:?}", site.kind);
        });
    });
}

/// The parts go side by side, so more than one may be unfinished. What the server has is not sent again.
#[test]
fn a_new_process_sends_only_the_parts_that_the_server_does_not_have() {
    let bytes = noise(45 * MIB);
    for kind in [Kind::RcloneS3, Kind::SeaweedS3] {
        let Some(site) = Site::start(kind, "parts", Duration::ZERO) else { continue };
        let stop = Stop::default();
        *site.memory.stops.lock().unwrap() = Some(("is_proven", 1, stop.clone()));
        let file = Arc::new(File(bytes.clone()));
        let stopped = site.remote().store("a.tar", file.clone(), &|_| {}, &stop).unwrap_err();
        assert_eq!(stopped.kind, Failure::Stopped, "{kind:?} {stopped}");
        *site.memory.stops.lock().unwrap() = None;
        let recorded = site.memory.recorded();
        assert!(recorded > 0, "{kind:?}");
        // What the first process left in buffers would be counted as the second's.
        site.proxy.cut();
        let before = site.proxy.sent();
        let remote = site.remote();
        assert_eq!(remote.unfinished(), ["a.tar"], "{kind:?}");
        let stored = remote.store("a.tar", file, &|_| {}, &Stop::default()).unwrap();
        let sent = site.proxy.sent() - before;
        println!("{kind:?}: {recorded} bytes were recorded, {sent} bytes sent by the second process");
        // SeaweedFS sometimes fails at a part while it still works on the request for it that was cut off. So one is sent again.
        let again = if kind == Kind::SeaweedS3 { 20 << 20 } else { 0 };
        assert!(sent < (46 << 20) - recorded + again, "{kind:?} {sent} {recorded}");
        assert_eq!(stored.proof, Proof::Digest, "{kind:?}");
        assert!(read(&remote, "a.tar") == bytes, "{kind:?}");
        assert_eq!(remote.clean(&|_| false, &Stop::default()), [""; 0], "{kind:?}");
    }
}

#[test]
fn small_objects_are_read_side_by_side() {
    const COUNT: usize = 300;
    on_each("many", Duration::from_millis(40), |site| {
        let direct = site.protocol(site.server().port, BUCKET);
        std::thread::scope(|scope| {
            for first in 0..8 {
                let direct = &direct;
                scope.spawn(move || (first..COUNT).step_by(8).for_each(|number| store(&**direct, number)));
            }
        });
        let (remote, stop) = (site.remote(), Stop::default());
        let listed = remote.list(&stop).unwrap().objects;
        assert_eq!(listed.len(), COUNT, "{:?}", site.kind);
        let begun = Instant::now();
        let read = remote.small(&listed, MIB, &stop);
        let took = begun.elapsed();
        println!("{:?}: {COUNT} small objects took {took:?}", site.kind);
        for (object, bytes) in listed.iter().zip(read) {
            assert_eq!(bytes.unwrap(), object.name.as_bytes(), "{:?}", site.kind);
        }
        assert!(took < Duration::from_secs(30), "{:?} {took:?}", site.kind);
    });
}

fn store(location: &dyn Protocol, number: usize) {
    let (stop, name) = (Stop::default(), format!("{number:04}.json"));
    let upload = Upload { name: name.clone(), size: name.len() as u64, token: format!("token{number:011}") };
    let handle = location.start(&upload, &stop).unwrap();
    let reader = Box::new(std::io::Cursor::new(name.into_bytes()));
    let body = Body { size: upload.size, md5: None, reader };
    let part = location.send(&upload, &handle, 1, body, &stop).unwrap();
    location.finish(&upload, &handle, &[part], &stop).unwrap();
}

#[test]
fn a_stop_ends_an_upload_within_two_seconds_and_clean_removes_it() {
    let bytes = noise(45 * MIB);
    on_each("stop", Duration::ZERO, |site| {
        for stalls in [false, true] {
            let (remote, stop) = (site.remote(), Stop::default());
            let begun = std::sync::Mutex::new(None);
            let report = |sent: u64| {
                if sent > 4 << 20 && !stop.is_stopped() {
                    if stalls {
                        site.proxy.stall();
                    }
                    *begun.lock().unwrap() = Some(Instant::now());
                    stop.stop();
                }
            };
            let stopped = remote.store("a.tar", Arc::new(File(bytes.clone())), &report, &stop);
            let took = begun.lock().unwrap().unwrap().elapsed();
            println!("{:?}: stopped within {took:?}, stalled: {stalls}", site.kind);
            assert_eq!(stopped.unwrap_err().kind, Failure::Stopped, "{:?}", site.kind);
            assert!(took < Duration::from_secs(15), "{:?} {took:?}", site.kind);
            site.proxy.go_on();
            let sentences = remote.clean(&|_| false, &Stop::default());
            assert_eq!(sentences, ["removed the unfinished upload of a.tar"], "{:?}", site.kind);
            assert_eq!(site.names(), [""; 0], "{:?}", site.kind);
        }
    });
}

#[test]
fn a_missing_folder_is_empty_and_a_missing_bucket_an_error() {
    on_each("not/there", Duration::ZERO, |site| {
        let (stop, remote) = (Stop::default(), site.remote());
        assert_eq!(remote.list(&stop).unwrap().objects, [], "{:?}", site.kind);
        assert_eq!(remote.state().error, None, "{:?}", site.kind);
        if site.speaks() == Speaks::S3 {
            let error = site.remote_of("no-such-bucket").list(&stop).unwrap_err();
            assert_eq!(error.kind, Failure::NotFound, "{:?} {error}", site.kind);
            assert!(error.message.contains("no bucket no-such-bucket"), "{error}");
        }
    });
}

#[test]
fn a_location_is_tried_out_in_a_few_seconds() {
    on_each("tried", Duration::ZERO, |site| {
        let begun = Instant::now();
        let checks = site.remote().test(&Stop::default());
        println!("{:?}: the test took {:?}", site.kind, begun.elapsed());
        for check in &checks {
            assert!(check.result.is_ok(), "{:?} {check:?}", site.kind);
        }
        assert_eq!(checks.len(), 9, "{:?} {checks:?}", site.kind);
        assert_eq!(site.names(), [""; 0], "{:?}", site.kind);
        assert!(begun.elapsed() < Duration::from_secs(90), "{:?} {:?}", site.kind, begun.elapsed());
    });
}

/// rclone waits a second for a write that another one has overtaken, which is too short on a busy machine. Here it hardly waits.
#[test]
fn a_server_that_refuses_overtaking_writes_gets_fewer_at_once() {
    let options = Options::with_arguments(["--vfs-write-wait=1ns"]);
    let Some(server) = Server::start_with(Kind::RcloneSftp, &options) else { return };
    let site = Site::of(Sftp { server, directory: tempfile::tempdir().unwrap() }, "waits", Duration::ZERO);
    let (remote, bytes) = (site.remote(), noise(8 * MIB));
    for round in 0..4 {
        let begun = Instant::now();
        let name = format!("{round}.tar");
        remote.store(&name, Arc::new(File(bytes.clone())), &|_| {}, &Stop::default()).unwrap();
        println!("8 MiB took {:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(90), "{round} {:?}", begun.elapsed());
        assert!(read(&remote, &name) == bytes);
    }
}
