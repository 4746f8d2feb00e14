//! S3: a bucket and a prefix, by plain signed requests.

mod client;
mod keys;
mod listing;
mod location;
mod multipart;
mod objects;
mod refusal;
mod site;
mod sizes;
mod whole;
mod xml;

#[cfg(test)]
mod tests;

pub use location::S3Location;
