//! SFTP against OpenSSH, asyncssh and rclone.

mod objects;
mod oddities;
mod refusals;
mod site;
mod trouble;
