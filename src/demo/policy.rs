//! Policies: what a user, a role or a session may do.
//!
//! The part of the policy language that this program needs, read as strictly as the service reads
//! all of it. An element that is not understood is refused: passed over, a policy would allow more
//! than whoever wrote it meant.
//!
//! Of conditions, the endpoint evaluates when a session was issued (`DateLessThan` on
//! `aws:TokenIssueTime`). Others are refused, but in policies of users and groups: there what is denied
//! under one is not denied.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use wildmatch::WildMatch;

use super::error::{MALFORMED_POLICY, ServiceError};

/// A policy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Statement {
    allows: bool,
    actions: Patterns,
    resources: Patterns,
    condition: Condition,
}

/// When a statement holds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Condition {
    Always,
    /// For sessions that were issued before a time: keys that last have no such time.
    IssuedBefore(DateTime<Utc>),
    /// Nobody knows: it is not evaluated.
    Other,
}

/// Which conditions a policy may have.
#[derive(Clone, Copy, PartialEq)]
enum Conditions {
    Evaluated,
    Any,
}

/// What a statement is about: what matches one of the patterns, or all else.
#[derive(Clone, Debug, PartialEq)]
struct Patterns {
    patterns: Vec<WildMatch>,
    inverted: bool,
}

impl Patterns {
    fn match_text(&self, text: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text)) != self.inverted
    }
}

/// What a policy says of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Allowed,
    /// No statement allows it.
    NotAllowed,
    /// A statement denies it, whatever others allow.
    Denied,
}

impl Policy {
    /// Reads a policy document, whose conditions have to be those that are evaluated.
    pub(super) fn parse(document: &str) -> Result<Self, ServiceError> {
        Self::read(document, Conditions::Evaluated)
    }

    /// Reads a policy of a user or a group, which may have any condition.
    pub(super) fn written(document: &str) -> Result<Self, ServiceError> {
        Self::read(document, Conditions::Any)
    }

    fn read(document: &str, conditions: Conditions) -> Result<Self, ServiceError> {
        let syntax = || malformed("Syntax errors in policy.");
        let document: Value = serde_json::from_str(document).map_err(|_| syntax())?;
        let Value::Object(mut document) = document else {
            return Err(syntax());
        };
        if let Some(version) = document.remove("Version")
            && version != "2012-10-17"
            && version != "2008-10-17"
        {
            let message = "Policy document must be version 2012-10-17 or greater.";
            return Err(malformed(message));
        }
        document.remove("Id");
        let statements = match document.remove("Statement") {
            Some(Value::Array(statements)) => statements,
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(malformed("Missing required field Statement")),
        };
        if !document.is_empty() {
            return Err(syntax());
        }
        let statements = statements.into_iter().map(|statement| match statement {
            Value::Object(elements) => Statement::read(elements, conditions),
            _ => Err(syntax()),
        });
        Ok(Self {
            statements: statements.collect::<Result<_, _>>()?,
        })
    }

    /// Whether it denies anything.
    pub(super) fn denies_something(&self) -> bool {
        self.statements.iter().any(|statement| !statement.allows)
    }

    /// What it says of an action on a resource, by a session that was issued at a time or, without
    /// one, by a key that lasts.
    pub(super) fn verdict(
        &self,
        action: &str,
        resource: &str,
        issued: Option<DateTime<Utc>>,
    ) -> Verdict {
        let action = action.to_ascii_lowercase();
        let about = |statement: &&Statement| {
            statement.actions.match_text(&action)
                && statement.resources.match_text(resource)
                && statement.holds(issued)
        };
        let mut verdict = Verdict::NotAllowed;
        for statement in self.statements.iter().filter(about) {
            if !statement.allows {
                return Verdict::Denied;
            }
            verdict = Verdict::Allowed;
        }
        verdict
    }

