//! Automatic backups in virtual time, through the real component.

mod clocks;
mod commands;
mod kept;
mod locations;
mod names;
mod recordings;
mod refusals;
mod retention;
mod years;
