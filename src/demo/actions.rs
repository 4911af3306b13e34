//! The actions the endpoint knows: one row of [`ACTIONS`] and one function each.
//!
//! To add one, write its function (check the parameters, ask the account, write
//! the elements inside `<…Result>`) and its row.

use chrono::{DateTime, TimeDelta, Utc};

use super::paging::{list, read_marker};
use super::query::{Check, KEY_ID, PATH_PREFIX, Params, ROLE_ARN, ROLE_SESSION_NAME, USER_NAME};
use super::refusal::Refusal;
use super::report::{Reports, generate_credential_report, get_credential_report};
use super::sign::Caller;
use super::store::{Account, KEYS_PER_USER, RoleSession};
use super::tags::{list_user_tags, tag_user, untag_user, write_tags};
use super::user::{Key, Status, User};
use super::xml::Xml;

/// One of the two services behind the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Iam,
    Sts,
}

impl Service {
    /// Its name in signatures and permissions.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
        }
    }

    fn version(self) -> &'static str {
        match self {
            Self::Iam => "2010-05-08",
            Self::Sts => "2011-06-15",
        }
    }

    /// The namespace of its documents.
    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
        }
    }
}

/// What a refusal says an action would have been done to.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// Everything of the account.
    Any,
    /// The users under a path.
    Users,
    /// The user named, or the caller.
    User,
    /// The key named.
    Key,
    /// The role named.
    Role,
}

/// An action of a service.
pub(super) struct Action {
    pub(super) service: Service,
    pub(super) name: &'static str,
    target: Target,
    run: fn(&mut Request<'_>) -> Result<(), Refusal>,
}

/// A request for an action: all it may look at, and where its result goes.
pub(super) struct Request<'a> {
    pub(super) account: &'a mut Account,
    pub(super) reports: &'a mut Reports,
    pub(super) params: &'a Params,
    pub(super) caller: &'a Caller,
    pub(super) now: DateTime<Utc>,
    pub(super) longest_page: usize,
    pub(super) result: Xml,
}

const ACTIONS: &[Action] = &[
    iam("ListUsers", Target::Users, list_users),
    iam("GetUser", Target::User, get_user),
    iam("ListAccessKeys", Target::User, list_access_keys),
    iam("CreateAccessKey", Target::User, create_access_key),
    iam("UpdateAccessKey", Target::User, update_access_key),
    iam("DeleteAccessKey", Target::User, delete_access_key),
    iam(
        "GetAccessKeyLastUsed",
        Target::Key,
        get_access_key_last_used,
    ),
    iam("TagUser", Target::User, tag_user),
    iam("UntagUser", Target::User, untag_user),
    iam("ListUserTags", Target::User, list_user_tags),
    iam("ListAccountAliases", Target::Any, list_account_aliases),
    iam("GetAccountSummary", Target::Any, get_account_summary),
    iam(
        "GenerateCredentialReport",
        Target::Any,
        generate_credential_report,
    ),
    iam("GetCredentialReport", Target::Any, get_credential_report),
    Action {
        service: Service::Sts,
        name: "GetCallerIdentity",
        target: Target::Any,
        run: get_caller_identity,
    },
    Action {
        service: Service::Sts,
        name: "AssumeRole",
        target: Target::Role,
        run: assume_role,
    },
];

const fn iam(
    name: &'static str,
    target: Target,
    run: fn(&mut Request<'_>) -> Result<(), Refusal>,
) -> Action {
    Action {
        service: Service::Iam,
        name,
        target,
        run,
    }
}

impl Action {
    /// The action of a name, whatever the version.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.name == name)
    }

    /// The action a request asks for.
    pub(super) fn asked_for(params: &Params) -> Option<&'static Self> {
        Self::named(params.get("Action")?)
            .filter(|action| params.get("Version") == Some(action.service.version()))
    }

    /// Whether it can be refused: everybody may ask who they are.
    pub(super) fn needs_permission(&self) -> bool {
        self.name != "GetCallerIdentity"
    }

    /// Does it.
    pub(super) fn run(&self, request: &mut Request<'_>) -> Result<(), Refusal> {
        (self.run)(request)
    }

    /// The refusal to do it for want of permission.
    pub(super) fn denied(&self, request: &Request<'_>) -> Refusal {
        let resource = match self.target {
            Target::Any => "*".to_owned(),
            Target::Users => {
                let path = request.params.get("PathPrefix").unwrap_or("/");
                format!("arn:aws:iam::{}:user{path}", request.account.id())
            }
            Target::User => {
                let user = request.params.get("UserName").or(request.caller.user());
                format!("user {}", user.unwrap_or_default())
            }
            Target::Key => {
                let key = request.params.get("AccessKeyId").unwrap_or_default();
                format!("access key {key}")
            }
            Target::Role => request.params.get("RoleArn").unwrap_or_default().to_owned(),
        };
        let action = format!("{}:{}", self.service.name(), self.name);
        Refusal::access_denied(request.caller, &action, &resource)
    }
}

