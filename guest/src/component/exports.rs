//! The exports: passes the manager's calls, and the tasks of jobs and workers, to the logic.

use super::bindings::exports::larder::automation as exports;
use super::bindings::larder::automation::types;
use super::imports::Host;
use crate::error::Failure;
use crate::{actions, jobs, manager};

#[allow(unsafe_code)]
mod export {
    super::super::bindings::export!(Plugin with_types_in super::super::bindings);
    use super::Plugin;
}

struct Plugin;

impl exports::lifecycle::Guest for Plugin {
    fn set_up() -> Result<(), types::Failure> {
        manager::set_up(&Host).map_err(failure)
    }

    async fn timer(name: String) -> Result<(), types::Failure> {
        manager::timer(&Host, &name).await.map_err(failure)
    }
}

impl exports::actions::Guest for Plugin {
    fn describe() -> Vec<exports::actions::Action> {
        actions::ACTIONS
            .iter()
            .map(|action| exports::actions::Action {
                name: action.name.into(),
                description: action.description.into(),
                public: action.public,
                fields: action
                    .fields()
                    .map(|field| exports::actions::Field {
                        name: field.name.into(),
                        type_name: field.type_name.into(),
                        required: field.required,
                        description: field.description.into(),
                    })
                    .collect(),
            })
            .collect()
    }

    async fn call(name: String, data: String) -> Result<String, types::Failure> {
        manager::call(&Host, &name, &data).await.map_err(failure)
    }
}

impl exports::task::Guest for Plugin {
    fn run(kind: String, input: String) -> Result<String, types::Failure> {
        jobs::run(&Host, &kind, &input).map_err(failure)
    }
}

fn failure(failure: Failure) -> types::Failure {
    types::Failure { code: failure.code.into_owned(), message: failure.message }
}
