//! Findings as detection findings of the Open Cybersecurity Schema Framework, version 1.5.0: class 2004
//! with the profile `cloud`, a list of them in one document, as Prowler writes them.

use super::{
    Findings,
    record::{Exempt, FindingRecord, standard},
    sarif::help_uri,
};
use crate::engine::findings::Severity;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The version of the schema.
const VERSION: &str = "1.5.0";

/// The list.
pub(super) fn of(findings: &Findings<'_>) -> Value {
    let all = findings.records.iter();
    all.map(|record| event(record, findings.now)).collect()
}

/// `severity_id`, with its caption.
fn severity(of: Severity) -> (u8, &'static str) {
    match of {
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

fn event(record: &FindingRecord, now: DateTime<Utc>) -> Value {
    let (severity_id, severity) = severity(record.severity);
    let is_exempt = matches!(record.exempt, Exempt::By { .. });
    let (status_id, status) = if is_exempt {
        (3, "Suppressed")
    } else {
        (1, "New")
    };
    let standards: Vec<String> = record.standards.iter().map(standard).collect();
    let mut event = json!({
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200_401,
        "type_name": "Detection Finding: Create",
        "time": now.timestamp_millis(),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": status_id,
        "status": status,
        "message": record.sentence(),
        "metadata": {
            "version": VERSION,
            "profiles": ["cloud"],
            "event_code": record.rule,
            "product": {
                "name": "iamkeys",
                "vendor_name": "iamkeys",
                "version": env!("CARGO_PKG_VERSION"),
            },
        },
        "finding_info": {
            "uid": format!("iamkeys-{}", record.fingerprint()),
            "title": record.title,
            "desc": record.why,
            "types": ["Access key"],
            "analytic": {
                "uid": record.rule,
                "name": record.title,
                "type_id": 1,
                "type": "Rule",
            },
        },
        "remediation": {
            "desc": record.remedy,
            "references": [help_uri(&record.rule, record.standards)],
        },
        "resources": resources(record),
        "cloud": cloud(record),
        "unmapped": {
            "rule": record.rule,
            "standards": standards,
            "status": record.status,
            "age_days": record.age_days,
            "age_is_minimum": record.age_is_minimum,
            "never_used": record.never_used,
            "last_used": record.last_used.map(|it| it.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
        },
    });
    if let Some(words) = record.exempt.words() {
        event["status_detail"] = json!(format!("exempt until {words}"));
    }
    event
}

/// The user, and the key. IAM is in no region.
fn resources(record: &FindingRecord) -> Vec<Value> {
    let user = json!({
        "uid": record.arn(),
        "name": record.user,
        "type": "AwsIamUser",
        "cloud_partition": record.partition,
    });
    let key = record.key_id.as_ref().map(|id| {
        let mut key = json!({
            "uid": id,
            "name": id,
            "type": "AwsIamAccessKey",
            "cloud_partition": record.partition,
        });
        if let Some(created) = record.created {
            key["created_time"] = json!(created.timestamp_millis());
        }
        key
    });
    std::iter::once(user).chain(key).collect()
}

fn cloud(record: &FindingRecord) -> Value {
    let mut cloud = json!({"provider": "AWS"});
    if let Some(id) = &record.account {
        let mut account = json!({"uid": id, "type_id": 10, "type": "AWS Account"});
        if let Some(name) = &record.account_name {
            account["name"] = json!(name);
        }
        cloud["account"] = account;
    }
    cloud
}
