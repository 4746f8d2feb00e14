//! The suite: one binary, a module a subject.

mod commands;
mod databases;
mod formats;
mod oddities;
