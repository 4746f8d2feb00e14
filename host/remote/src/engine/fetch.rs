//! Reads a range of an object as one stream that is opened anew where it broke.

use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use super::context::Context;
use super::retry::Patience;
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::protocol::Object;
use crate::stop::Stop;

/// A range that is being read.
pub struct Fetch {
    context: Arc<Context>,
    object: Object,
    range: Range<u64>,
    stream: Option<Box<dyn Read + Send>>,
    patience: Patience,
    attempts: u32,
    stop: Stop,
}

impl Fetch {
    /// The range lies within the object.
    pub fn new(context: &Arc<Context>, object: Object, range: Range<u64>, stop: Stop) -> Self {
        let patience = Patience::new(context, limits::CALL_PATIENCE);
        Self { context: context.clone(), object, range, stream: None, patience, attempts: 0, stop }
    }

    /// Fills the buffer, or as much of it as the range has left.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read(rest)? {
                0 => break,
                count => filled += count,
            }
        }
        Ok(filled)
    }

    /// Reads some bytes. 0 only at the end of the range, or if the buffer is empty.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = usize::try_from(self.range.end.saturating_sub(self.range.start)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left).min(self.context.limiter.piece());
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else { return Ok(0) };
        loop {
            self.stop.check()?;
            match self.attempt(buffer) {
                Ok(count) => {
                    self.range.start = self.range.start.saturating_add(count as u64);
                    self.attempts = 0;
                    self.patience.touch();
                    if self.range.is_empty()
                        && let Some(mut stream) = self.stream.take()
                    {
                        // Connections are used again once the end of an answer was seen.
                        let _ = stream.read(&mut [0]);
                    }
                    self.context.limiter.take(count, &self.stop)?;
                    return Ok(count);
                }
                Err(error) => {
                    self.stream = None;
                    self.stop.check()?;
                    if !error.is_transient() {
                        return Err(error);
                    }
                    self.patience.pause(self.attempts, error, &self.stop)?;
                    self.attempts += 1;
                }
            }
        }
    }

    fn attempt(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            None => {
                if self.attempts > 0 {
                    self.check_unchanged()?;
                }
                let stream = self.context.protocol.read(&self.object.name, self.range.clone(), &self.stop)?;
                self.stream.insert(stream)
            }
        };
        let broken = |what: String| {
            Error::new(Kind::Interrupted, format!("reading {} broke off: {what}", self.object.name))
        };
        match stream.read(buffer) {
            Ok(0) => Err(broken("the server sent fewer bytes than it has".to_owned())),
            Ok(count) => Ok(count.min(buffer.len())),
            Err(error) => Err(broken(error.to_string())),
        }
    }

    /// Bytes of two versions must not be joined.
    fn check_unchanged(&self) -> Result<()> {
        let name = &self.object.name;
        match self.context.protocol.stat(name, &self.stop)? {
            None => Err(Error::new(Kind::NotFound, format!("{name} was deleted while it was read"))),
            Some(now) if now.size != self.object.size || now.modified != self.object.modified => Err(
                Error::new(Kind::Invalid, format!("{name} was replaced while it was read; read it again")),
            ),
            Some(_) => Ok(()),
        }
    }
}
