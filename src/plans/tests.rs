use super::{read::read_parts, *};
use crate::engine::{
    bulk::{Document, DocumentAccount, DocumentKey, KeptStep, Reviewed},
    model::LastUsed,
};
use chrono::{DateTime, TimeZone as _, Utc};

fn day(day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, day, 12, 0, 0).unwrap()
}

fn key(id: &str, status: KeyStatus, held_back: Option<HeldBack>) -> DocumentKey {
    DocumentKey {
        account: 0,
        user: "deploy-bot".into(),
        key: id.into(),
        step: if status == KeyStatus::Inactive {
            BulkAction::Delete
        } else {
            BulkAction::Deactivate
        },
        why: "never used, 901d".into(),
        reviewed: Reviewed {
            status,
            created: Some(day(1)),
            last_used: Some(LastUsed::Never),
            others: vec!["AKIAOTHER001EXAMPLE1".into()],
            others_active: 1,
        },
        included: held_back.is_none(),
        held_back,
        also_held: Vec::new(),
    }
}

fn document() -> Document {
    let mut used = key(
        "AKIAUSED0001EXAMPLE1",
        KeyStatus::Active,
        Some(HeldBack::InUse),
    );
    used.reviewed.last_used = Some(LastUsed::At {
        time: day(20),
        service: None,
        region: None,
    });
    let exempt = HeldBack::Exempt("to 2027-01-31 PLAT-212".into());
    let mut unknown = key("AKIAUNKNOWN1EXAMPLE1", KeyStatus::Active, Some(exempt));
    unknown.reviewed.last_used = None;
    Document {
        action: BulkAction::Delete,
        made: day(21),
        by: Some("arn:aws:iam::123456789012:user/alice".into()),
        undoes: false,
        recent_days: 90,
        accounts: vec![DocumentAccount {
            id: Some("123456789012".into()),
            name: "acme-prod".into(),
            endpoint: None,
        }],
        keys: vec![
            key("AKIABATCH001EXAMPLE1", KeyStatus::Active, None),
            key("AKIAOFF00001EXAMPLE1", KeyStatus::Inactive, None),
            used,
            unknown,
        ],
    }
}

/// The text with a part replaced, and a hash that fits it.
fn forged(from: &str, to: &str) -> String {
    let text = write(&document());
    assert!(text.contains(from), "{from} in {text}");
    let text = text.replacen(from, to, 1);
    let Ok(mut value) = serde_json::from_str::<serde_json::Value>(&text) else {
        return text;
    };
    value.as_object_mut().unwrap().remove("hash");
    let hash = hash_of(&value.to_string());
    value["hash"] = hash.into();
    format!("{value:#}")
}

#[test]
fn what_is_written_is_read_back() {
    assert_eq!(read(&write(&document())).unwrap(), document());
    let mut empty = document();
    empty.by = None;
    empty.keys.clear();
    assert_eq!(read(&write(&empty)).unwrap(), empty);
}

#[test]
fn what_was_changed_by_hand_is_told_by_the_hash() {
    for (from, to) in [
        ("AKIABATCH001EXAMPLE1", "AKIABATCH002EXAMPLE1"),
        ("\"included\": false", "\"included\": true"),
        ("\"recent_days\": 90", "\"recent_days\": 1"),
        ("never used, 901d", "never used, 902d"),
    ] {
        let changed = write(&document()).replacen(from, to, 1);
        let why = read(&changed).unwrap_err();
        assert!(why.contains("changed since it was saved"), "{why}");
    }
    // How it is laid out is not what it says.
    let value: serde_json::Value = serde_json::from_str(&write(&document())).unwrap();
    assert_eq!(read(&value.to_string()).unwrap(), document());
}

#[test]
fn what_is_wrong_is_refused_with_its_place() {
    for (from, to, why) in [
        (
            "\"format\": \"iamkeys-plan\"",
            "\"format\": \"other\"",
            "its format is \"other\"",
        ),
        ("\"version\": 1", "\"version\": 2", "it has version 2"),
        ("\"version\": 1", "\"version\": 0", "no version 0"),
        (
            "\"action\": \"delete\"",
            "\"action\": \"destroy\"",
            "action: \"destroy\"",
        ),
        (
            "\"step\": \"deactivate\"",
            "\"step\": \"activate\"",
            "keys[0]: step: \"activate\" in a plan",
        ),
        (
            "\"step\": \"deactivate\"",
            "\"step\": \"delete\"",
            "keys[0]: step: a key that is Active is not deleted",
        ),
        (
            "AKIAOFF00001EXAMPLE1",
            "AKIABATCH001EXAMPLE1",
            "keys[1]: AKIABATCH001EXAMPLE1 is in it twice",
        ),
        (
            "\"account_index\": 0",
            "\"account_index\": 7",
            "keys[0]: account_index",
        ),
        (
            "\"held_back\": \"in_use\"",
            "\"held_back\": \"whim\"",
            "keys[2]: held_back: \"whim\"",
        ),
        (
            "\"never_used\": true",
            "\"never_used\": false",
            "keys[0]: last_used and never_used",
        ),
        ("2026-11-21T12:00:00Z", "yesterday", "is not a time"),
        (
            "\"undoes\": false",
            "\"undoes\": false, \"extra\": 1",
            "unknown field `extra`",
        ),
        ("\"undoes\": false", "\"undoes\": 0", "invalid type"),
    ] {
        let text = forged(from, to);
        let said = read(&text).unwrap_err();
        assert!(said.contains(why), "{to}: {said}");
    }
    let said = read("{\n  \"format\": \"iamkeys-plan\",,").unwrap_err();
    assert!(
        said.contains("not valid JSON") && said.contains("line 2 column"),
        "{said}"
    );
    let said = read(&forged("\"undoes\": false", "\"undoes\": 0")).unwrap_err();
    assert!(said.contains("line "), "the place is named: {said}");
}

