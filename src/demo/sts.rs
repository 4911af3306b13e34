//! The actions of STS: who signs a request, and sessions.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::caller::{Caller, Session};
use super::error::{ACCESS_DENIED, PACKED_POLICY_TOO_LARGE, ServiceError, VALIDATION};
use super::policy::Policy;
use super::query::{
    Check, EXTERNAL_ID, KEY_ID, POLICY, POLICY_ARN, ROLE_ARN, ROLE_SESSION_NAME, SERIAL_NUMBER,
    TOKEN_CODE,
};
use super::request::Request;
use super::role::Role;
use super::xml::Xml;
use crate::engine::key_id;

/// The shortest session there is.
const SHORTEST: TimeDelta = TimeDelta::minutes(15);

/// The longest one of any role, unless the role says less.
const LONGEST_OF_ROLES: TimeDelta = TimeDelta::hours(12);

/// How long a session of a role lasts unless the request says otherwise; that of a role that was
/// assumed by a session of another role never lasts longer.
const OF_ROLE: TimeDelta = TimeDelta::hours(1);

const LONGEST_OF_USERS: TimeDelta = TimeDelta::hours(36);

/// How long a session of a user lasts unless the request says otherwise.
const OF_USER: TimeDelta = TimeDelta::hours(12);

/// How many managed policies narrow a session, at most.
const POLICY_ARNS: usize = 10;

/// How much room the policies of a session have together. AWS packs them before it measures, and does
/// not say how: here the room is what the longest policy alone takes.
const PACKED: usize = 2048;

#[allow(clippy::unnecessary_wraps, reason = "all actions have one signature")]
pub(super) fn get_caller_identity(request: &mut Request<'_>) -> Result<(), ServiceError> {
    request.result.text("Arn", &request.caller.arn);
    request.result.text("UserId", &request.caller.id);
    request.result.text("Account", request.account.id());
    Ok(())
}

/// Which account a key was made in, whoever asks.
pub(super) fn get_access_key_info(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let id = check.required(&KEY_ID);
    check.done()?;
    not_by_session(request, "GetAccessKeyInfo")?;
    let holds = |account: &&super::store::Account| {
        let of_root = account.root_keys().iter().any(|key| key.id == id);
        account.key(id).is_some() || account.session(id).is_some() || of_root
    };
    let known = request.accounts().find(holds);
    let known = known.map(|account| account.id().to_owned());
    // The accounts here have IDs in which there is no number; those of strangers do.
    let account = known.or_else(|| key_id::account_of(id)).ok_or_else(|| {
        ServiceError::new(
            VALIDATION,
            "Invalid access key ID: no account can be found.",
        )
    })?;
    request.result.text("Account", &account);
    Ok(())
}

pub(super) fn get_session_token(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let (least, most) = (SHORTEST.num_seconds(), LONGEST_OF_USERS.num_seconds());
    let lasts = check.seconds("DurationSeconds", least, most);
    let mfa = check_mfa(&mut check);
    check.done()?;
    not_by_session(request, "GetSessionToken")?;
    let mfa = mfa.prove(request)?;
    let caller = Caller {
        key: None,
        mfa,
        issued: Some(request.now),
        ..request.caller.clone()
    };
    let expires = request.now + lasts.unwrap_or(OF_USER);
    let session = request.account.begin(caller, Some(expires));
    write_credentials(&mut request.result, session, expires);
    Ok(())
}

/// Sessions may not begin others this way. Of a user's, STS knows nothing but who signs and
/// `AssumeRole`.
fn not_by_session(request: &Request<'_>, action: &str) -> Result<(), ServiceError> {
    let caller = request.caller;
    let refused = match action {
        "GetSessionToken" => caller.key.is_none(),
        _ => caller.is_user_session(),
    };
    if refused {
        let message = format!("Cannot call {action} with session credentials");
        return Err(ServiceError::new(ACCESS_DENIED, message));
    }
    Ok(())
}

