//! Loading components: the built-in backup plugin and those in files.

use std::path::Path;

use etcetera::BaseStrategy;

use super::setup::HostSetup;
use crate::disk::regular;
use crate::error::{Doing, Error, Result};
use crate::runtime::Runtime;
use crate::tunables::MAX_COMPONENT;

/// The built-in backup plugin.
const COMPONENT: &[u8] = include_bytes!(env!("LARDER_COMPONENT"));

impl HostSetup {
    /// Loads the backup plugin's component. Needs no home.
    pub fn runtime(&self) -> Result<Runtime> {
        match &self.plugin {
            Some(path) => self.load_component(path),
            None => self.compile("the built-in component", COMPONENT),
        }
    }

    pub(super) fn load_component(&self, path: &Path) -> Result<Runtime> {
        let wasm = regular::read(path, MAX_COMPONENT)
            .doing(|| format!("cannot read the plugin {}", path.display()))?;
        self.compile(&path.display().to_string(), &wasm)
    }

    fn compile(&self, name: &str, wasm: &[u8]) -> Result<Runtime> {
        let cache =
            etcetera::choose_base_strategy().ok().map(|base| base.cache_dir().join("larder/compiled"));
        let _indicator = self.compiling.map(|show| show());
        Runtime::new(name, wasm, self.limits.clone(), cache.as_deref())
            .map_err(|failure| Error::Invalid(failure.message))
    }
}
