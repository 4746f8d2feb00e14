//! The suite: one binary, with a module for each subject.

mod architecture;
mod automatic;
mod automations;
mod blocks;
mod command_line;
mod commands;
mod contract;
mod cuts;
mod databases;
mod documentation;
mod dry_runs;
mod formats;
mod hostile;
mod imports;
mod locations;
mod oddities;
mod previous;
mod protection;
mod restores;
mod sandbox;
mod service;
mod zones;
