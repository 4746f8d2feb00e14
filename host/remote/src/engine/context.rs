//! What every step of the engine needs: the protocol, the memory, the settings and the time.

use std::sync::Arc;

use super::rate::Limiter;
use super::time::Time;
use super::types::Options;
use crate::ports::Memory;
use crate::protocol::Protocol;
use crate::settings::Environment;

/// One location's.
pub struct Context {
    pub id: String,
    pub protocol: Arc<dyn Protocol>,
    pub memory: Arc<dyn Memory>,
    pub options: Options,
    pub environment: Environment,
    pub time: Arc<dyn Time>,
    pub limiter: Limiter,
}

impl Context {
    /// The name of a document of this location.
    pub fn document(&self, what: &str) -> String {
        format!("{}.{what}", self.id)
    }

    /// Seconds since 1970.
    pub fn now(&self) -> i64 {
        (self.environment.now)()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.protocol.disconnect();
    }
}