#[test]
fn what_no_account_can_have_is_refused_with_its_place() {
    for (from, to, why) in [
        (
            "AKIABATCH001EXAMPLE1",
            "AKIA; rm -rf",
            "keys[0]: key_id: \"AKIA; rm -rf\" is not the ID of a key",
        ),
        (
            "AKIAOTHER001EXAMPLE1",
            "AKIA",
            "keys[0]: other_keys: \"AKIA\"",
        ),
        (
            "\"user\": \"deploy-bot\"",
            "\"user\": \"deploy\\u001b[2J\\nbot\"",
            "keys[0]: user: \"deploy\\u{1b}[2J\\nbot\" is not the name of a user",
        ),
        (
            "\"why\": \"never",
            "\"why\": \"\\u001b[2Jnever",
            "keys[0]: why: '\\u{1b}' has no place in it",
        ),
        (
            "\"created\": \"2026-11-01T12:00:00Z\",",
            "",
            "missing field `created`",
        ),
        (
            "\"id\": \"123456789012\"",
            "\"id\": \"12345\"",
            "accounts[0]: id: \"12345\" is not 12 digits",
        ),
        (
            "\"name\": \"acme-prod\"",
            "\"name\": \"acme\\u0007\"",
            "accounts[0]: name: '\\u{7}' has no place in it",
        ),
    ] {
        let said = read(&forged(from, to)).unwrap_err();
        assert!(said.contains(why), "{to}: {said}");
    }
}

#[test]
fn what_is_no_plan_is_refused_in_words() {
    for (text, why) in [
        ("", "not a plan: the file is empty"),
        ("[]", "not a plan: it is a list and not an object"),
        ("7", "not a plan: it is a single value and not an object"),
        ("{}", "not a plan: it has no format"),
        ("hello", "not a plan: not valid JSON at line 1 column 1"),
        (
            "{\"format\":",
            "not a plan: not valid JSON: it ends too early, at line 1 column 10",
        ),
        (
            "{\"format\":\"iamkeys-plan\"}",
            "not a plan: it has no version",
        ),
        (
            "{\"format\":\"iamkeys-plan\",\"version\":1,\"policy\":[]}",
            "not a plan: policy is a list and not an object",
        ),
        (
            "{\"format\":\"iamkeys-plan\",\"version\":1,\"policy\":{},\"accounts\":[[]]}",
            "not a plan: accounts[0] is a list and not an object",
        ),
    ] {
        assert_eq!(read(text).unwrap_err(), why);
    }
}

#[test]
fn the_hash_is_that_of_the_sorted_compact_document_without_it() {
    let text = write(&document());
    let (_, said, found) = read_parts(&text).unwrap();
    assert_eq!(said, found);
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value.as_object_mut().unwrap().remove("hash");
    let compact = value.to_string();
    assert!(
        compact.starts_with("{\"accounts\":[{\"endpoint\":null,\"id\":"),
        "{compact}"
    );
    assert_eq!(hash_of(&compact), said);
}

#[test]
fn a_kept_plan_is_read_up_to_where_the_machine_stopped() {
    let (mut text, name) = first_line(&document());
    assert_eq!(name.len(), 16);
    let step = |key: &str| KeptStep {
        account: Some("123456789012".into()),
        key: key.into(),
    };
    text += &step_line(step("AKIABATCH001EXAMPLE1"));
    let whole = text.clone();
    text += &step_line(step("AKIAOFF00001EXAMPLE1"));
    text.truncate(text.len() - 5);
    let (read, done) = read_kept(&text).unwrap();
    assert_eq!(read, document());
    assert_eq!(done, [step("AKIABATCH001EXAMPLE1")]);
    assert_eq!(read_kept(&whole).unwrap().1.len(), 1);
    assert!(read_kept(&whole[1..]).is_err());
}

/// Holds a value against the part of JSON Schema that the schema uses.
fn fits(schema: &serde_json::Value, value: &serde_json::Value, place: &str) {
    use serde_json::Value;
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other} at {place}"),
    };
    match &schema["type"] {
        Value::String(kind) => assert!(is(kind), "{place}: {value}"),
        Value::Array(kinds) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            assert!(kinds.any(is), "{place}: {value}");
        }
        _ => {}
    }
    if let Some(wanted) = schema.get("const") {
        assert_eq!(value, wanted, "{place}");
    }
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{place}: {value}");
    }
    if let Some(parts) = value.as_object() {
        let properties = schema["properties"].as_object().expect(place);
        assert_eq!(schema["additionalProperties"], false, "{place}");
        for (name, part) in parts {
            fits(
                properties.get(name).expect(name),
                part,
                &format!("{place}.{name}"),
            );
        }
        let required = schema["required"].as_array().expect(place);
        assert_eq!(required.len(), properties.len(), "{place}: all are there");
        for name in required {
            assert!(parts.contains_key(name.as_str().unwrap()), "{place}.{name}");
        }
    }
    for (at, part) in value.as_array().into_iter().flatten().enumerate() {
        fits(&schema["items"], part, &format!("{place}[{at}]"));
    }
}

#[test]
fn the_schema_describes_what_is_written() {
    let schema = include_str!("../../assets/schema/plan-1.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let value: serde_json::Value = serde_json::from_str(&write(&document())).unwrap();
    fits(&schema, &value, "plan");
    let held = schema["properties"]["keys"]["items"]["properties"]["held_back"]["enum"].as_array();
    for name in held.unwrap().iter().filter_map(serde_json::Value::as_str) {
        let held = held_named(name, Some("why"), &KeyStatus::Active).expect(name);
        assert_eq!(held_name(&held), name);
    }
}
