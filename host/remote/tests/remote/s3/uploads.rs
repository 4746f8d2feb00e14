//! Uploads in parts on real servers: interrupted and continued, given up, completed twice; and cut lines.

use larder_test_servers::Proxy;

use super::*;

const MIB: usize = 1 << 20;

/// 45 MiB: parts of 20, 20 and 5.
fn pieces(bytes: &[u8]) -> Vec<(u32, &[u8])> {
    (1..).zip(bytes.chunks(20 * MIB)).collect()
}

#[test]
fn an_interrupted_upload_is_continued_by_a_new_client() {
    let bytes = bytes(45 * MIB);
    each(|server, kind| {
        let upload = upload("large + ä", bytes.len());
        let (handle, first) = {
            let location = location(&server.url(), "continued");
            assert_eq!(location.plan(upload.size), Plan::Parts(20 << 20));
            let handle = location.start(&upload, &stop()).unwrap();
            let [_, (number, piece), _] = pieces(&bytes)[..] else { panic!() };
            let part = location.send(&upload, &handle, number, body(piece), &stop()).unwrap();
            assert!(part.is_proven, "{kind:?} {part:?}");
            (handle, part)
        };
        let location = location(&server.url(), "continued");
        assert_eq!(names(&location), <[&str; 0]>::default(), "{kind:?}: listed before it is complete");
        let there = location.parts(&upload, &handle, &stop()).unwrap();
        assert_eq!(there, [Part { is_proven: false, ..first.clone() }], "{kind:?}");
        let [(1, one), _, (3, three)] = pieces(&bytes)[..] else { panic!() };
        let third = location.send(&upload, &handle, 3, body(three), &stop()).unwrap();
        // A part that is sent again is no harm.
        for _ in 0..2 {
            location.send(&upload, &handle, 1, body(one), &stop()).unwrap();
        }
        let incomplete = location.finish(&upload, &handle, &[first.clone(), third.clone()], &stop());
        assert_eq!(incomplete.unwrap_err().kind, Kind::NotFound, "{kind:?}");
        let parts = location.parts(&upload, &handle, &stop()).unwrap();
        assert_eq!(parts.iter().map(|part| part.number).collect::<Vec<_>>(), [1, 2, 3], "{kind:?}");
        location.finish(&upload, &handle, &parts, &stop()).unwrap();
        location
            .finish(&upload, &handle, &parts, &stop())
            .unwrap_or_else(|error| panic!("{kind:?} twice: {error}"));
        assert_eq!(location.stat(&upload.name, &stop()).unwrap().unwrap().size, upload.size, "{kind:?}");
        let seam = 20 * MIB as u64;
        let found = read(&location, &upload.name, seam - 10..seam + 10).unwrap();
        assert!(found == bytes[20 * MIB - 10..20 * MIB + 10], "{kind:?}");
        assert!(read(&location, &upload.name, 0..upload.size).unwrap() == bytes, "{kind:?}");
        // Giving it up afterwards does not take the object away.
        location.discard(&upload, Some(&handle), &stop()).unwrap();
        location.discard(&upload, None, &stop()).unwrap();
        assert_eq!(names(&location), ["large + ä"], "{kind:?}");
    });
}

#[test]
fn uploads_are_given_up_with_and_without_their_handle() {
    each(|server, kind| {
        let location = location(&server.url(), "given up");
        let (one, other) = (upload("a+b ä", 30 * MIB), upload("a+b ä.tar", 30 * MIB));
        let handles: Vec<String> = (0..3).map(|_| location.start(&one, &stop()).unwrap()).collect();
        let untouched = location.start(&other, &stop()).unwrap();
        location.discard(&one, Some(&handles[0]), &stop()).unwrap();
        location
            .discard(&one, Some(&handles[0]), &stop())
            .unwrap_or_else(|error| panic!("{kind:?} again: {error}"));
        location.discard(&one, None, &stop()).unwrap();
        for handle in &handles {
            let parts = location.parts(&one, handle, &stop());
            let is_gone = parts.as_ref().is_err_and(|error| error.kind == Kind::NotFound);
            assert!(is_gone, "{kind:?} {handle}: {parts:?}");
        }
        assert_eq!(location.parts(&other, &untouched, &stop()).unwrap(), [], "{kind:?}");
        let error = location.send(&one, &handles[1], 1, body(&bytes(20 * MIB)), &stop()).unwrap_err();
        assert_eq!(error.kind, Kind::NotFound, "{kind:?} {error}");
        location.discard(&other, None, &stop()).unwrap();
        assert_eq!(names(&location), <[&str; 0]>::default(), "{kind:?}");
    });
}

