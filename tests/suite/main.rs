//! The suite: one binary, a module a subject.

mod automatic;
mod automations;
mod blocks;
mod command_line;
mod commands;
mod cuts;
mod databases;
mod formats;
mod hostile;
mod oddities;
mod previous;
mod protection;
mod restores;
mod sandbox;
mod service;
mod zones;
