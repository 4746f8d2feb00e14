//! Reads the tables `[locations.NAME]`: where backups are stored besides the local directory.
//!
//! Connects to nothing: whether a server answers is found out when it is used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use larder_remote::Verify;
use larder_remote::settings::{S3, Secret, Sftp, WebDav};
use url::Url;

use super::addresses;
use super::credentials::{ACCESS_KEY_ID, Credentials, PASSWORD, SECRET_ACCESS_KEY, USERNAME};
use super::keys::{as_text, choice, text};
use super::location::{Location, LocationKind};
use super::rate::rate;
use crate::automation::parse::keys::Keys;
use crate::automation::yaml::{Kind, Node, Parsed};
use crate::tunables::configuration::MAX_SHOWN_NAME;

#[derive(Clone, Copy)]
enum Word {
    S3,
    WebDav,
    Sftp,
    Directory,
}

const WORDS: [(&str, Word); 4] =
    [("s3", Word::S3), ("webdav", Word::WebDav), ("sftp", Word::Sftp), ("directory", Word::Directory)];

const VERIFY: [(&str, Verify); 3] =
    [("digest", Verify::Digest), ("sample", Verify::Sample), ("full", Verify::Full)];

type Layouts = &'static [(&'static str, &'static str)];
const S3_LAYOUTS: Layouts = &[("s3", "s3"), ("b2", "b2")];
const WEBDAV_LAYOUTS: Layouts = &[("webdav", "webdav")];
const SFTP_LAYOUTS: Layouts = &[("sftp", "sftp")];
/// A mounted share may be what an agent of Home Assistant reaches in another way.
const DIRECTORY_LAYOUTS: Layouts = &[
    ("local", "local"),
    ("synology", "synology"),
    ("seafile", "seafile"),
    ("s3", "s3"),
    ("webdav", "webdav"),
    ("sftp", "sftp"),
];

/// Reads one table. `adopted` has the agents that other locations take over, with their names.
pub fn location(
    name: &str,
    node: &Node,
    credentials: &mut Credentials,
    adopted: &mut BTreeMap<String, String>,
) -> Parsed<Location> {
    let mut keys = Keys::of(node, "a location")?;
    let Some(word) = choice(&mut keys, "kind", &WORDS)? else {
        let text = "a location needs `kind` (s3, webdav, sftp or directory); add it";
        return Err(keys.place().problem(text));
    };
    let (kind, layouts) = match word {
        Word::S3 => (LocationKind::S3(s3(&mut keys, name, credentials)?), S3_LAYOUTS),
        Word::WebDav => (LocationKind::WebDav(webdav(&mut keys, name, credentials)?), WEBDAV_LAYOUTS),
        Word::Sftp => (LocationKind::Sftp(sftp(&mut keys, credentials)?), SFTP_LAYOUTS),
        Word::Directory => (directory(&mut keys, credentials.directory)?, DIRECTORY_LAYOUTS),
    };
    let layout = choice(&mut keys, "layout", layouts)?.or(layouts.first().map(|(layout, _)| *layout));
    let location = Location {
        id: format!("{}.{name}", kind.word()),
        name: shown_name(&mut keys)?.unwrap_or_else(|| name.to_owned()),
        kind,
        layout: layout.unwrap_or_default().to_owned(),
        verify: choice(&mut keys, "verify", &VERIFY)?.unwrap_or_default(),
        bandwidth: keys.take("bandwidth").map(|(_, node)| rate(node, "bandwidth")).transpose()?,
        adopts: adopts(&mut keys, name, adopted)?,
    };
    keys.finish()?;
    Ok(location)
}

