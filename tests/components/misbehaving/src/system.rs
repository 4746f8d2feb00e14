//! Requests to the system: files, network, environment, sleep, exit.

use std::io::Read;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs};

use serde_json::json;

use crate::component::{Answer, Asked, Deed};

pub const DEEDS: &[(&str, Deed)] = &[
    ("exit", || std::process::exit(7)),
    ("sleep", || {
        loop {
            sleep(Duration::from_secs(1 << 40));
        }
    }),
    ("naps", || {
        loop {
            sleep(Duration::from_millis(10));
        }
    }),
    ("files", files),
    ("environment", environment),
];

fn files() -> Answer {
    let mut asked = Asked::default();
    for path in ["/", ".", "", "/etc", "..", "/proc/self"] {
        asked.ask(format!("list {path}"), fs::read_dir(path));
    }
    for path in ["/etc/passwd", "etc/passwd", "configuration.yaml", "/proc/self/environ", "/dev/null"] {
        asked.ask(format!("read {path}"), fs::read(path));
        asked.ask(format!("write {path}"), fs::OpenOptions::new().append(true).open(path));
    }
    asked.ask("make", fs::create_dir("evil"));
    asked.answer()
}

pub fn network(port: u16) -> Answer {
    let mut asked = Asked::default();
    asked.ask("connect", TcpStream::connect(("127.0.0.1", port)));
    asked.ask("connect by IPv6", TcpStream::connect(("::1", port)));
    asked.ask("listen", TcpListener::bind("127.0.0.1:0"));
    let udp = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"a", ("127.0.0.1", port)));
    asked.ask("send", udp);
    asked.ask("resolve", ("localhost", port).to_socket_addrs());
    asked.answer()
}

fn environment() -> Answer {
    let mut input = String::new();
    let _ = std::io::stdin().read_to_string(&mut input);
    let variables: Vec<_> = env::vars().collect();
    let arguments: Vec<_> = env::args().collect();
    Ok(json!({"variables": variables, "arguments": arguments, "input": input}).to_string())
}
