//! Ends the waiting for an HTTP server as soon as work is stopped: the connection that a thread waits for is shut down.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, ShutdownHandle, Transport,
};

use crate::stop::{Stop, Watch};

type Handles = Vec<Weak<dyn ShutdownHandle>>;

/// The connection that a request uses now.
struct InUse {
    handles: Mutex<Handles>,
    stop: Stop,
}

thread_local! {
    /// The request that this thread works on.
    static CURRENT: RefCell<Option<Arc<InUse>>> = const { RefCell::new(None) };
}

/// A request and its answer, until both are over.
pub struct Exchange {
    in_use: Arc<InUse>,
    _watch: Watch,
}

impl Exchange {
    pub fn new(stop: &Stop) -> Self {
        let in_use = Arc::new(InUse { handles: Mutex::default(), stop: stop.clone() });
        let stopped = Arc::downgrade(&in_use);
        let watch = stop.watch(move || {
            let handles = stopped.upgrade().map(|in_use| std::mem::take(&mut *lock(&in_use.handles)));
            for handle in handles.iter().flatten().filter_map(Weak::upgrade) {
                handle.shutdown();
            }
        });
        Self { in_use, _watch: watch }
    }

    /// Does what may wait for the server.
    pub fn run<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = CURRENT.replace(Some(self.in_use.clone()));
        let result = work();
        CURRENT.set(before);
        result
    }
}

/// Makes connections that can be shut down. A connection that is still being made cannot.
#[derive(Debug, Default)]
pub struct Interruptible(DefaultConnector);

impl Connector for Interruptible {
    type Out = Watched;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Watched>, ureq::Error> {
        let handles: Arc<Mutex<Handles>> = Arc::default();
        let (made, register) = (Arc::clone(&handles), Arc::clone(&details.register_shutdown));
        let details = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: details.timeout,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::clone(&details.run_connector),
            register_shutdown: Arc::new(move |handle| {
                lock(&made).push(handle.clone());
                register(handle)
            }),
        };
        let inner = self.0.connect(&details, None)?;
        let handles = std::mem::take(&mut *lock(&handles));
        Ok(inner.map(|inner| Watched { inner, handles }))
    }
}

/// A connection that says which request waits for it.
pub struct Watched {
    inner: Box<dyn Transport>,
    handles: Handles,
}

impl Watched {
    fn announce(&self) -> Result<(), ureq::Error> {
        let Some(in_use) = CURRENT.with_borrow(Clone::clone) else { return Ok(()) };
        lock(&in_use.handles).clone_from(&self.handles);
        // It may have been stopped before it was announced.
        in_use.stop.check().map_err(|error| ureq::Error::Io(io::Error::other(error)))
    }
}

impl Transport for Watched {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.announce()?;
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.announce()?;
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