#[test]
fn a_small_object_of_an_upload_that_is_given_up_is_removed_and_a_strangers_is_not() {
    each(|server, kind| {
        let location = location(&server.url(), "small");
        let ours = upload("object", 5);
        let handle = location.start(&ours, &stop()).unwrap();
        location.send(&ours, &handle, 1, body(b"first"), &stop()).unwrap();
        let stranger = Upload { token: "0123456789abcdef".into(), ..ours.clone() };
        location.discard(&stranger, Some(&handle), &stop()).unwrap();
        assert_eq!(names(&location), ["object"], "{kind:?}");
        location.discard(&ours, Some(&handle), &stop()).unwrap();
        assert_eq!(names(&location), <[&str; 0]>::default(), "{kind:?}");
    });
}

#[test]
fn a_cut_line_is_an_error_that_can_be_tried_again() {
    each(|server, kind| {
        let proxy = Proxy::to(server.port);
        let location = location(&proxy.url(), "cut");
        let large = upload("large", 30 * MIB);
        let bytes = bytes(30 * MIB);
        let handle = location.start(&large, &stop()).unwrap();
        for (number, piece) in pieces(&bytes) {
            proxy.cut_after(3 << 20);
            let error = location.send(&large, &handle, number, body(piece), &stop()).unwrap_err();
            assert!(error.is_transient(), "{kind:?} {error}");
            location.send(&large, &handle, number, body(piece), &stop()).unwrap();
        }
        let parts = location.parts(&large, &handle, &stop()).unwrap();
        location.finish(&large, &handle, &parts, &stop()).unwrap();
        assert!(read(&location, "large", 0..large.size).unwrap() == bytes, "{kind:?}");
        let small = upload("small", 10 * MIB);
        let handle = location.start(&small, &stop()).unwrap();
        proxy.cut_after(3 << 20);
        let error = location.send(&small, &handle, 1, body(&bytes[..10 * MIB]), &stop()).unwrap_err();
        assert!(error.is_transient(), "{kind:?} {error}");
        assert_eq!(names(&location), ["large"], "{kind:?}: nothing is listed that is not whole");
        proxy.refuse();
        let error = location.list(&stop()).unwrap_err();
        assert_eq!(error.kind, Kind::Interrupted, "{kind:?} {error}");
    });
}

#[test]
fn a_source_that_ends_early_or_fails_stores_nothing() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk has gone"))
        }
    }
    each(|server, kind| {
        let location = location(&server.url(), "source");
        for (size, is_failing) in [(3 * MIB, false), (3 * MIB, true), (30 * MIB, false), (30 * MIB, true)] {
            let upload = upload(&format!("{size} {is_failing}"), size);
            let handle = location.start(&upload, &stop()).unwrap();
            let half = io::Cursor::new(vec![7; MIB]);
            let reader: Box<dyn Read + Send> =
                if is_failing { Box::new(half.chain(Broken)) } else { Box::new(half) };
            let size = size.min(20 * MIB) as u64;
            let body = Body { size, md5: Some([0; 16]), reader };
            let error = location.send(&upload, &handle, 1, body, &stop()).unwrap_err();
            assert_eq!(error.kind, Kind::Changed, "{kind:?} {error}");
            location.discard(&upload, Some(&handle), &stop()).unwrap();
        }
        assert_eq!(names(&location), <[&str; 0]>::default(), "{kind:?}");
    });
}

#[test]
fn a_stop_ends_an_upload() {
    each(|server, kind| {
        let location = location(&server.url(), "stopped");
        let upload = upload("object", 10 * MIB);
        let handle = location.start(&upload, &stop()).unwrap();
        let stop = Stop::default();
        struct Stopping(Stop, u64);
        impl Read for Stopping {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 += buffer.len() as u64;
                if self.1 > 2 << 20 {
                    self.0.stop();
                }
                buffer.fill(1);
                Ok(buffer.len())
            }
        }
        let reader = Box::new(Stopping(stop.clone(), 0));
        let body = Body { size: upload.size, md5: Some([0; 16]), reader };
        let error = location.send(&upload, &handle, 1, body, &stop).unwrap_err();
        assert_eq!(error.kind, Kind::Stopped, "{kind:?} {error}");
        assert_eq!(location.list(&stop).unwrap_err().kind, Kind::Stopped, "{kind:?}");
        assert_eq!(names(&location), <[&str; 0]>::default(), "{kind:?}");
    });
}
