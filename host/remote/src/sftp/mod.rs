//! SFTP: a folder that OpenSSH's client reaches.
//!
//! The packets of version 3 of the protocol are our own. The library that was tried (russh-sftp 3.0) reads file handles as text, which breaks
//! those of asyncssh after 128 files, and ends the session at a status code above 8, such as a full quota.

mod command;
mod diagnosis;
mod download;
mod keeper;
mod line;
mod location;
mod path;
mod requests;
mod scan;
mod session;
mod status;
mod upload;
mod wire;

pub use location::SftpLocation;
