//! Policies: what a user, a role or a session may do.
//!
//! The part of the policy language that this program needs, read as strictly as the service reads
//! all of it. An element that is not understood is refused: passed over, a policy would allow more
//! than whoever wrote it meant.

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
    /// Reads a policy document.
    pub(super) fn parse(document: &str) -> Result<Self, ServiceError> {
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
            Value::Object(elements) => Statement::read(elements),
            _ => Err(syntax()),
        });
        Ok(Self {
            statements: statements.collect::<Result<_, _>>()?,
        })
    }

    /// What it says of an action on a resource.
    pub(super) fn verdict(&self, action: &str, resource: &str) -> Verdict {
        let action = action.to_ascii_lowercase();
        let about = |statement: &&Statement| {
            statement.actions.match_text(&action) && statement.resources.match_text(resource)
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
    fn read(mut elements: Map<String, Value>) -> Result<Self, ServiceError> {
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
        if !elements.is_empty() {
            return Err(malformed("Syntax errors in policy."));
        }
        Ok(Self {
            allows,
            actions: compiled(&actions),
            resources: compiled(&resources),
        })
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
                policy.verdict(action, resource),
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
    fn some_managed_policies_are_known() {
        let verdict = |name: &str, action: &str| {
            let policy = Policy::managed(&format!("arn:aws:iam::aws:policy/{name}"));
            policy.map(|policy| policy.verdict(action, "*"))
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
