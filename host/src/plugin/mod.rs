//! One plugin of the host: what it is made of, what it may touch, and whether it lives. One that died, or could not be started, is
//! started again after a while, twice as long each time.

mod timers;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;

use crate::automation::zone;
use crate::home::bus::Level;
use crate::http::Hosts;
use crate::model::Timestamp;
use crate::options::{FIRING_PAUSE, FIRST_BACK_OFF, HEALTHY, LAST_BACK_OFF, SET_UP_TIME};
use crate::runtime::{Action, Failure, Grants, Manager, Pending, Runtime, Started, Starting};
use timers::Firings;

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

/// Loads a component, each time anew: it may have been mended meanwhile. The error says what to do.
pub type Load = Arc<dyn Fn() -> Result<Runtime, String> + Send + Sync>;

pub struct Plugin {
    /// By what the configuration calls it.
    pub name: String,
    load: Load,
    grants: Grants,
    life: Life,
    /// What its component imports and exports, once it could be loaded.
    interfaces: (Vec<String>, Vec<String>),
    /// What it offered when it was set up last.
    actions: Vec<Action>,
    /// Timers that fired and have not been dealt with yet.
    running: Vec<Pending>,
    /// Timers that fired before it was ready.
    early: Vec<String>,
    firings: Firings,
    back_off: Duration,
}

enum Life {
    Starting(Starting),
    /// Since when, by the time that passes.
    Alive(Manager, Duration),
    /// Why, and when it is started again.
    Dead(Failure, Duration),
}

impl Plugin {
    /// Starts it and waits until it is set up.
    pub fn start(name: &str, load: Load, grants: Grants) -> Result<Self, Failure> {
        let mut plugin = Self::new(name, load, grants);
        let runtime = plugin.runtime()?;
        let manager = Manager::start(&runtime, plugin.grants.clone())?;
        plugin.live(manager);
        Ok(plugin)
    }

