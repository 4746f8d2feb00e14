//! The suite: one binary, a module a subject.

mod commands;
mod sandbox;
