//! What the threads of a proxy share.

use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub struct Shared {
    pub target: u16,
    pub one_way: Duration,
    pub state: Mutex<State>,
    pub changed: Condvar,
}

#[derive(Default)]
pub struct State {
    pub ended: bool,
    pub stalled: bool,
    pub refusing: bool,
    /// Both ends of each open connection, by number.
    pub open: Vec<(u64, TcpStream)>,
    pub connections: u64,
    /// What has been forwarded to the server and from it.
    pub sent: u64,
    pub received: u64,
    /// The value of `sent` at which all connections are cut.
    pub cut_at: Option<u64>,
}

impl Shared {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub fn cut(&mut self) {
        for (_, stream) in self.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn is_open(&self, connection: u64) -> bool {
        self.open.iter().any(|(number, _)| *number == connection)
    }
}
