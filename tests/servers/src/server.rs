//! A real server: starts it, waits until it answers, stops, kills and restarts it on the same port with the same data.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::ask;
use crate::configure::{Setup, command};
use crate::guard::Guarded;
use crate::kind::{BUCKET, Kind, Protocol};
use crate::options::Options;
use crate::ports::Port;
use crate::ssh::{self, Keys};
use crate::weed::Weed;

/// How long a server may take to answer. SeaweedFS needs ten seconds on a free machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often it is asked.
const INTERVAL: Duration = Duration::from_millis(20);

/// A running server. It ends when it is dropped.
pub struct Server {
    pub kind: Kind,
    pub port: u16,
    /// The directory that it serves. SeaweedFS keeps its own files there; moto keeps everything in memory.
    pub data: PathBuf,
    /// SFTP: its line for `known_hosts`.
    pub host_key: String,
    /// SFTP: the private key that it admits.
    pub identity: PathBuf,
    /// S3: the access key. WebDAV: the user, empty without a login.
    pub user: String,
    /// S3: the secret key. WebDAV and SFTP: the password, empty where there is none.
    pub password: String,
    process: Arc<Mutex<Process>>,
    shared: bool,
    host_key_file: PathBuf,
}

/// What answers when it is ready.
enum Ready {
    Http(Port),
    Moto(Port),
    Ssh(Port),
    Weed(Weed),
}

struct Process {
    // In this order: the server ends before its directory is removed and its port given back.
    guarded: Option<Guarded>,
    command: Vec<String>,
    root: Root,
    ready: Ready,
}

/// The directory of a server. That of a shared one is removed by its guard, since a static value is never dropped.
enum Root {
    Own(TempDir),
    Shared(PathBuf),
}

/// The SeaweedFS of this test binary.
static SHARED: Mutex<Option<Arc<Mutex<Process>>>> = Mutex::new(None);

impl Server {
    /// Starts a server on a free port with a new directory. `None` when it is not available on this machine.
    #[track_caller]
    pub fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, &Options::default())
    }

    #[track_caller]
    pub fn start_with(kind: Kind, options: &Options) -> Option<Self> {
        if kind.is_seaweed() {
            let own = options.alone
                || options.port.is_some()
                || options.login.is_some()
                || !options.arguments.is_empty();
            return if own { Self::weed_alone(kind, options) } else { Self::weed_shared(kind) };
        }
        let (root, data) = directories();
        let port = options.port.map_or_else(Port::free, Port::given);
        let keys = if kind.protocol() == Protocol::Sftp { Some(Keys::make(root.path())?) } else { None };
        let (user, password) = login(kind, options);
        let number = port.number;
        let setup = Setup {
            root: root.path(),
            data: &data,
            port: number,
            keys: keys.as_ref(),
            user: &user,
            password: &password,
            options,
        };
        let command = command(kind, &setup)?;
        if kind == Kind::RcloneS3 {
            fs::create_dir(data.join(BUCKET)).unwrap();
        }
        let ready = match kind.protocol() {
            Protocol::Sftp => Ready::Ssh(port),
            _ if kind == Kind::Moto => Ready::Moto(port),
            _ => Ready::Http(port),
        };
        let mut process = Process { guarded: None, command, root: Root::Own(root), ready };
        process.start();
        let (host_key_file, identity) = keys.map(|keys| (keys.host, keys.identity)).unwrap_or_default();
        let host_key = if identity == Path::new("") {
            String::new()
        } else {
            ssh::known_hosts_line(&host_key_file, number)
        };
        let process = Arc::new(Mutex::new(process));
        Some(Self {
            kind,
            port: number,
            data,
            host_key,
            identity,
            user,
            password,
            process,
            shared: false,
            host_key_file,
        })
    }

    #[track_caller]
    fn weed_alone(kind: Kind, options: &Options) -> Option<Self> {
        let (root, data) = directories();
        let process = Process::weed(kind, options, Root::Own(root), &data)?;
        Some(Self::of_weed(kind, Arc::new(Mutex::new(process)), options, false))
    }

    #[track_caller]
    fn weed_shared(kind: Kind) -> Option<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.is_none() {
            let (root, data) = directories();
            let mut made = Process::weed(kind, &Options::default(), Root::Own(root), &data)?;
            made.root = made.root.shared();
            *shared = Some(Arc::new(Mutex::new(made)));
        }
        Some(Self::of_weed(kind, Arc::clone(shared.as_ref()?), &Options::default(), true))
    }

    fn of_weed(kind: Kind, process: Arc<Mutex<Process>>, options: &Options, shared: bool) -> Self {
        let (user, password) = login(kind, options);
        let (port, data) = {
            let process = process.lock().unwrap_or_else(PoisonError::into_inner);
            let Ready::Weed(weed) = &process.ready else { unreachable!("a SeaweedFS is ready as one") };
            let port = if kind == Kind::SeaweedS3 { weed.s3.number } else { weed.webdav.number };
            (port, process.root.path().join("data"))
        };
        let (host_key, identity) = Default::default();
        Self {
            kind,
            port,
            data,
            host_key,
            identity,
            user,
            password,
            process,
            shared,
            host_key_file: PathBuf::new(),
        }
    }

    /// S3: the endpoint. WebDAV: the address of its root. Both without a slash at the end. SFTP: `sftp://USER@127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        match self.kind.protocol() {
            Protocol::S3 | Protocol::Webdav => format!("http://127.0.0.1:{}", self.port),
            Protocol::Sftp => format!("sftp://{}@127.0.0.1:{}", self.user, self.port),
        }
    }

    /// SFTP: the line for `known_hosts` of somebody who comes through another port, that of a proxy.
    pub fn host_key_at(&self, port: u16) -> String {
        ssh::known_hosts_line(&self.host_key_file, port)
    }

    /// Asks it to end as a system that shuts down does, and kills it after five seconds.
    pub fn stop(&self) {
        if let Some(mut guarded) = self.process().guarded.take() {
            guarded.stop();
        }
    }

    /// Kills it with its connections.
    pub fn kill(&self) {
        self.process().guarded = None;
    }

    /// Starts it on the same port with the same data, and waits until it answers. Kills it before, if it is still running.
    #[track_caller]
    pub fn restart(&self) {
        let mut process = self.process();
        process.guarded = None;
        process.start();
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        let process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        fs::read_to_string(process.root.path().join("log")).unwrap_or_default()
    }

    #[track_caller]
    fn process(&self) -> MutexGuard<'_, Process> {
        assert!(!self.shared, "other tests use this SeaweedFS: start it with Options::alone()");
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Process {
    #[track_caller]
    fn weed(kind: Kind, options: &Options, root: Root, data: &Path) -> Option<Self> {
        let (s3, webdav) = if kind == Kind::SeaweedS3 { (options.port, None) } else { (None, options.port) };
        let weed = Weed::new(s3, webdav);
        let (user, password) = login(Kind::SeaweedS3, options);
        let command = weed.command(root.path(), data, (&user, &password), &options.arguments)?;
        let mut process = Self { guarded: None, command, root, ready: Ready::Weed(weed) };
        process.start();
        Some(process)
    }

    #[track_caller]
    fn start(&mut self) {
        let mut guarded = Guarded::start(&self.command, self.root.path());
        let started = Instant::now();
        while !self.ready.is_there() {
            let command = self.command.join(" ");
            assert!(guarded.is_running(), "{command} has ended:\n{}", guarded.last_lines());
            assert!(started.elapsed() < PATIENCE, "{command} does not answer:\n{}", guarded.last_lines());
            std::thread::sleep(INTERVAL);
        }
        assert!(guarded.is_running(), "somebody else has its port; it has ended:\n{}", guarded.last_lines());
        self.guarded = Some(guarded);
    }
}

