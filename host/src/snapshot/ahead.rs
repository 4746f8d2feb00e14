//! Opening ahead: a thread opens and reads the small files that are asked for next, while who asks deals with those before.
//!
//! Owns how much is read ahead. What is no plain small file, or cannot be read, is left to who asks for it: it gets its file, or its
//! error, then.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::Builder;

use super::content::Content;
use super::database::{is_like_one, owner_of};
use super::home::Home;
use crate::model::HomePath;

/// The largest file that is read ahead.
const SMALL: u64 = 256 * 1024;
/// Files that are read ahead.
const AHEAD: usize = 16;
/// Files that may be expected at once: the rest is opened like any other.
const EXPECTED: usize = 1024;

pub(super) struct Ahead {
    /// What is to be opened, and, in the same order, what came of it.
    wanted: Sender<HomePath>,
    opened: Receiver<Option<Content>>,
    /// What was asked for and not taken yet.
    expected: VecDeque<HomePath>,
}

impl Ahead {
    /// None when no thread can be had.
    pub(super) fn start(home: Arc<Home>) -> Option<Self> {
        let (wanted, to_open) = channel::<HomePath>();
        let (ready, opened) = sync_channel(AHEAD);
        let work = move || {
            for path in to_open {
                if ready.send(read(&home, &path)).is_err() {
                    return;
                }
            }
        };
        Builder::new().name("ahead".into()).spawn(work).ok()?;
        Some(Self { wanted, opened, expected: VecDeque::new() })
    }

    pub(super) fn expect(&mut self, paths: Vec<HomePath>) {
        let room = EXPECTED.saturating_sub(self.expected.len());
        for path in paths.into_iter().take(room) {
            if self.wanted.send(path.clone()).is_ok() {
                self.expected.push_back(path);
            }
        }
    }

    /// The content of the file at `path`, if it was read ahead. What was expected before it is not expected any more.
    pub(super) fn take(&mut self, path: &[u8]) -> Option<Content> {
        let before = self.expected.iter().position(|expected| expected == path)?;
        self.expected.drain(..=before);
        let mut all = std::iter::repeat_with(|| self.opened.recv().ok().flatten());
        all.nth(before).flatten()
    }
}

fn read(home: &Home, path: &[u8]) -> Option<Content> {
    home.admit(path).ok()?;
    // Parts of databases are read with them.
    if owner_of(path).is_some() {
        return None;
    }
    let file = home.file(path).ok()?;
    if file.facts.size > SMALL || is_like_one(file.facts.size) {
        return None;
    }
    Content::read_whole(file)
}
