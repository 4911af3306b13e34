//! The actions of IAM: users, their keys, and what is true of the account. Those on tags are in `tags`.

use super::credentials::CredentialKind;
use super::entities::write_boundary;
use super::error::{DELETE_CONFLICT, ServiceError};
use super::paging::{list, skip_to};
use super::query::{Check, KEY_ID, PATH_PREFIX, USER_NAME};
use super::request::Request;
use super::store::{Account, KEYS_PER_USER};
use super::tags::write_tags;
use super::user::{Key, Status, User};
use super::xml::Xml;

pub(super) fn list_users(request: &mut Request<'_>) -> Result<(), ServiceError> {
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

pub(super) fn get_user(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let user = request.user_or_caller(Check::new(request.params))?;
    let account = &*request.account;
    let user = account.existing_user(&user)?;
    request.result.element("User", |xml| {
        write_user(xml, account, user);
        write_boundary(xml, account, user);
        write_tags(xml, user);
    });
    Ok(())
}

/// Deletes a user who has nothing left. A boundary is no obstacle, and neither are tags.
pub(super) fn delete_user(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let name = check.required(&USER_NAME);
    check.done()?;
    let user = request.account.existing_user(name)?;
    if let Some(first) = in_the_way(request.account, user) {
        let message = format!("Cannot delete entity, must {first} first.");
        return Err(ServiceError::new(DELETE_CONFLICT, message));
    }
    request.account.remove_user(name);
    Ok(())
}

/// What has to be done before a user can be deleted.
fn in_the_way(account: &Account, user: &User) -> Option<&'static str> {
    let granted = account.granted(&user.name);
    let has = |kind: &CredentialKind| {
        let mut own = account.credentials(&user.name).iter();
        own.any(|it| it.kind.is_like(kind))
    };
    let obstacles = [
        (account.password(user).is_some(), "delete login profile"),
        (!user.keys.is_empty(), "delete access keys"),
        (
            has(&CredentialKind::Certificate),
            "delete signing certificates",
        ),
        (has(&CredentialKind::SshKey), "delete SSH public keys"),
        (
            has(&CredentialKind::Service(String::new())),
            "remove referenced objects",
        ),
        (
            account.mfa_serial(&user.name).is_some(),
            "delete MFA device",
        ),
        (
            granted.is_some_and(|it| !it.inline.is_empty()),
            "delete policies",
        ),
        (
            granted.is_some_and(|it| !it.attached.is_empty()),
            "detach all policies",
        ),
        (
            account.groups_of(&user.name).next().is_some(),
            "remove users from group",
        ),
    ];
    let mut obstacles = obstacles.into_iter();
    obstacles.find_map(|(is_there, first)| is_there.then_some(first))
}

pub(super) fn list_access_keys(request: &mut Request<'_>) -> Result<(), ServiceError> {
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

pub(super) fn create_access_key(request: &mut Request<'_>) -> Result<(), ServiceError> {
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

pub(super) fn update_access_key(request: &mut Request<'_>) -> Result<(), ServiceError> {
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

pub(super) fn delete_access_key(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let id = check.required(&KEY_ID);
    let id = request.key_of_user(check, id)?;
    request.account.remove_key(id.as_str());
    Ok(())
}

pub(super) fn get_last_used(request: &mut Request<'_>) -> Result<(), ServiceError> {
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

pub(super) fn list_account_aliases(request: &mut Request<'_>) -> Result<(), ServiceError> {
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
pub(super) fn get_account_summary(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let users = request.account.user_count();
    // Not a count: 1 also where root has two keys.
    let root_keys = usize::from(!request.account.root_keys().is_empty());
    let entries = [
        ("AccessKeysPerUserQuota", KEYS_PER_USER),
        ("AccountAccessKeysPresent", root_keys),
        ("AccountMFAEnabled", 1),
        ("AccountPasswordPresent", 1),
        ("AccountSigningCertificatesPresent", 0),
        ("Groups", request.account.groups().count()),
        ("GroupsQuota", 300),
        ("MFADevices", 1),
        ("MFADevicesInUse", 1),
        ("Policies", request.account.own_policies().count()),
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
pub(super) fn generate_report(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let state = request.reports.generate(request.account, request.now);
    if state == "STARTED" {
        let message = "No report exists. Starting a new report generation task";
        request.result.text("Description", message);
    }
    request.result.text("State", state);
    Ok(())
}

pub(super) fn get_report(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let report = request.reports.get(request.now)?;
    // Base64 needs no escaping.
    request.result.value("Content", &report.content);
    request.result.text("ReportFormat", "text/csv");
    request.result.time("GeneratedTime", report.complete);
    Ok(())
}

pub(super) fn list_mfa_devices(request: &mut Request<'_>) -> Result<(), ServiceError> {
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

pub(super) fn write_user(xml: &mut Xml, account: &Account, user: &User) {
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
