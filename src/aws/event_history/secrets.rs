//! What is secret in an event is taken out of it before anything else sees it, of what is kept of all and
//! of one that is shown whole: CloudTrail writes the session tokens that STS has handed out, and callers
//! write secrets where none belong, into the names of things and what they say of themselves.

use super::identifiers::is_made_of_words;
use crate::engine::key_id::{NotAKey, secret_in};
use std::borrow::Cow;

/// What stands in its place.
const REDACTED: &str = "[redacted]";

/// The members whose values are secret end so, in any case.
const SECRET: &[&str] = &[
    "token",
    "password",
    "secretaccesskey",
    "secretstring",
    "secretbinary",
    "clientsecret",
    "privatekey",
];

/// From this length on a run of base64 may be a secret, alone or with what stands beside it.
const SECRET_LENGTH: usize = 40;

/// From this length on also one of hexadecimal digits only: shorter ones are checksums.
const TOKEN_LENGTH: usize = 100;

/// The same JSON without the secrets in it. All else stays as it is: also what is no JSON is read as if
/// it were.
pub(super) fn redacted(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('"') {
        text.push_str(&without(&rest[..at]));
        let (string, after) = quoted(&rest[at..]);
        rest = after;
        let value = after.trim_start().strip_prefix(':').map(str::trim_start);
        match value {
            Some(value) if is_secret(string) => {
                text.extend([string, ":"]);
                rest = past(value);
                match &value[..value.len() - rest.len()] {
                    nothing @ ("null" | "") => text.push_str(nothing),
                    _ => text.extend(["\"", REDACTED, "\""]),
                }
            }
            _ => text.push_str(&string_without(string)),
        }
    }
    text.push_str(&without(rest));
    text
}

/// Whether the value of a member of this name, which is in quotes, is secret.
fn is_secret(name: &str) -> bool {
    let name = unquoted(name).to_ascii_lowercase();
    SECRET.iter().any(|end| name.ends_with(end))
}

/// What a string says, without quotes and escapes.
fn unquoted(string: &str) -> String {
    let bare = || string.trim_matches('"').to_owned();
    serde_json::from_str(string).unwrap_or_else(|_| bare())
}

/// A string in quotes, without what is secret in it. JSON in it is read as such: it has twice as many
/// escapes with each level, so that it is never deep.
fn string_without(string: &str) -> String {
    let Ok(said) = serde_json::from_str::<String>(string) else {
        let plain = string.replace("\\/", "/");
        let left = without(&plain);
        return if left == plain {
            string.to_owned()
        } else {
            left.into_owned()
        };
    };
    let left = if said.contains('"') {
        redacted(&said).into()
    } else {
        without(&said)
    };
    if left == said {
        return string.to_owned();
    }
    serde_json::Value::from(left.into_owned()).to_string()
}

/// A text without the runs in it that may be secret. Names stay, however long.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    let mut left = String::new();
    let mut kept = 0;
    let mut at = 0;
    for part in text.split_inclusive(is_outside) {
        let run = part.trim_end_matches(is_outside);
        if may_be_secret(run) {
            left.extend([&text[kept..at], REDACTED]);
            kept = at + run.len();
        }
        at += part.len();
    }
    let left = if kept == 0 {
        Cow::from(text)
    } else {
        left.push_str(&text[kept..]);
        left.into()
    };
    match secret_in(&left) {
        Some(NotAKey::Bedrock { .. } | NotAKey::Token) => REDACTED.into(),
        _ => left,
    }
}

/// Whether a character is in no base64.
fn is_outside(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || matches!(c, '/' | '+'))
}

fn may_be_secret(run: &str) -> bool {
    let is_hex = || run.bytes().all(|b| b.is_ascii_hexdigit());
    run.len() >= TOKEN_LENGTH || (run.len() >= SECRET_LENGTH && !is_hex() && !is_made_of_words(run))
}

/// The string that a text begins with, in its quotes, and what follows it.
fn quoted(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return text.split_at(at + 1),
            c => escaped = c == '\\' && !escaped,
        }
    }
    (text, "")
}

