//! The timeline of a scenario: the initial home, then events with their times. One entry per line:
//!
//! ```text
//! zone Europe/Berlin                    the home's zone (UTC)
//! start 2026-03-28 12:00:00             when the automations are loaded, in local time
//! state sensor.x = 5 {"unit": "W"}      a state and its attributes; at the top, it exists before loading
//! gone sensor.x                         an entity is removed
//! at 2026-03-29 01:59:00                advances to this local time (`… 02:30:00 again` is the second one)
//! after 00:10:00                        advances by this time
//! sleep 00:10:00                       the same, but the engine does not run meanwhile
//! event my_event {"a": 1}               an event
//! home start | home shutdown            Home Assistant starts or stops
//! run NAME | ask NAME                   starts an automation by hand; `ask` checks its conditions
//! service automation.turn_off {…}       an action of the automation domain
//! reload FILE                           loads the automations of another file in the same folder
//! restart                               a new engine with the saved state of the previous one
//! begin 2026-11-01 00:00:00             a new engine without saved state, at that time
//! recall {…}                            the same, with this saved state
//! answer a.b {…} | slowly a.b {…}       the result of the next call of an action, at once or after a minute
//! fail a.b WHY | refuse a.b WHY         … or its error; continue_on_error does not apply to `refuse`
//! when a.b state x.y = on               a state change caused by every call of an action
//! trace NAME | list | entity NAME       shows the last run of an automation, all automations, or an entity
//! ```
//!
//! Empty lines and lines starting with `#` are ignored.

/// One entry.
#[derive(Debug, Clone)]
pub struct Line {
    pub verb: String,
    /// The first word after the verb.
    pub name: String,
    /// The rest of the line.
    pub rest: String,
}

/// The timeline of a scenario.
#[derive(Debug)]
pub struct Timeline {
    pub zone: String,
    pub start: String,
    /// Entries before the automations are loaded.
    pub before: Vec<Line>,
    pub lines: Vec<Line>,
}

impl Timeline {
    pub fn read(text: &str) -> Self {
        let (mut zone, mut start) = ("UTC".to_owned(), "2026-01-01 00:00:00".to_owned());
        let (mut before, mut lines) = (Vec::new(), Vec::new());
        let meant = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in meant {
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            match verb {
                "zone" => zone = rest.trim().to_owned(),
                "start" => start = rest.trim().to_owned(),
                verb => {
                    let (name, rest) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
                    let line = Line { verb: verb.into(), name: name.into(), rest: rest.trim().into() };
                    let is_first = lines.is_empty() && matches!(verb, "state" | "when");
                    if is_first { before.push(line) } else { lines.push(line) }
                }
            }
        }
        Self { zone, start, before, lines }
    }
}

impl Line {
    /// Splits a line into two words and the rest.
    pub fn all(&self) -> String {
        format!("{} {}", self.name, self.rest).trim().to_owned()
    }
}
