//! Servers for the client's tests: one that answers with given bytes, a proxy, and one with TLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A request that a server received.
#[derive(Debug, Clone)]
pub struct Received {
    pub line: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server on this machine that records its requests.
pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Received>>>,
}

/// An answer with a body, as bytes.
pub fn answer(status: &str, headers: &str, body: &str) -> Option<Vec<u8>> {
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len());
    Some(text.into_bytes())
}

impl Server {
    /// Answers each request with the bytes that `reply` returns for its number (from 0). `None` keeps the connection open and sends
    /// nothing.
    pub fn start(reply: impl Fn(usize, &Received) -> Option<Vec<u8>> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let server = Self { port, seen: seen.clone() };
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&stream) else { continue };
                let number = seen.lock().unwrap().len();
                seen.lock().unwrap().push(request.clone());
                match reply(number, &request) {
                    // The client may close the connection early.
                    Some(bytes) => drop(stream.write_all(&bytes)),
                    None => held.push(stream),
                }
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn seen(&self) -> Vec<Received> {
        self.seen.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut received = Received { line: line.trim_end().to_owned(), headers, body: Vec::new() };
    let length: u64 = received.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_end(&mut received.body).ok()?;
    Some(received)
}

/// A port on this machine on which nothing listens.
pub fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A proxy for CONNECT and SOCKS 5 that records the requested targets.
pub fn proxy() -> (u16, Arc<Mutex<Vec<Received>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let list = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            let mut first = [0];
            if client.peek(&mut first).is_ok() && first == [5] {
                let target = socks(&mut client);
                list.lock().unwrap().push(Received { line: target.clone(), headers: vec![], body: vec![] });
                tunnel(client, &target, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
                continue;
            }
            let Some(request) = read(&client) else { continue };
            list.lock().unwrap().push(request.clone());
            let target = request.line.split(' ').nth(1).unwrap().to_owned();
            match target.starts_with("forbidden.example") {
                true => drop(client.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n")),
                false => tunnel(client, &target, b"HTTP/1.1 200 OK\r\n\r\n"),
            }
        }
    });
    (port, asked)
}

/// Connects every name to this machine: the proxy resolves names for its client.
fn tunnel(mut client: TcpStream, target: &str, done: &[u8]) {
    let port: u16 = target.rsplit(':').next().unwrap().parse().unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(done).unwrap();
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || drop(std::io::copy(&mut from_client, &mut to_server)));
    std::thread::spawn(move || {
        drop(std::io::copy(&mut server, &mut client));
        drop(client.shutdown(std::net::Shutdown::Both));
    });
}

/// Answers a SOCKS client's greeting and reads the name and port that it asks for.
fn socks(client: &mut TcpStream) -> String {
    let mut take = |length: usize| {
        let mut bytes = vec![0; length];
        client.read_exact(&mut bytes).map(|()| bytes).unwrap()
    };
    let methods = take(2)[1];
    take(methods.into());
    client.write_all(&[5, 0]).unwrap();
    let mut take = |length: usize| {
        let mut bytes = vec![0; length];
        client.read_exact(&mut bytes).map(|()| bytes).unwrap()
    };
    let head = take(5);
    assert_eq!(head[3], 3, "a name is asked for");
    let name = String::from_utf8(take(head[4].into())).unwrap();
    let port = take(2);
    format!("{name}:{}", u16::from_be_bytes([port[0], port[1]]))
}

/// Reports that a test was skipped because a program is missing. With `LARDER_TESTS_REQUIRE_ALL` that is a failure.
#[track_caller]
pub fn missing(what: &str) {
    assert!(std::env::var_os("LARDER_TESTS_REQUIRE_ALL").is_none(), "{what} is required but missing");
    drop(writeln!(std::io::stderr().lock(), "NOT RUN: {what} is missing"));
}

/// A TLS server (Python's) with a certificate for `localhost`, signed by its own authority, whose certificate is `ca.pem` in the
/// directory. `None` when `openssl` or `python3` is missing.
pub struct TlsServer {
    pub port: u16,
    process: Child,
}

const SERVER: &str = r#"
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments): pass
class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *arguments): pass
server = Server(('127.0.0.1', 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
server.serve_forever()
"#;

impl TlsServer {
    #[track_caller]
    pub fn start(directory: &Path) -> Option<Self> {
        if !certificates(directory) {
            missing("openssl");
            return None;
        }
        let started = Command::new("python3")
            .args(["-c", SERVER, "leaf.pem", "leaf.key"])
            .current_dir(directory)
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut process) = started else {
            missing("python3");
            return None;
        };
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { port: line.trim().parse().unwrap(), process })
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Creates an authority and a certificate that it signed. False when `openssl` is missing.
fn certificates(directory: &Path) -> bool {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    let ca = ["req", "-x509", "-subj", "/CN=Larder test CA", "-keyout", "ca.key", "-out", "ca.pem"];
    let leaf = ["req", "-x509", "-subj", "/CN=localhost", "-keyout", "leaf.key", "-out", "leaf.pem"];
    let signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=DNS:localhost"];
    let end = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let run = |arguments: &[&[&str]]| {
        let output = Command::new("openssl").args(arguments.concat()).current_dir(directory).output();
        let Ok(output) = output else { return false };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        true
    };
    run(&[&ca, &curve]) && run(&[&leaf, &curve, &signed, &end])
}
