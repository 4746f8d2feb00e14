//! One plugin of the host: its component, its grants, and whether it runs. A plugin that died or could not be started is restarted with
//! back-off.

mod timers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;

use crate::automation::zone;
use crate::home::bus::Level;
use crate::http_client::Hosts;
use crate::model::Timestamp;
use crate::runtime::{Action, Failure, Grants, Manager, Pending, Runtime, Started, Starting};
use crate::tunables::{FIRING_PAUSE, FIRST_BACK_OFF, HEALTHY, LAST_BACK_OFF, SET_UP_TIME};
use timers::FiringLimiter;

/// The name of the backup plugin, which every host has.
pub const BACKUP: &str = "backup";

/// A plugin that the configuration names.
#[derive(Debug, Clone)]
pub struct PluginSetting {
    pub name: String,
    pub component: PathBuf,
    /// The hosts that it may reach.
    pub hosts: Hosts,
    /// Its settings: a JSON object.
    pub settings: Value,
}

/// Loads the component. It is called for every start, because the file may have been repaired. The error says what to do.
pub type Load = Arc<dyn Fn() -> Result<Runtime, String> + Send + Sync>;

pub struct Plugin {
    /// Its name in the configuration.
    pub name: String,
    load: Load,
    grants: Grants,
    life: Life,
    /// What its component imports and exports; empty until it could be loaded.
    interfaces: (Vec<String>, Vec<String>),
    /// The actions that it described when it was last set up.
    actions: Vec<Action>,
    /// Calls for timers that fired, in progress.
    running: Vec<Pending>,
    /// Timers that fired while it was starting.
    early: Vec<String>,
    firing_limiter: FiringLimiter,
    back_off: Duration,
}

enum Life {
    Starting(Starting),
    /// And since when, in time passed.
    Alive(Manager, Duration),
    /// The reason, and when it is restarted, in elapsed time.
    Dead(Failure, Duration),
}

impl Plugin {
    /// Starts it and waits until it is set up.
    pub fn start(name: &str, load: Load, grants: Grants) -> Result<Self, Failure> {
        let mut plugin = Self::new(name, load, grants);
        let runtime = plugin.runtime()?;
        let manager = Manager::start(&runtime, plugin.grants.clone())?;
        plugin.set_alive(manager);
        Ok(plugin)
    }

    /// Begins to start it. A failure is reported, and the start is tried again.
    pub fn launch(name: &str, load: Load, grants: Grants) -> Self {
        let mut plugin = Self::new(name, load, grants);
        if let Err(failure) = plugin.begin_start() {
            plugin.fail(failure, "");
        }
        plugin
    }

    fn new(name: &str, load: Load, grants: Grants) -> Self {
        let passed = grants.clock.elapsed();
        Self {
            name: name.into(),
            load,
            life: Life::Dead(Failure::stopped("it has not been started yet"), passed),
            interfaces: Default::default(),
            actions: Vec::new(),
            running: Vec::new(),
            early: Vec::new(),
            firing_limiter: FiringLimiter::new(passed),
            back_off: FIRST_BACK_OFF,
            grants,
        }
    }

    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Whether it has an action of this name.
    pub fn has(&self, action: &str) -> bool {
        self.actions().iter().any(|known| known.name == action)
    }

    /// What its component imports, then exports.
    pub fn interfaces(&self) -> &(Vec<String>, Vec<String>) {
        &self.interfaces
    }

    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    /// Why it does not run, if it does not.
    pub fn problem(&self) -> Option<&Failure> {
        match &self.life {
            Life::Dead(why, _) => Some(why),
            Life::Alive(..) | Life::Starting(_) => None,
        }
    }

    /// Begins an action.
    pub fn begin(&mut self, action: &str, data: &str) -> Result<Pending, Failure> {
        match &mut self.life {
            Life::Alive(manager, _) => Ok(manager.begin(action, data)),
            Life::Dead(why, _) => Err(why.clone()),
            Life::Starting(_) => Err(Failure::stopped(format!("the plugin {} is being started", self.name))),
        }
    }

    /// Waits for an answer, at most `most`; `None` when it has not arrived.
    pub fn answer(&mut self, pending: &mut Pending, most: Duration) -> Option<Result<String, Failure>> {
        match &mut self.life {
            Life::Alive(manager, _) => manager.poll(pending, most),
            Life::Dead(why, _) => Some(Err(why.clone())),
            Life::Starting(_) => Some(Err(Failure::stopped("the plugin was restarted in the meantime"))),
        }
    }

    /// Calls it because one of its timers fired, unless it is dead. Timers that fire too often are delayed.
    pub fn fire(&mut self, timer: &str) {
        let clock = &self.grants.clock;
        match &mut self.life {
            Life::Dead(..) => {}
            Life::Starting(_) => self.early.push(timer.to_owned()),
            Life::Alive(manager, _) if self.firing_limiter.allow(clock.elapsed()) => {
                self.running.push(manager.fire(timer));
            }
            Life::Alive(..) => {
                let pause = TimeDelta::from_std(FIRING_PAUSE).unwrap_or_default();
                // There is room: this timer has just fired.
                let _ = self.grants.scheduler.set(timer.to_owned(), zone::plus(clock.now(), pause));
                if self.firing_limiter.should_warn() {
                    let seconds = FIRING_PAUSE.as_secs();
                    self.report(
                        Level::Warning,
                        &format!("its timer {timer} is repeatedly set to a past time; it fires only every {seconds} s"),
                    );
                }
            }
        }
    }

