//! SFTP: a folder that OpenSSH's client reaches.
