//! SFTP against OpenSSH, asyncssh and rclone.

mod objects;
mod refusals;
mod site;
mod trouble;
