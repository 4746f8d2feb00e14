//! An answer: what it says, when it comes, and where it breaks off.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::request::Request;

/// What a [`Scripted`](super::Scripted) server does with a request. By default it reads the whole body first, and keeps the connection.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    early: bool,
    close: bool,
    cut_after: Option<usize>,
    gate: Option<Gate>,
}

/// Holds answers back until the test opens it. Copies are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.1.wait_while(open, |open| !*open));
    }
}

impl Answer {
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Closes the connection without an answer, after the body.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a header. `Content-Length` or `Transfer-Encoding` replaces the length that is sent otherwise.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Comes before the body of the request is read, which is read afterwards and thrown away.
    pub fn early(mut self) -> Self {
        self.early = true;
        self
    }

    /// Closes the connection afterwards. With [`early`](Self::early), the body of the request is never read.
    pub fn close(mut self) -> Self {
        self.close = true;
        self
    }

    /// Closes the connection after so many bytes of the answer's body, whose length has been announced in full.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut_after = Some(bytes);
        self
    }

    /// Comes when the gate is open.
    pub fn after(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// The reader of the next request; `None` when the connection is over.
    pub(super) fn send(&self, request: &Request, mut stream: &TcpStream) -> Option<BufReader<TcpStream>> {
        let mut rest = if self.early { None } else { Some(request.rest()?) };
        if let Some(gate) = &self.gate {
            gate.wait();
        }
        if self.status == 0 {
            return None;
        }
        stream.write_all(&self.bytes(&request.method)).ok()?;
        if self.close || self.cut_after.is_some() {
            return None;
        }
        if self.early {
            rest = request.rest();
        }
        rest
    }

    fn bytes(&self, method: &str) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let framed = |(name, _): &(String, String)| {
            name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
        };
        // These have no body, and none of them may announce one.
        let bodiless = matches!(self.status, 100..200 | 204 | 304);
        if !bodiless && !self.headers.iter().any(framed) {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        if self.close {
            head.push_str("Connection: close\r\n");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if method != "HEAD" && !bodiless {
            let end = self.cut_after.map_or(self.body.len(), |cut| cut.min(self.body.len()));
            bytes.extend_from_slice(&self.body[..end]);
        }
        bytes
    }
}
