//! The columns of the table of actions.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::ReadRequest;
use crate::settings::Rule;

/// An action. Built by [`public`] or [`client`]; the other methods change one column.
pub struct Action {
    pub name: &'static str,
    pub description: &'static str,
    /// Groups of fields, so that actions can share them: [`Self::fields`].
    groups: &'static [&'static [Field]],
    /// Whether automations may call it, not only clients.
    pub public: bool,
    /// The kind of job that does it, or the name under which the manager does it itself.
    pub job: &'static str,
    /// Whether the manager must refuse it while the stored document cannot be read.
    pub needs_document: bool,
    /// Whether the job can parse the data.
    pub(super) parse: fn(Value) -> serde_json::Result<()>,
}

/// A field of an action's data.
pub struct Field {
    pub name: &'static str,
    /// A JSON type.
    pub type_name: &'static str,
    pub required: bool,
    pub description: &'static str,
    /// The values that are allowed.
    pub(super) rule: Rule,
}

/// An action that automations may call.
pub(super) const fn public(name: &'static str, job: &'static str, description: &'static str) -> Action {
    Action { public: true, ..client(name, job, description, &[]) }
}

/// An action that only clients may call. Its data is a [`ReadRequest`], unless [`Action::takes`] says otherwise.
pub(super) const fn client(
    name: &'static str,
    job: &'static str,
    description: &'static str,
    groups: &'static [&'static [Field]],
) -> Action {
    Action {
        name,
        description,
        groups,
        public: false,
        job,
        needs_document: false,
        parse: as_request::<ReadRequest>,
    }
}

impl Action {
    /// Every field, in the order in which it is described.
    pub fn fields(&self) -> impl Iterator<Item = &'static Field> + use<> {
        self.groups.iter().copied().flatten()
    }

    /// The type of the request: `as_request::<T>`.
    pub(super) const fn takes(self, parse: fn(Value) -> serde_json::Result<()>) -> Self {
        Self { parse, ..self }
    }

    /// The manager does it itself, from the checked fields.
    pub(super) const fn without_request(self) -> Self {
        self.takes(|_| Ok(()))
    }

    /// Automations may call it, too.
    pub(super) const fn for_automations(self) -> Self {
        Self { public: true, ..self }
    }

    /// It needs the stored document.
    pub(super) const fn of_document(self) -> Self {
        Self { needs_document: true, ..self }
    }
}

/// Whether the data is a `T`.
pub(super) fn as_request<T: DeserializeOwned>(data: Value) -> serde_json::Result<()> {
    serde_json::from_value::<T>(data).map(drop)
}

/// An optional field.
pub(super) const fn field(name: &'static str, type_name: &'static str, description: &'static str) -> Field {
    Field { name, type_name, required: false, description, rule: rule(type_name) }
}

/// A required field.
pub(super) const fn required(
    name: &'static str,
    type_name: &'static str,
    description: &'static str,
) -> Field {
    Field { required: true, ..field(name, type_name, description) }
}

/// The values that a type allows, unless [`Field::of`] says otherwise.
const fn rule(type_name: &'static str) -> Rule {
    match type_name.as_bytes() {
        b"string" => Rule::Text,
        b"boolean" => Rule::Bool,
        b"array" => Rule::List(&Rule::Text),
        _ => Rule::Anything,
    }
}

impl Field {
    pub(super) const fn of(self, rule: Rule) -> Self {
        Self { rule, ..self }
    }
}
