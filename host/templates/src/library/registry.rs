//! The names of Home Assistant's functions that Larder refuses, and those that limited templates do not have.

use crate::value::Table;

/// What a function needs that Larder does not have.
pub const NEEDS: &[(&str, &str)] = &[
    ("areas", AREAS),
    ("area_id", AREAS),
    ("area_name", AREAS),
    ("area_entities", AREAS),
    ("area_devices", AREAS),
    ("floors", FLOORS),
    ("floor_id", FLOORS),
    ("floor_name", FLOORS),
    ("floor_areas", FLOORS),
    ("floor_entities", FLOORS),
    ("labels", LABELS),
    ("label_id", LABELS),
    ("label_name", LABELS),
    ("label_description", LABELS),
    ("label_areas", LABELS),
    ("label_devices", LABELS),
    ("label_entities", LABELS),
    ("device_entities", DEVICES),
    ("device_id", DEVICES),
    ("device_name", DEVICES),
    ("device_attr", DEVICES),
    ("is_device_attr", DEVICES),
    ("integration_entities", ENTRIES),
    ("config_entry_id", ENTRIES),
    ("config_entry_attr", ENTRIES),
    ("issues", ISSUES),
    ("issue", ISSUES),
    ("entity_name", ENTITIES),
    ("is_hidden_entity", ENTITIES),
    ("state_translated", TRANSLATIONS),
    ("state_attr_translated", TRANSLATIONS),
    ("closest", PLACES),
    ("distance", PLACES),
];

const AREAS: &str = "Home Assistant's area registry";
const FLOORS: &str = "Home Assistant's floor registry";
const LABELS: &str = "Home Assistant's label registry";
const DEVICES: &str = "Home Assistant's device registry";
const ENTRIES: &str = "Home Assistant's config entries";
const ISSUES: &str = "Home Assistant's issue registry";
const ENTITIES: &str = "Home Assistant's entity registry";
const TRANSLATIONS: &str = "Home Assistant's translations";
const PLACES: &str = "the coordinates and units of the home";

/// Those that are filters.
const NO_FILTERS: &[&str] = &["areas", "floors", "issues", "is_device_attr", "is_hidden_entity", "distance"];
/// Those that are tests.
const TESTS: &[&str] = &["is_device_attr", "is_hidden_entity"];

/// Why a name of Home Assistant is refused: the whole sentence. `None` if Home Assistant has no such name in that table, or Larder has
/// it.
pub fn refusal(table: Table, name: &str) -> Option<String> {
    let is_there = match table {
        Table::Global => true,
        Table::Filter => !NO_FILTERS.contains(&name),
        Table::Test => TESTS.contains(&name),
    };
    let (_, needs) = NEEDS.iter().find(|(known, _)| is_there && *known == name)?;

    Some(format!("`{name}` needs {needs}, which Larder does not have; write the template without it"))
}

/// The names that are not available in limited templates, in every table in which they are. A call of one of them is a `TemplateError`
/// ("Use of 'states' is not supported in limited templates").
pub const LIMITED: &[&str] = &[
    "area_id",
    "area_name",
    "base64_encode",
    "base64_decode",
    "md5",
    "sha1",
    "sha256",
    "sha512",
    "now",
    "utcnow",
    "relative_time",
    "time_since",
    "time_until",
    "timedelta_string",
    "today_at",
    "device_id",
    "device_name",
    "device_attr",
    "is_device_attr",
    "entity_name",
    "is_hidden_entity",
    "floor_id",
    "floor_name",
    "label_id",
    "label_name",
    "state_attr_translated",
    "state_translated",
    "states",
    "closest",
    "distance",
    "expand",
    "has_value",
    "is_state",
    "is_state_attr",
    "state_attr",
];
