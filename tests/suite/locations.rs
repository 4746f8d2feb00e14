//! Backups in other locations: real servers, the real program.

mod cuts;
mod everyday;
mod later;
mod protection;

use std::path::{Path, PathBuf};

use larder_test_servers::{Kind, Server};
use larder_tests::{Run, TestHome, names_in};
use serde_json::Value;

/// The folder in each server.
const FOLDER: &str = "homes/mine";

/// The table of a location on a server.
fn table(name: &str, server: &Server, port: u16) -> String {
    match server.kind {
        Kind::RcloneS3 | Kind::SeaweedS3 | Kind::Moto => format!(
            "[locations.{name}]\nkind = \"s3\"\nendpoint = \"http://127.0.0.1:{port}\"\nbucket = \"larder\"\nprefix = \"{FOLDER}\"\n\
             access_key_id = \"AKIDTEST\"\nsecret_access_key = \"SECRETTEST\"\n"
        ),
        Kind::RcloneWebdav | Kind::WsgiDav | Kind::Apache | Kind::SeaweedWebdav => format!(
            "[locations.{name}]\nkind = \"webdav\"\nurl = \"http://127.0.0.1:{port}/\"\npath = \"{FOLDER}\"\n"
        ),
        Kind::OpenSsh | Kind::Asyncssh | Kind::RcloneSftp => {
            let hosts = server.data.with_extension("known_hosts");
            std::fs::write(&hosts, server.host_key_at(port)).unwrap();
            let user = server.user.clone();
            let login = match (&server.identity, &server.password) {
                (identity, _) if identity.exists() && server.kind == Kind::OpenSsh => {
                    format!("identity_file = \"{}\"", identity.display())
                }
                (_, password) => format!("password = \"{password}\""),
            };
            let path = match server.kind {
                Kind::OpenSsh => server.data.join(FOLDER).display().to_string(),
                _ => FOLDER.to_owned(),
            };
            format!(
                "[locations.{name}]\nkind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{user}\"\n{login}\n\
                 known_hosts = \"{}\"\npath = \"{path}\"\n",
                hosts.display()
            )
        }
    }
}

/// A home with locations. Its `larder.toml` is passed to each command.
struct Home {
    home: TestHome,
    options: String,
}

impl Home {
    fn new(tables: &[String]) -> Self {
        let home = TestHome::in_memory();
        home.write("www/picture.bin", larder_tests::noise(400_000));
        let options = home.options(tables.concat());
        Self { home, options }
    }

    /// A home with one WebDAV location, `nas`.
    fn with_nas() -> Option<(Self, Server)> {
        let server = Server::start(Kind::RcloneWebdav)?;
        Some((Self::new(&[table("nas", &server, server.port)]), server))
    }

    fn larder(&self, arguments: &[&str]) -> Run {
        self.home.larder(&[&["--options", &self.options], arguments].concat())
    }

    /// Makes a backup in these locations.
    #[track_caller]
    fn create(&self, locations: &[&str]) -> String {
        let named = locations.iter().flat_map(|name| ["--location", name]);
        let arguments: Vec<&str> = ["--json", "create"].into_iter().chain(named).collect();
        self.larder(&arguments).exits(0).json()["backup_id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn list(&self) -> Value {
        let run = self.larder(&["--json", "list"]);
        run.json()
    }

    /// The locations of the only backup.
    #[track_caller]
    fn holders(&self) -> Vec<String> {
        let listed = self.list();
        let agents = listed["backups"][0]["agents"].as_object().unwrap();
        agents.keys().cloned().collect()
    }
}

/// The files in a server's folder.
fn files(server: &Server) -> Vec<String> {
    let folder = folder(&server.data);
    if folder.exists() { names_in(&folder) } else { Vec::new() }
}

fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}
