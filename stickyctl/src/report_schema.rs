//! The JSON Schema of what `-o json` prints.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

/// The JSON Schema (2020-12) of a report whose field `schema` has this name. It allows other fields: later versions may add some.
pub(crate) fn of<T: JsonSchema>(name: &str) -> serde_json::Value {
    // For what is written: a field that may be left out is not required.
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    schema["title"] = name.into();
    schema["properties"]["schema"]["const"] = name.into();
    schema
}
