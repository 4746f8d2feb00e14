//! Files of automations: read through a `Source`, with what their tags name filled in.

mod directories;
mod load;
mod reader;
mod source;
mod value;

pub use load::{Loaded, fill, load};
pub use source::{Disk, Source};
pub use value::{Looked, value};