/// What follows a value.
fn past(value: &str) -> &str {
    let mut depth = 0_usize;
    let mut rest = value;
    while let Some(c) = rest.chars().next() {
        match c {
            '"' => {
                rest = quoted(rest).1;
                if depth == 0 {
                    return rest;
                }
                continue;
            }
            '{' | '[' => depth += 1,
            '}' | ']' if depth <= 1 => {
                let end = usize::from(depth != 0);
                return &rest[end..];
            }
            '}' | ']' => depth -= 1,
            c if depth == 0 && (c == ',' || c.is_whitespace()) => return rest,
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// None that ever was one.
    const KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    #[test]
    fn tokens_passwords_and_what_looks_like_a_secret_are_taken_out() {
        let nested = json!({ "Statement": [{ "Password": "hunter2" }] }).to_string();
        let event = json!({
            "eventName": "AssumeRole",
            "userAgent": format!("tool/{KEY}"),
            "none": { "sessionToken": null },
            "requestParameters": {
                "Password": "hunter2",
                "newPassword": "hunter3",
                "passwordResetRequired": true,
                "clientToken": ["abc", { "d": "efg" }],
                "document": nested,
                "note": format!("it is {KEY}, keep it"),
                "bedrock": "bedrock-api-key-abcdef",
                "user": "bob\u{e9}",
            },
            "responseElements": {
                "credentials": {
                    "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
                    "SessionToken": "short",
                    "secretAccessKey": { "deep": [1, "two"] },
                    "expiration": "Nov 20, 2026, 7:00:00 PM",
                },
                "imageDigest": format!("sha256:{}", "0a".repeat(32)),
                "assumedRoleUser": { "arn": "arn:aws:sts::123456789012:assumed-role/deploy/session" },
            },
        });
        let told: Value = serde_json::from_str(&redacted(&event.to_string())).unwrap();
        let mut expected = event.clone();
        let gone = Value::from(REDACTED);
        expected["userAgent"] = gone.clone();
        for name in ["Password", "newPassword", "clientToken", "bedrock"] {
            expected["requestParameters"][name] = gone.clone();
        }
        let parameters = &mut expected["requestParameters"];
        parameters["document"] = nested.replace("hunter2", REDACTED).into();
        parameters["note"] = format!("it is {REDACTED}, keep it").into();
        let credentials = &mut expected["responseElements"]["credentials"];
        credentials["SessionToken"] = gone.clone();
        credentials["secretAccessKey"] = gone;
        assert_eq!(told, expected);
    }

    #[test]
    fn escapes_and_what_is_no_json_hide_nothing() {
        let escaped = format!(
            "{{\"session\\u0054oken\" : \"hunter2\", \"a\":\"{}\"}}",
            KEY.replace('/', "\\/")
        );
        let cut = format!("<{{\"sessionToken\":\"hunter2\",\"b\":{KEY} {{\"password\": \"hunter2");
        for text in [escaped, cut] {
            let told = redacted(&text);
            assert!(
                !told.contains("hunter2") && !told.contains("bPxRfi"),
                "{told}"
            );
        }
    }

    #[test]
    fn nothing_follows_from_size() {
        let odd = "\\\"".repeat(100_000);
        for text in [format!("\"{odd}"), odd, "\"token\":[".repeat(30_000)] {
            redacted(&text);
        }
    }

    #[test]
    fn names_stay_however_long() {
        for name in [
            "GetServiceLastAccessedDetailsWithEntities",
            "arn:aws:sts::123456789012:assumed-role/OrganizationAccountAccessRole/botocore-session-1",
            "arn:aws:sts::123456789012:assumed-role/OrganizationAccountAccessRole/botocore",
            "arn:aws:iam::aws:policy/AmazonElasticFileSystemClientReadWriteAccess",
            "arn:aws:ecr:eu-west-1:123456789012:repository/base",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ] {
            assert_eq!(without(name), name);
            let event = json!({ "arn": name, name: [name] }).to_string();
            assert_eq!(redacted(&event), event);
        }
    }

    /// Forty characters as the secrets of access keys have them.
    fn secrets() -> impl Strategy<Value = String> {
        proptest::collection::vec(any::<u8>(), 30).prop_map(|bytes| {
            const DIGITS: &[u8; 64] =
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            let digit = |bits: u32| char::from(DIGITS[(bits & 63) as usize]);
            let chunk = |three: &[u8]| {
                let bits = three
                    .iter()
                    .fold(0, |bits, byte| bits << 8 | u32::from(*byte));
                [18, 12, 6, 0].map(|shift| digit(bits >> shift))
            };
            bytes.chunks(3).flat_map(chunk).collect()
        })
    }

    proptest! {
        #[test]
        fn no_secret_stays_wherever_it_stands(
            secret in secrets(),
            before in "[A-Za-z0-9/ :._-]{0,30}|assumed-role/OrganizationAccountAccessRole/",
            after in "[A-Za-z0-9/ :._-]{0,30}|/AmazonElasticFileSystemClientReadWriteAccess",
        ) {
            let text = format!("{before}{secret}{after}");
            prop_assert!(!without(&text).contains(&secret[..12]), "{}", without(&text));
            let event = json!({ "a": text, &text: { "b": [json!({ "c": text }).to_string()] } });
            let told = redacted(&event.to_string());
            prop_assert!(!told.contains(&secret[..12]), "{}", told);
            prop_assert!(!told.contains(&secret[28..]), "{}", told);
        }

        #[test]
        fn all_else_stays_as_it_is(text in "[\\[\\]{},:\"\\\\a1 \né]{0,80}") {
            prop_assert_eq!(redacted(&text), text);
        }

        #[test]
        fn it_stays_json(name in "[a-z\"\\\\]{0,4}(token|Password)?", value in ".{0,60}") {
            let text = json!({ name: [value.clone()], "b": value }).to_string();
            serde_json::from_str::<Value>(&redacted(&text)).unwrap();
        }
    }
}
