//! Findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), as code scanning reads
//! it.
//!
//! A result needs a place in a file, and keys have none. It gets a relative path that names the user:
//! GitHub refuses a whole file in which a URI has another scheme than `file` ("SARIF URI scheme did not
//! match the checkout URI scheme", github/codeql-action issue 754). What it is really about is a logical
//! location. GitHub knows a result again by `primaryLocationLineHash`.

use super::{
    Findings,
    record::{Exempt, FindingRecord, standard},
};
use crate::engine::findings::{Severity, ShownRule, Standard};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Where AWS describes its own checks of access keys.
const SECURITY_HUB: &str =
    "https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html";

/// Where AWS describes access keys.
const ACCESS_KEYS: &str =
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html";

/// The document.
pub(super) fn of(findings: &Findings<'_>) -> Value {
    let on = findings.rules;
    let notes = findings.gaps.iter().flat_map(|gap| {
        let lines = gap.lines();
        lines.into_iter().take(1).map(|line| note("error", &line))
    });
    let unknown = findings.tally.unknown();
    let unknown = unknown
        .iter()
        .map(|it| note("note", &format!("not known: {it}")));
    let results = findings.records.iter().map(|record| {
        let place = on.iter().position(|it| *it.rule.id == *record.rule);
        result(record, place)
    });
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "iamkeys",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": on.iter().map(descriptor).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": "iamkeys/check/"},
            "invocations": [{
                "executionSuccessful": findings.gaps.is_empty(),
                "endTimeUtc": findings.now.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "toolExecutionNotifications": notes.chain(unknown).collect::<Vec<_>>(),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn note(level: &str, text: &str) -> Value {
    json!({"level": level, "message": {"text": text}})
}

/// How grave it is for a program that knows errors, warnings and notes.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// As a score, in the middle of what GitHub takes for that severity: over 9.0 is critical, from 7.0 high,
/// from 4.0 medium.
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

/// Where a rule is described.
pub(super) fn help_uri(rule: &str, standards: &[Standard]) -> String {
    let hub = standards.iter().find(|it| it.name == "Security Hub");
    match hub {
        Some(hub) => {
            let control = hub.control.to_lowercase().replace('.', "-");
            format!("{SECURITY_HUB}#{control}")
        }
        None if rule == "quarantined" => format!("{ACCESS_KEYS}#securing_access-keys"),
        None => ACCESS_KEYS.to_owned(),
    }
}

/// A rule, as grave as it is in the account where it is gravest; a result has its own level.
fn descriptor(shown: &ShownRule<'_>) -> Value {
    let rule = shown.rule;
    let conditions: Vec<&str> = shown.conditions.iter().map(|(when, _)| *when).collect();
    let conditions = conditions.join("; ");
    let standards: Vec<String> = rule.standards.iter().map(standard).collect();
    let mut text = format!("{} {}", rule.why, rule.remedy);
    let mut markdown = format!(
        "{}\n\n**What to do:** {}\n\nCondition: `{conditions}`",
        rule.why, rule.remedy
    );
    if !standards.is_empty() {
        let standards = standards.join("; ");
        // Writing to a text does not fail.
        let _ = write!(text, " Standards: {standards}.");
        let _ = write!(markdown, "\n\nStandards: {standards}");
    }
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": shown.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": text, "markdown": markdown},
        "helpUri": help_uri(&rule.id, rule.standards),
        "defaultConfiguration": {"level": level(shown.severity)},
        "properties": {
            "security-severity": score(shown.severity),
            "severity": shown.severity.name(),
            "condition": conditions,
            "tags": std::iter::once("security".to_owned()).chain(standards).collect::<Vec<_>>(),
        },
    })
}

fn result(record: &FindingRecord, place: Option<usize>) -> Value {
    let fingerprint = record.fingerprint();
    let name = record.key_id.clone().unwrap_or_else(|| record.user.clone());
    let full = match &record.key_id {
        Some(id) => format!("{}/{id}", record.arn()),
        None => record.arn(),
    };
    let mut result = json!({
        "ruleId": record.rule,
        "level": level(record.severity),
        "message": {"text": record.sentence()},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": uri(record)},
                "region": {"startLine": 1},
            },
            "logicalLocations": [{
                "name": name,
                "fullyQualifiedName": full,
                "kind": "resource",
            }],
        }],
        "partialFingerprints": {
            "primaryLocationLineHash": fingerprint,
            "iamkeysFinding/v1": fingerprint,
        },
        "properties": {
            "account": record.account,
            "account_name": record.account_name,
            "user": record.user,
            "key_id": record.key_id,
            "severity": record.severity.name(),
            "security-severity": score(record.severity),
            "status": record.status,
            "age_days": record.age_days,
            "age_is_minimum": record.age_is_minimum,
            "never_used": record.never_used,
            "remedy": record.remedy,
        },
    });
    if let Some(place) = place {
        result["ruleIndex"] = json!(place);
    }
    if let Exempt::By { by, .. } = &record.exempt {
        let words = record.exempt.words().unwrap_or_default();
        result["suppressions"] = json!([{
            "kind": "external",
            "status": "accepted",
            "justification": format!("exempt until {words} ({})", by.words()),
        }]);
    }
    result
}

/// A path that names the user: `iam/123456789012/user/deploy-bot`.
fn uri(record: &FindingRecord) -> String {
    let account = record.account.as_deref().unwrap_or("unknown");
    if record.is_of_root() {
        return format!("iam/{account}/root");
    }
    let mut uri = format!("iam/{account}/user/");
    for byte in record.user.bytes() {
        // What RFC 3986 calls unreserved stands for itself.
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            byte => {
                // Writing to a text does not fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}
