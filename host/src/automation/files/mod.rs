//! Files of automations: reads them through a `Source` and resolves their tags. Tests need no disk.

mod custom;
mod directories;
mod load;
mod lookup;
mod reader;
mod source;

pub use load::{Loaded, fill, load};
pub use lookup::{Lookup, lookup};
pub use source::{Disk, Source};
