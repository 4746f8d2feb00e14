//! The protocols against real servers: one module for each.

mod sftp;
