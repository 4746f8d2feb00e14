//! An HTTP/1.1 server whose answers a test writes, for faults that no real server shows on demand.

mod answer;
mod request;

use std::io::BufReader;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

pub use answer::{Answer, Gate};
pub use request::Request;

/// A running server, with a thread for each connection. Dropping it closes all of them.
pub struct Scripted {
    pub port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    answer: Box<dyn Fn(&Request) -> Answer + Send + Sync>,
    requests: Mutex<Vec<Request>>,
    open: Mutex<Vec<(u64, TcpStream)>>,
    ended: AtomicBool,
}

impl Scripted {
    /// Starts it. `answer` is called when the head of a request has been read; [`Request::body`] reads the rest.
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            requests: Mutex::default(),
            open: Mutex::default(),
            ended: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for (number, stream) in (0..).zip(listener.incoming()) {
                if accepting.ended.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let Ok(copy) = stream.try_clone() else { continue };
                accepting.open.lock().unwrap_or_else(PoisonError::into_inner).push((number, copy));
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.serve(number, &stream));
            }
        });
        Self { port, shared }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests whose head has arrived so far, in that order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn count(&self) -> usize {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        for (_, stream) in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    /// Answers the requests of a connection until it ends.
    fn serve(&self, number: u64, stream: &TcpStream) {
        let _ = stream.set_nodelay(true);
        if let Ok(reading) = stream.try_clone() {
            let mut reader = BufReader::new(reading);
            while let Some(request) = Request::read(reader, stream) {
                self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
                let answer = (self.answer)(&request);
                let Some(rest) = answer.send(&request, stream) else {
                    request.leave();
                    break;
                };
                reader = rest;
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
        self.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|(open, _)| *open != number);
    }
}
