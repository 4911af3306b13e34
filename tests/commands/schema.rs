//! Holds a document against its schema: as much of JSON Schema as the schemas here use, and one thing
//! more, that nothing is in a document that its schema does not name.

use serde_json::Value;

/// What is wrong with a value; nothing if it is as the schema says.
pub(crate) fn faults(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(root, schema, value, "", &mut faults);
    faults
}

/// One that is defined in a schema.
pub(crate) fn defined<'a>(root: &'a Value, name: &str) -> &'a Value {
    &root["$defs"][name]
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    if let Some(of) = schema["$ref"].as_str() {
        let name = of.strip_prefix("#/$defs/").expect("a definition");
        assert!(root["$defs"][name].is_object(), "{of} is not defined");
        return check(root, &root["$defs"][name], value, at, faults);
    }
    let mut wrong = |what: String| faults.push(format!("{at}: {what}: {value}"));
    if let Some(expected) = schema.get("const")
        && expected != value
    {
        wrong(format!("not {expected}"));
    }
    if let Some(known) = schema["enum"].as_array()
        && !known.contains(value)
    {
        wrong("none of those that are named".into());
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.is_empty() && !types.contains(&type_of(value)) {
        wrong(format!("not one of {types:?}"));
    }
    if let Value::Object(fields) = value {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !fields.contains_key(name.as_str().expect("a name")) {
                wrong(format!("lacks {name}"));
            }
        }
        for (name, value) in fields {
            match schema["properties"].get(name) {
                Some(of) => check(root, of, value, &format!("{at}/{name}"), faults),
                None => faults.push(format!("{at}/{name}: not named")),
            }
        }
    }
    if let (Value::Array(items), Some(of)) = (value, schema.get("items")) {
        for (place, item) in items.iter().enumerate() {
            check(root, of, item, &format!("{at}/{place}"), faults);
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
