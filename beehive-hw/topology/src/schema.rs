//! The JSON schema of the text file, for editors.

use crate::kind::{Kind, Registry, Value};
use crate::source::File;
use serde_json::{Value as Json, json};

/// The schema of topologies that use the kinds of a registry.
///
/// Names of kinds and their parameters are offered; whatever is not there is shown as an error.
pub fn schema<K: Kind + ?Sized>(registry: &Registry<K>) -> Json {
    let mut schema = schemars::schema_for!(File).to_value();
    let about: Vec<Json> =
        registry.kinds().map(|kind| json!({ "const": kind.name(), "description": kind.about() })).collect();
    let tile = &mut schema["$defs"]["TileSection"];
    tile["properties"]["kind"] = json!({ "description": "Kind of the tile.", "oneOf": about });
    // Where the kind is written, its parameters are known.
    tile["allOf"] = registry
        .kinds()
        .map(|kind| {
            let parameters: serde_json::Map<String, Json> = kind.parameters().iter().map(parameter).collect();
            json!({
                "if": { "properties": { "kind": { "const": kind.name() } }, "required": ["kind"] },
                "then": { "properties": { "params": { "properties": parameters, "additionalProperties": false } } },
            })
        })
        .collect();
    schema
}

fn parameter(parameter: &crate::kind::Parameter) -> (String, Json) {
    let type_name = match parameter.default {
        Value::Int(_) => "integer",
        Value::Flag(_) => "boolean",
        Value::Text(_) => "string",
    };
    let mut schema = json!({ "description": parameter.help, "type": type_name, "default": parameter.default });
    if let Some(range) = &parameter.range {
        schema["minimum"] = json!(range.start());
        schema["maximum"] = json!(range.end());
    }
    (parameter.name.to_owned(), schema)
}
