//! The actions the endpoint knows: one row of [`ACTIONS`] and one function each.
//!
//! To add one, write its function (check the parameters, ask the account, write the elements inside
//! `<…Result>`) and its row.

use chrono::TimeDelta;

use super::caller::RoleSession;
use super::error::ServiceError;
use super::paging::{list, skip_to};
use super::query::{Check, KEY_ID, PATH_PREFIX, Params, ROLE_ARN, ROLE_SESSION_NAME};
use super::request::Request;
use super::store::{Account, KEYS_PER_USER};
use super::tags::{list_user_tags, tag_user, untag_user, write_tags};
use super::user::{Key, Status, User};
use super::xml::Xml;

/// One of the two services behind the endpoint.
#[derive(Clone, Copy)]
pub(super) struct Service {
    /// The name in signatures and permissions.
    pub(super) name: &'static str,
    version: &'static str,
}

pub(super) const IAM: Service = Service {
    name: "iam",
    version: "2010-05-08",
};

const STS: Service = Service {
    name: "sts",
    version: "2011-06-15",
};

impl Service {
    /// The XML namespace of its responses.
    pub(super) fn namespace(self) -> String {
        let Self { name, version } = self;
        format!("https://{name}.amazonaws.com/doc/{version}/")
    }
}

/// The resource that `AccessDenied` names.
#[derive(Clone, Copy, Debug)]
enum Resource {
    Any,
    /// The users under a path.
    Users,
    /// The user named, or the caller.
    User,
    Key,
    Role,
}

/// What `GetAccountAuthorizationDetails` can be asked for.
const ENTITIES: &[&str] = &[
    "User",
    "Role",
    "Group",
    "LocalManagedPolicy",
    "AWSManagedPolicy",
];

type Run = fn(&mut Request<'_>) -> Result<(), ServiceError>;

/// An action of a service.
pub(super) struct Action {
    pub(super) service: Service,
    pub(super) name: &'static str,
    resource: Resource,
    pub(super) run: Run,
}

const ACTIONS: &[Action] = &[
    iam("ListUsers", Resource::Users, list_users),
    iam("GetUser", Resource::User, get_user),
    iam("GetAccountAuthorizationDetails", Resource::Any, get_details),
    iam("ListAccessKeys", Resource::User, list_access_keys),
    iam("CreateAccessKey", Resource::User, create_access_key),
    iam("UpdateAccessKey", Resource::User, update_access_key),
    iam("DeleteAccessKey", Resource::User, delete_access_key),
    iam("GetAccessKeyLastUsed", Resource::Key, get_last_used),
    iam("TagUser", Resource::User, tag_user),
    iam("UntagUser", Resource::User, untag_user),
    iam("ListUserTags", Resource::User, list_user_tags),
    iam("ListAccountAliases", Resource::Any, list_account_aliases),
    iam("GetAccountSummary", Resource::Any, get_account_summary),
    iam("GenerateCredentialReport", Resource::Any, generate_report),
    iam("GetCredentialReport", Resource::Any, get_report),
    sts("GetCallerIdentity", Resource::Any, get_caller_identity),
    sts("AssumeRole", Resource::Role, assume_role),
];

const fn iam(name: &'static str, resource: Resource, run: Run) -> Action {
    Action {
        service: IAM,
        name,
        resource,
        run,
    }
}

const fn sts(name: &'static str, resource: Resource, run: Run) -> Action {
    Action {
        service: STS,
        ..iam(name, resource, run)
    }
}

impl Action {
    /// The action of a name, in either service.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.name == name)
    }

    /// The action a request asks for.
    pub(super) fn requested(params: &Params) -> Option<&'static Self> {
        Self::named(params.get("Action")?)
            .filter(|action| params.get("Version") == Some(action.service.version))
    }

    /// Whether it can be denied: `GetCallerIdentity` is allowed under an explicit deny, too.
    pub(super) fn needs_permission(&self) -> bool {
        self.name != "GetCallerIdentity"
    }

    /// The error where the caller lacks the permission.
    pub(super) fn denied(&self, request: &Request<'_>) -> ServiceError {
        let param = |name| request.params.get(name).unwrap_or_default();
        let resource = match self.resource {
            Resource::Any => "*".to_owned(),
            Resource::Users => {
                let path = request.params.get("PathPrefix").unwrap_or("/");
                format!("arn:aws:iam::{}:user{path}", request.account.id())
            }
            Resource::User => {
                let user = request.params.get("UserName");
                let user = user.or(request.caller.user.as_deref());
                format!("user {}", user.unwrap_or_default())
            }
            Resource::Key => format!("access key {}", param("AccessKeyId")),
            Resource::Role => param("RoleArn").to_owned(),
        };
        let action = format!("{}:{}", self.service.name, self.name);
        request.access_denied(&action, &resource)
    }
}

