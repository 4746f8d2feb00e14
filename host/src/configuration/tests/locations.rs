//! `[locations.NAME]`: what is read, and where credentials come from.

use super::*;
use larder_remote::Verify;

use crate::configuration::{Location, LocationKind};

pub const S3: &str = "[locations.x]\nkind = \"s3\"\nendpoint = \"https://s3.example.org\"\nbucket = \"larder\"\n\
                  access_key_id = \"AKIAUNSEEN\"\nsecret_access_key = \"unseen/key\"\n";
pub const WEBDAV: &str = "[locations.x]\nkind = \"webdav\"\nurl = \"https://cloud.example.org/dav\"\n";
pub const SFTP: &str =
    "[locations.x]\nkind = \"sftp\"\nhost = \"box.example.org\"\nuser = \"me\"\npath = \"backups\"\n";
pub const DIRECTORY: &str = "[locations.x]\nkind = \"directory\"\npath = \"/mnt/nas\"\n";

/// Loads a text beside files, variables and secrets that contain `unseen`.
pub fn read(text: &str) -> Result<Configuration, String> {
    let files = [
        (PATH, text),
        ("/config/secrets.yaml", "s3_key: unseen/key\n"),
        ("/config/keys/box", "unseen first line\r\nunseen second line\n"),
        ("/run/key", "unseen/key"),
        ("/run/empty", "\nunseen\n"),
        ("/run/large", &"unseen".repeat(20_000)),
    ];
    let files = files.into_iter().map(|(path, text)| (PathBuf::from(path), text.to_owned())).collect();
    let variables = [("BOX_KEY", "unseen from environment"), ("BOX_ID", "AKIAUNSEEN")];
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let given = Given { files, variables };
    crate::configuration::load(&given, Path::new(PATH), Origin::Outside)
        .map_err(|problem| problem.to_string())
}

fn one(text: &str) -> Location {
    let mut loaded = read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    loaded.locations.by_name.remove("x").unwrap()
}

#[test]
fn every_location_is_read() {
    let loaded = read(
        r#"
        [locations.offsite]
        kind = "s3"
        endpoint = "https://s3.eu-central-1.amazonaws.com"
        bucket = "my-backups"
        prefix = "homes/attic"
        access_key_id = "AKIAUNSEEN"
        secret_access_key = "!secret s3_key"
        layout = "b2"
        bandwidth = "2 MB/s"
        verify = "full"
        adopts = "aws_s3.01JABC"
        name = "Off-site bucket"

        [locations.cloud]
        kind = "webdav"
        url = "https://cloud.example.org/remote.php/dav/files/me/"
        username = "me"
        password_file = "keys/box"
        path = "/Backups/Home/"
        verify = "sample"

        [locations.box]
        kind = "sftp"
        host = "u1.your-storagebox.de"
        port = 23
        user = "u1"
        identity_file = "keys/id"
        password_env = "BOX_KEY"
        known_hosts = "/etc/larder/known_hosts"
        path = "/home/backups"
        bandwidth = 500000

        [locations.nas]
        kind = "directory"
        path = "mounted"
        layout = "synology"
        "#,
    )
    .unwrap();
    let all = &loaded.locations.by_name;
    let facts = |name: &str| {
        let it = &all[name];
        (it.id.as_str(), it.name.as_str(), it.layout.as_str(), it.verify, it.bandwidth, it.adopts.as_deref())
    };
    assert_eq!(
        facts("offsite"),
        ("s3.offsite", "Off-site bucket", "b2", Verify::Full, Some(2_000_000), Some("aws_s3.01JABC"))
    );
    assert_eq!(facts("cloud"), ("webdav.cloud", "cloud", "webdav", Verify::Sample, None, None));
    assert_eq!(facts("box"), ("sftp.box", "box", "sftp", Verify::Digest, Some(500_000), None));
    assert_eq!(facts("nas"), ("directory.nas", "nas", "synology", Verify::Digest, None, None));
    let LocationKind::S3(s3) = &all["offsite"].kind else { panic!() };
    assert_eq!(s3.endpoint.as_str(), "https://s3.eu-central-1.amazonaws.com/");
    assert_eq!(
        (s3.region.as_str(), s3.bucket.as_str(), s3.prefix.as_str()),
        ("eu-central-1", "my-backups", "homes/attic")
    );
    assert_eq!((s3.access_key_id.as_str(), s3.secret_access_key.0.as_str()), ("AKIAUNSEEN", "unseen/key"));
    assert!(!s3.path_style);
    let LocationKind::WebDav(webdav) = &all["cloud"].kind else { panic!() };
    assert_eq!(webdav.url.as_str(), "https://cloud.example.org/remote.php/dav/files/me/");
    assert_eq!((webdav.username.as_deref(), webdav.path.as_str()), (Some("me"), "Backups/Home"));
    assert_eq!(webdav.password.as_ref().unwrap().0, "unseen first line");
    let LocationKind::Sftp(sftp) = &all["box"].kind else { panic!() };
    assert_eq!((sftp.host.as_str(), sftp.port, sftp.user.as_str()), ("u1.your-storagebox.de", 23, "u1"));
    assert_eq!(sftp.identity_file.as_deref(), Some(Path::new("/config/keys/id")));
    assert_eq!(sftp.known_hosts.as_deref(), Some(Path::new("/etc/larder/known_hosts")));
    assert_eq!(
        (sftp.password.as_ref().unwrap().0.as_str(), sftp.path.as_str()),
        ("unseen from environment", "/home/backups")
    );
    let LocationKind::Directory { path } = &all["nas"].kind else { panic!() };
    assert_eq!(path, Path::new("/config/mounted"));
    assert_eq!(loaded.locations.warnings, [""; 0]);
    let files = [PATH, "/config/secrets.yaml", "/config/keys/box"];
    assert_eq!(loaded.files, files.map(Path::new));
}

