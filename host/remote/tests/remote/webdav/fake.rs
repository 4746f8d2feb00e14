//! A small WebDAV server in memory, in which a test replaces single answers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use larder_test_servers::{Answer, Request, Scripted};

/// Paths as they were sent, without a slash at the end. Folders have no content.
pub type Tree = Arc<Mutex<BTreeMap<String, Option<Vec<u8>>>>>;

/// How it writes answers to PROPFIND.
#[derive(Clone, Copy)]
pub struct Style {
    pub href: fn(&str) -> String,
    pub length: fn(usize) -> String,
    /// Added to each response.
    pub more: &'static str,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            href: str::to_owned,
            length: |size| format!("<D:getcontentlength>{size}</D:getcontentlength>"),
            more: "",
        }
    }
}

pub struct Fake {
    pub server: Scripted,
    pub tree: Tree,
}

impl Fake {
    /// Serves `/dav`. `replace` answers a request instead, or does not.
    pub fn start(replace: impl Fn(&Request, &Tree) -> Option<Answer> + Send + Sync + 'static) -> Self {
        Self::with_style(Style::default(), replace)
    }

    pub fn with_style(
        style: Style,
        replace: impl Fn(&Request, &Tree) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let tree: Tree = Arc::new(Mutex::new(BTreeMap::from([("/dav".to_owned(), None)])));
        let shared = Arc::clone(&tree);
        let server = Scripted::start(move |request| {
            replace(request, &shared).unwrap_or_else(|| answer(request, &shared, style))
        });
        Self { server, tree }
    }

    pub fn url(&self) -> String {
        format!("{}/dav", self.server.url())
    }

    pub fn add_folder(&self, path: &str) {
        self.tree.lock().unwrap().insert(path.to_owned(), None);
    }

    pub fn content(&self, path: &str) -> Option<Vec<u8>> {
        self.tree.lock().unwrap().get(path).cloned().flatten()
    }

    /// The requests of a method so far.
    pub fn requests(&self, method: &str) -> Vec<Request> {
        self.server.requests().into_iter().filter(|request| request.method == method).collect()
    }
}

/// What a server does that has no faults.
pub fn answer(request: &Request, tree: &Tree, style: Style) -> Answer {
    let path = request.path.trim_end_matches('/').to_owned();
    let sent = (request.method == "PUT").then(|| request.body());
    let mut tree = tree.lock().unwrap();
    let parent_is_there =
        path.rsplit_once('/').is_some_and(|(parent, _)| matches!(tree.get(parent), Some(None)));
    match request.method.as_str() {
        "PROPFIND" => {
            assert_eq!(request.header("content-type"), Some("application/xml; charset=utf-8"));
            if !tree.contains_key(&path) {
                return Answer::new(404);
            }
            let is_listing = match request.header("depth") {
                Some("0") => false,
                Some("1") => true,
                other => panic!("Depth {other:?}"),
            };
            let is_child = |found: &str| found.rsplit_once('/').is_some_and(|(parent, _)| parent == path);
            let responses: String = tree
                .iter()
                .filter(|(found, _)| **found == path || is_listing && is_child(found))
                .map(|(found, content)| response(found, content.as_deref(), style))
                .collect();
            Answer::new(207).body(format!(
                r#"<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">{responses}</D:multistatus>"#
            ))
        }
        "MKCOL" | "PUT" if !parent_is_there => Answer::new(409),
        "MKCOL" if tree.contains_key(&path) => Answer::new(405),
        "MKCOL" => {
            tree.insert(path, None);
            Answer::new(201)
        }
        "PUT" => {
            if request.is_whole() {
                tree.insert(path, sent);
            }
            Answer::new(201)
        }
        "DELETE" => Answer::new(if tree.remove(&path).is_some() { 204 } else { 404 }),
        "MOVE" => {
            let destination = request.header("destination").unwrap();
            let to = destination
                .split_once("://")
                .map_or(destination, |(_, rest)| &rest[rest.find('/').unwrap()..])
                .to_owned();
            if request.header("overwrite") == Some("F") && tree.contains_key(&to) {
                return Answer::new(412);
            }
            let Some(content) = tree.remove(&path) else { return Answer::new(404) };
            tree.insert(to, content);
            Answer::new(201)
        }
        "GET" | "HEAD" => {
            let Some(Some(content)) = tree.get(&path) else { return Answer::new(404) };
            let Some(range) = request.header("range") else { return Answer::new(200).body(content.clone()) };
            let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
            let given = format!("bytes {first}-{last}/{}", content.len());
            Answer::new(206).header("Content-Range", &given).body(&content[first..=last])
        }
        _ => Answer::new(405),
    }
}

fn response(path: &str, content: Option<&[u8]>, style: Style) -> String {
    let (slash, kind, length) = match content {
        None => ("/", "<D:collection/>", String::new()),
        Some(content) => ("", "", (style.length)(content.len())),
    };
    let href = (style.href)(&format!("{path}{slash}"));
    format!(
        "<D:response><D:href>{href}</D:href>{}<D:propstat><D:prop><D:resourcetype>{kind}</D:resourcetype>{length}</D:prop>\
         <D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>",
        style.more
    )
}