    /// The content of some of AWS's managed policies, as far as it concerns what the endpoint
    /// answers; none of a policy that is not among them.
    pub(super) fn managed(arn: &str) -> Option<Self> {
        let name = arn.strip_prefix("arn:aws:iam::aws:policy/")?;
        let (effect, actions) = match name.rsplit('/').next()? {
            "AdministratorAccess" => ("Allow", r#""*""#),
            "AWSDenyAll" => ("Deny", r#""*""#),
            "IAMFullAccess" => ("Allow", r#""iam:*""#),
            "IAMReadOnlyAccess" => (
                "Allow",
                r#"["iam:GenerateCredentialReport","iam:Get*","iam:List*"]"#,
            ),
            "ReadOnlyAccess" | "SecurityAudit" | "ViewOnlyAccess" => (
                "Allow",
                r#"["iam:Generate*","iam:Get*","iam:List*","organizations:Describe*",
                    "organizations:List*","sts:GetAccessKeyInfo"]"#,
            ),
            _ => return None,
        };
        Self::parse(&format!(
            r#"{{"Statement":{{"Effect":"{effect}","Action":{actions},"Resource":"*"}}}}"#
        ))
        .ok()
    }
}

impl Statement {
    /// Whether its condition is met. One that is not evaluated lets an allowance stand, and no denial.
    fn holds(&self, issued: Option<DateTime<Utc>>) -> bool {
        match self.condition {
            Condition::Always => true,
            Condition::IssuedBefore(time) => issued.is_some_and(|issued| issued < time),
            Condition::Other => self.allows,
        }
    }

    fn read(
        mut elements: Map<String, Value>,
        conditions: Conditions,
    ) -> Result<Self, ServiceError> {
        elements.remove("Sid");
        let allows = match elements.remove("Effect") {
            Some(effect) if effect == "Allow" => true,
            Some(effect) if effect == "Deny" => false,
            Some(effect) => return Err(malformed(&format!("Invalid effect: {effect}"))),
            None => return Err(malformed("Missing required field Effect")),
        };
        let actions = patterns(&mut elements, ["Action", "NotAction"]);
        let mut actions = actions?.ok_or_else(|| {
            // AWS's own words.
            malformed("Policy statement must contain actions.")
        })?;
        for action in &mut actions.0 {
            if action != "*" && !action.contains(':') {
                return Err(malformed(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                ));
            }
            // Actions are compared without case.
            action.make_ascii_lowercase();
        }
        let resources = patterns(&mut elements, ["Resource", "NotResource"]);
        let resources =
            resources?.ok_or_else(|| malformed("Policy statement must contain resources."))?;
        let condition = match elements.remove("Condition") {
            Some(condition) => read_condition(&condition, conditions)?,
            None => Condition::Always,
        };
        if !elements.is_empty() {
            return Err(malformed("Syntax errors in policy."));
        }
        Ok(Self {
            allows,
            actions: compiled(&actions),
            resources: compiled(&resources),
            condition,
        })
    }
}

fn read_condition(condition: &Value, conditions: Conditions) -> Result<Condition, ServiceError> {
    let syntax = || malformed("Syntax errors in policy.");
    let operators = condition.as_object().ok_or_else(syntax)?;
    if !operators.values().all(Value::is_object) {
        return Err(syntax());
    }
    let only = |map: &Map<String, Value>| match map.iter().next() {
        Some((name, value)) if map.len() == 1 => Some((name.clone(), value.clone())),
        _ => None,
    };
    let issued = only(operators)
        .filter(|(operator, _)| operator == "DateLessThan")
        .and_then(|(_, keys)| only(keys.as_object()?))
        .filter(|(key, _)| key.eq_ignore_ascii_case("aws:TokenIssueTime"));
    if let Some((_, time)) = issued {
        let time = time
            .as_str()
            .and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        // AWS's own words are not on record.
        let time = time.ok_or_else(|| malformed("Invalid date in the Condition element."))?;
        return Ok(Condition::IssuedBefore(time.to_utc()));
    }
    match conditions {
        Conditions::Any if operators.is_empty() => Ok(Condition::Always),
        Conditions::Any => Ok(Condition::Other),
        Conditions::Evaluated => Err(syntax()),
    }
}

/// The texts of the first or the second element, and whether it was the second; none where there is
/// neither. Both are an error.
fn patterns(
    elements: &mut Map<String, Value>,
    names: [&str; 2],
) -> Result<Option<(Vec<String>, bool)>, ServiceError> {
    let syntax = || malformed("Syntax errors in policy.");
    let [plain, inverted] = names.map(|name| elements.remove(name));
    let (texts, inverted) = match (plain, inverted) {
        (None, None) => return Ok(None),
        (Some(texts), None) => (texts, false),
        (None, Some(texts)) => (texts, true),
        (Some(_), Some(_)) => return Err(syntax()),
    };
    let texts = match texts {
        Value::String(text) => vec![text],
        Value::Array(texts) => texts
            .into_iter()
            .map(|text| match text {
                Value::String(text) => Ok(text),
                _ => Err(syntax()),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(syntax()),
    };
    if texts.is_empty() {
        return Err(syntax());
    }
    Ok(Some((texts, inverted)))
}

fn compiled((texts, inverted): &(Vec<String>, bool)) -> Patterns {
    Patterns {
        patterns: texts.iter().map(|text| WildMatch::new(text)).collect(),
        inverted: *inverted,
    }
}

fn malformed(message: &str) -> ServiceError {
    ServiceError::new(MALFORMED_POLICY, message)
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Allowed, Denied, NotAllowed};
    use super::*;

    #[test]
    fn a_deny_counts_more_than_an_allow_and_both_more_than_nothing() {
        let policy = Policy::parse(
            r#"{"Version":"2012-10-17","Id":"x","Statement":[
                {"Sid":"Read","Effect":"Allow","Action":["iam:Get*","IAM:List?sers"],"Resource":"*"},
                {"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":["arn:aws:s3:::a/*","*/b"]},
                {"Effect":"Deny","Action":"iam:GetUser","NotResource":"arn:aws:iam::*:user/alice"}]}"#,
        )
        .unwrap();
        for (action, resource, verdict) in [
            ("iam:ListUsers", "*", Allowed),
            ("iam:listusers", "*", Allowed),
            ("iam:ListAccessKeys", "*", NotAllowed),
            ("iam:GetRole", "*", Allowed),
            ("iam:GetUser", "arn:aws:iam::1:user/alice", Allowed),
            ("iam:GetUser", "arn:aws:iam::1:user/bob", Denied),
            ("s3:GetObject", "arn:aws:s3:::a/b/c", Allowed),
            ("s3:GetObject", "arn:aws:s3:::c/b", Allowed),
            ("s3:GetObject", "arn:aws:s3:::c", NotAllowed),
            ("sts:AssumeRole", "arn:aws:s3:::a/b", NotAllowed),
        ] {
            assert_eq!(
                policy.verdict(action, resource, None),
                verdict,
                "{action} {resource}"
            );
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let statement = |more: &str| format!(r#"{{"Statement":{{"Effect":"Allow",{more}}}}}"#);
        for (document, message) in [
            ("not JSON", "Syntax errors in policy."),
            ("[]", "Syntax errors in policy."),
            ("{}", "Missing required field Statement"),
            (r#"{"Statement":[],"Statements":[]}"#, "Syntax errors"),
            (r#"{"Statement":["x"]}"#, "Syntax errors"),
            (r#"{"Version":"2020-01-01","Statement":[]}"#, "version 2012"),
            (r#"{"Statement":{"Action":"*","Resource":"*"}}"#, "Effect"),
            (
                r#"{"Statement":{"Effect":"allow","Action":"*","Resource":"*"}}"#,
                "Invalid effect: \"allow\"",
            ),
            (&statement(r#""Resource":"*""#), "must contain actions"),
            (&statement(r#""Action":"iam:*""#), "must contain resources"),
            (
                &statement(r#""Action":"ListUsers","Resource":"*""#),
                "vendor",
            ),
            (&statement(r#""Action":[],"Resource":"*""#), "Syntax errors"),
            (
                &statement(r#""Action":[1],"Resource":"*""#),
                "Syntax errors",
            ),
            (
                &statement(r#""Action":"*","NotAction":"*","Resource":"*""#),
                "Syntax errors",
            ),
            (
                &statement(r#""Action":"*","Resource":"*","Condition":{}"#),
                "Syntax errors",
            ),
        ] {
            let error = Policy::parse(document).unwrap_err();
            assert_eq!(
                (error.status, &*error.code),
                (400, "MalformedPolicyDocument")
            );
            assert!(error.message.contains(message), "{document}: {error}");
        }
    }

    #[test]
    fn sessions_issued_before_a_time_can_be_denied_and_other_conditions_are_not_evaluated() {
        let at = |seconds: i64| DateTime::from_timestamp(1_795_000_000 + seconds, 0);
        let before = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":
            "*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2026-11-18T11:06:40Z"}}}]}"#;
        let policy = Policy::parse(before).unwrap();
        assert_eq!(Policy::written(before), Ok(policy.clone()));
        for (issued, verdict) in [
            (at(-1), Denied),
            (at(0), NotAllowed),
            (at(1), NotAllowed),
            (None, NotAllowed),
        ] {
            assert_eq!(policy.verdict("s3:GetObject", "*", issued), verdict);
        }
        let wrong = before.replace("2026-11-18T11:06:40Z", "yesterday");
        assert!(Policy::written(&wrong).is_err());

        let other = |effect: &str, condition: &str| {
            Policy::written(&format!(
                r#"{{"Statement":{{"Effect":"{effect}","Action":"*","Resource":"*",
                    "Condition":{condition}}}}}"#
            ))
        };
        let mfa = r#"{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#;
        let both = r#"{"DateLessThan":{"aws:TokenIssueTime":"2030-01-01T00:00:00Z","a:b":"1"}}"#;
        let verdict = |policy: Policy| policy.verdict("iam:GetUser", "*", at(0));
        for (effect, condition, expected) in [
            ("Deny", mfa, NotAllowed),
            ("Allow", mfa, Allowed),
            ("Deny", both, NotAllowed),
            ("Deny", "{}", Denied),
        ] {
            assert_eq!(other(effect, condition).map(verdict), Ok(expected));
        }
        assert!(other("Deny", "7").is_err() && other("Deny", r#"{"Bool":1}"#).is_err());
    }

    #[test]
    fn some_managed_policies_are_known() {
        let verdict = |name: &str, action: &str| {
            let policy = Policy::managed(&format!("arn:aws:iam::aws:policy/{name}"));
            policy.map(|policy| policy.verdict(action, "*", None))
        };
        assert_eq!(verdict("SecurityAudit", "iam:ListUsers"), Some(Allowed));
        assert_eq!(
            verdict("job-function/ViewOnlyAccess", "iam:TagUser"),
            Some(NotAllowed)
        );
        assert_eq!(verdict("AWSDenyAll", "iam:ListUsers"), Some(Denied));
        assert_eq!(verdict("AmazonS3FullAccess", "iam:ListUsers"), None);
    }
}
