//! WebDAV: a folder of a server, Nextcloud's chunked uploads included.

mod address;
mod answers;
mod chunks;
mod client;
mod folder;
mod listing;
mod location;
mod multistatus;
mod publish;
mod whole;

#[cfg(test)]
mod tests;

pub use location::WebDavLocation;
