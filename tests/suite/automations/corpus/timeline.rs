//! The timeline of a scenario: what the home is at first, then what happens and when. One thing a line:
//!
//! ```text
//! zone Europe/Berlin                    the home's zone (UTC)
//! start 2026-03-28 12:00:00             when the automations are loaded, in local time
//! state sensor.x = 5 {"unit": "W"}      a state and its attributes; above everything else, there before loading
//! gone sensor.x                         an entity goes
//! at 2026-03-29 01:59:00                time goes on until then, in local time (`… 02:30:00 again` is the second one)
//! after 00:10:00                        time goes on for so long
//! sleep 00:10:00                       the same, but nobody looks at the clock meanwhile
//! event my_event {"a": 1}               an event
//! home start | home shutdown            Home Assistant's own
//! run NAME | ask NAME                   starts an automation by hand; `ask` looks at its conditions
//! service automation.turn_off {…}       an action that the automations themselves offer
//! reload FILE                           takes the automations of another file beside this one
//! restart                               a new engine, which recalls what the one before remembers
//! begin 2026-11-01 00:00:00             a new engine that knows nothing, at that time
//! recall {…}                            the same, with a memory that is given here
//! answer a.b {…} | slowly a.b {…}       what the next call of an action gives, at once or after a minute
//! fail a.b WHY | refuse a.b WHY         … or why it fails; `refuse` is what continue_on_error cannot help
//! when a.b state x.y = on               what a call of an action changes in the home, every time
//! trace NAME | list | entity NAME       shows the last run of one, or all automations, or an entity
//! ```
//!
//! Empty lines and those with `#` mean nothing.

/// One thing that happens, or that is shown.
#[derive(Debug, Clone)]
pub struct Line {
    pub verb: String,
    /// The first word after it.
    pub name: String,
    /// What comes after that.
    pub rest: String,
}

/// A scenario's timeline.
#[derive(Debug)]
pub struct Timeline {
    pub zone: String,
    pub start: String,
    /// Before the automations are loaded.
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
    /// Both words and what follows them.
    pub fn all(&self) -> String {
        format!("{} {}", self.name, self.rest).trim().to_owned()
    }
}
