//! The stores of secrets: of Secrets Manager and of the Parameter Store what it takes to put a text there
//! and to read it again. Each region has its own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::error::{Code, ServiceError, VALIDATION};
use super::identifier::hash;
use super::query::Params;
use super::request::Request;
use super::store::Account;

const EXISTS: Code = (400, "ResourceExistsException");
const NOT_FOUND: Code = (400, "ResourceNotFoundException");
const PARAMETER_EXISTS: Code = (400, "ParameterAlreadyExists");
const PARAMETER_NOT_FOUND: Code = (400, "ParameterNotFound");
const TYPE_MISMATCH: Code = (400, "HierarchyTypeMismatchException");

/// The longest value of a parameter of the advanced tier.
const LONGEST_PARAMETER: usize = 8192;

/// The longest value of a secret.
const LONGEST_SECRET: usize = 65_536;

/// What is stored in an account, by region and name.
#[derive(Clone, Debug, Default)]
pub(super) struct Stored {
    secrets: BTreeMap<(String, String), Secret>,
    parameters: BTreeMap<(String, String), Parameter>,
}

#[derive(Clone, Debug)]
struct Secret {
    created: DateTime<Utc>,
    deleted: Option<DateTime<Utc>>,
    /// The versions, each with its token, the present one last.
    versions: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Parameter {
    kind: String,
    key: Option<String>,
    values: Vec<String>,
    modified: DateTime<Utc>,
}

impl Account {
    /// The present value of a secret of a region.
    #[must_use]
    pub fn secret(&self, region: &str, name: &str) -> Option<&str> {
        let secret = self.stored.secrets.get(&at(region, name))?;
        secret.versions.last().map(|(_, value)| value.as_str())
    }

    /// How many versions of a secret there are.
    #[must_use]
    pub fn secret_versions(&self, region: &str, name: &str) -> usize {
        let secret = self.stored.secrets.get(&at(region, name));
        secret.map_or(0, |secret| secret.versions.len())
    }

    /// The present value of a parameter of a region, and the KMS key that encrypts it, where one was
    /// named.
    #[must_use]
    pub fn parameter(&self, region: &str, name: &str) -> Option<(&str, Option<&str>)> {
        let parameter = self.stored.parameters.get(&at(region, name))?;
        Some((parameter.values.last()?, parameter.key.as_deref()))
    }

    /// Adds a secret, or marks it for deletion.
    pub fn add_secret(&mut self, region: &str, name: &str, value: &str, deleted: bool) {
        let at_once = DateTime::UNIX_EPOCH;
        let secret = Secret {
            created: at_once,
            deleted: deleted.then_some(at_once),
            versions: vec![("first".into(), value.into())],
        };
        self.stored.secrets.insert(at(region, name), secret);
    }

    /// Adds a parameter of a type: `String` or `SecureString`, with the KMS key that encrypts it.
    pub fn add_parameter(&mut self, region: &str, name: &str, kind: &str, key: Option<&str>) {
        let parameter = Parameter {
            kind: kind.into(),
            key: key.map(str::to_owned),
            values: vec!["before".into()],
            modified: DateTime::UNIX_EPOCH,
        };
        self.stored.parameters.insert(at(region, name), parameter);
    }
}

fn at(region: &str, name: &str) -> (String, String) {
    (region.to_owned(), name.to_owned())
}

/// The ARN of a secret: with six characters that no one chooses.
pub(super) fn secret_arn(account: &str, region: &str, name: &str) -> String {
    let mark = hash(name) % 1_000_000;
    format!("arn:aws:secretsmanager:{region}:{account}:secret:{name}-{mark:06}")
}

pub(super) fn parameter_arn(account: &str, region: &str, name: &str) -> String {
    let name = name.trim_start_matches('/');
    format!("arn:aws:ssm:{region}:{account}:parameter/{name}")
}

/// A parameter that has to be there, of a length.
fn required<'a>(params: &'a Params, name: &str, longest: usize) -> Result<&'a str, ServiceError> {
    let value = params.get(name).filter(|value| !value.is_empty());
    let value = value.filter(|value| value.len() <= longest);
    value.ok_or_else(|| {
        let message =
            format!("Invalid value for parameter {name}: its length is not in 1..={longest}.");
        ServiceError::new(VALIDATION, message)
    })
}

