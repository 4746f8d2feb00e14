//! Removes what interrupted and abandoned copies left: uploads, archives without a record, staged files.
//!
//! Decides nothing about backups that are listed.

use serde_json::json;

use crate::layout::{self, Layout};
use crate::manager::job::run;
use crate::manager::log;
use crate::manager::state::with;
use crate::manager::together::{self, Work};
use crate::ports::{Host, STAGING};

/// Deletes the archives of copies that were given up after their archive and before their record was stored.
pub async fn abandon(host: &dyn Host) {
    for copy in with(|inner| std::mem::take(&mut inner.abandoned)) {
        // If that fails, the list names the archive.
        let _ = run(host, "abandon", &json!(copy).to_string()).await;
    }
}

/// Gives up interrupted uploads that nobody will continue. What cannot be removed now is tried again at the next start.
pub async fn clean_unfinished(host: &dyn Host) {
    let pending = with(|inner| inner.store.pending().to_vec());
    let mut work: Vec<Work<'_, ()>> = Vec::new();
    for place in host.locations().into_iter().filter(|place| !place.knowledge.unfinished.is_empty()) {
        let wanted: Vec<String> = Layout::parse(&place.layout)
            .into_iter()
            .flat_map(|layout| {
                pending.iter().filter(|it| it.agent_id == place.id).map(move |it| (layout, it))
            })
            .filter_map(|(layout, it)| layout::names(layout, &it.name, &it.date, &it.backup_id).ok())
            .map(|names| names.archive)
            .collect();
        if place.knowledge.unfinished.iter().all(|name| wanted.contains(name)) {
            continue;
        }
        work.push(Box::pin(async move {
            let input = json!({"agent_id": place.id, "wanted": wanted}).to_string();
            match run(host, "clean", &input).await {
                Ok(done) => log::cleaned(host, &place.id, &done),
                // A read-only host refuses it.
                Err(failure) if failure.code == "denied" => {}
                Err(failure) => log::failed(host, &format!("cleaning {}", place.id), &failure, false),
            }
        }));
    }
    together::all(work).await;
}

/// Deletes what no pending copy needs from the staging area, unless a backup is on its way there. What cannot be deleted only takes space.
pub fn clean_staging(host: &dyn Host) {
    if with(|inner| inner.copying > 0) {
        return;
    }
    let needed = with(|inner| {
        let staged = inner.store.pending().iter().filter(|it| it.from == STAGING);
        staged.map(|it| it.file.clone()).collect::<Vec<_>>()
    });
    for object in host.objects(STAGING).unwrap_or_default() {
        if !needed.contains(&object.name) {
            let _ = host.delete_object(STAGING, &object.name);
        }
    }
}
