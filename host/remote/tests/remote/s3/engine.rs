//! The engine above S3: stored, continued after a restart, and nothing left behind.

use std::collections::BTreeMap;
use std::sync::Mutex;

use larder_remote::ports::{Memory, Source};
use larder_remote::{Options, Proof, Remote};

use super::*;

#[derive(Default)]
struct Documents(Mutex<BTreeMap<String, String>>);

impl Memory for Documents {
    fn load(&self, name: &str) -> Option<String> {
        self.0.lock().unwrap().get(name).cloned()
    }

    fn save(&self, name: &str, text: &str) -> std::result::Result<(), String> {
        self.0.lock().unwrap().insert(name.to_owned(), text.to_owned());
        Ok(())
    }
}

struct File(Vec<u8>);

impl Source for File {
    fn name(&self) -> &str {
        "staged"
    }

    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.0.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn fingerprint(&self) -> String {
        "same".to_owned()
    }
}

fn remote(url: &str, memory: &Arc<Documents>) -> Remote {
    let environment = Environment { now: Arc::new(|| 1_800_000_000) };
    let protocol = Arc::new(location(url, "engine"));
    Remote::new("s3.test".into(), protocol, memory.clone(), Options::default(), environment)
}

#[test]
fn the_engine_stores_and_continues() {
    let large: Arc<dyn Source> = Arc::new(File(bytes(90 << 20)));
    let small: Arc<dyn Source> = Arc::new(File(bytes(3 << 20)));
    each(|server, kind| {
        let memory = Arc::new(Documents::default());
        let first = Stop::default();
        let stopping = first.clone();
        let progress = move |done: u64| {
            if done >= 85 << 20 {
                stopping.stop();
            }
        };
        let result = remote(&server.url(), &memory).store("large.tar", large.clone(), &progress, &first);
        assert_eq!(result.unwrap_err().kind, Kind::Stopped, "{kind:?}");
        let least = Mutex::new(u64::MAX);
        let again = |done: u64| {
            let mut least = least.lock().unwrap();
            *least = done.min(*least);
        };
        let other = remote(&server.url(), &memory);
        let stored = other.store("large.tar", large.clone(), &again, &stop()).unwrap();
        assert_eq!(stored.proof, Proof::Digest, "{kind:?} {stored:?}");
        println!("{kind:?} continued at {}", least.lock().unwrap());
        let stored = other.store("small.tar", small.clone(), &|_| {}, &stop()).unwrap();
        assert_eq!(stored.proof, Proof::Digest, "{kind:?} {stored:?}");
        other.put("record", b"{}", &stop()).unwrap();
        for check in other.test(&stop()) {
            println!("{kind:?} {check:?}");
        }
        println!("{:?}", other.clean(&|_| false, &stop()));
        let names: Vec<String> =
            other.list(&stop()).unwrap().objects.into_iter().map(|object| object.name).collect();
        assert_eq!(names, ["large.tar", "record", "small.tar"], "{kind:?}");
        assert_eq!(other.store("small.tar", small.clone(), &|_| {}, &stop()).unwrap_err().kind, Kind::Exists);
    });
}
