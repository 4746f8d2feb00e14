//! A program that commits to a SQLite database at full speed until its standard input ends.
//!
//! It keeps an invariant: after every transaction, `total.amount` is the sum of `ledger.amount`, and `total.commits` counts the
//! transactions. A copy that is torn between two transactions breaks it, or fails SQLite's integrity check. The program prints `ready` once
//! there is something to copy and, at the end, the number of commits and every error.
//!
//!     ledger FILE wal|delete BUSY_TIMEOUT_MS

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::{Connection, params};
use serde_json::json;

/// Rows that are kept: enough for a database of a few MB whose pages all change.
const KEPT_ROWS: i64 = 2_000;
/// Commits before `ready` is printed.
const READY_AFTER: i64 = 50;

static STOPPED: AtomicBool = AtomicBool::new(false);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, journal, busy_timeout] = arguments.as_slice() else { panic!("ledger FILE wal|delete MS") };
    std::thread::spawn(|| {
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        STOPPED.store(true, Ordering::Relaxed);
    });
    let busy_timeout = Duration::from_millis(busy_timeout.parse().unwrap());
    let database = open(path, journal, busy_timeout).unwrap();
    let (mut random, mut commits) = (Random(0x9e37_79b9_7f4a_7c15), 0);
    let mut errors = BTreeMap::<String, u64>::new();
    while !STOPPED.load(Ordering::Relaxed) {
        match transact(&database, &mut random) {
            Ok(()) => commits += 1,
            Err(error) => {
                *errors.entry(error.to_string()).or_default() += 1;
                if !database.is_autocommit() {
                    database.execute_batch("ROLLBACK").unwrap();
                }
            }
        }
        if commits == READY_AFTER {
            println!("ready");
        }
    }
    println!("{}", json!({"commits": commits, "errors": errors}));
}

fn open(path: &str, journal: &str, busy_timeout: Duration) -> rusqlite::Result<Connection> {
    let database = Connection::open(path)?;
    database.busy_timeout(busy_timeout)?;
    database.pragma_update(None, "journal_mode", journal)?;
    // No sync: power cuts are not tested here, and a faster writer makes copying harder. A checkpoint every few transactions makes the main
    // file change all the time.
    database.execute_batch(
        "PRAGMA synchronous = OFF;
         PRAGMA wal_autocheckpoint = 40;
         CREATE TABLE ledger (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, padding BLOB);
         CREATE INDEX amounts ON ledger (amount);
         CREATE TABLE total (amount INTEGER NOT NULL, commits INTEGER NOT NULL);
         INSERT INTO total VALUES (0, 0);",
    )?;
    Ok(database)
}

/// One transaction: inserts rows, changes an old one, deletes the oldest beyond `KEPT_ROWS`, and updates the total.
fn transact(database: &Connection, random: &mut Random) -> rusqlite::Result<()> {
    database.execute_batch("BEGIN IMMEDIATE")?;
    let mut change = 0;
    for _ in 0..random.below(7) + 1 {
        let (amount, padding) = (random.below(2_000) - 1_000, random.below(3_000));
        database
            .prepare_cached("INSERT INTO ledger (amount, padding) VALUES (?, randomblob(?))")?
            .execute(params![amount, padding])?;
        change += amount;
    }
    let (low, high): (i64, i64) = database
        .prepare_cached("SELECT min(id), max(id) FROM ledger")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let picked = low + random.below(high - low + 1);
    let old: i64 = database
        .prepare_cached("SELECT amount FROM ledger WHERE id = ?")?
        .query_row([picked], |row| row.get(0))?;
    let amount = random.below(2_000) - 1_000;
    database
        .prepare_cached("UPDATE ledger SET amount = ?, padding = randomblob(900) WHERE id = ?")?
        .execute([amount, picked])?;
    let gone: i64 = database
        .prepare_cached("SELECT coalesce(sum(amount), 0) FROM ledger WHERE id <= ?")?
        .query_row([high - KEPT_ROWS], |row| row.get(0))?;
    database.prepare_cached("DELETE FROM ledger WHERE id <= ?")?.execute([high - KEPT_ROWS])?;
    database
        .prepare_cached("UPDATE total SET amount = amount + ?, commits = commits + 1")?
        .execute([change + amount - old - gone])?;
    database.execute_batch("COMMIT")
}

/// Marsaglia's xorshift, with the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 1).unwrap() % bound
    }
}
