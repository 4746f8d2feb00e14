//! Automatic backups in virtual time, through the real component.

mod clocks;
mod recordings;
mod retention;
mod years;
