//! A TCP proxy that makes a line long, stalls it or cuts it.

mod line;

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use line::{Direction, Line};

/// Forwards connections to a port of this machine. Ends with all its connections when it is dropped.
pub struct Proxy {
    /// The port to connect to instead.
    pub port: u16,
    shared: Arc<Shared>,
}

/// What its threads share.
struct Shared {
    target: u16,
    one_way: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    ended: bool,
    stalled: bool,
    refusing: bool,
    /// Both ends of each open connection, by number.
    open: Vec<(u64, TcpStream)>,
    connections: u64,
    /// What has been forwarded to the server and from it.
    sent: u64,
    received: u64,
    /// The value of `sent` at which all connections are cut.
    cut_at: Option<u64>,
}

impl Proxy {
    /// A proxy without delay.
    pub fn to(port: u16) -> Self {
        Self::slow(port, Duration::ZERO)
    }

    /// A proxy that makes the round trip longer by this, half of it each way, and does not limit how much is on the way. A new connection
    /// takes a round trip as well.
    pub fn slow(port: u16, round_trip: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            target: port,
            one_way: round_trip / 2,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Self { port: own, shared }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Closes all connections. What was on the way is lost. New connections work.
    pub fn cut(&self) {
        self.shared.lock().cut();
        self.shared.changed.notify_all();
    }

    /// Cuts like [`cut`](Self::cut) as soon as this many more bytes have been forwarded to the server, in total. Happens once.
    pub fn cut_after(&self, bytes: u64) {
        let mut state = self.shared.lock();
        state.cut_at = Some(state.sent + bytes);
    }

    /// Cuts, and closes every new connection at once, until [`admit`](Self::admit).
    pub fn refuse(&self) {
        self.shared.lock().refusing = true;
        self.cut();
    }

    pub fn admit(&self) {
        self.shared.lock().refusing = false;
    }

    /// Forwards nothing, in either direction, until [`go_on`](Self::go_on). Connections stay open.
    pub fn stall(&self) {
        self.shared.lock().stalled = true;
    }

    pub fn go_on(&self) {
        self.shared.lock().stalled = false;
        self.shared.changed.notify_all();
    }

    /// Bytes forwarded so far, in both directions.
    pub fn count(&self) -> u64 {
        let state = self.shared.lock();
        state.sent + state.received
    }

    /// Bytes forwarded to the server so far.
    pub fn sent(&self) -> u64 {
        self.shared.lock().sent
    }

    /// Bytes forwarded from the server so far.
    pub fn received(&self) -> u64 {
        self.shared.lock().received
    }

    /// How many connections there were so far.
    pub fn connections(&self) -> u64 {
        self.shared.lock().connections
    }

    /// Waits until this many bytes have been forwarded to the server since the proxy began. `false` if that takes longer than `patience`.
    pub fn wait_until_sent(&self, bytes: u64, patience: Duration) -> bool {
        let waiting = self.shared.lock();
        let enough = |state: &mut State| state.sent < bytes;
        let waited = self.shared.changed.wait_timeout_while(waiting, patience, enough);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.cut();
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn cut(&mut self) {
        for (_, stream) in self.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn is_open(&self, connection: u64) -> bool {
        self.open.iter().any(|(number, _)| *number == connection)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        let Ok(client) = client else { continue };
        let connection = {
            let mut state = shared.lock();
            if state.ended {
                return;
            }
            if state.refusing {
                continue;
            }
            state.connections += 1;
            let Ok(copy) = client.try_clone() else { continue };
            let connection = state.connections;
            state.open.push((connection, copy));
            connection
        };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            serve(&shared, connection, client);
            shared.lock().open.retain(|(number, _)| *number != connection);
        });
    }
}

/// Connects to the server and forwards in both directions until both have ended. The client seems to be connected at once, while on a long
/// line it would be after a round trip: so what it sends begins that much later, and the server sees the connection half a round trip after that.
fn serve(shared: &Arc<Shared>, connection: u64, client: TcpStream) {
    let _ = client.set_nodelay(true);
    let up = Line::new(Arc::clone(shared), connection, Direction::ToServer);
    let Ok(from_client) = client.try_clone() else { return };
    let reading = {
        let (up, wait) = (up.clone(), shared.one_way * 2);
        thread::spawn(move || {
            thread::sleep(wait);
            up.read(from_client);
        })
    };
    thread::sleep(shared.one_way * 3);
    let address = SocketAddr::from(([127, 0, 0, 1], shared.target));
    if let Ok(server) = TcpStream::connect_timeout(&address, Duration::from_secs(10)) {
        let _ = server.set_nodelay(true);
        let copies = server.try_clone().and_then(|copy| Ok((copy, server.try_clone()?)));
        if let Ok((registered, from_server)) = copies
            && register(shared, connection, registered)
        {
            let down = Line::new(Arc::clone(shared), connection, Direction::ToClient);
            let reader = down.clone();
            let threads =
                [thread::spawn(move || reader.read(from_server)), thread::spawn(move || up.write(server))];
            if let Ok(client) = client.try_clone() {
                down.write(client);
            }
            for thread in threads {
                let _ = thread.join();
            }
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = reading.join();
}

/// `false` when the connection was cut meanwhile.
fn register(shared: &Shared, connection: u64, server: TcpStream) -> bool {
    let mut state = shared.lock();
    let open = state.is_open(connection);
    if open {
        state.open.push((connection, server));
    }
    open
}
