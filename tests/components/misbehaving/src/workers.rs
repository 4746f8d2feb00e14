//! Worker pools whose workers misbehave, and mistakes that a job makes with pools.
//!
//! A job `pool-NAME` starts workers that run `worker-NAME`, queues a piece and waits for the answer.

use crate::component::workers::{Pool, give, next};
use crate::component::{Answer, Asked, Deed, GOOD, cache, failure, files, perform, refused, storage};

const PIECE: usize = 100_000;
/// More than any piece may have.
const HUGE: usize = 5 << 20;

fn pool(name: &str) -> Answer {
    let pool = match Pool::start(&format!("worker-{name}"), "{}", 2) {
        Ok(pool) => pool,
        Err(error) => return refused::<()>(Err(error)),
    };
    pool.put(&vec![7; PIECE]).unwrap();
    let mut answer = Vec::new();
    while let Some(part) = pool.take()? {
        answer.extend_from_slice(&part);
    }
    match answer.is_empty() {
        true => Ok(GOOD.into()),
        false => Err(failure("answered", String::from_utf8_lossy(&answer))),
    }
}

/// Performs a deed in a worker.
fn worker(deed: &str) -> Answer {
    let _ = next();
    perform(deed)
}

/// Asks for what a worker does not have: everything but its pieces.
fn poor() -> Answer {
    let mut asked = Asked::default();
    let _ = next();
    asked.ask("pool", Pool::start("worker-echo", "{}", 1));
    asked.ask_briefly("file", files::Snapshot::new().open(b"configuration.yaml"));
    asked.ask_briefly("objects", storage::objects("backup.local"));
    asked.ask_briefly("cache", cache::load("last-backup"));
    asked.ask_briefly("store", cache::store("last-backup", b""));
    let answer = asked.answer();
    give(answer.unwrap_err().message.as_bytes());
    while next().is_some() {}
    Ok(GOOD.into())
}

fn echo() -> Answer {
    while let Some(piece) = next() {
        give(&piece);
    }
    Ok(GOOD.into())
}

/// Queues one piece more than may be in progress.
fn full() -> Answer {
    let pool = Pool::start("worker-silent", "{}", 1).unwrap();
    for _ in 0..pool.capacity() {
        pool.put(b"x").unwrap();
    }
    let outcome = pool.put(b"x");
    while let Ok(Some(_)) = pool.take() {}
    refused(outcome)
}

fn pools() -> Answer {
    let mut kept = Vec::new();
    loop {
        match Pool::start("worker-echo", "{}", 1) {
            Ok(pool) => kept.push(pool),
            Err(error) => return refused::<()>(Err(error)),
        }
    }
}

/// Gives more than is kept of an answer that is not taken.
fn flood() -> Answer {
    let _ = next();
    for _ in 0..200 {
        give(&[1; PIECE]);
    }
    while next().is_some() {}
    Ok(GOOD.into())
}

/// Ends without taking the answers of `flood`. Nothing must wait for them.
fn ignore_flood() -> Answer {
    let pool = Pool::start("worker-flood", "{}", 1).unwrap();
    pool.put(b"x").unwrap();
    let _ = pool.take()?;
    Ok(GOOD.into())
}

pub const DEEDS: &[(&str, Deed)] = &[
    ("pool-loop", || pool("loop")),
    ("pool-trap", || pool("trap")),
    ("pool-memory", || pool("memory")),
    ("pool-refuse", || pool("refuse")),
    ("pool-leave", || pool("leave")),
    ("pool-poor", || pool("poor")),
    ("pool-huge", || pool("huge")),
    ("pool-full", full),
    ("pool-put-huge", || refused(Pool::start("worker-echo", "{}", 1).unwrap().put(&vec![0; HUGE]))),
    ("pool-take-nothing", || {
        let _ = Pool::start("worker-echo", "{}", 1).unwrap().take()?;
        Ok(GOOD.into())
    }),
    ("pool-ignore", ignore_flood),
    ("pools-endless", pools),
    ("next-without", || {
        next();
        Ok(GOOD.into())
    }),
    ("give-without", || {
        give(b"x");
        Ok(GOOD.into())
    }),
    ("worker-loop", || worker("loop")),
    ("worker-trap", || {
        let _ = next();
        core::arch::wasm32::unreachable()
    }),
    ("worker-memory", || worker("memory")),
    ("worker-refuse", || {
        let _ = next();
        Err(failure("refused", "the worker will not do it"))
    }),
    ("worker-leave", || worker("good")),
    ("worker-poor", poor),
    ("worker-echo", echo),
    ("worker-silent", || {
        while next().is_some() {}
        Ok(GOOD.into())
    }),
    ("worker-flood", flood),
    ("worker-huge", || {
        let _ = next();
        give(&vec![0; HUGE]);
        Ok(GOOD.into())
    }),
];
