//! Automatic backups in virtual time, through the real component.

mod clocks;
mod commands;
mod locations;
mod recordings;
mod retention;
mod years;