fn list_users(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let prefix = check.optional(&PATH_PREFIX).unwrap_or("/");
    let page = check.page(request.longest_page);
    check.done()?;
    let after = page.after()?;
    let account = &*request.account;
    let users = account
        .users_after(after.as_deref())
        .filter(|user| user.path.starts_with(prefix));
    let write = |xml: &mut Xml, user: &User| write_user(xml, account, user);
    let mark = |user: &User| user.name.to_string();
    list(&mut request.result, "Users", &page, users, write, mark);
    Ok(())
}

/// The users alone: this account has no groups, roles and policies to tell of.
fn get_details(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let filter = check.some_of("Filter", ENTITIES);
    let page = check.page(request.longest_page);
    check.done()?;
    let after = page.after()?;
    let account = &*request.account;
    let users = account.users_after(after.as_deref());
    let users = users.filter(|_| filter.is_empty() || filter.contains(&"User"));
    let write = |xml: &mut Xml, user: &User| {
        write_user(xml, account, user);
        xml.element("GroupList", |_| {});
        xml.element("AttachedManagedPolicies", |_| {});
        write_tags(xml, user);
    };
    let mark = |user: &User| user.name.to_string();
    let xml = &mut request.result;
    list(xml, "UserDetailList", &page, users, write, mark);
    Ok(())
}

fn get_user(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let user = request.user_or_caller(Check::new(request.params))?;
    let account = &*request.account;
    let user = account.existing_user(&user)?;
    request.result.element("User", |xml| {
        write_user(xml, account, user);
        write_tags(xml, user);
    });
    Ok(())
}

fn list_access_keys(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let page = check.page(request.longest_page);
    let user = request.user_or_caller(check)?;
    let user = request.account.existing_user(&user)?;
    let mark = |key: &Key| key.id.to_string();
    let keys = skip_to(&page, user.keys.iter(), mark)?;
    request.result.text("UserName", &user.name);
    let (xml, name) = (&mut request.result, "AccessKeyMetadata");
    let write = |xml: &mut Xml, key: &Key| write_key(xml, user, key);
    list(xml, name, &page, keys, write, mark);
    Ok(())
}

fn create_access_key(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let user = request.user_or_caller(Check::new(request.params))?;
    let id = request.account.create_key(&user, request.now)?;
    if let Some((user, key)) = request.account.key(id.as_str()) {
        request.result.element("AccessKey", |xml| {
            write_key(xml, user, key);
            xml.text("SecretAccessKey", &key.id.secret());
        });
    }
    Ok(())
}

fn update_access_key(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let id = check.required(&KEY_ID);
    let status = match check.one_of("Status", &["Active", "Inactive"]) {
        "Active" => Status::Active,
        _ => Status::Inactive,
    };
    let id = request.key_of_user(check, id)?;
    request.account.update_key(id.as_str(), status, request.now);
    Ok(())
}

fn delete_access_key(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let id = check.required(&KEY_ID);
    let id = request.key_of_user(check, id)?;
    request.account.remove_key(id.as_str());
    Ok(())
}

