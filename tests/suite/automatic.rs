//! Automatic backups in virtual time, through the real component.

mod recordings;
mod years;