#[test]
fn the_server_decides_region_and_addressing_unless_they_are_set() {
    let cases = [
        ("https://s3.amazonaws.com", "larder", "", ("us-east-1", false)),
        ("https://s3.eu-central-1.amazonaws.com", "larder", "", ("eu-central-1", false)),
        ("https://s3.eu-central-1.amazonaws.com", "my.larder", "", ("eu-central-1", true)),
        ("https://s3.eu-central-1.amazonaws.com", "larder", "region = \"eu-west-1\"", ("eu-west-1", false)),
        ("https://s3.eu-central-1.amazonaws.com", "larder", "addressing = \"path\"", ("eu-central-1", true)),
        ("https://1234.r2.cloudflarestorage.com", "larder", "", ("auto", true)),
        ("https://fsn1.your-objectstorage.com", "larder", "addressing = \"host\"", ("us-east-1", false)),
        ("https://amazonaws.com.example.org", "larder", "", ("us-east-1", true)),
        ("http://localhost:8333", "larder", "", ("us-east-1", true)),
    ];
    for (endpoint, bucket, more, (region, path_style)) in cases {
        let location = one(&format!(
            "[locations.x]\nkind = \"s3\"\nendpoint = \"{endpoint}\"\nbucket = \"{bucket}\"\n\
             access_key_id_env = \"BOX_ID\"\nsecret_access_key_file = \"/run/key\"\n{more}"
        ));
        let LocationKind::S3(s3) = location.kind else { panic!() };
        assert_eq!((s3.region.as_str(), s3.path_style), (region, path_style), "{endpoint} {more}");
        assert_eq!(
            (s3.access_key_id.as_str(), s3.secret_access_key.0.as_str()),
            ("AKIAUNSEEN", "unseen/key")
        );
    }
}

