//! The format both ways: what Larder writes Home Assistant's own libraries read, and the reverse.

mod counterparts;
mod exclusions;
mod large;
mod layout;
mod odd;
mod texts;
mod variants;
