//! One plugin of the host: what it is made of, what it may touch, and whether it lives. A dead one is started again after a
//! while, twice as long each time.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::http::Hosts;
use crate::model::Timestamp;
use crate::options::{FIRST_BACK_OFF, HEALTHY, LAST_BACK_OFF};
use crate::runtime::{Action, Failure, Grants, Manager, Pending, Runtime};

/// The plugin that every host has.
pub const BACKUP: &str = "backup";

/// A plugin that the configuration names.
#[derive(Debug, Clone)]
pub struct PluginSetting {
    pub name: String,
    pub component: PathBuf,
    /// The hosts that it may reach.
    pub hosts: Hosts,
    /// What it is told about itself: a JSON object.
    pub settings: Value,
}

pub struct Plugin {
    /// By what the configuration calls it.
    pub name: String,
    runtime: Runtime,
    grants: Grants,
    manager: Manager,
    /// Timers that fired and have not been dealt with yet.
    running: Vec<Pending>,
    /// Since when it lives.
    started: Timestamp,
    death: Option<Death>,
    back_off: Duration,
}

/// The plugin died, and when it is started again.
struct Death {
    at: Timestamp,
    again: Timestamp,
}

impl Plugin {
    /// Starts it and waits until it is set up.
    pub fn start(name: &str, runtime: Runtime, grants: Grants) -> Result<Self, Failure> {
        let manager = Manager::start(&runtime, grants.clone())?;
        let started = grants.clock.now();
        let (running, death, back_off) = (Vec::new(), None, FIRST_BACK_OFF);
        Ok(Self { name: name.into(), runtime, grants, manager, running, started, death, back_off })
    }

    pub fn actions(&self) -> &[Action] {
        self.manager.actions()
    }

    /// Whether it has an action of that name.
    pub fn has(&self, action: &str) -> bool {
        self.actions().iter().any(|known| known.name == action)
    }

    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Begins an action.
    pub fn begin(&mut self, action: &str, data: &str) -> Pending {
        self.manager.begin(action, data)
    }

    /// Waits for an answer for at most so long; none when it has not come yet.
    pub fn answer(&mut self, pending: &mut Pending, most: Duration) -> Option<Result<String, Failure>> {
        self.manager.poll(pending, most)
    }

    /// Tells it that a timer of its fired, unless it is dead.
    pub fn fire(&mut self, timer: &str) {
        if self.death.is_none() {
            self.running.push(self.manager.fire(timer));
        }
    }

    /// Whether it deals with a timer that fired.
    pub fn is_busy(&self) -> bool {
        !self.running.is_empty()
    }

    /// When it is started again, if it is dead.
    pub fn again(&self) -> Option<Timestamp> {
        self.death.as_ref().map(|death| death.again)
    }

    /// Looks what has become of what it deals with.
    pub fn poll(&mut self) {
        for mut pending in std::mem::take(&mut self.running) {
            match self.manager.poll(&mut pending, Duration::ZERO) {
                None => self.running.push(pending),
                Some(Ok(_)) => {}
                Some(Err(failure)) => self.say(&failure.message),
            }
        }
    }

    /// Finds out whether it lives, and starts it again when it is time to.
    pub fn look_after(&mut self, now: Timestamp) {
        match &self.death {
            // A clock that was set back must not keep it dead.
            Some(death) if now >= death.again || now < death.at => self.revive(now),
            Some(_) => {}
            None => {
                if let Some(end) = self.manager.end() {
                    self.bury(&end, now);
                }
            }
        }
    }

    /// The plugin has died: it is shown, and it is started again after a while.
    fn bury(&mut self, end: &Failure, now: Timestamp) {
        if now.seconds.saturating_sub(self.started.seconds) >= seconds(HEALTHY) {
            self.back_off = FIRST_BACK_OFF;
        }
        self.running.clear();
        self.postpone(now);
        self.say(&format!("{}; it is started again in {} s", end.message, self.back_off.as_secs()));
        // Nothing of it may speak or write any more when the next one does.
        self.manager.finish();
        self.grants.scheduler.clear();
        self.grants.states.lose();
    }

    fn postpone(&mut self, now: Timestamp) {
        let again = Timestamp { seconds: now.seconds.saturating_add(seconds(self.back_off)), ..now };
        self.death = Some(Death { at: now, again });
    }

    fn revive(&mut self, now: Timestamp) {
        self.back_off = (self.back_off * 2).min(LAST_BACK_OFF);
        match Manager::start(&self.runtime, self.grants.clone()) {
            Ok(manager) => {
                self.manager = manager;
                self.death = None;
                self.started = now;
                self.say("the plugin was started again");
                self.grants.documents.take_notices().iter().for_each(|notice| self.say(notice));
            }
            Err(failure) => {
                self.postpone(now);
                let wait = self.back_off.as_secs();
                self.say(&format!("the plugin cannot be started: {}; next try in {wait} s", failure.message));
            }
        }
    }

    /// The plugin that everybody has needs no name.
    fn say(&self, message: &str) {
        match self.name.as_str() {
            BACKUP => self.grants.bus.say(message),
            name => self.grants.bus.say(&format!("{name}: {message}")),
        }
    }
}

fn seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}
