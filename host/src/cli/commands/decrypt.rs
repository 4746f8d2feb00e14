//! `larder decrypt`: a copy of a protected backup that anyone can read.

use std::path::PathBuf;

use clap::Args;

use crate::assemble::HostSetup;
use crate::cli::answer::Answer;
use crate::cli::copies::copy;
use crate::cli::global::Global;
use crate::cli::select::{ProtectedBackupArgs, openable};

#[derive(Debug, Args)]
pub struct Decrypt {
    #[command(flatten)]
    pub read: ProtectedBackupArgs,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
}

pub(crate) fn run(mut setup: HostSetup, global: &Global, decrypt: &Decrypt) -> anyhow::Result<Answer> {
    let data = openable(&mut setup, global, &decrypt.read.target, &decrypt.read.password)?;
    setup.output = Some(decrypt.to.clone());
    copy(&setup, global, "backup.decrypt", data)
}
