//! Opening ahead: a thread opens and reads small files before they are asked for.
//!
//! Owns how much is read ahead. A file that is not small, may be a database or cannot be read is left to the caller,
//! who then gets the file or its error.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::Builder;

use super::classify::{database_of, may_be_database};
use super::content::Content;
use super::descriptor::FileId;
use super::home::Home;
use crate::model::HomePath;
use crate::tunables::{MAX_EXPECTED, SMALL_BATCHES, SMALL_FILE, SMALL_FILES, SMALL_FILES_BYTES};

/// A file that was read, and its identity. `None` when the caller has to open it.
type Found = Option<(FileId, Content)>;

pub(super) struct OpenAhead {
    /// Sends paths to the thread. The results come in the same order.
    queue: Sender<HomePath>,
    batches: Receiver<Vec<Found>>,
    batch: VecDeque<Found>,
    /// Paths that were queued and not taken yet.
    expected: VecDeque<HomePath>,
}

impl OpenAhead {
    /// `None` when no thread can be started.
    pub(super) fn start(home: Arc<Home>) -> Option<Self> {
        let (queue, queued) = channel();
        let (ready, batches) = sync_channel(SMALL_BATCHES);
        let work = move || {
            while let Some(batch) = read_some(&home, &queued) {
                if ready.send(batch).is_err() {
                    return;
                }
            }
        };
        Builder::new().name("home ahead".into()).spawn(work).ok()?;
        Some(Self { queue, batches, batch: VecDeque::new(), expected: VecDeque::new() })
    }

    pub(super) fn enqueue(&mut self, paths: Vec<HomePath>) {
        let room = MAX_EXPECTED.saturating_sub(self.expected.len());
        for path in paths.into_iter().take(room) {
            if self.queue.send(path.clone()).is_ok() {
                self.expected.push_back(path);
            }
        }
    }

    /// The file at `path`, if it was read ahead. Files that were queued before it are dropped.
    pub(super) fn take(&mut self, path: &[u8]) -> Found {
        let before = self.expected.iter().position(|expected| expected == path)?;
        self.expected.drain(..=before);
        (0..=before).map(|_| self.next()).last().flatten()
    }

    fn next(&mut self) -> Found {
        while self.batch.is_empty() {
            self.batch = self.batches.recv().ok()?.into();
        }
        self.batch.pop_front().flatten()
    }
}

/// Reads the next batch; `None` when no more files can be queued. Waits only for the first file.
fn read_some(home: &Home, queued: &Receiver<HomePath>) -> Option<Vec<Found>> {
    let mut batch = vec![read(home, &queued.recv().ok()?)];
    let mut bytes = 0;
    while batch.len() < SMALL_FILES && bytes < SMALL_FILES_BYTES {
        let Ok(path) = queued.try_recv() else { break };
        let found = read(home, &path);
        bytes += found.as_ref().map_or(0, |(_, content)| content.size());
        batch.push(found);
    }
    Some(batch)
}

fn read(home: &Home, path: &[u8]) -> Found {
    home.admit(path).ok()?;
    // Companion files are read with their database.
    if database_of(path).is_some() {
        return None;
    }
    let file = home.file(path).ok()?;
    if file.facts.size > SMALL_FILE || may_be_database(path, file.facts.size) {
        return None;
    }
    Some((file.facts.id, Content::read_whole(file)?))
}
