//! `larder create`: makes a backup, or says what one would hold.

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::{merge, need_home, status};
use crate::cli::request::{call, change};
use crate::cli::secrets;
use crate::cli::secrets::Protect;
use crate::cli::text::{
    amount, fields, flag, list, many, notes, number, protected, reasons, size, titled, warnings, word, yes,
};
use crate::cli::{Answer, Status};
use crate::options::{ENTRY_MEMORY, Limits};
use crate::storage::locations::LocalDirectory;

#[derive(Debug, Args)]
pub struct Create {
    /// The backup's name [default: "Custom backup" and the version]
    #[arg(long)]
    pub name: Option<String>,
    /// Leaves the recorder's database out
    #[arg(long)]
    pub no_database: bool,
    /// Leaves out what matches: `*` stays within a directory, `**/` is any depth
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Shows what would be in it; makes none
    #[arg(long)]
    pub dry_run: bool,
    /// In spite of a name that Home Assistant does not list
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub protect: Protect,
}

pub(crate) fn run(setting: Setting, global: &Global, create: &Create) -> anyhow::Result<Answer> {
    need_home(&setting)?;
    let mut data = json!({
        "agent_ids": [LocalDirectory::ID],
        "name": create.name,
        "include_database": !create.no_database,
        "exclude": create.exclude,
        "strict": true,
        "force": create.force,
    });
    merge(&mut data, secrets::protection(global, &create.protect)?);
    if create.dry_run {
        let json = call(&mut setting.reader()?, global, "backup.preview", data)?;
        let is_refused = json.get("error").is_some();
        let status = if is_refused { Status::Failed } else { status(&json, &["skipped"]) };
        return Ok(Answer { text: preview(&json, &setting.limits), status, json });
    }
    let json = change(&setting, global, "create", "backup.generate", data)?;
    let directory = setting.places()?.backups.unwrap_or_default().display().to_string();
    Ok(Answer { text: created(&json, &directory), status: status(&json, &["skipped", "notes"]), json })
}

fn created(value: &Value, directory: &str) -> String {
    let pairs = [
        ("name", word(value, "name")),
        ("file", format!("{directory}/{}", word(value, "file"))),
        ("size", format!("{} ({})", size(number(value, "size")), amount(value))),
        ("protected", protected(value)),
        ("verified", format!("{}: read back from the disk, whole", yes(flag(value, "verified")))),
    ];
    format!(
        "Backup {} created.\n{}{}{}{}{}",
        word(value, "backup_id"),
        fields(&pairs),
        warnings(value),
        reasons("Skipped or incomplete:", list(value, "skipped")),
        notes(value),
        reasons("In doubt:", list(value, "doubted"))
    )
}

fn preview(value: &Value, limits: &Limits) -> String {
    let available = value.get("available").and_then(Value::as_u64).map_or("unknown".into(), size);
    let mut pairs = vec![
        ("name", word(value, "name")),
        ("content", amount(value)),
        ("database", yes(flag(value, "database_included")).to_owned()),
        ("archive", format!("about {}", size(number(value, "estimated_size")))),
        ("free", available),
    ];
    pairs.extend(large(value, limits).map(|text| ("memory", text)));
    let error = value.get("error");
    let largest = list(value, "largest").iter();
    let largest =
        largest.map(|item| format!("  {:>11}  {}\n", size(number(item, "size")), word(item, "path")));
    let excluded = list(value, "excluded").iter().map(|item| {
        let (entries, bytes) =
            (many(number(item, "entries"), "entry", "entries"), size(number(item, "bytes")));
        format!("  {}: {entries}, {bytes}\n", word(item, "pattern"))
    });
    format!(
        "{}:\n{}{}Largest:\n{}{}{}{}",
        if error.is_some() { "A backup would hold, and cannot be made now" } else { "A backup would hold" },
        fields(&pairs),
        warnings(value),
        largest.collect::<String>(),
        titled("Left out by pattern:", excluded.collect()),
        reasons("Would be skipped:", list(value, "skipped")),
        error.map(|error| format!("error: {}\n", word(error, "message"))).unwrap_or_default()
    )
}

/// What the list of a large home takes while a backup is made, where that is more than is usual.
fn large(value: &Value, limits: &Limits) -> Option<String> {
    let entries = ["files", "directories", "links"].into_iter().map(|key| number(value, key)).sum::<u64>();
    let entries = usize::try_from(entries).unwrap_or(usize::MAX);
    let is_large = entries.saturating_mul(ENTRY_MEMORY) > limits.memory;
    let most = limits.memory_for(entries) >> 20;
    is_large
        .then(|| format!("up to {most} MiB, for the list of so many files (limits memory and home-memory)"))
}
