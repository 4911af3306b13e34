//! The actions the endpoint knows: one row of [`ACTIONS`] and one function each.
//!
//! To add one, write its function (check the parameters, ask the account, write the elements inside
//! `<…Result>`) and its row.

use super::error::ServiceError;
use super::login;
use super::organizations::{describe_organization, list_accounts};
use super::pages;
use super::paging::{list, skip_to};
use super::portal::{self, Visit};
use super::query::{Check, KEY_ID, PATH_PREFIX, Params};
use super::request::Request;
use super::service::{IAM, OIDC, ORGANIZATIONS, Output, Protocol, SSO, STS, Service};
use super::store::{Account, KEYS_PER_USER};
use super::sts;
use super::tags::{list_user_tags, tag_user, untag_user, write_tags};
use super::user::{Key, Status, User};
use super::xml::Xml;

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

type Signed = fn(&mut Request<'_>) -> Result<(), ServiceError>;
pub(super) type Unsigned = fn(&mut Visit<'_>) -> Result<Output, ServiceError>;

/// What an action does.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// For someone who has signed the request.
    Signed(Signed),
    /// For whoever knows a token, or is about to get one. The action is in the method and the path.
    Unsigned(&'static str, Unsigned),
}

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
    iam("ListMFADevices", Resource::User, list_mfa_devices),
    sts("GetCallerIdentity", Resource::Any, sts::get_caller_identity),
    sts("AssumeRole", Resource::Role, sts::assume_role),
    sts("GetSessionToken", Resource::Any, sts::get_session_token),
    sts("GetAccessKeyInfo", Resource::Any, sts::get_access_key_info),
    organizations("DescribeOrganization", describe_organization),
    organizations("ListAccounts", list_accounts),
    sso(
        "ListAccounts",
        "GET /assignment/accounts",
        portal::list_accounts,
    ),
    sso(
        "ListAccountRoles",
        "GET /assignment/roles",
        portal::list_account_roles,
    ),
    sso(
        "GetRoleCredentials",
        "GET /federation/credentials",
        portal::get_role_credentials,
    ),
    sso("Logout", "POST /logout", portal::log_out),
    oidc(
        "RegisterClient",
        "POST /client/register",
        login::register_client,
    ),
    oidc(
        "StartDeviceAuthorization",
        "POST /device_authorization",
        login::start_device_authorization,
    ),
    oidc("CreateToken", "POST /token", login::create_token),
    oidc("Authorize", "GET /authorize", pages::authorize),
    oidc("ShowDevice", "GET /device", pages::device),
    oidc("DecideDevice", "POST /device", pages::decide_device),
];

const fn iam(name: &'static str, resource: Resource, run: Signed) -> Action {
    Action {
        service: IAM,
        name,
        resource,
        run: Run::Signed(run),
    }
}

const fn sts(name: &'static str, resource: Resource, run: Signed) -> Action {
    Action {
        service: STS,
        ..iam(name, resource, run)
    }
}

const fn organizations(name: &'static str, run: Signed) -> Action {
    Action {
        service: ORGANIZATIONS,
        ..iam(name, Resource::Any, run)
    }
}

const fn sso(name: &'static str, route: &'static str, run: Unsigned) -> Action {
    Action {
        service: SSO,
        name,
        resource: Resource::Any,
        run: Run::Unsigned(route, run),
    }
}

const fn oidc(name: &'static str, route: &'static str, run: Unsigned) -> Action {
    Action {
        service: OIDC,
        ..sso(name, route, run)
    }
}

impl Action {
    /// Whether it is meant by a name, `ListUsers` or `iam:ListUsers`: some actions of different
    /// services share one.
    pub(super) fn is(&self, name: &str) -> bool {
        match name.split_once(':') {
            Some((service, name)) => self.service.name == service && self.name == name,
            None => self.name == name,
        }
    }

    /// The first action of a name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| action.is(name))
    }

    /// The action that a form asks for.
    pub(super) fn of_form(params: &Params) -> Option<&'static Self> {
        let (name, version) = (params.get("Action")?, params.get("Version")?);
        ACTIONS.iter().find(|action| {
            let speaks = matches!(action.service.protocol, Protocol::Query(its) if its == version);
            action.name == name && speaks
        })
    }

    /// The action of a name in a service.
    pub(super) fn in_service(service: Service, name: &str) -> Option<&'static Self> {
        let mut actions = ACTIONS.iter();
        actions.find(|action| action.service == service && action.name == name)
    }

    /// The action of a method and a path, `GET /assignment/accounts`.
    pub(super) fn at_route(wanted: &str) -> Option<&'static Self> {
        ACTIONS.iter().find(|action| match action.run {
            Run::Unsigned(route, _) => route == wanted,
            Run::Signed(_) => false,
        })
    }

    /// As permissions name it: `iam:ListUsers`.
    pub(super) fn permission(&self) -> String {
        format!("{}:{}", self.service.name, self.name)
    }

    /// Whether it can be denied: these two are allowed under an explicit deny, too.
    pub(super) fn needs_permission(&self) -> bool {
        !matches!(self.name, "GetCallerIdentity" | "GetSessionToken")
    }

    /// The error where the caller lacks the permission.
    pub(super) fn denied(&self, request: &Request<'_>) -> ServiceError {
        request.access_denied(&self.permission(), &self.named_resource(request))
    }

    /// An error where the caller's policies, or the account, refuse it.
    pub(super) fn check_permission(&self, request: &Request<'_>) -> Result<(), ServiceError> {
        if !self.needs_permission() {
            return Ok(());
        }
        let permission = self.permission();
        let caller = request.caller;
        let without_mfa = self.service == IAM
            // What it takes to get a session with MFA.
            && self.name != "ListMFADevices"
            && !caller.mfa
            && caller.user.as_deref().is_some_and(|user| request.account.needs_mfa(user));
        let why = if without_mfa {
            Some("with an explicit deny in an identity-based policy".to_owned())
        } else {
            caller.refused(&permission, &self.arn(request))
        };
        why.map_or(Ok(()), |why| {
            Err(request.denied(&permission, &self.named_resource(request), &why))
        })
    }

    /// The resource as AWS's message names it.
    fn named_resource(&self, request: &Request<'_>) -> String {
        let param = |name| request.params.get(name).unwrap_or_default();
        match self.resource {
            Resource::User => {
                let user = request.params.get("UserName");
                let user = user.or(request.caller.user.as_deref());
                format!("user {}", user.unwrap_or_default())
            }
            Resource::Key => format!("access key {}", param("AccessKeyId")),
            _ => self.arn(request),
        }
    }

    /// The resource as policies name it.
    fn arn(&self, request: &Request<'_>) -> String {
        let param = |name| request.params.get(name);
        let account = &*request.account;
        let of_user = |name: &str| match account.user(name) {
            Some(user) => account.arn(user),
            None => format!("arn:aws:iam::{}:user/{name}", account.id()),
        };
        match self.resource {
            Resource::Any => "*".to_owned(),
            Resource::Users => {
                let path = param("PathPrefix").unwrap_or("/");
                format!("arn:aws:iam::{}:user{path}", account.id())
            }
            Resource::User => {
                let user = param("UserName").or(request.caller.user.as_deref());
                of_user(user.unwrap_or_default())
            }
            Resource::Key => {
                let owner = param("AccessKeyId").and_then(|id| account.key(id));
                owner.map_or_else(|| "*".to_owned(), |(user, _)| account.arn(user))
            }
            Resource::Role => param("RoleArn").unwrap_or_default().to_owned(),
        }
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
        ("Roles", request.account.role_count()),
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

fn list_mfa_devices(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let page = check.page(request.longest_page);
    let name = request.user_or_caller(check)?;
    let user = request.account.existing_user(&name)?;
    let serial = request.account.mfa_serial(&name);
    let serials = skip_to(&page, serial.iter(), String::clone)?;
    let write = |xml: &mut Xml, serial: &String| {
        xml.text("UserName", &user.name);
        xml.text("SerialNumber", serial);
        xml.time("EnableDate", user.created);
    };
    let xml = &mut request.result;
    list(xml, "MFADevices", &page, serials, write, String::clone);
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
        let known = |form: &str| Action::of_form(&Params::read(None, form.as_bytes())).is_some();
        assert!(known("Action=ListUsers&Version=2010-05-08"));
        assert!(!known("Action=ListUsers&Version=2011-06-15"));
        assert!(!known("Action=ListUsers"));
        assert!(known("Action=GetCallerIdentity&Version=2011-06-15"));
        assert!(!known("Action=listusers&Version=2010-05-08"));
    }

    #[test]
    fn each_action_is_in_the_table_once() {
        let route = |action: &Action| match action.run {
            Run::Unsigned(route, _) => Some(route),
            Run::Signed(_) => None,
        };
        let mut routes: Vec<_> = ACTIONS.iter().filter_map(route).collect();
        let count = routes.len();
        routes.sort_unstable();
        routes.dedup();
        assert_eq!(routes.len(), count);
        let mut names: Vec<_> = ACTIONS.iter().map(Action::permission).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
    }
}