fn list_users(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let prefix = check.optional(&PATH_PREFIX).unwrap_or("/");
    let page = check.page(request.longest_page);
    check.done()?;
    let after = page.marker.map(read_marker).transpose()?;
    let account = &*request.account;
    let users = account
        .users_after(after.as_deref())
        .filter(|user| user.path.starts_with(prefix));
    list(
        &mut request.result,
        "Users",
        &page,
        users,
        |xml, user| xml.element("member", |xml| write_user(xml, account, user)),
        |user| user.name.to_string(),
    );
    Ok(())
}

fn get_user(request: &mut Request<'_>) -> Result<(), Refusal> {
    let user = named_user(request, Check::new(request.params))?;
    let user = find(request.account, &user)?;
    let account = &*request.account;
    request.result.element("User", |xml| {
        write_user(xml, account, user);
        write_tags(xml, user);
    });
    Ok(())
}

fn list_access_keys(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let page = check.page(request.longest_page);
    let user = named_user(request, check)?;
    let user = find(request.account, &user)?;
    let after = page.marker.map(read_marker).transpose()?;
    let past = match after {
        None => 0,
        // A key that is gone since the last page leaves no place to go on from.
        Some(id) => {
            let place = user.keys.iter().position(|key| key.id == *id);
            place.ok_or_else(Refusal::invalid_marker)? + 1
        }
    };
    request.result.text("UserName", &user.name);
    list(
        &mut request.result,
        "AccessKeyMetadata",
        &page,
        user.keys.iter().skip(past),
        |xml, key| xml.element("member", |xml| write_key(xml, user, key)),
        |key| key.id.to_string(),
    );
    Ok(())
}

fn create_access_key(request: &mut Request<'_>) -> Result<(), Refusal> {
    let user = named_user(request, Check::new(request.params))?;
    let id = request.account.create_key(&user, request.now)?;
    let (user, key) = request
        .account
        .key(id.as_str())
        .ok_or_else(|| Refusal::no_such_key(id.as_str()))?;
    request.result.element("AccessKey", |xml| {
        write_key(xml, user, key);
        xml.text("SecretAccessKey", &key.id.secret());
    });
    Ok(())
}

fn update_access_key(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let id = check.required(&KEY_ID);
    let status = match check.one_of("Status", &["Active", "Inactive"]) {
        0 => Status::Active,
        _ => Status::Inactive,
    };
    let id = key_of_user(request, check, id)?;
    request.account.update_key(&id, status, request.now);
    Ok(())
}

fn delete_access_key(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let id = check.required(&KEY_ID);
    let id = key_of_user(request, check, id)?;
    request.account.remove_key(&id);
    Ok(())
}

fn get_access_key_last_used(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let id = check.required(&KEY_ID);
    check.done()?;
    let Some((user, key)) = request.account.key(id) else {
        // Not "no such key": the service does not tell strangers which exist.
        let action = Action::named("GetAccessKeyLastUsed");
        return Err(action.map_or_else(|| Refusal::no_such_key(id), |it| it.denied(request)));
    };
    request.result.text("UserName", &user.name);
    request.result.element("AccessKeyLastUsed", |xml| {
        if let Some(used) = &key.last_used {
            xml.time("LastUsedDate", used.at);
            xml.text("ServiceName", &used.service);
            xml.text("Region", &used.region);
        } else {
            xml.text("ServiceName", "N/A");
            xml.text("Region", "N/A");
        }
    });
    Ok(())
}

fn list_account_aliases(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let page = check.page(request.longest_page);
    check.done()?;
    // There is one page, so there is no marker to give back.
    if page.marker.is_some() {
        return Err(Refusal::invalid_marker());
    }
    let alias = request.account.alias();
    request.result.element("AccountAliases", |xml| {
        if let Some(alias) = alias {
            xml.text("member", alias);
        }
    });
    request.result.value("IsTruncated", false);
    Ok(())
}

