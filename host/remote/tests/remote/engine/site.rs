//! A real server behind a proxy, and the engine on it, for the tests of the engine.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use larder_remote::ports::{Memory, Source};
use larder_remote::protocol::Protocol;
use larder_remote::s3::S3Location;
use larder_remote::settings::{Environment, Http, S3, Secret};
use larder_remote::{Options, Remote, Stop};
use larder_test_servers::{BUCKET, Kind, Protocol as Speaks, Proxy, Server};

use crate::sftp::site as sftp;

pub const KINDS: [Kind; 8] = [
    Kind::RcloneS3,
    Kind::SeaweedS3,
    Kind::RcloneWebdav,
    Kind::WsgiDav,
    Kind::Apache,
    Kind::OpenSsh,
    Kind::Asyncssh,
    Kind::RcloneSftp,
];

/// Runs a test on each kind of server that is available, side by side, in a folder of this name.
pub fn on_each(folder: &str, round_trip: Duration, test: impl Fn(&Site) + Sync) {
    thread::scope(|scope| {
        let test = &test;
        for kind in KINDS {
            let work = move || {
                if let Some(site) = Site::start(kind, folder, round_trip) {
                    test(&site);
                }
            };
            thread::Builder::new().name(format!("{kind:?}")).spawn_scoped(scope, work).unwrap();
        }
    });
}

#[derive(Default)]
pub struct Documents {
    texts: Mutex<BTreeMap<String, String>>,
    /// Stopped when the document with the uploads holds this text that many times.
    pub stops: Mutex<Option<(&'static str, usize, Stop)>>,
}

impl Documents {
    /// Bytes of the parts of unfinished uploads that are recorded.
    pub fn recorded(&self) -> u64 {
        let text = self.load("test.uploads").unwrap();
        // A part begins with its number, and its size follows.
        let sizes = text.split("{\"number\":").skip(1).map(|part| part.split("\"size\":").nth(1).unwrap());
        sizes.map(|size| size.split(',').next().unwrap().parse::<u64>().unwrap()).sum()
    }
}

impl Memory for Documents {
    fn load(&self, name: &str) -> Option<String> {
        self.texts.lock().unwrap().get(name).cloned()
    }

    fn save(&self, name: &str, text: &str) -> Result<(), String> {
        self.texts.lock().unwrap().insert(name.to_owned(), text.to_owned());
        match &*self.stops.lock().unwrap() {
            Some((words, count, stop)) if text.matches(words).count() >= *count => stop.stop(),
            _ => {}
        }
        Ok(())
    }
}

pub struct Site {
    pub kind: Kind,
    site: sftp::Site,
    pub proxy: Proxy,
    pub memory: Arc<Documents>,
    folder: String,
}

impl Site {
    #[track_caller]
    pub fn start(kind: Kind, folder: &str, round_trip: Duration) -> Option<Self> {
        Some(Self::of(sftp::Site::start(kind)?, folder, round_trip))
    }

    pub fn of(site: sftp::Site, folder: &str, round_trip: Duration) -> Self {
        let kind = site.server.kind;
        let proxy = Proxy::slow(site.server.port, round_trip);
        Self { kind, site, proxy, memory: Arc::default(), folder: folder.to_owned() }
    }

    pub fn speaks(&self) -> Speaks {
        self.kind.protocol()
    }

    pub fn server(&self) -> &Server {
        &self.site.server
    }

    /// The location through the proxy, or past it.
    pub fn protocol(&self, port: u16, bucket: &str) -> Arc<dyn Protocol> {
        let url = format!("http://127.0.0.1:{port}");
        match self.speaks() {
            Speaks::S3 => {
                let settings = S3 {
                    endpoint: url.parse().unwrap(),
                    region: "us-east-1".to_owned(),
                    bucket: bucket.to_owned(),
                    prefix: format!("engine/{}", self.folder),
                    access_key_id: self.server().user.clone(),
                    secret_access_key: Secret(self.server().password.clone()),
                    path_style: true,
                };
                let http = Http { tls: ureq::tls::TlsConfig::default(), proxy: None };
                Arc::new(S3Location::new(settings, http, environment()).unwrap())
            }
            Speaks::Webdav => Arc::new(crate::webdav::location(&url, &self.folder)),
            Speaks::Sftp => Arc::new(sftp::location(self.site.settings(port, &self.folder))),
        }
    }

    /// A new process on the same memory.
    pub fn remote(&self) -> Remote {
        self.remote_of(BUCKET)
    }

    pub fn remote_of(&self, bucket: &str) -> Remote {
        let (protocol, memory) = (self.protocol(self.proxy.port, bucket), self.memory.clone());
        Remote::new("test".to_owned(), protocol, memory, Options::default(), environment())
    }

    /// All names, those of unfinished uploads too.
    pub fn names(&self) -> Vec<String> {
        let objects = self.protocol(self.server().port, BUCKET).list(&Stop::default()).unwrap();
        let mut names: Vec<String> = objects.into_iter().map(|object| object.name).collect();
        names.sort();
        names
    }
}

fn environment() -> Environment {
    let seconds = || std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().try_into().unwrap();
    Environment { now: Arc::new(seconds) }
}

/// The source of an upload.
pub struct File(pub Vec<u8>);

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
        self.0.len().to_string()
    }
}

/// The whole of an object.
pub fn read(remote: &Remote, name: &str) -> Vec<u8> {
    let reader = remote.open(name, Stop::default()).unwrap();
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < reader.size() {
        bytes.extend(reader.read(bytes.len() as u64, 1 << 20).unwrap());
    }
    bytes
}
