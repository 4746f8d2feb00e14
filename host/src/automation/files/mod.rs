//! Files of automations: read through a `Source`, with what their tags name filled in.

mod directories;
mod load;
mod lookup;
mod reader;
mod source;

pub use load::{Loaded, fill, load};
pub use lookup::{Lookup, lookup};
pub use source::{Disk, Source};
