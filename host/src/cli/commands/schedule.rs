//! `larder schedule`: shows the next automatic backups, and why they are due then.

use clap::Args;
use serde_json::{Value, json};

use crate::assemble::HostSetup;
use crate::cli::answer::{Answer, ExitStatus};
use crate::cli::global::Global;
use crate::cli::request::call;
use crate::cli::setup::{print_zone_problems, require_home};
use crate::cli::text::no_backup_planned;
use crate::cli::value::{list, string};

#[derive(Debug, Args)]
pub struct Schedule {
    /// How many to show
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub count: u32,
}

pub(crate) fn run(setup: &HostSetup, global: &Global, schedule: &Schedule) -> anyhow::Result<Answer> {
    require_home(setup)?;
    let mut host = setup.reader()?;
    print_zone_problems(&host);
    let json = call(&mut host, global, "backup.schedule", json!({"count": schedule.count}))?;
    Ok(Answer { text: describe(&json), status: ExitStatus::Done, json })
}

fn describe(value: &Value) -> String {
    let runs = list(value, "runs");
    let zone =
        format!("Time zone: {} (from {})\n", string(value, "time_zone"), string(value, "time_zone_origin"));
    let lines = match runs {
        [] => format!("No automatic backups are planned: {}.\n", no_backup_planned(value)),
        _ => runs.iter().map(line).collect(),
    };
    let named = list(value, "schedules").iter().map(|named| {
        let name = string(named, "name");
        match list(named, "runs") {
            [] => format!("Schedule {name}: nothing is planned ({}).\n", string(named, "reason")),
            runs => format!(
                "Schedule {name}:\n{}",
                runs.iter().map(|run| "  ".to_owned() + &line(run)).collect::<String>()
            ),
        }
    });
    lines + &named.collect::<String>() + &zone
}

fn line(run: &Value) -> String {
    format!("{}  {}\n", string(run, "local"), string(run, "reason"))
}
