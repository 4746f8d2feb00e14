//! A request: its head, and its body, which is read when somebody asks for it.

use std::fmt::{self, Debug, Formatter};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// As much of a body is kept; the rest is counted only.
const KEPT: usize = 64 << 20;

/// A request. Copies share the body.
#[derive(Clone)]
pub struct Request {
    pub method: String,
    /// As it was sent, without the query.
    pub path: String,
    /// As it was sent, without the question mark; empty if absent.
    pub query: String,
    /// In the order of the request, as they were sent.
    pub headers: Vec<(String, String)>,
    body: Arc<Mutex<Body>>,
}

#[derive(Default)]
struct Body {
    unread: Option<(BufReader<TcpStream>, TcpStream)>,
    /// Where the next request begins.
    rest: Option<BufReader<TcpStream>>,
    kept: Vec<u8>,
    length: u64,
    whole: bool,
}

impl Request {
    /// Reads the head of the next request. `None` at the end of the connection.
    pub(super) fn read(mut reader: BufReader<TcpStream>, stream: &TcpStream) -> Option<Self> {
        let first = line(&mut reader)?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = line(&mut reader)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':')?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let unread = Some((reader, stream.try_clone().ok()?));
        let body = Body { unread, ..Body::default() };
        Some(Self { method, path, query, headers, body: Arc::new(Mutex::new(body)) })
    }

    /// The value of the first header of this name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The decoded value of a parameter of the query; empty if it has none.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .find_map(|(found, value)| (decoded(found) == name).then(|| decoded(value)))
    }

    /// The body, up to 64 MiB of it. Reads it if nobody has.
    pub fn body(&self) -> Vec<u8> {
        self.body_read().kept.clone()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body_read().kept).into_owned()
    }

    /// How long the body was, without keeping to the limit. Reads it if nobody has.
    pub fn length(&self) -> u64 {
        self.body_read().length
    }

    /// Whether the body has arrived to its end. Reads nothing.
    pub fn is_whole(&self) -> bool {
        self.lock().whole
    }

    /// The reader of the next request, after the body. `None` when the connection ended before.
    pub(super) fn rest(&self) -> Option<BufReader<TcpStream>> {
        self.body_read().rest.take()
    }

    /// Leaves the rest unread: as long as somebody has the connection, the system does not tell the client that it is over.
    pub(super) fn leave(&self) {
        self.lock().unread = None;
    }

    fn lock(&self) -> MutexGuard<'_, Body> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn body_read(&self) -> MutexGuard<'_, Body> {
        let mut body = self.lock();
        let Some((mut reader, mut stream)) = body.unread.take() else { return body };
        if self.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            let _ = stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let chunked =
            self.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
        body.whole = if chunked {
            body.take_chunks(&mut reader).is_some()
        } else {
            let length = self.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
            body.take(&mut reader, length).is_some()
        };
        body.rest = body.whole.then_some(reader);
        body
    }
}

impl Body {
    /// `None` when the connection ends before.
    fn take(&mut self, reader: &mut BufReader<TcpStream>, length: u64) -> Option<()> {
        let mut left = length;
        let mut buffer = vec![0; 64 << 10];
        while left > 0 {
            let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let read = reader.read(&mut buffer[..most]).ok().filter(|read| *read > 0)?;
            let keep = read.min(KEPT - self.kept.len());
            self.kept.extend_from_slice(&buffer[..keep]);
            let read = u64::try_from(read).unwrap();
            self.length += read;
            left -= read;
        }
        Some(())
    }

    fn take_chunks(&mut self, reader: &mut BufReader<TcpStream>) -> Option<()> {
        loop {
            let size = line(reader)?;
            let size = u64::from_str_radix(size.split(';').next()?.trim(), 16).ok()?;
            if size == 0 {
                while !line(reader)?.is_empty() {}
                return Some(());
            }
            self.take(reader, size)?;
            line(reader)?;
        }
    }
}

impl Debug for Request {
    fn fmt(&self, formatter: &mut Formatter) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)?;
        if !self.query.is_empty() {
            write!(formatter, "?{}", self.query)?;
        }
        write!(formatter, " {:?}", self.headers)
    }
}

/// A line without its end.
fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = reader.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Percent-decoded.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match hex {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
