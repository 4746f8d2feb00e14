//! The format both ways: what Larder writes Home Assistant's own libraries read, and the reverse.

mod counterparts;
mod ends;
mod exclusions;
mod large;
mod layout;
mod odd;
mod parts;
mod texts;
mod variants;
