//! SFTP against OpenSSH, asyncssh and rclone.

mod objects;
mod oddities;
mod refusals;
pub mod site;
mod trouble;
