//! The inventory of a host: the actions, fields, notification targets and entities that automations can use there.
//! Checks automations against it.
//!
//! An action that cannot run is an error and excludes its automation. An unknown entity is a warning, because it may
//! appear later. Disabled parts are not checked. Pure.

use std::collections::BTreeSet;

use super::files::Loaded;
use super::model::{ActionKind, Automation, CallPlaces, Data, Sequence};
use super::registry::{Found, Registry, field_problems};
use super::trace::redacted;
use super::yaml::Problem;
use larder_templates::suggestion::nearest;

/// Actions that make a backup of the home.
const MAKE_BACKUPS: [&str; 3] = ["backup.create", "backup.create_automatic", "backup.create_scheduled"];

/// The actions and entities of a host.
pub struct Inventory {
    pub registry: Registry,
    /// The known entities, without those of automations.
    pub entities: BTreeSet<String>,
    /// Whether Home Assistant also runs the automations of this file.
    pub is_shared: bool,
}

impl Inventory {
    /// Removes the automations that cannot run here and adds errors and warnings.
    pub fn check(&self, loaded: &mut Loaded) {
        let mut kept = Vec::new();
        for automation in std::mem::take(&mut loaded.automations) {
            let (problems, warnings) = self.check_calls(&automation.actions);
            if problems.is_empty() {
                kept.push(automation);
                loaded.warnings.extend(warnings);
            }
            loaded.problems.extend(problems);
        }
        let shown: BTreeSet<String> =
            kept.iter().map(Automation::entity_id).chain(self.entities.clone()).collect();
        for automation in &kept {
            loaded.warnings.extend(self.duplicate_backup(automation));
            loaded.warnings.extend(unknown_entities(automation, &shown));
        }
        loaded.automations = kept;
        let place =
            |problem: &Problem| (problem.place.file.clone(), problem.place.line, problem.place.column);
        for problems in [&mut loaded.problems, &mut loaded.warnings] {
            problems.sort_by_key(place);
            problems.iter_mut().for_each(|problem| problem.text = redacted(&problem.text, &loaded.secrets));
        }
    }

    /// The errors and warnings for the calls of a sequence.
    fn check_calls(&self, steps: &Sequence) -> (Vec<Problem>, Vec<Problem>) {
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        each_call(steps, &mut |call| {
            // A name from a template is known only when it is rendered.
            let Data::Constant(name) = call.action else { return };
            let name = name.as_str().unwrap_or_default();
            match self.registry.find(name) {
                Found::Missing(text) => problems.push(call.places.action.problem(text)),
                Found::Unknown(text) => warnings.push(call.places.action.problem(text)),
                Found::Known(action) if !action.public => {
                    problems.push(call.places.action.problem(self.registry.for_clients(name)));
                }
                Found::Known(action) => {
                    let wrong = field_problems(action, call.data, call.target);
                    problems.extend(wrong.into_iter().map(|it| call.places.of(&it.field).problem(it.text)));
                }
            }
        });
        (problems, warnings)
    }

    /// A warning if Home Assistant would make the same backup at the same time.
    fn duplicate_backup(&self, automation: &Automation) -> Option<Problem> {
        let mut makes = None;
        each_call(&automation.actions, &mut |call| {
            let name = call.action.constant();
            let name = name.as_ref().and_then(|name| name.as_str());
            makes = makes.take().or(name.filter(|name| MAKE_BACKUPS.contains(name)).map(str::to_owned));
        });
        let action = makes.filter(|_| self.is_shared && automation.is_enabled)?;
        let name = automation.name();
        Some(automation.place.problem(format!(
            "Home Assistant reads this file and runs {name} too, so {action} would make two backups; move it to a \
             separate file and pass that with --automations FILE"
        )))
    }
}

fn unknown_entities(automation: &Automation, shown: &BTreeSet<String>) -> Vec<Problem> {
    let mut reported = BTreeSet::new();
    let unknown =
        automation.entities.iter().filter(|(id, _)| !shown.contains(id) && reported.insert(id.clone()));
    let text = |id: &str| match nearest(id, shown.iter().map(String::as_str)) {
        Some(similar) => format!("unknown entity {id}; did you mean {similar}?"),
        None => format!("unknown entity {id}; `larder states` lists the known ones"),
    };
    unknown.map(|(id, place)| place.problem(text(id))).collect()
}

/// An action call in a sequence.
struct Call<'a> {
    action: &'a Data,
    data: &'a Data,
    target: &'a Data,
    places: &'a CallPlaces,
}

/// Visits every enabled call of a sequence, at any depth.
fn each_call(steps: &Sequence, visit: &mut dyn FnMut(Call<'_>)) {
    for step in steps.iter().filter(|step| step.is_enabled) {
        match &step.kind {
            ActionKind::Call { action, data, target, places, .. } => {
                visit(Call { action, data, target, places })
            }
            ActionKind::Choose { options, default } => {
                options.iter().for_each(|(_, steps)| each_call(steps, visit));
                each_call(default, visit);
            }
            ActionKind::If { then, otherwise, .. } => {
                each_call(then, visit);
                each_call(otherwise, visit);
            }
            ActionKind::Repeat { sequence, .. } | ActionKind::Sequence(sequence) => {
                each_call(sequence, visit)
            }
            ActionKind::Parallel(branches) => branches.iter().for_each(|steps| each_call(steps, visit)),
            ActionKind::Delay(_)
            | ActionKind::WaitTemplate { .. }
            | ActionKind::WaitForTrigger { .. }
            | ActionKind::Event { .. }
            | ActionKind::Variables(_)
            | ActionKind::Stop { .. }
            | ActionKind::ConversationResponse(_)
            | ActionKind::Condition(_) => {}
        }
    }
}
