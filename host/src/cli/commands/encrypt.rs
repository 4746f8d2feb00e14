//! `larder encrypt`: a protected copy of a backup.

use std::path::PathBuf;

use clap::Args;

use crate::assemble::HostSetup;
use crate::cli::answer::Answer;
use crate::cli::copies::copy;
use crate::cli::global::Global;
use crate::cli::secrets;
use crate::cli::secrets::{PasswordArgs, ProtectionArgs};
use crate::cli::select::{BackupArg, reference};
use crate::cli::value::merge;

#[derive(Debug, Args)]
pub struct Encrypt {
    #[command(flatten)]
    pub target: BackupArg,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    #[command(flatten)]
    pub protect: ProtectionArgs,
}

pub(crate) fn run(mut setup: HostSetup, global: &Global, encrypt: &Encrypt) -> anyhow::Result<Answer> {
    let mut data = reference(&mut setup, global, &encrypt.target)?;
    setup.output = Some(encrypt.to.clone());
    let mut fields = secrets::protection(global, &encrypt.protect)?;
    if fields.is_empty() && secrets::can_prompt() {
        let password = PasswordArgs { password_prompt: true, ..PasswordArgs::default() };
        fields = secrets::given_for_new(global, &password)?;
    }
    merge(&mut data, fields);
    copy(&setup, global, "backup.encrypt", data)
}
