//! The suite: one binary, a module a subject.

mod commands;
mod cuts;
mod hostile;
mod restores;