fn get_last_used(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let id = check.required(&KEY_ID);
    check.done()?;
    let Some((owner, key)) = request.account.key(id) else {
        // Not NoSuchEntity: the service does not tell strangers which keys exist.
        let resource = format!("access key {id}");
        return Err(request.access_denied("iam:GetAccessKeyLastUsed", &resource));
    };
    request.result.text("UserName", &owner.name);
    request.result.element("AccessKeyLastUsed", |xml| {
        let used = key.last_used.as_ref();
        if let Some(used) = used {
            xml.time("LastUsedDate", used.at);
        }
        xml.text("ServiceName", used.map_or("N/A", |used| &used.service));
        xml.text("Region", used.map_or("N/A", |used| &used.region));
    });
    Ok(())
}

fn list_account_aliases(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let page = check.page(request.longest_page);
    check.done()?;
    // There is one page only, so any marker is invalid.
    if page.marker.is_some() {
        return Err(ServiceError::invalid_marker());
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

#[allow(clippy::unnecessary_wraps, reason = "all actions have one signature")]
fn get_account_summary(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let users = request.account.user_count();
    // Not a count: 1 also where root has two keys.
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
        // Accounts that need more have a higher quota.
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

#[allow(clippy::unnecessary_wraps, reason = "all actions have one signature")]
fn generate_report(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let state = request.reports.generate(request.account, request.now);
    if state == "STARTED" {
        let message = "No report exists. Starting a new report generation task";
        request.result.text("Description", message);
    }
    request.result.text("State", state);
    Ok(())
}

fn get_report(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let report = request.reports.get(request.now)?;
    // Base64 needs no escaping.
    request.result.value("Content", &report.content);
    request.result.text("ReportFormat", "text/csv");
    request.result.time("GeneratedTime", report.complete);
    Ok(())
}

#[allow(clippy::unnecessary_wraps, reason = "all actions have one signature")]
fn get_caller_identity(request: &mut Request<'_>) -> Result<(), ServiceError> {
    request.result.text("Arn", &request.caller.arn);
    request.result.text("UserId", &request.caller.id);
    request.result.text("Account", request.account.id());
    Ok(())
}

/// Every caller in the account may assume every role of it, for an hour.
fn assume_role(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let arn = check.required(&ROLE_ARN);
    let name = check.required(&ROLE_SESSION_NAME);
    check.done()?;
    let prefix = format!("arn:aws:iam::{}:role/", request.account.id());
    // A role's path is not part of its sessions' ARNs.
    let role = arn
        .strip_prefix(&prefix)
        .and_then(|path| path.rsplit('/').next())
        .filter(|role| !role.is_empty());
    // A role that does not exist is denied like one of another account.
    let role = role.ok_or_else(|| request.access_denied("sts:AssumeRole", arn))?;
    let session = request.account.assume_role(role, name);
    request.result.element("Credentials", |xml| {
        xml.text("AccessKeyId", session.key.as_str());
        xml.text("SecretAccessKey", &session.key.secret());
        xml.text("SessionToken", RoleSession::TOKEN);
        xml.time("Expiration", request.now + TimeDelta::hours(1));
    });
    request.result.element("AssumedRoleUser", |xml| {
        xml.text("AssumedRoleId", &session.caller.id);
        xml.text("Arn", &session.caller.arn);
    });
    Ok(())
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
        let known = |form: &str| Action::requested(&Params::read(None, form.as_bytes())).is_some();
        assert!(known("Action=ListUsers&Version=2010-05-08"));
        assert!(!known("Action=ListUsers&Version=2011-06-15"));
        assert!(!known("Action=ListUsers"));
        assert!(known("Action=GetCallerIdentity&Version=2011-06-15"));
        assert!(!known("Action=listusers&Version=2010-05-08"));
    }

    #[test]
    fn each_action_is_in_the_table_once() {
        let mut names: Vec<_> = ACTIONS.iter().map(|action| action.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
    }
}
