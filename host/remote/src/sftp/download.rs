//! Reads a range of a file, with several requests in flight.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;

use super::line::nonsense;
use super::requests::refused;
use super::session::{Held, Ticket};
use super::status;
use super::wire::Answer;
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::stop::Stop;

/// Returns exactly the bytes of the range, or an error. Errors hold an [`Error`].
pub struct Download {
    session: Held,
    handle: Vec<u8>,
    /// What messages call the file.
    name: String,
    /// What is not asked for yet.
    rest: Range<u64>,
    /// What is asked for, in order.
    asked: VecDeque<Asked>,
    block: Vec<u8>,
    /// How much of the block is read.
    taken: usize,
    stop: Stop,
}

struct Asked {
    ticket: Ticket,
    range: Range<u64>,
    /// Whether it has a place among the session's READs ahead.
    is_ahead: bool,
}

impl Download {
    /// `handle` is a file that is open for reading; it is closed in the end.
    pub fn new(session: Held, handle: Vec<u8>, name: &str, range: Range<u64>, stop: &Stop) -> Self {
        let (name, asked, stop) = (name.to_owned(), VecDeque::new(), stop.clone());
        Self { session, handle, name, rest: range, asked, block: Vec::new(), taken: 0, stop }
    }

    /// Asks for more while there is room. The next block is always asked for.
    fn ask(&mut self) -> Result<()> {
        while !self.rest.is_empty() {
            let is_ahead = !self.asked.is_empty();
            if is_ahead && !self.session.take_read() {
                break;
            }
            let block = limits::SFTP_BLOCK as u64;
            let end = self.rest.end.min(self.rest.start.saturating_add(block));
            let range = self.rest.start..end;
            match self.begin(&range) {
                Ok(ticket) => self.asked.push_back(Asked { ticket, range, is_ahead }),
                Err(error) => {
                    self.session.give_reads(usize::from(is_ahead));
                    return Err(error);
                }
            }
            self.rest.start = end;
        }
        Ok(())
    }

    fn begin(&self, range: &Range<u64>) -> Result<Ticket> {
        let length = u32::try_from(range.end.saturating_sub(range.start)).unwrap_or(u32::MAX);
        self.session.begin_read(&self.handle, range.start, length, &self.stop)
    }

    /// Fetches the next block. An empty one is the end of the range.
    fn next(&mut self) -> Result<Vec<u8>> {
        self.ask()?;
        let Some(Asked { ticket, range, is_ahead }) = self.asked.pop_front() else { return Ok(Vec::new()) };
        self.session.give_reads(usize::from(is_ahead));
        let early = || {
            let message = format!("{} ends at {} of {} bytes", self.name, range.start, self.rest.end);
            Error::new(Kind::Interrupted, message)
        };
        let data = match ticket.wait(limits::SFTP_ANSWER, &self.stop)? {
            Answer::Data(data) => data,
            Answer::Status(status::END, _) => return Err(early()),
            other => match refused::<()>(other)? {
                Ok(()) => return Err(nonsense()),
                Err(status) => return Err(status.error(format_args!("cannot read {}", self.name))),
            },
        };
        let wanted = range.end.saturating_sub(range.start);
        let length = data.len() as u64;
        if length == 0 {
            return Err(early());
        }
        if length > wanted {
            return Err(nonsense());
        }
        if length < wanted {
            // Servers may return less than was asked for; the rest comes next.
            let range = range.start.saturating_add(length)..range.end;
            let ticket = self.begin(&range)?;
            self.asked.push_front(Asked { ticket, range, is_ahead: false });
        }
        Ok(data)
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken >= self.block.len() {
            self.block = self.next().map_err(io::Error::other)?;
            self.taken = 0;
        }
        let mut rest = self.block.get(self.taken..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.taken = self.taken.saturating_add(count);
        Ok(count)
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        self.session.give_reads(self.asked.iter().filter(|asked| asked.is_ahead).count());
        self.session.close_unasked(&self.handle);
    }
}
