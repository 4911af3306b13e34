//! Policy documents: JSON, mostly percent-encoded, read leniently. What is not understood of a document
//! is told, and never taken for less than it may be.

use crate::engine::impact::{Patterns, Policy, Statement};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A document as JSON. IAM gives it percent-encoded (RFC 3986); some that stand between encode what is
/// encoded already.
pub(super) fn decode(document: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(document);
    // JSON has braces, and where it is encoded they are.
    for _ in 0..2 {
        if text.trim_start().starts_with(['{', '[']) {
            break;
        }
        let Some(decoded) = decode_once(&text) else {
            break;
        };
        text = Cow::Owned(decoded);
    }
    text
}

/// The same, once; none where it is not encoded.
fn decode_once(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        let digits = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = digits.and_then(|digits| {
            let [high, low] = [digits[0], digits[1]].map(|digit| (digit as char).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()
        });
        if let Some(code) = code {
            bytes.push(code);
            rest = &after[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Reads a document, encoded or not.
///
/// # Errors
/// Why it cannot be understood, in a few words.
pub(super) fn parse(document: &str) -> Result<Policy, Box<str>> {
    let json = decode(document);
    let document: Value = serde_json::from_str(&json).map_err(|_| "it is not JSON")?;
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().map(statement).collect(),
        Some(one @ Value::Object(_)) => statement(one).map(|one| vec![one]),
        _ => Err("it has no statements".into()),
    };
    Ok(Policy {
        statements: statements?,
    })
}

fn statement(statement: &Value) -> Result<Statement, Box<str>> {
    let elements = statement.as_object().ok_or("a statement is none")?;
    let allows = match elements.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err("a statement neither allows nor denies".into()),
    };
    let mut actions = patterns(elements, "Action", "NotAction")?;
    for action in &mut actions.any_of {
        action.make_ascii_lowercase();
    }
    // An empty condition is always met.
    let is_conditional = elements.get("Condition").is_some_and(|condition| {
        let conditions = condition.as_object();
        conditions.is_none_or(|conditions| !conditions.is_empty())
    });
    Ok(Statement {
        allows,
        actions,
        resources: patterns(elements, "Resource", "NotResource")?,
        is_conditional,
    })
}

/// A text or a list of texts, under one name or the other.
fn patterns(elements: &Map<String, Value>, name: &str, not: &str) -> Result<Patterns, Box<str>> {
    let (value, inverted) = match (elements.get(name), elements.get(not)) {
        (Some(value), None) => (value, false),
        (None, Some(value)) => (value, true),
        (None, None) => return Err(format!("a statement has no {name}").into()),
        (Some(_), Some(_)) => return Err(format!("a statement has {name} and {not}").into()),
    };
    let texts = match value {
        Value::Array(texts) => texts.iter().map(Value::as_str).collect(),
        one => one.as_str().map(|one| vec![one]),
    };
    let texts: Vec<&str> = texts.ok_or_else(|| format!("{name} is no text"))?;
    Ok(Patterns {
        any_of: texts.into_iter().map(Into::into).collect(),
        inverted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADMIN: &str = r#"{"Version":"2012-10-17","Statement":{"Sid":"é","Effect":"Allow","Action":"*","Resource":["*"]}}"#;

    fn encoded(text: &str) -> String {
        let bytes = text.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => (byte as char).to_string(),
            _ => format!("%{byte:02X}"),
        });
        bytes.collect()
    }

    #[test]
    fn a_document_is_read_however_often_it_is_encoded() {
        let once = encoded(ADMIN);
        for document in [ADMIN, &once, &encoded(&once)] {
            assert_eq!(decode(document), ADMIN);
            let policy = parse(document).expect("a policy");
            let [statement] = &policy.statements[..] else {
                panic!("one statement")
            };
            assert!(statement.allows && !statement.is_conditional);
            assert_eq!(statement.actions.any_of, [Box::from("*")]);
        }
        // What is written in JSON with a per cent sign stays as it is.
        let plain = r#"{"Statement":[],"Id":"100%25"}"#;
        assert_eq!(decode(plain), plain);
    }

    #[test]
    fn statements_are_read_as_they_may_be_written() {
        let document = r#"{"Statement":[
            {"Effect":"Deny","NotAction":["iam:Get*","STS:*"],"NotResource":"arn:x","Condition":{"Bool":{"a":"b"}}},
            {"Effect":"Allow","Action":[],"Resource":"*","Condition":{},"Later":1}]}"#;
        let policy = parse(document).expect("a policy");
        let [deny, allow] = &policy.statements[..] else {
            panic!("two statements")
        };
        assert!(!deny.allows && deny.is_conditional && deny.actions.inverted);
        assert!(deny.resources.inverted);
        assert_eq!(deny.actions.any_of, ["iam:get*", "sts:*"].map(Box::from));
        assert!(allow.allows && !allow.is_conditional && allow.actions.any_of.is_empty());
    }

    #[test]
    fn what_is_no_policy_is_told() {
        for (document, why) in [
            ("", "it is not JSON"),
            ("%7B", "it is not JSON"),
            ("%FF%", "it is not JSON"),
            ("[]", "it has no statements"),
            ("{}", "it has no statements"),
            (r#"{"Statement":["x"]}"#, "a statement is none"),
            (
                r#"{"Statement":{"Action":"*"}}"#,
                "a statement neither allows nor denies",
            ),
            (
                r#"{"Statement":{"Effect":"allow"}}"#,
                "a statement neither allows nor denies",
            ),
            (
                r#"{"Statement":{"Effect":"Allow"}}"#,
                "a statement has no Action",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"*"}}"#,
                "a statement has no Resource",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Action":"*","NotAction":"a"}}"#,
                "a statement has Action and NotAction",
            ),
            (
                r#"{"Statement":{"Effect":"Allow","Action":[1]}}"#,
                "Action is no text",
            ),
        ] {
            assert_eq!(parse(document), Err(why.into()), "{document}");
        }
    }
}