fn secret_name(params: &Params, name: &str) -> Result<String, ServiceError> {
    let value = required(params, name, 512)?;
    let known = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if value.chars().all(known) {
        return Ok(value.to_owned());
    }
    let message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of \
                   the following: -/_+=.@!";
    Err(ServiceError::new(VALIDATION, message))
}

/// A secret is there, and not scheduled for deletion.
fn existing<'a>(request: &'a mut Request<'_>, name: &str) -> Result<&'a mut Secret, ServiceError> {
    let secrets = &mut request.account.stored.secrets;
    let secret = secrets.get_mut(&at(request.region, name));
    secret.ok_or_else(|| {
        let message = "Secrets Manager can't find the specified secret.";
        ServiceError::new(NOT_FOUND, message)
    })
}

fn refuse_deleted(secret: &Secret) -> Result<(), ServiceError> {
    if secret.deleted.is_none() {
        return Ok(());
    }
    let message =
        "You can't perform this operation on the secret because it was marked for deletion.";
    Err(ServiceError::new((400, "InvalidRequestException"), message))
}

pub(super) fn describe_secret(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let name = secret_name(request.params, "SecretId")?;
    let arn = secret_arn(request.account.id(), request.region, &name);
    let secret = existing(request, &name)?;
    let mut answer = json!({
        "ARN": arn,
        "Name": name,
        "CreatedDate": secret.created.timestamp(),
    });
    if let Some(deleted) = secret.deleted {
        answer["DeletedDate"] = deleted.timestamp().into();
    }
    request.json = answer;
    Ok(())
}

pub(super) fn create_secret(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let name = secret_name(request.params, "Name")?;
    let token = token(request.params)?;
    let value = required(request.params, "SecretString", LONGEST_SECRET)?.to_owned();
    let key = at(request.region, &name);
    if let Some(secret) = request.account.stored.secrets.get(&key) {
        refuse_deleted(secret)?;
        // The same once more changes nothing.
        if secret.versions[..] != [(token.clone(), value)] {
            let message = format!("The operation failed because the secret {name} already exists.");
            return Err(ServiceError::new(EXISTS, message));
        }
    } else {
        let secret = Secret {
            created: request.now,
            deleted: None,
            versions: vec![(token.clone(), value)],
        };
        request.account.stored.secrets.insert(key, secret);
    }
    tell_version(request, &name, &token);
    Ok(())
}

pub(super) fn put_secret_value(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let name = secret_name(request.params, "SecretId")?;
    let token = token(request.params)?;
    let value = required(request.params, "SecretString", LONGEST_SECRET)?.to_owned();
    let secret = existing(request, &name)?;
    refuse_deleted(secret)?;
    match secret.versions.iter().find(|(known, _)| *known == token) {
        Some((_, known)) if *known != value => {
            let message =
                "You can't modify an existing version, you can only create a new version.";
            return Err(ServiceError::new(EXISTS, message));
        }
        Some(_) => {}
        None => secret.versions.push((token.clone(), value)),
    }
    tell_version(request, &name, &token);
    Ok(())
}

pub(super) fn get_secret_value(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let name = secret_name(request.params, "SecretId")?;
    let secret = existing(request, &name)?;
    refuse_deleted(secret)?;
    let (token, value) = secret.versions.last().cloned().unwrap_or_default();
    tell_version(request, &name, &token);
    request.json["SecretString"] = value.into();
    Ok(())
}

fn token(params: &Params) -> Result<String, ServiceError> {
    let token = required(params, "ClientRequestToken", 64)?;
    if token.len() < 32 {
        let message = "ClientRequestToken must be 32-64 characters long.";
        return Err(ServiceError::new(VALIDATION, message));
    }
    Ok(token.to_owned())
}

