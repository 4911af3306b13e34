//! Policy documents: what IAM sends, and what is made of it. A document is read leniently, for AWS has
//! accepted it already: elements that say nothing about what is allowed are passed over. Where it is
//! not understood, that is said: nothing is concluded from half a policy.

use crate::engine::impact::{Patterns, Policy, Statement};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The longest document that is read, and kept. Managed policies have 6,144 characters at most, white space not
/// counted, and AWS's own up to some 100 kB.
pub(super) const LONGEST: usize = 1024 * 1024;

/// IAM percent-encodes documents. What comes through another hand may be encoded once more.
const ENCODED: usize = 3;

/// The JSON in an answer of IAM, whether it is percent-encoded, more than once, or not at all.
pub(super) fn decode(document: &str) -> Cow<'_, str> {
    let mut decoded = Cow::Borrowed(document.trim());
    for _ in 0..ENCODED {
        // A document is an object; no encoded one begins with a brace.
        if decoded.starts_with('{') || !decoded.contains('%') {
            break;
        }
        let Some(next) = percent_decoded(&decoded) else {
            break;
        };
        decoded = Cow::Owned(next.trim().to_owned());
    }
    decoded
}

/// None where it is not encoded text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high << 4 | low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// Reads a policy document.
///
/// # Errors
/// Why it is not understood, for people.
pub(super) fn parse(document: &str) -> Result<Policy, Box<str>> {
    let document = decode(document);
    if document.len() > LONGEST {
        return Err("it is longer than any policy".into());
    }
    let Ok(value) = serde_json::from_str::<Value>(&document) else {
        return Err("it is not JSON".into());
    };
    let Value::Object(mut elements) = value else {
        return Err("it is not a policy, but other JSON".into());
    };
    let statements = match elements.remove("Statement") {
        Some(Value::Array(statements)) => statements,
        Some(one @ Value::Object(_)) => vec![one],
        Some(_) => return Err("its Statement is neither an object nor a list".into()),
        None => return Err("it has no Statement".into()),
    };
    let statements = statements.into_iter().zip(1..).map(|(value, number)| {
        let statement = match value {
            Value::Object(elements) => statement(elements),
            _ => Err("is not an object".to_owned()),
        };
        statement.map_err(|why| format!("statement {number} {why}").into())
    });
    Ok(Policy {
        statements: statements.collect::<Result<_, Box<str>>>()?,
    })
}

fn statement(mut elements: Map<String, Value>) -> Result<Statement, String> {
    let allows = match elements.remove("Effect") {
        Some(effect) if effect == "Allow" => true,
        Some(effect) if effect == "Deny" => false,
        Some(_) => return Err("neither allows nor denies".to_owned()),
        None => return Err("has no Effect".to_owned()),
    };
    let mut actions = patterns(&mut elements, "Action", "NotAction")?;
    for action in &mut actions.any_of {
        *action = action.to_ascii_lowercase().into();
    }
    let resources = patterns(&mut elements, "Resource", "NotResource")?;
    let is_conditional = match elements.remove("Condition") {
        None | Some(Value::Null) => false,
        Some(Value::Object(conditions)) => !conditions.is_empty(),
        Some(_) => return Err("has a Condition that is not an object".to_owned()),
    };
    Ok(Statement {
        allows,
        actions,
        resources,
        is_conditional,
    })
}

