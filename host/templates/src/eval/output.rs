//! The output of a template or block, with its limit.

use crate::context::Context;
use crate::error::{Error, Result};

/// Text that grows up to a limit.
pub struct Output {
    pub text: String,
    limit: usize,
}

impl Output {
    pub fn new(limit: usize) -> Self {
        Self { text: String::new(), limit }
    }

    pub fn push(&mut self, text: &str, context: &Context) -> Result<()> {
        context.spend(text.len() as u64 / 32)?;
        if self.text.len() + text.len() > self.limit {
            let limit = self.limit;
            return Err(Error::limit(format!("the template returns more than {limit} bytes")));
        }
        self.text.push_str(text);
        Ok(())
    }
}
