//! Asks a server whether it is there: HTTP's status line, SSH's banner.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

fn line(port: u16, say: &[u8]) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(say).ok()?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).ok()?;
    Some(line)
}

/// The status of the answer, if there is one.
pub fn http(port: u16, method: &str, path: &str, headers: &[&str], body: &str) -> Option<u16> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    line(port, request.as_bytes())?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

/// Whether an SSH server says its version.
pub fn ssh(port: u16) -> bool {
    line(port, b"").is_some_and(|line| line.starts_with("SSH-2.0"))
}