fn tell_version(request: &mut Request<'_>, name: &str, token: &str) {
    request.json = json!({
        "ARN": secret_arn(request.account.id(), request.region, name),
        "Name": name,
        "VersionId": token,
        "VersionStages": ["AWSCURRENT"],
    });
}

/// Of the filters there is the one for a name. The first page is empty, and not the last: the service may
/// answer so.
pub(super) fn describe_parameters(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let filter = "ParameterFilters.member.1";
    let wanted = request.params.get(&format!("{filter}.Values.member.1"));
    if request.params.get(&format!("{filter}.Key")) != Some("Name") || wanted.is_none() {
        let message = "The filter key is not valid. Valid filter keys include: [Name].";
        return Err(ServiceError::new((400, "InvalidFilterKey"), message));
    }
    let parameters = &request.account.stored.parameters;
    let found = parameters
        .iter()
        .filter(|((region, name), _)| *region == request.region && Some(name.as_str()) == wanted);
    let found = found.map(|((_, name), parameter)| {
        let mut described = json!({
            "Name": name,
            "Type": parameter.kind,
            "LastModifiedDate": parameter.modified.timestamp(),
            "Version": parameter.values.len(),
        });
        if let Some(key) = &parameter.key {
            described["KeyId"] = key.as_str().into();
        }
        described
    });
    request.json = match request.params.get("NextToken") {
        None => json!({ "Parameters": [], "NextToken": "second-page" }),
        Some(_) => json!({ "Parameters": found.collect::<Vec<_>>() }),
    };
    Ok(())
}

pub(super) fn get_parameter(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let name = required(request.params, "Name", 1011)?.to_owned();
    let parameters = &request.account.stored.parameters;
    let found = parameters.get(&at(request.region, &name));
    let parameter = found.ok_or_else(|| ServiceError::new(PARAMETER_NOT_FOUND, ""))?;
    let value = parameter.values.last().cloned().unwrap_or_default();
    let is_open =
        parameter.kind != "SecureString" || request.params.get("WithDecryption") == Some("true");
    request.json = json!({ "Parameter": {
        "Name": name,
        "Type": parameter.kind,
        "Value": if is_open { value } else { "AQICAHg-encrypted-EXAMPLE".into() },
        "Version": parameter.values.len(),
    }});
    Ok(())
}

pub(super) fn put_parameter(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let name = required(request.params, "Name", 1011)?.to_owned();
    let value = required(request.params, "Value", LONGEST_PARAMETER)?.to_owned();
    let kind = request.params.get("Type").map(str::to_owned);
    let key = request.params.get("KeyId").map(str::to_owned);
    let overwrite = request.params.get("Overwrite") == Some("true");
    let now = request.now;
    let place = at(request.region, &name);
    let version = match request.account.stored.parameters.get_mut(&place) {
        Some(_) if !overwrite => {
            let message = "The parameter already exists. To overwrite this value, set the overwrite \
                           option in the request to true.";
            return Err(ServiceError::new(PARAMETER_EXISTS, message));
        }
        Some(there) if kind.as_ref().is_some_and(|kind| *kind != there.kind) => {
            let message =
                "Parameter Store does not support changing a parameter type in a hierarchy.";
            return Err(ServiceError::new(TYPE_MISMATCH, message));
        }
        Some(there) => {
            // Left out, it is the account's own key.
            there.key = key;
            there.modified = now;
            there.values.push(value);
            there.values.len()
        }
        None => {
            let kind = kind.ok_or_else(|| {
                let message = "A parameter type is required when you create a parameter.";
                ServiceError::new(VALIDATION, message)
            })?;
            let parameter = Parameter {
                kind,
                key,
                values: vec![value],
                modified: now,
            };
            request.account.stored.parameters.insert(place, parameter);
            1
        }
    };
    request.json = json!({ "Version": version, "Tier": "Standard" });
    Ok(())
}
