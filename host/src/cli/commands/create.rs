//! `larder create`: makes a backup, or shows what it would contain.

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::global::Global;
use crate::cli::locations;
use crate::cli::request::{call, change};
use crate::cli::secrets;
use crate::cli::secrets::ProtectionArgs;
use crate::cli::setup::require_home;
use crate::cli::text::{
    content, counted, fields, notes, protected, reasons, section, size, warnings, yes_no,
};
use crate::cli::value::{flag, list, merge, number, string};
use crate::process::terminal::printable;
use crate::storage::locations::DirectoryLocation;
use crate::tunables::{ENTRY_MEMORY, Limits};

#[derive(Debug, Args)]
pub struct Create {
    /// The backup's name [default: "Custom backup" and the Home Assistant version]
    #[arg(long)]
    pub name: Option<String>,
    /// Leave out the recorder's database
    #[arg(long)]
    pub no_database: bool,
    /// Leave out paths that match: `*` matches within a directory, `**/` any depth
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Store it in this location (`larder locations`), once for each; in the home's own without this
    #[arg(long, value_name = "NAME")]
    pub location: Vec<String>,
    /// Show what the backup would contain without making it
    #[arg(long)]
    pub dry_run: bool,
    /// Accept a name that Home Assistant does not list
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub protect: ProtectionArgs,
}

pub(crate) fn run(setup: HostSetup, global: &Global, create: &Create) -> anyhow::Result<Answer> {
    require_home(&setup)?;
    let agents = match create.location.as_slice() {
        [] => vec![DirectoryLocation::LOCAL.to_owned()],
        names => names.iter().map(|name| locations::id(&setup, name)).collect::<anyhow::Result<_>>()?,
    };
    let mut data = json!({
        "agent_ids": agents,
        "name": create.name,
        "include_database": !create.no_database,
        "exclude": create.exclude,
        "strict": true,
        "force": create.force,
    });
    merge(&mut data, secrets::protection(global, &create.protect)?);
    if create.dry_run {
        let json = call(&mut setup.reader()?, global, "backup.preview", data)?;
        let is_refused = json.get("error").is_some();
        let status = if is_refused { ExitStatus::Failed } else { ExitStatus::of(&json, &["skipped"]) };
        return Ok(Answer { text: preview(&json, &setup.limits), status, json });
    }
    let json = change(&setup, global, "create", "backup.generate", data)?;
    let directory = setup.places()?.backups.unwrap_or_default().display().to_string();
    Ok(Answer { text: created(&json, &directory), status: status(&json), json })
}

/// A copy that was not stored is partial success: the service tries again.
fn status(value: &Value) -> ExitStatus {
    let failed =
        value.get("agent_errors").and_then(Value::as_object).is_some_and(|errors| !errors.is_empty());
    if failed { ExitStatus::Partly } else { ExitStatus::of(value, &["skipped", "notes"]) }
}

fn created(value: &Value, directory: &str) -> String {
    let is_local = string(value, "agent_id") == DirectoryLocation::LOCAL;
    let mut pairs = vec![
        ("name", string(value, "name")),
        ("file", format!("{directory}/{}", string(value, "file"))),
        ("size", format!("{} ({})", size(number(value, "size")), content(value))),
        ("protected", protected(value)),
        ("verified", format!("{}: read back from the disk, complete", yes_no(flag(value, "verified")))),
    ];
    pairs.retain(|(name, _)| is_local || *name != "file");
    let copies = stored_copies(value);
    if !copies.is_empty() {
        pairs.push(("copies", copies));
    }
    format!(
        "Backup {} created.\n{}{}{}{}{}{}",
        string(value, "backup_id"),
        fields(&pairs),
        not_stored(value),
        warnings(value),
        reasons("Skipped or incomplete:", list(value, "skipped")),
        notes(value),
        reasons("Doubtful:", list(value, "doubted"))
    )
}

/// The other locations that have it, with the proof.
fn stored_copies(value: &Value) -> String {
    let shown = |copy: &Value| {
        let proof = match string(copy, "proof").as_str() {
            "full" => "read back completely".to_owned(),
            "sample" => "sample read back".to_owned(),
            "digest" => "compared by digest".to_owned(),
            _ => "size compared".to_owned(),
        };
        format!("{} ({proof})", string(copy, "agent_id"))
    };
    list(value, "stored").iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The locations that could not store it.
fn not_stored(value: &Value) -> String {
    let errors = value.get("agent_errors").and_then(Value::as_object).into_iter().flatten();
    let line = |(agent, error): (&String, &Value)| {
        format!("  {}: {}\n", printable(agent, ""), printable(error.as_str().unwrap_or_default(), ""))
    };
    section("Not stored yet (`larder serve` tries again):", errors.map(line).collect())
}

fn preview(value: &Value, limits: &Limits) -> String {
    let available = value.get("available").and_then(Value::as_u64).map_or("unknown".into(), size);
    let mut pairs = vec![
        ("name", string(value, "name")),
        ("content", content(value)),
        ("database", yes_no(flag(value, "database_included")).to_owned()),
        ("archive", format!("about {}", size(number(value, "estimated_size")))),
        ("free", available),
    ];
    pairs.extend(list_memory(value, limits).map(|text| ("memory", text)));
    let error = value.get("error");
    let largest = list(value, "largest").iter();
    let largest =
        largest.map(|item| format!("  {:>11}  {}\n", size(number(item, "size")), string(item, "path")));
    let excluded = list(value, "excluded").iter().map(|item| {
        let (entries, bytes) =
            (counted(number(item, "entries"), "entry", "entries"), size(number(item, "bytes")));
        format!("  {}: {entries}, {bytes}\n", string(item, "pattern"))
    });
    format!(
        "{}:\n{}{}Largest:\n{}{}{}{}",
        if error.is_some() {
            "A backup would contain this, but cannot be made now"
        } else {
            "A backup would contain"
        },
        fields(&pairs),
        warnings(value),
        largest.collect::<String>(),
        section("Left out by pattern:", excluded.collect()),
        reasons("Would be skipped:", list(value, "skipped")),
        error.map(|error| format!("error: {}\n", string(error, "message"))).unwrap_or_default()
    )
}

/// How much memory the list of files takes while a backup is made, if the home is unusually large.
fn list_memory(value: &Value, limits: &Limits) -> Option<String> {
    let entries = ["files", "directories", "links"].into_iter().map(|key| number(value, key)).sum::<u64>();
    let entries = usize::try_from(entries).unwrap_or(usize::MAX);
    let is_large = entries.saturating_mul(ENTRY_MEMORY) > limits.memory;
    let most = limits.memory_for(entries) >> 20;
    is_large.then(|| format!("up to {most} MiB for the list of files (limits memory and home-memory)"))
}
