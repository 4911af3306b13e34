//! Managed policies, which have versions and can be attached to more than one user or group: those of
//! an account, and AWS's own.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::identifier;
use super::policy::Policy;

const CATALOGUE: &str = include_str!("../../assets/demo-policies.toml");

/// The account in the ARNs of AWS's own.
const AWS: &str = "aws";

/// A managed policy.
#[derive(Debug)]
pub(super) struct Managed {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) arn: String,
    pub(super) description: Option<String>,
    pub(super) created: DateTime<Utc>,
    /// The first one first. The last is the one in force.
    versions: Vec<Version>,
}

/// A version of a policy.
#[derive(Debug)]
pub(super) struct Version {
    /// `v1`
    pub(super) id: String,
    pub(super) document: Document,
    pub(super) created: DateTime<Utc>,
}

/// A policy document as it was written, and what it says. One that is not understood says nothing.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) text: Arc<str>,
    pub(super) policy: Option<Arc<Policy>>,
}

impl Document {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            policy: Policy::written(text).ok().map(Arc::new),
        }
    }

    /// As the service sends it: percent-encoded as RFC 3986 has it.
    pub(super) fn encoded(&self) -> String {
        percent_encoded(&self.text)
    }

    /// How long it is as quotas count it: without white space.
    pub(super) fn size(&self) -> usize {
        self.text.chars().filter(|c| !c.is_whitespace()).count()
    }
}

impl Managed {
    /// A policy of an account, with a version for each document.
    pub(super) fn new(
        account: &str,
        name: &str,
        path: &str,
        created: DateTime<Utc>,
        documents: &[&str],
    ) -> Self {
        let versions = documents.iter().zip(1..).map(|(text, number)| Version {
            id: format!("v{number}"),
            document: Document::new(text),
            created,
        });
        Self {
            name: name.to_owned(),
            path: path.to_owned(),
            arn: format!("arn:aws:iam::{account}:policy{path}{name}"),
            description: None,
            created,
            versions: versions.collect(),
        }
    }

    /// AWS's own policy of an ARN.
    pub(super) fn of_aws(arn: &str) -> Option<&'static Arc<Self>> {
        static ALL: LazyLock<Vec<Arc<Managed>>> = LazyLock::new(catalogue);
        ALL.iter().find(|policy| policy.arn == arn)
    }

    /// The version in force. A policy without any says nothing.
    pub(super) fn default_version(&self) -> Option<&Version> {
        self.versions.last()
    }

    pub(super) fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The version in force first, as AWS lists them.
    pub(super) fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().rev()
    }

    pub(super) fn is_default(&self, version: &Version) -> bool {
        let default = self.default_version();
        default.is_some_and(|default| default.id == version.id)
    }

    /// The unique ID.
    pub(super) fn id(&self) -> String {
        identifier::policy_id(&self.arn)
    }

    /// Whether it is one of AWS's own.
    pub(super) fn is_of_aws(&self) -> bool {
        self.arn.starts_with("arn:aws:iam::aws:")
    }
}

/// The ARN of a policy that a file names: that of the account if it has one of the name, or AWS's own.
pub(super) fn arn_of_aws(name: &str) -> String {
    format!("arn:aws:iam::{AWS}:policy/{name}")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueFile {
    policies: Vec<CatalogueEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueEntry {
    name: String,
    description: String,
    document: String,
}

/// AWS's own policies. That the file is well formed, a test reads.
fn catalogue() -> Vec<Arc<Managed>> {
    let file = toml::from_str(CATALOGUE).unwrap_or(CatalogueFile {
        policies: Vec::new(),
    });
    let policies = file.policies.into_iter().map(|entry| {
        // When most of them were published.
        let created = DateTime::from_timestamp(1_423_246_800, 0).unwrap_or_default();
        let document = entry.document.trim();
        let policy = Managed::new(AWS, &entry.name, "/", created, &[document]);
        Arc::new(Managed {
            description: Some(entry.description),
            ..policy
        })
    });
    policies.collect()
}

/// All but the unreserved characters as `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.extend(char::from_digit(digit.into(), 16).map(|c| c.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_s_own_policies_are_read_and_understood() {
        let file: CatalogueFile = toml::from_str(CATALOGUE).unwrap();
        assert!(file.policies.len() >= 14);
        for entry in &file.policies {
            let policy = Managed::of_aws(&arn_of_aws(&entry.name)).unwrap();
            let version = policy.default_version().unwrap();
            assert_eq!(version.id, "v1");
            assert!(version.document.policy.is_some(), "{}", entry.name);
        }
        assert!(Managed::of_aws("arn:aws:iam::aws:policy/NoSuchPolicy").is_none());
    }

    #[test]
    fn documents_are_encoded_as_the_service_does_it() {
        let encoded = Document::new("{\"a\": \"é*-._~\"}").encoded();
        assert_eq!(encoded, "%7B%22a%22%3A%20%22%C3%A9%2A-._~%22%7D");
    }
}
