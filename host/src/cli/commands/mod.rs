//! The commands: one file each, with its arguments, its call and its output.

pub(crate) mod adopt;
pub(crate) mod automations;
pub(crate) mod call;
pub(crate) mod check_password;
pub(crate) mod copy;
pub(crate) mod create;
pub(crate) mod decrypt;
pub(crate) mod delete;
pub(crate) mod encrypt;
pub(crate) mod extract;
pub(crate) mod import;
pub(crate) mod keep;
pub(crate) mod key;
pub(crate) mod list;
pub(crate) mod locations;
pub(crate) mod plugin;
pub(crate) mod rekey;
pub(crate) mod restore;
pub(crate) mod retention;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod settings;
pub(crate) mod show;
pub(crate) mod states;
pub(crate) mod status;
pub(crate) mod verify;
