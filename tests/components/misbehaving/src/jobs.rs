//! Jobs that perform deeds, and mistakes that a manager makes with jobs.

use crate::component::jobs::{Event, Job};
use crate::component::{Answer, Deed, GOOD, failure, refused, types};

fn start(deed: &str) -> Result<Job, types::Error> {
    Job::start(deed, "{}")
}

/// Performs the deed in a job and returns its outcome.
pub async fn run(deed: &str) -> Answer {
    match start(deed) {
        Ok(job) => finished(&job).await,
        Err(error) => refused::<()>(Err(error)),
    }
}

async fn finished(job: &Job) -> Answer {
    loop {
        if let Event::Finished(answer) = job.next().await {
            return answer;
        }
    }
}

/// Deeds of the manager only; none for any other deed.
pub async fn perform(deed: &str) -> Option<Answer> {
    Some(match deed {
        "wait" => run("sleep").await,
        "yield" => loop {
            wit_bindgen::yield_async().await;
        },
        "jobs-endless" => jobs_endless("sleep"),
        "jobs-dropped-endless" => loop {
            if let Err(error) = start("sleep") {
                break refused::<()>(Err(error));
            }
        },
        "job-dropped" => {
            let _ = start("draft-and-sleep");
            Ok(GOOD.into())
        }
        "job-left" => {
            std::mem::forget(start("draft-and-sleep"));
            Ok(GOOD.into())
        }
        "job-and-trap" => {
            let _job = start("draft-and-sleep");
            core::arch::wasm32::unreachable()
        }
        "job-nul" => run("a\0b").await,
        "job-again" => {
            let job = start("good").ok()?;
            let _ = finished(&job).await;
            finished(&job).await
        }
        _ => return None,
    })
}

fn jobs_endless(deed: &str) -> Answer {
    let mut kept = Vec::new();
    loop {
        match start(deed) {
            Ok(job) => kept.push(job),
            Err(error) => return refused::<()>(Err(error)),
        }
    }
}

pub const DEEDS: &[(&str, Deed)] = &[("start", || match start("good") {
    Ok(_) => Ok("\"ALLOWED\"".into()),
    Err(error) => Err(failure("refused", format!("{error:?}"))),
})];