#[test]
fn layouts_fit_the_kind() {
    for (table, usual, fit) in [
        (S3, "s3", &["s3", "b2"][..]),
        (WEBDAV, "webdav", &["webdav"]),
        (SFTP, "sftp", &["sftp"]),
        (DIRECTORY, "local", &["local", "synology", "seafile", "s3", "webdav", "sftp"]),
    ] {
        assert_eq!(one(table).layout, usual);
        for layout in ["local", "synology", "seafile", "s3", "b2", "webdav", "sftp", "drive"] {
            let read = read(&format!("{table}layout = \"{layout}\"\n"));
            assert_eq!(read.is_ok(), fit.contains(&layout), "{layout} for {usual}");
        }
    }
}

#[test]
fn secrets_are_collected_and_shown_nowhere() {
    let tables = [
        S3.to_owned(),
        format!("{WEBDAV}username = \"me\"\npassword = \"unseen password\"\n"),
        format!("{WEBDAV}username = \"me\"\npassword_file = \"keys/box\"\n"),
        format!("{SFTP}password_env = \"BOX_KEY\"\n"),
    ];
    for table in tables {
        let loaded = read(&table).unwrap();
        let shown = format!("{:?} {:?}", loaded.locations, loaded.locations.by_name["x"].clone());
        assert!(!shown.to_lowercase().contains("unseen"), "{shown}");
        assert!(loaded.secrets.iter().any(|secret| secret.starts_with("unseen")), "{table}");
    }
    let loaded = read(&format!("{WEBDAV}username = \"me\"\npassword = \"unseen\"\n")).unwrap();
    assert_eq!(loaded.secrets, ["unseen", "bWU6dW5zZWVu"]);
    // A secret in the wrong place is not quoted.
    for wrong in
        ["kind = \"!secret s3_key\"", "kind = \"directory\"\npath = \"/x\"\nlayout = \"!secret s3_key\""]
    {
        let told = read(&format!("[locations.x]\n{wrong}")).err().unwrap();
        assert!(told.contains("(secret)") && !told.contains("unseen"), "{told}");
    }
}

#[test]
fn credentials_over_plain_http_are_warned_about() {
    let cases = [
        (S3.replace("https://s3.example.org", "http://nas.lan:9000"), true),
        (S3.replace("https://s3.example.org", "http://127.0.0.1:9000"), false),
        (WEBDAV.replace("https", "http"), false),
        (format!("{}username = \"me\"\npassword = \"unseen\"\n", WEBDAV.replace("https", "http")), true),
    ];
    for (table, expected) in cases {
        let warnings = read(&table).unwrap().locations.warnings;
        assert_eq!(warnings.len(), usize::from(expected), "{table}");
        for warning in warnings {
            assert!(warning.starts_with("larder.toml:1:1: [locations.x] sends "), "{warning}");
            assert!(warning.ends_with("use https") && !warning.contains("unseen"), "{warning}");
        }
    }
}

#[test]
fn a_credential_file_is_a_regular_file_and_a_public_one_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;

    let root = tempfile::tempdir().unwrap();
    let (file, key) = (root.path().join("larder.toml"), root.path().join("key"));
    std::fs::write(&file, format!("{SFTP}password_file = \"key\"\n")).unwrap();
    let load = || {
        let loaded = crate::configuration::load(&crate::automation::files::Disk, &file, Origin::Outside);
        loaded.map_err(|problem| problem.to_string())
    };
    std::fs::write(&key, "unseen\n").unwrap();
    for (mode, expected) in [
        (0o600, &[][..]),
        (0o640, &[]),
        (
            0o644,
            &[
                "larder.toml:6:17: every user can read the file that `password_file` names; run chmod o= on it",
            ],
        ),
    ] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(load().unwrap().locations.warnings, expected);
    }
    std::fs::remove_file(&key).unwrap();
    std::fs::create_dir(&key).unwrap();
    let told = load().err().unwrap();
    assert!(
        told.starts_with("larder.toml:6:17: cannot read the file that `password_file` names: "),
        "{told}"
    );
}

#[test]
fn too_many_locations_are_an_error() {
    let many: String = (0..33)
        .map(|number| format!("[locations.x{number}]\nkind = \"directory\"\npath = \"x{number}\"\n"))
        .collect();
    assert!(read(&many).err().unwrap().ends_with(": more than 32 locations; remove some"));
}
