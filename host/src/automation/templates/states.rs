//! State functions for templates: `states`, `state_attr`, `is_state` and related ones.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, from_args};
use minijinja::{Environment, Error, State, Value};

use super::convert::{self, StateObject};
use super::view::View;

/// Adds them to the engine.
pub fn add(environment: &mut Environment<'static>, view: &View) {
    environment.add_global("states", Value::from_object(States(view.clone())));
    let seen = view.clone();
    let state_attr = move |id: String, name: String| attribute(&seen, &id, &name);
    environment.add_function("state_attr", state_attr.clone());
    environment.add_filter("state_attr", state_attr);
    let seen = view.clone();
    let is_state = move |id: String, wanted: Value| {
        let state = seen.entity(&id).map(|entity| Value::from(entity.state.clone()));
        state.is_some_and(|state| is_among(&state, &wanted))
    };
    environment.add_function("is_state", is_state.clone());
    environment.add_filter("is_state", is_state.clone());
    environment.add_test("is_state", is_state);
    let seen = view.clone();
    let is_state_attr = move |id: String, name: String, wanted: Value| {
        let value = attribute(&seen, &id, &name);
        !value.is_none() && is_among(&value, &wanted)
    };
    environment.add_function("is_state_attr", is_state_attr.clone());
    environment.add_test("is_state_attr", is_state_attr);
    let seen = view.clone();
    let has_value = move |id: String| {
        seen.entity(&id).is_some_and(|entity| !matches!(entity.state.as_str(), "unknown" | "unavailable"))
    };
    environment.add_function("has_value", has_value.clone());
    environment.add_filter("has_value", has_value.clone());
    environment.add_test("has_value", has_value);
    let seen = view.clone();
    environment.add_filter("states", move |id: String| state(&seen, &id));
}

fn is_among(value: &Value, wanted: &Value) -> bool {
    let is_listed = || wanted.try_iter().is_ok_and(|mut items| items.any(|item| item == *value));
    value == wanted || wanted.as_str().is_none() && is_listed()
}

fn attribute(view: &View, id: &str, name: &str) -> Value {
    let entity = view.entity(id);
    let value = entity.as_ref().and_then(|entity| entity.attributes.get(name));
    value.map_or(Value::from(()), |value| convert::attribute(name, value))
}

fn state(view: &View, id: &str) -> String {
    view.entity(id).map_or_else(|| "unknown".to_owned(), |entity| entity.state.clone())
}

/// `states`: can be called, indexed and iterated.
#[derive(Debug)]
struct States(View);

impl Object for States {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        Some(match key.contains('.') {
            true => object(&self.0, key),
            false => Value::from_object(Domain { view: self.0.clone(), name: key.to_owned() }),
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(objects(&self.0, None))
    }

    fn call(self: &Arc<Self>, _state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (id,): (String,) = from_args(args)?;
        Ok(Value::from(state(&self.0, &id)))
    }

    fn call_method(self: &Arc<Self>, _: &mut State<'_, '_>, _: &str, _: &[Value]) -> Result<Value, Error> {
        Err(Error::new(
            minijinja::ErrorKind::UnknownMethod,
            "`states` has no methods; use states('entity.id')",
        ))
    }
}

/// `states.sensor`.
#[derive(Debug)]
struct Domain {
    view: View,
    name: String,
}

impl Object for Domain {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        Some(object(&self.view, &format!("{}.{}", self.name, key.as_str()?)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(objects(&self.view, Some(&self.name)))
    }
}

fn objects(view: &View, domain: Option<&str>) -> Vec<Value> {
    let all = view.all(domain).into_iter();
    all.map(|(id, entity)| Value::from_object(StateObject { id, entity })).collect()
}

/// The state object of an entity, or `none` if it does not exist.
fn object(view: &View, id: &str) -> Value {
    match view.entity(id) {
        Some(entity) => Value::from_object(StateObject { id: id.to_owned(), entity }),
        None => Value::from(()),
    }
}