impl Ready {
    fn is_there(&self) -> bool {
        match self {
            Self::Http(port) => ask::http(port.number, "GET", "/", &[], "").is_some(),
            // It makes the bucket, of which it forgets everything when it ends. A signature only has to be there.
            Self::Moto(port) => {
                let signed = "Authorization: AWS4-HMAC-SHA256 Credential=AKIDTEST/20260101/us-east-1/s3/aws4_request, \
                              SignedHeaders=host, Signature=0";
                ask::http(port.number, "PUT", &format!("/{BUCKET}"), &[signed], "") == Some(200)
            }
            Self::Ssh(port) => ask::ssh(port.number),
            Self::Weed(weed) => weed.is_ready(),
        }
    }
}

impl Root {
    fn shared(self) -> Self {
        match self {
            Self::Own(directory) => Self::Shared(directory.keep()),
            shared @ Self::Shared(_) => shared,
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Own(directory) => directory.path(),
            Self::Shared(path) => path,
        }
    }
}

/// A new directory for a server, and the one in it that is served.
fn directories() -> (TempDir, PathBuf) {
    let root = tempfile::Builder::new().prefix("larder-server-").tempdir().unwrap();
    let data = root.path().join("data");
    fs::create_dir(&data).unwrap();
    (root, data)
}

/// The user and the password of a server.
fn login(kind: Kind, options: &Options) -> (String, String) {
    let own = |user: &str, password: &str| (user.to_owned(), password.to_owned());
    match (kind, &options.login) {
        (Kind::OpenSsh, _) => (ssh::user(), String::new()),
        (Kind::SeaweedWebdav, _) => own("", ""),
        (_, Some(login)) => login.clone(),
        (kind, None) => match kind.protocol() {
            Protocol::S3 => own("AKIDTEST", "SECRETTEST"),
            Protocol::Webdav => own("", ""),
            Protocol::Sftp => own("larder", "larder-password"),
        },
    }
}
