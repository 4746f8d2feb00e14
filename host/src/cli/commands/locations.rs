//! `larder locations`: shows the locations with what is known of them, and tests one.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::global::Global;
use crate::cli::locations;
use crate::cli::request::{call, change};
use crate::cli::setup::require_home;
use crate::cli::table;
use crate::cli::table::{Column, STAYS};
use crate::cli::text::{age, columns, size};
use crate::cli::value::{flag, list, number, string};
use crate::model::Timestamp;
use crate::process::terminal::printable;

#[derive(Debug, Args)]
pub struct Locations {
    #[command(subcommand)]
    pub command: Option<LocationsCommand>,
}

#[derive(Debug, Subcommand)]
pub enum LocationsCommand {
    /// Store, list, read and delete a small object in a location, and say what the server can do
    Test {
        /// The location's name
        name: String,
    },
}

pub(crate) fn run(setup: &HostSetup, global: &Global, args: &Locations) -> anyhow::Result<Answer> {
    require_home(setup)?;
    match &args.command {
        None => {
            let json = call(&mut setup.reader()?, global, "backup.agents.info", json!({}))?;
            Ok(Answer { text: listed(&json, setup.clock.now()), status: ExitStatus::Done, json })
        }
        Some(LocationsCommand::Test { name }) => {
            let data = json!({"agent_id": locations::id(setup, name)?});
            let json = change(setup, global, "test", "backup.agents.test", data)?;
            let status = if flag(&json, "good") { ExitStatus::Done } else { ExitStatus::Failed };
            Ok(Answer { text: tested(&json), status, json })
        }
    }
}

fn listed(value: &Value, now: Timestamp) -> String {
    let agents = list(value, "agents");
    let cells = |cell: &dyn Fn(&Value) -> String| agents.iter().map(cell).collect::<Vec<_>>();
    let column = |title, rank, cell: &dyn Fn(&Value) -> String| Column {
        title,
        cells: cells(cell),
        is_right: false,
        rank,
    };
    let free = |agent: &Value| agent.get("available").and_then(Value::as_u64).map_or("unknown".into(), size);
    let known = |agent: &Value| match (flag(agent, "remote"), agent.get("as_of").and_then(Value::as_str)) {
        (false, _) => "now".into(),
        (true, Some(_)) => format!("{} ago", age(agent, "as_of", now)),
        (true, None) => "never".into(),
    };
    let waiting = |agent: &Value| match number(agent, "pending") {
        0 => String::new(),
        count => count.to_string(),
    };
    let table = table::lines(
        vec![
            column("LOCATION", STAYS, &|agent| string(agent, "agent_id")),
            column("LAYOUT", 1, &|agent| string(agent, "layout")),
            column("FREE", 2, &free),
            column("LISTED", 3, &known),
            column("WAITING", 4, &waiting),
            column("NAME", 5, &|agent| string(agent, "name")),
        ],
        columns(),
    );
    let problem = |agent: &Value| {
        let error = agent.get("error").and_then(Value::as_str)?;
        Some(format!("{}: {}\n", string(agent, "agent_id"), printable(error, "")))
    };
    table + &agents.iter().filter_map(problem).collect::<String>()
}

fn tested(value: &Value) -> String {
    let line = |check: &Value| {
        let (mark, text) = match check.get("error").and_then(Value::as_str) {
            Some(error) => ("FAILED", printable(error, "")),
            None => ("ok", string(check, "found")),
        };
        format!("{mark:<7} {}: {text}\n", string(check, "what"))
    };
    let lines: String = list(value, "checks").iter().map(line).collect();
    let verdict = match flag(value, "good") {
        true => "Backups can be stored in",
        false => "Backups cannot be stored reliably in",
    };
    format!("{lines}{verdict} {}.\n", string(value, "agent_id"))
}