fn s3(keys: &mut Keys, name: &str, credentials: &mut Credentials) -> Parsed<S3> {
    keys.describe_as("an S3 location");
    let what = "the server, such as https://s3.eu-central-1.amazonaws.com";
    let endpoint = checked_url(keys, "endpoint", what)?;
    if endpoint.path() != "/" {
        let text = "`endpoint` has a path; write only https://HOST, the bucket into `bucket` and a folder into `prefix`";
        return Err(keys.place().problem(text));
    }
    let node = keys.need("bucket", "the bucket's name")?;
    let bucket = as_text(node, "bucket")?;
    addresses::bucket(&bucket).map_err(|text| node.place.problem(text))?;
    let region = checked(keys, "region", addresses::region)?;
    let prefix = checked(keys, "prefix", |text| addresses::folder(text, "prefix"))?.unwrap_or_default();
    let host = endpoint.host_str().unwrap_or_default().to_owned();
    let path_style = choice(keys, "addressing", &[("path", true), ("host", false)])?;
    let access_key_id = credentials.need(keys, &ACCESS_KEY_ID, "an S3 location")?;
    let secret_access_key = Secret(credentials.need(keys, &SECRET_ACCESS_KEY, "an S3 location")?);
    if addresses::is_exposed(&endpoint) {
        let text = format!(
            "[locations.{name}] sends signed requests without encryption, which others on the way can read and repeat; use https"
        );
        credentials.warnings.push(keys.place().problem(text).to_string());
    }
    Ok(S3 {
        region: region.unwrap_or_else(|| usual_region(&host).to_owned()),
        // A certificate of *.s3.amazonaws.com does not cover a bucket with dots.
        path_style: path_style.unwrap_or_else(|| !is_amazon(&host) || bucket.contains('.')),
        endpoint,
        bucket,
        prefix,
        access_key_id,
        secret_access_key,
    })
}

fn is_amazon(host: &str) -> bool {
    let below = |domain: &str| {
        host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    below("amazonaws.com") || below("amazonaws.com.cn")
}

/// The region when none is set: what the host says, or what servers without regions expect.
fn usual_region(host: &str) -> &str {
    if host.ends_with(".r2.cloudflarestorage.com") {
        return "auto";
    }
    let mut labels = host.split('.');
    match (labels.next(), labels.next(), labels.next()) {
        (Some("s3"), Some(region), Some("amazonaws")) => region,
        _ => "us-east-1",
    }
}

fn webdav(keys: &mut Keys, name: &str, credentials: &mut Credentials) -> Parsed<WebDav> {
    keys.describe_as("a WebDAV location");
    let what = "the WebDAV address, such as https://HOST/remote.php/dav/files/USER";
    let url = checked_url(keys, "url", what)?;
    // Home Assistant writes it with `/` at the front.
    let path = checked(keys, "path", |text| addresses::folder(text.trim_matches('/'), "path"))?;
    let username = credentials.take(keys, &USERNAME)?;
    let password = credentials.take(keys, &PASSWORD)?;
    if let (Some(username), Some(password)) = (&username, &password) {
        credentials.secrets.push(BASE64_STANDARD.encode(format!("{username}:{password}")));
    }
    if username.is_some() != password.is_some() {
        return Err(keys.place().problem("set both a username and a password, or neither"));
    }
    if username.as_ref().is_some_and(|username| username.contains(':')) {
        return Err(keys.place().problem("the username contains `:`, which HTTP cannot send; use another"));
    }
    if password.is_some() && addresses::is_exposed(&url) {
        let text = format!(
            "[locations.{name}] sends its password without encryption, which others on the way can read; use https"
        );
        credentials.warnings.push(keys.place().problem(text).to_string());
    }
    let path = path.unwrap_or_default().trim_matches('/').to_owned();
    Ok(WebDav { url, username, password: password.map(Secret), path })
}

fn sftp(keys: &mut Keys, credentials: &mut Credentials) -> Parsed<Sftp> {
    keys.describe_as("an SFTP location");
    let node = keys.need("host", "the machine's name")?;
    let host = as_text(node, "host")?;
    addresses::host(&host).map_err(|text| node.place.problem(text))?;
    let port = port(keys)?;
    let node = keys.need("user", "the login name")?;
    let user = as_text(node, "user")?;
    addresses::user(&user).map_err(|text| node.place.problem(text))?;
    let node = keys.need("path", "the folder, absolute or relative to where the login ends")?;
    let path = as_text(node, "path")?;
    let path = match path.trim_end_matches('/') {
        "" if path.starts_with('/') => "/",
        trimmed => trimmed,
    };
    if path.is_empty() || path.starts_with('~') {
        let text =
            "`path` must be a folder; without `/` in front it begins where the login ends, as `~/` would";
        return Err(node.place.problem(text));
    }
    let below = path.strip_prefix('/').unwrap_or(path);
    addresses::folder(below, "path").map_err(|text| node.place.problem(text))?;
    let directory = credentials.directory;
    Ok(Sftp {
        host,
        port,
        user,
        identity_file: file(keys, "identity_file", directory)?,
        password: credentials.take(keys, &PASSWORD)?.map(Secret),
        known_hosts: file(keys, "known_hosts", directory)?,
        path: path.to_owned(),
        ssh: PathBuf::from("ssh"),
        // A bare name is looked up in PATH.
        askpass: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("larder")),
    })
}

