//! A server ends with the test's process, even when that is killed.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use larder_test_servers::{Kind, Server};

/// Set in the process that is killed.
const VICTIM: &str = "LARDER_TESTS_VICTIM";

#[test]
fn a_server_ends_when_the_process_of_its_test_is_killed() {
    if std::env::var_os(VICTIM).is_some() {
        // On a thread of its own, which ends: that must not end the server.
        let servers =
            std::thread::spawn(|| [Kind::RcloneWebdav, Kind::Apache].map(Server::start)).join().unwrap();
        let ports: Vec<String> = servers.iter().flatten().map(|server| server.port.to_string()).collect();
        println!("\nports {}", ports.join(" "));
        // Until it is killed.
        let _ = std::io::stdin().read(&mut [0]);
        return;
    }
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_server_ends_when_the_process_of_its_test_is_killed", "--nocapture"])
        .env(VICTIM, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(victim.stdout.take().unwrap());
    let ports = output.lines().map_while(Result::ok).find(|line| line.starts_with("ports")).unwrap();
    let ports: Vec<u16> = ports.split(' ').skip(1).map(|port| port.parse().unwrap()).collect();
    for port in &ports {
        assert!(TcpStream::connect(("127.0.0.1", *port)).is_ok(), "{port} answers");
    }
    victim.kill().unwrap();
    victim.wait().unwrap();
    let killed = Instant::now();
    while ports.iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
        assert!(killed.elapsed() < Duration::from_secs(20), "a server has outlived its test");
        std::thread::yield_now();
    }
}
