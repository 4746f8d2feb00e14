//! The format in both directions: Home Assistant's libraries read what Larder writes, and the reverse.

mod counterparts;
mod ends;
mod exclusions;
mod large;
mod layout;
mod odd;
mod parts;
mod texts;
mod variants;
