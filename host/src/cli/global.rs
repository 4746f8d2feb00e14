//! The options that every command takes.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The Home Assistant configuration directory
    #[arg(long, global = true, value_name = "DIR", env = "LARDER_CONFIG")]
    pub config: Option<PathBuf>,
    /// The backup directory [default: <config>/backups]
    #[arg(long, global = true, value_name = "DIR", env = "LARDER_BACKUPS")]
    pub backups: Option<PathBuf>,
    /// The directory for Larder's own state [default: below the XDG state directory]
    #[arg(long, global = true, value_name = "DIR", env = "LARDER_STATE")]
    pub state: Option<PathBuf>,
    /// Use this component instead of the built-in one
    #[arg(long, global = true, value_name = "FILE", env = "LARDER_PLUGIN")]
    pub plugin: Option<PathBuf>,
    /// The configuration of notification targets, other plugins and HTTP [default: /etc/larder/larder.toml, if it exists];
    /// <config>/larder.toml ranks below it and may only choose the automations, and add notifications over the network or
    /// to the log
    #[arg(long, global = true, value_name = "FILE", env = "LARDER_OPTIONS")]
    pub options: Option<PathBuf>,
    /// A file of automations [default: <config>/automations.yaml, if it exists]
    #[arg(long, global = true, value_name = "FILE", env = "LARDER_AUTOMATIONS")]
    pub automations: Option<PathBuf>,
    /// The key ring: a file with your current and old keys [default: larder/keys.json below the XDG configuration directory]
    #[arg(long, global = true, value_name = "FILE", env = "LARDER_KEY_RING")]
    pub key_ring: Option<PathBuf>,
    /// Change a limit of each plugin instance; `larder plugin` lists names and values
    #[arg(long = "limit", global = true, value_name = "NAME=NUMBER")]
    pub limits: Vec<String>,
    /// Print one JSON document to standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Show on standard error what Larder is doing; twice (-vv) shows every event, too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}