pub(super) fn assume_role(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let arn = check.required(&ROLE_ARN);
    let name = check.required(&ROLE_SESSION_NAME);
    let (least, most) = (SHORTEST.num_seconds(), LONGEST_OF_ROLES.num_seconds());
    let lasts = check.seconds("DurationSeconds", least, most);
    let external_id = check.optional(&EXTERNAL_ID);
    let policy = check.optional(&POLICY);
    let policy_arns = check.fields("PolicyArns", POLICY_ARNS, &POLICY_ARN);
    let mfa = check_mfa(&mut check);
    check.done()?;
    let narrowed = narrowed(policy, &policy_arns)?;
    let mfa = mfa.prove(request)? || request.caller.mfa;

    let (caller, home) = (request.caller, request.account.id().to_owned());
    // A role that does not exist is denied like one that trusts others, and names no reason.
    let denied = request.denied("sts:AssumeRole", arn, "");
    let now = request.now;
    let id = arn.split(':').nth(4).unwrap_or_default();
    let account = request.account_of(id).filter(|account| account.is_usable());
    let Some(account) = account else {
        return Err(denied);
    };
    let role = account.role(arn);
    let Some(role) = role.filter(|role| role.trust.admits(caller, &home, external_id, mfa)) else {
        return Err(denied);
    };
    let lasts = duration(lasts, &role, caller)?;
    let mut session_caller = account.role_caller(&role, name);
    let packed = narrowed.as_ref().map(|narrowed| narrowed.packed);
    session_caller.issued = Some(now);
    session_caller.session_policies = narrowed.map(|narrowed| narrowed.policies);
    let expires = now + lasts;
    let session = account.begin(session_caller, Some(expires)).clone();
    write_credentials(&mut request.result, &session, expires);
    request.result.element("AssumedRoleUser", |xml| {
        xml.text("AssumedRoleId", &session.caller.id);
        xml.text("Arn", &session.caller.arn);
    });
    if let Some(packed) = packed {
        // One name since 2026-06-17, the other before.
        request.result.value("SessionTokenUtilization", packed);
        request.result.value("PackedPolicySize", packed);
    }
    Ok(())
}

/// How long a session of a role lasts.
fn duration(
    wanted: Option<TimeDelta>,
    role: &Role,
    caller: &Caller,
) -> Result<TimeDelta, ServiceError> {
    let error = |message| Err(ServiceError::new(VALIDATION, message));
    match wanted {
        Some(wanted) if caller.role_arn.is_some() && wanted > OF_ROLE => error(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by \
             role chaining",
        ),
        Some(wanted) if wanted > role.longest => {
            error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
        }
        wanted => Ok(wanted.unwrap_or(OF_ROLE)),
    }
}

/// What a session is narrowed to.
struct Narrowed {
    policies: Arc<[Policy]>,
    /// How much of the room for policies is taken, in percent.
    packed: usize,
}

fn narrowed(policy: Option<&str>, arns: &[&str]) -> Result<Option<Narrowed>, ServiceError> {
    let mut policies = Vec::new();
    let mut size = 0;
    if let Some(document) = policy {
        policies.push(Policy::parse(document)?);
        size += document.split_whitespace().map(str::len).sum::<usize>();
    }
    for arn in arns {
        let policy = Policy::managed(arn).ok_or_else(|| {
            // AWS refuses these; its own message is not on record.
            let message = format!("Policy {arn} does not exist or is not attachable.");
            ServiceError::new(VALIDATION, message)
        })?;
        policies.push(policy);
        size += arn.len();
    }
    let percent = (size * 100).div_ceil(PACKED);
    if percent > 100 {
        let message = format!(
            "Packed policy consumes {percent}% of allotted space, please use smaller policy."
        );
        return Err(ServiceError::new(PACKED_POLICY_TOO_LARGE, message));
    }
    Ok((!policies.is_empty()).then(|| Narrowed {
        policies: policies.into(),
        packed: percent,
    }))
}

/// What a request says of an MFA device.
struct Mfa<'a> {
    serial: Option<&'a str>,
    code: Option<&'a str>,
}

fn check_mfa<'a>(check: &mut Check<'a>) -> Mfa<'a> {
    Mfa {
        serial: check.optional(&SERIAL_NUMBER),
        code: check.optional(&TOKEN_CODE),
    }
}

impl Mfa<'_> {
    /// Whether the caller has proven to hold the device; an error where the proof is wrong.
    fn prove(&self, request: &mut Request<'_>) -> Result<bool, ServiceError> {
        let (serial, code) = match (self.serial, self.code) {
            (None, None) => return Ok(false),
            (serial, code) => (serial.unwrap_or_default(), code.unwrap_or_default()),
        };
        // A role has no device.
        let user = request.caller.user.as_deref().unwrap_or_default();
        request.account.check_mfa(user, serial, code, request.now)?;
        Ok(true)
    }
}

fn write_credentials(xml: &mut Xml, session: &Session, expires: DateTime<Utc>) {
    xml.element("Credentials", |xml| {
        xml.text("AccessKeyId", session.key.as_str());
        xml.text("SecretAccessKey", &session.key.secret());
        xml.text("SessionToken", &session.token());
        xml.time("Expiration", expires);
    });
}
