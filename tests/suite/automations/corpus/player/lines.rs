//! Executes the lines of a timeline.

use std::sync::Arc;

use larder::automation::files;
use larder::automation::home::Event;
use larder::automation::run::{Effect, Engine};
use larder::automation::{literals, zone};
use serde_json::{Value, json};

use super::super::timeline::Line;
use super::super::{Machine, shown};
use super::{Player, data};

/// Lines that are not shown, because their effect or the time is.
const QUIET: [&str; 10] =
    ["at", "after", "trace", "list", "entity", "when", "answer", "slowly", "fail", "refuse"];

impl Player {
    pub fn line(&mut self, line: &Line) {
        if !QUIET.contains(&line.verb.as_str()) {
            self.note(">", &format!("{} {}", line.verb, line.all()));
        }
        match line.verb.as_str() {
            "at" => self.until(self.local(&line.all())),
            "after" => {
                let span = literals::period(&Value::from(line.name.as_str())).unwrap();
                self.until(zone::plus(self.home.now, span));
            }
            "sleep" => {
                let span = literals::period(&Value::from(line.name.as_str())).unwrap();
                self.home.now = zone::plus(self.home.now, span);
            }
            "state" => {
                let event = self.set(&line.all());
                event.into_iter().for_each(|event| self.hear(&event));
            }
            "gone" => {
                let old = Arc::make_mut(&mut self.home.states).remove(&line.name);
                self.hear(&Event::State { id: line.name.clone(), old, new: None });
            }
            "event" => self.hear(&Event::Named { name: line.name.clone(), data: data(&line.rest) }),
            "home" if line.name == "start" => self.hear(&Event::Start),
            "home" => self.hear(&Event::Shutdown),
            "run" | "ask" => {
                let started = self.engine.start(&line.all(), line.verb == "ask", &mut self.home);
                self.told(started);
            }
            "service" => {
                let done =
                    self.engine.call(&line.name, &data(&line.rest), &json!({}), (0, 0), &mut self.home);
                self.told(done);
            }
            "reload" => {
                let loaded = files::load(&Machine, &self.folder, &self.folder.join(&line.name));
                loaded.problems.iter().for_each(|problem| self.note("wrong", &problem.to_string()));
                self.load(loaded);
            }
            "restart" => {
                let stopped = self.engine.stop(&mut self.home);
                self.take(stopped);
                let memory = self.engine.remember().to_string();
                self.begin_again(&memory);
            }
            "begin" => {
                self.home.now = self.local(&line.all());
                self.begin_again("{\"version\": 1, \"automations\": {}}");
            }
            "recall" => self.begin_again(&line.all()),
            "answer" | "slowly" | "fail" | "refuse" => {
                self.answers.entry(line.name.clone()).or_default().push_back(line.clone());
            }
            "when" => self.whens.push(line.clone()),
            "trace" => self.trace(&line.all()),
            "list" => {
                for listed in self.engine.list() {
                    self.log += &format!("  {}\n", shown::value(&serde_json::to_value(listed).unwrap()));
                }
            }
            "entity" => {
                let entity = self.home.states.get(&line.name).map(|entity| entity.to_json(&line.name));
                self.log += &format!("  {}\n", shown::value(&entity.unwrap_or_default()));
            }
            verb => panic!("a timeline does not know `{verb}`"),
        }
    }

    /// A new engine with restored state, which went through text as on disk.
    fn begin_again(&mut self, memory: &str) {
        self.engine = Engine::default();
        let effects = self.engine.load(self.automations.clone(), Vec::new(), &mut self.home);
        let told = self.engine.recall(&serde_json::from_str(memory).unwrap(), &mut self.home);
        self.take(effects);
        self.take(told);
    }

    fn told(&mut self, result: Result<Vec<Effect>, String>) {
        match result {
            Ok(effects) => self.take(effects),
            Err(reason) => self.note("refused", &reason),
        }
    }

    fn trace(&mut self, name: &str) {
        let Some(trace) = self.engine.traces(name).unwrap().pop() else { return };
        self.log += &format!("  trace of run {}: {}\n", trace.run, trace.end);
        for step in trace.steps {
            self.log += &format!("    {} {}\n", step.path, step.seen);
        }
    }
}
