//! `larder schedule`: the next automatic backups, and why then.

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::Setting;
use crate::cli::args::Global;
use crate::cli::host::{need_home, say_zone_problems};
use crate::cli::request::call;
use crate::cli::text::{list, unplanned, word};
use crate::cli::{Answer, Status};

#[derive(Debug, Args)]
pub struct Schedule {
    /// How many
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub count: u32,
}

pub(crate) fn run(setting: &Setting, global: &Global, schedule: &Schedule) -> anyhow::Result<Answer> {
    need_home(setting)?;
    let mut host = setting.reader()?;
    say_zone_problems(&host);
    let json = call(&mut host, global, "backup.schedule", json!({"count": schedule.count}))?;
    Ok(Answer { text: shown(&json), status: Status::Done, json })
}

fn shown(value: &Value) -> String {
    let runs = list(value, "runs");
    let zone =
        format!("Time zone: {} (from {})\n", word(value, "time_zone"), word(value, "time_zone_origin"));
    let lines = match runs {
        [] => format!("No automatic backups are planned: {}.\n", unplanned(value)),
        _ => runs.iter().map(|run| format!("{}  {}\n", word(run, "local"), word(run, "reason"))).collect(),
    };
    lines + &zone
}