    /// Begins to start it; when that fails, that is said, and it is tried again.
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
            life: Life::Dead(Failure::stopped("it was not started yet"), passed),
            interfaces: Default::default(),
            actions: Vec::new(),
            running: Vec::new(),
            early: Vec::new(),
            firings: Firings::new(passed),
            back_off: FIRST_BACK_OFF,
            grants,
        }
    }

    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Whether it has an action of that name.
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

    /// Why it does not run, when it does not.
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

    /// Waits for an answer for at most so long; none when it has not come yet.
    pub fn answer(&mut self, pending: &mut Pending, most: Duration) -> Option<Result<String, Failure>> {
        match &mut self.life {
            Life::Alive(manager, _) => manager.poll(pending, most),
            Life::Dead(why, _) => Some(Err(why.clone())),
            Life::Starting(_) => Some(Err(Failure::stopped("the plugin was started again meanwhile"))),
        }
    }

    /// Tells it that a timer of its fired, unless it is dead. One that fires too often has to wait.
    pub fn fire(&mut self, timer: &str) {
        let clock = &self.grants.clock;
        match &mut self.life {
            Life::Dead(..) => {}
            Life::Starting(_) => self.early.push(timer.to_owned()),
            Life::Alive(manager, _) if self.firings.may(clock.elapsed()) => {
                self.running.push(manager.fire(timer));
            }
            Life::Alive(..) => {
                let pause = TimeDelta::from_std(FIRING_PAUSE).unwrap_or_default();
                // It has room: this timer was taken out just now.
                let _ = self.grants.scheduler.set(timer.to_owned(), zone::plus(clock.now(), pause));
                if self.firings.is_news() {
                    let seconds = FIRING_PAUSE.as_secs();
                    self.say(
                        Level::Warning,
                        &format!("its timer {timer} is set for the past again and again; it fires every {seconds} s"),
                    );
                }
            }
        }
    }

    /// Whether it deals with a timer that fired.
    pub fn is_working(&self) -> bool {
        !self.running.is_empty()
    }

    pub fn is_starting(&self) -> bool {
        matches!(self.life, Life::Starting(_))
    }

    /// When it is started again, if it is dead.
    pub fn again(&self) -> Option<Timestamp> {
        let Life::Dead(_, again) = &self.life else { return None };
        let left = again.saturating_sub(self.grants.clock.elapsed());
        Some(zone::plus(self.grants.clock.now(), TimeDelta::from_std(left).ok()?))
    }

    /// Looks what has become of what it deals with.
    pub fn poll(&mut self) {
        for mut pending in std::mem::take(&mut self.running) {
            match self.answer(&mut pending, Duration::ZERO) {
                None => self.running.push(pending),
                Some(Ok(_)) => {}
                Some(Err(failure)) => self.say(Level::Error, &failure.message),
            }
        }
    }

    /// Finds out whether it lives, waits for it at most so long while it is being started, and starts it again when it is time to.
    /// `owner` is which other plugin has an action.
    pub fn look_after(&mut self, most: Duration, owner: impl Fn(&str) -> Option<String>) {
        let passed = self.grants.clock.elapsed();
        let none = Life::Dead(Failure::stopped("it is looked after"), passed);
        match std::mem::replace(&mut self.life, none) {
            Life::Starting(starting) => match starting.poll(most) {
                Ok(Started::NotYet(starting)) => self.life = Life::Starting(starting),
                Ok(Started::Ready(manager)) => self.take(manager, owner),
                Err(failure) => self.fail_again(failure),
            },
            Life::Alive(mut manager, since) => match manager.end() {
                Some(end) => {
                    // Nothing of it may speak or write any more when the next one does.
                    drop(manager);
                    self.bury(end, passed.saturating_sub(since));
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

    /// It is ready, unless somebody else has its actions.
    fn take(&mut self, manager: Manager, owner: impl Fn(&str) -> Option<String>) {
        let names = manager.actions().iter().map(|action| &action.name);
        let taken = names.filter_map(|name| Some((name, owner(name)?))).next();
        let taken = taken
            .map(|(name, other)| format!("its action {name} is one of {other} already; remove one of them"));
        if let Some(text) = taken {
            drop(manager);
            return self.fail_again(Failure::stopped(text));
        }
        let is_first = self.back_off == FIRST_BACK_OFF;
        self.live(manager);
        if !is_first {
            self.say(Level::Info, "the plugin was started again");
            self.grants.documents.take_notices().iter().for_each(|it| self.say(Level::Warning, it));
        }
        std::mem::take(&mut self.early).iter().for_each(|timer| self.fire(timer));
    }

    fn live(&mut self, manager: Manager) {
        self.actions = manager.actions().to_vec();
        self.life = Life::Alive(manager, self.grants.clock.elapsed());
    }

    /// The plugin has died: it is shown, and it is started again after a while.
    fn bury(&mut self, end: Failure, lived: Duration) {
        if lived >= HEALTHY {
            self.back_off = FIRST_BACK_OFF;
        }
        self.running.clear();
        let text = format!("{}; it is started again in {} s", end.message, self.back_off.as_secs());
        self.lose(end);
        self.say(Level::Error, &text);
    }

    /// It could not be started: what it said and did meanwhile does not count.
    fn fail(&mut self, failure: Failure, next: &str) {
        let text = format!("the plugin cannot be started: {}{next}", failure.message);
        self.lose(failure);
        self.say(Level::Error, &text);
    }

    fn fail_again(&mut self, failure: Failure) {
        let next = match self.back_off {
            FIRST_BACK_OFF => String::new(),
            wait => format!("; next try in {} s", wait.as_secs()),
        };
        self.fail(failure, &next);
    }

    /// It is dead, and nothing of it is left.
    fn lose(&mut self, why: Failure) {
        self.life = Life::Dead(why, self.grants.clock.elapsed().saturating_add(self.back_off));
        self.early.clear();
        self.grants.scheduler.clear();
        self.grants.states.lose();
    }

    /// The plugin that everybody has needs no name.
    fn say(&self, level: Level, message: &str) {
        match self.name.as_str() {
            BACKUP => self.grants.bus.say(level, message),
            name => self.grants.bus.say(level, &format!("{name}: {message}")),
        }
    }
}