fn port(keys: &mut Keys) -> Parsed<u16> {
    let Some((_, node)) = keys.take("port") else { return Ok(22) };
    let port = match &node.kind {
        Kind::Int(number) => u16::try_from(*number).ok().filter(|port| *port > 0),
        _ => None,
    };
    port.ok_or_else(|| node.place.problem("`port` must be a number from 1 to 65535"))
}

fn directory(keys: &mut Keys, directory: &Path) -> Parsed<LocationKind> {
    keys.describe_as("a directory location");
    match file(keys, "path", directory)? {
        Some(path) => Ok(LocationKind::Directory { path }),
        None => Err(keys.place().problem("a directory location needs `path` (the directory); add it")),
    }
}

/// A path on this machine, relative to the file.
fn file(keys: &mut Keys, name: &'static str, directory: &Path) -> Parsed<Option<PathBuf>> {
    let Some((_, node)) = keys.take(name) else { return Ok(None) };
    let path = as_text(node, name)?;
    match path.is_empty() || path.starts_with('~') || path.contains('\0') {
        true => {
            let text = format!(
                "`{name}` must be a path; write it in full, or relative to this file, and without `~`"
            );
            Err(node.place.problem(text))
        }
        false => Ok(Some(directory.join(path))),
    }
}

fn checked_url(keys: &mut Keys, name: &'static str, what: &str) -> Parsed<Url> {
    let node = keys.need(name, what)?;
    addresses::url(&as_text(node, name)?, name).map_err(|text| node.place.problem(text))
}

fn checked(
    keys: &mut Keys,
    name: &'static str,
    check: impl FnOnce(&str) -> Result<(), String>,
) -> Parsed<Option<String>> {
    let Some((_, node)) = keys.take(name) else { return Ok(None) };
    let value = as_text(node, name)?;
    check(&value).map_err(|text| node.place.problem(text))?;
    Ok(Some(value))
}

fn shown_name(keys: &mut Keys) -> Parsed<Option<String>> {
    checked(keys, "name", |name| {
        match name.trim().is_empty()
            || name.contains(char::is_control)
            || name.chars().count() > MAX_SHOWN_NAME
        {
            true => Err(format!("`name` must have 1 to {MAX_SHOWN_NAME} characters, on one line")),
            false => Ok(()),
        }
    })
}

fn adopts(keys: &mut Keys, name: &str, adopted: &mut BTreeMap<String, String>) -> Parsed<Option<String>> {
    let Some(place) = keys.peek("adopts").map(|(_, node)| node.place.clone()) else {
        return text(keys, "adopts");
    };
    let agent = checked(keys, "adopts", agent)?.unwrap_or_default();
    if let Some(other) = adopted.insert(agent.clone(), name.to_owned()) {
        let text = format!("[locations.{other}] adopts `{agent}` already; an agent has one successor");
        return Err(place.problem(text));
    }
    Ok(Some(agent))
}

fn agent(text: &str) -> Result<(), String> {
    let is_domain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_fit = text.split_once('.').is_some_and(|(domain, id)| {
        !domain.is_empty() && domain.chars().all(is_domain) && !id.trim().is_empty()
    });
    if !is_fit || text.len() > 255 || text.contains(char::is_control) {
        return Err("`adopts` must be an agent id of Home Assistant, such as aws_s3.01JABCDEF (see backup/agents/info)".into());
    }
    match text.split_once('.') {
        Some(("backup" | "hassio", _)) => Err(format!(
            "`{text}` is Home Assistant's own directory, which is backup.local here; adopt an agent of another integration"
        )),
        _ => Ok(()),
    }
}
