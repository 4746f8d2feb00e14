//! One real server for a script or for a person: prints how to reach it as a line of JSON, and ends with its standard input.
//!
//! `test-server KIND [MILLISECONDS]`: with a number there is also a port whose round trip takes that much longer.

use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use larder_test_servers::{BUCKET, Kind, Options, Protocol, Proxy, Server, rclone};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().and_then(|wanted| Kind::all().find(|kind| kind.name() == wanted));
    let delay = arguments.next().map(|text| text.parse::<u64>());
    let (Some(kind), Ok(delay)) = (kind, delay.transpose()) else {
        let names: Vec<&str> = Kind::all().map(Kind::name).collect();
        eprintln!("test-server KIND [MILLISECONDS]; kinds: {}", names.join(" "));
        return ExitCode::from(2);
    };
    let started = Server::start_with(kind, &Options::alone()).zip(rclone());
    let Some((server, rclone)) = started else { return ExitCode::from(77) };
    let proxy = delay.map(|delay| Proxy::slow(server.port, Duration::from_millis(delay)));
    let slow_port = proxy.as_ref().map_or(server.port, |proxy| proxy.port);
    let mut keys = String::new();
    if kind.protocol() == Protocol::Sftp {
        keys = format!("{}\n{}\n", server.host_key, server.host_key_at(slow_port));
    }
    let (data, identity) = (server.data.display().to_string(), server.identity.display().to_string());
    // Rust's notation of these strings is JSON's as well.
    println!(
        "{{\"port\": {}, \"slow_port\": {slow_port}, \"bucket\": {BUCKET:?}, \"data\": {data:?}, \"user\": {:?}, \"password\": {:?}, \
         \"identity\": {identity:?}, \"known_hosts\": {keys:?}, \"rclone\": {:?}}}",
        server.port,
        server.user,
        server.password,
        rclone.display().to_string(),
    );
    let _ = std::io::stdout().flush();
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}