#[allow(clippy::unnecessary_wraps, reason = "all actions have one shape")]
fn get_account_summary(request: &mut Request<'_>) -> Result<(), Refusal> {
    let users = request.account.user_count();
    // One stands for any number.
    let root_keys = usize::from(!request.account.root_keys().is_empty());
    let entries = [
        ("AccessKeysPerUserQuota", KEYS_PER_USER),
        ("AccountAccessKeysPresent", root_keys),
        ("AccountMFAEnabled", 1),
        ("AccountPasswordPresent", 1),
        ("AccountSigningCertificatesPresent", 0),
        ("Groups", 0),
        ("GroupsQuota", 300),
        ("MFADevices", 1),
        ("MFADevicesInUse", 1),
        ("Policies", 0),
        ("PoliciesQuota", 1500),
        ("Roles", 1),
        ("RolesQuota", 1000),
        ("Users", users),
        // Accounts that need more are given more.
        ("UsersQuota", users.max(5000)),
    ];
    request.result.element("SummaryMap", |xml| {
        for (key, value) in entries {
            xml.element("entry", |xml| {
                xml.text("key", key);
                xml.value("value", value);
            });
        }
    });
    Ok(())
}

#[allow(clippy::unnecessary_wraps, reason = "all actions have one shape")]
fn get_caller_identity(request: &mut Request<'_>) -> Result<(), Refusal> {
    request.result.text("Arn", request.caller.arn());
    request.result.text("UserId", request.caller.id());
    request.result.text("Account", request.account.id());
    Ok(())
}

/// Every role of the account lets everybody in it assume it, for an hour.
fn assume_role(request: &mut Request<'_>) -> Result<(), Refusal> {
    let mut check = Check::new(request.params);
    let arn = check.required(&ROLE_ARN);
    let name = check.required(&ROLE_SESSION_NAME);
    check.done()?;
    let prefix = format!("arn:aws:iam::{}:role/", request.account.id());
    // A role's path is not part of its sessions' names.
    let role = arn
        .strip_prefix(&prefix)
        .and_then(|path| path.rsplit('/').next())
        .filter(|role| !role.is_empty());
    let Some(role) = role else {
        // What is elsewhere, or is nowhere, is refused alike.
        let action = Action::named("AssumeRole");
        return Err(action.map_or_else(Refusal::unknown_token, |it| it.denied(request)));
    };
    let session = request.account.assume_role(role, name).clone();
    request.result.element("Credentials", |xml| {
        xml.text("AccessKeyId", session.key.as_str());
        xml.text("SecretAccessKey", &session.key.secret());
        xml.text("SessionToken", RoleSession::TOKEN);
        xml.time("Expiration", request.now + TimeDelta::hours(1));
    });
    let arn = request.account.session_arn(&session);
    request.result.element("AssumedRoleUser", |xml| {
        xml.text("AssumedRoleId", &session.id());
        xml.text("Arn", &arn);
    });
    Ok(())
}

/// Ends a check with the user: the one named, or else the caller.
fn named_user(request: &Request<'_>, mut check: Check<'_>) -> Result<String, Refusal> {
    let user = check.optional(&USER_NAME);
    check.done()?;
    user.or(request.caller.user())
        .map(str::to_owned)
        .ok_or_else(Refusal::needs_user_name)
}

/// As [`named_user`], for a key that must be that user's.
fn key_of_user(request: &Request<'_>, check: Check<'_>, id: &str) -> Result<String, Refusal> {
    let user = named_user(request, check)?;
    let user = find(request.account, &user)?;
    user.keys
        .iter()
        .find(|key| key.id == *id)
        .map(|key| key.id.to_string())
        .ok_or_else(|| Refusal::no_such_key(id))
}

pub(super) fn find<'a>(account: &'a Account, name: &str) -> Result<&'a User, Refusal> {
    account
        .user(name)
        .ok_or_else(|| Refusal::no_such_user(name))
}

fn write_user(xml: &mut Xml, account: &Account, user: &User) {
    xml.text("Path", &user.path);
    xml.text("UserName", &user.name);
    xml.text("UserId", &user.id());
    xml.text("Arn", &account.arn(user));
    xml.time("CreateDate", user.created);
}

fn write_key(xml: &mut Xml, user: &User, key: &Key) {
    xml.text("UserName", &user.name);
    xml.text("AccessKeyId", key.id.as_str());
    xml.text("Status", key.status.as_str());
    xml.time("CreateDate", key.created);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_belongs_to_the_version_of_its_service() {
        let asked = |form: &str| Action::asked_for(&Params::read(None, form.as_bytes())).is_some();
        assert!(asked("Action=ListUsers&Version=2010-05-08"));
        assert!(!asked("Action=ListUsers&Version=2011-06-15"));
        assert!(!asked("Action=ListUsers"));
        assert!(asked("Action=GetCallerIdentity&Version=2011-06-15"));
        assert!(!asked("Action=listusers&Version=2010-05-08"));
    }

    #[test]
    fn each_action_is_in_the_table_once() {
        let mut names: Vec<_> = ACTIONS.iter().map(|action| action.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
    }
}