/// The patterns of an element, or of the one that means all else.
fn patterns(
    elements: &mut Map<String, Value>,
    name: &str,
    inverted: &str,
) -> Result<Patterns, String> {
    let (name, value, is_inverted) = match (elements.remove(name), elements.remove(inverted)) {
        (Some(value), None) => (name, value, false),
        (None, Some(value)) => (inverted, value, true),
        (None, None) => return Err(format!("has neither {name} nor {inverted}")),
        (Some(_), Some(_)) => return Err(format!("has both {name} and {inverted}")),
    };
    let unreadable = || format!("has something else than texts in its {name}");
    let any_of = match value {
        Value::String(text) => vec![text.into()],
        Value::Array(texts) => {
            let texts = texts.into_iter().map(|text| match text {
                Value::String(text) => Ok(text.into()),
                _ => Err(unreadable()),
            });
            texts.collect::<Result<_, _>>()?
        }
        _ => return Err(unreadable()),
    };
    Ok(Patterns {
        any_of,
        inverted: is_inverted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let escape = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(escape).collect()
    }

    fn texts(patterns: &Patterns) -> (Vec<&str>, bool) {
        let texts = patterns.any_of.iter().map(|text| &**text);
        (texts.collect(), patterns.inverted)
    }

    #[test]
    fn documents_are_decoded_however_often_they_are_encoded() {
        let plain = r#"{"Statement":[{"Resource":"50%25 of é"}]}"#;
        let once = encoded(plain);
        for sent in [
            plain.to_owned(),
            format!("\n  {plain}\n"),
            once.clone(),
            encoded(&once),
            format!("%0A%20{once}"),
        ] {
            assert_eq!(decode(&sent), plain, "{sent}");
        }
        // What is not encoded text stays as it is.
        for odd in ["", "100%", "%zz", "%FF", "%E", "é%é"] {
            assert_eq!(decode(odd), odd);
        }
    }

    #[test]
    fn statements_are_read_with_texts_and_lists_and_what_is_inverted() {
        let policy = parse(
            r#"{"Version":"2012-10-17","Id":"x","Later":{"a":[1]},"Statement":[
                {"Sid":"One","Effect":"Allow","Action":"IAM:Get*","Resource":["a","B"],"New":7},
                {"Effect":"Deny","NotAction":["s3:*","sts:*"],"NotResource":"arn:*",
                 "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}},
                {"Effect":"Allow","Action":[],"Resource":"*","Condition":{}}]}"#,
        )
        .unwrap();
        let [one, two, three] = &*policy.statements else {
            panic!("{policy:?}");
        };
        assert_eq!((one.allows, one.is_conditional), (true, false));
        assert_eq!(texts(&one.actions), (vec!["iam:get*"], false));
        assert_eq!(texts(&one.resources), (vec!["a", "B"], false));
        assert_eq!((two.allows, two.is_conditional), (false, true));
        assert_eq!(texts(&two.actions), (vec!["s3:*", "sts:*"], true));
        assert_eq!(texts(&two.resources), (vec!["arn:*"], true));
        assert_eq!(texts(&three.actions), (vec![], false));
        assert!(!three.is_conditional);
        let one = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        assert_eq!(parse(&encoded(&encoded(one))).unwrap().statements.len(), 1);
        let many: Vec<_> = (0..100)
            .map(|number| format!(r#"{{"Effect":"Deny","NotAction":"a:{number}","Resource":"*"}}"#))
            .collect();
        let many = format!(r#"{{"Statement":[{}]}}"#, many.join(","));
        assert_eq!(parse(&many).unwrap().statements.len(), 100);
    }

    #[test]
    fn what_is_not_understood_is_said() {
        let with = |more: &str| format!(r#"{{"Statement":[{{"Effect":"Allow",{more}}}]}}"#);
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for (document, why) in [
            (String::new(), "not JSON"),
            ("<html>".into(), "not JSON"),
            ("%7B%22".into(), "not JSON"),
            (format!(r#"{{"Statement":{deep}}}"#), "not JSON"),
            (" ".repeat(9) + "7", "other JSON"),
            ("[]".into(), "other JSON"),
            ("{}".into(), "no Statement"),
            (r#"{"Statement":"*"}"#.into(), "neither an object nor"),
            (r#"{"Statement":[[]]}"#.into(), "statement 1 is not an obj"),
            (r#"{"Statement":{"Action":"*"}}"#.into(), "has no Effect"),
            (
                with(r#""Effect":"allow","Action":"*","Resource":"*""#),
                "neither allows",
            ),
            (with(r#""Resource":"*""#), "has neither Action nor NotAct"),
            (with(r#""Action":"*""#), "has neither Resource nor"),
            (
                with(r#""Action":"*","NotAction":"*","Resource":"*""#),
                "has both Action",
            ),
            (
                with(r#""Action":[1],"Resource":"*""#),
                "than texts in its Action",
            ),
            (
                with(r#""Action":"*","Resource":{}"#),
                "than texts in its Resource",
            ),
            (
                with(r#""Action":"*","Resource":"*","Condition":"x""#),
                "has a Condition that",
            ),
            ("{".to_owned() + &"x".repeat(LONGEST), "longer than any"),
        ] {
            let error = parse(&document).unwrap_err();
            assert!(error.contains(why), "{document:.99}: {error}");
        }
    }
}