    /// Whether a call for a timer is in progress.
    pub fn is_working(&self) -> bool {
        !self.running.is_empty()
    }

    pub fn is_starting(&self) -> bool {
        matches!(self.life, Life::Starting(_))
    }

    /// When it is restarted, if it is dead.
    pub fn again(&self) -> Option<Timestamp> {
        let Life::Dead(_, again) = &self.life else { return None };
        let left = again.saturating_sub(self.grants.clock.elapsed());
        Some(zone::plus(self.grants.clock.now(), TimeDelta::from_std(left).ok()?))
    }

    /// Collects the answers of calls for timers.
    pub fn poll(&mut self) {
        for mut pending in std::mem::take(&mut self.running) {
            match self.answer(&mut pending, Duration::ZERO) {
                None => self.running.push(pending),
                Some(Ok(_)) => {}
                Some(Err(failure)) => self.report(Level::Error, &failure.message),
            }
        }
    }

    /// Checks whether it runs. While it is being started, waits for it at most `most`. Restarts it when its back-off is over. `owner`
    /// names the other plugin that has an action, if one has.
    pub fn supervise(&mut self, most: Duration, owner: impl Fn(&str) -> Option<String>) {
        let passed = self.grants.clock.elapsed();
        let none = Life::Dead(Failure::stopped("it is being checked"), passed);
        match std::mem::replace(&mut self.life, none) {
            Life::Starting(starting) => match starting.poll(most) {
                Ok(Started::NotYet(starting)) => self.life = Life::Starting(starting),
                Ok(Started::Ready(manager)) => self.accept(manager, owner),
                Err(failure) => self.fail_again(failure),
            },
            Life::Alive(mut manager, since) => match manager.end() {
                Some(end) => {
                    // The old instance must be gone before the next one starts to write.
                    drop(manager);
                    self.handle_death(end, passed.saturating_sub(since));
                }
                None => self.life = Life::Alive(manager, since),
            },
            Life::Dead(_, again) if passed >= again => {
                self.back_off = (self.back_off * 2).min(LAST_BACK_OFF);
                if let Err(failure) = self.begin_start() {
                    self.fail_again(failure);
                }
            }
            dead @ Life::Dead(..) => self.life = dead,
        }
    }

    fn runtime(&mut self) -> Result<Runtime, Failure> {
        let runtime = (self.load)().map_err(Failure::stopped)?;
        self.interfaces = runtime.interfaces();
        Ok(runtime)
    }

    fn begin_start(&mut self) -> Result<(), Failure> {
        let runtime = self.runtime()?;
        let most = (self.name != BACKUP).then_some(SET_UP_TIME);
        self.life = Life::Starting(Manager::launch(&runtime, self.grants.clone(), most)?);
        Ok(())
    }

    /// It is ready, unless another plugin has one of its actions.
    fn accept(&mut self, manager: Manager, owner: impl Fn(&str) -> Option<String>) {
        let names = manager.actions().iter().map(|action| &action.name);
        let taken = names.filter_map(|name| Some((name, owner(name)?))).next();
        let taken = taken
            .map(|(name, other)| format!("its action {name} already belongs to {other}; remove one of them"));
        if let Some(text) = taken {
            drop(manager);
            return self.fail_again(Failure::stopped(text));
        }
        let is_first = self.back_off == FIRST_BACK_OFF;
        self.set_alive(manager);
        if !is_first {
            self.report(Level::Info, "the plugin was restarted");
            self.grants.documents.take_notices().iter().for_each(|it| self.report(Level::Warning, it));
        }
        std::mem::take(&mut self.early).iter().for_each(|timer| self.fire(timer));
    }

    fn set_alive(&mut self, manager: Manager) {
        self.actions = manager.actions().to_vec();
        self.life = Life::Alive(manager, self.grants.clock.elapsed());
    }

    /// The plugin has died. This is reported, and the plugin is restarted after its back-off.
    fn handle_death(&mut self, end: Failure, lived: Duration) {
        if lived >= HEALTHY {
            self.back_off = FIRST_BACK_OFF;
        }
        self.running.clear();
        let text = format!("{}; it will be restarted in {} s", end.message, self.back_off.as_secs());
        self.mark_dead(end);
        self.report(Level::Error, &text);
    }

    /// It could not be started. Its timers and states of the attempt are discarded.
    fn fail(&mut self, failure: Failure, next: &str) {
        let text = format!("the plugin cannot be started: {}{next}", failure.message);
        self.mark_dead(failure);
        self.report(Level::Error, &text);
    }

    fn fail_again(&mut self, failure: Failure) {
        let next = match self.back_off {
            FIRST_BACK_OFF => String::new(),
            wait => format!("; next try in {} s", wait.as_secs()),
        };
        self.fail(failure, &next);
    }

    /// Marks it as dead and discards its timers and states.
    fn mark_dead(&mut self, why: Failure) {
        self.life = Life::Dead(why, self.grants.clock.elapsed().saturating_add(self.back_off));
        self.early.clear();
        self.grants.scheduler.clear();
        self.grants.states.set_unavailable();
    }

    /// Messages name the plugin, unless it is the backup plugin.
    fn report(&self, level: Level, message: &str) {
        match self.name.as_str() {
            BACKUP => self.grants.bus.log(level, message),
            name => self.grants.bus.log(level, &format!("{name}: {message}")),
        }
    }
}
