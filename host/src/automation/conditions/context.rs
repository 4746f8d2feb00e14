//! The context that a condition is evaluated in.

use crate::automation::home::Home;
use crate::automation::templates::{Templates, Variables};

/// The home, the template engine and the variables of the run.
pub struct Context<'a> {
    pub home: &'a Home,
    pub templates: &'a Templates,
    pub variables: &'a Variables,
}
