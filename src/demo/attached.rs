//! The actions on the policies of users and groups, and on managed policies. Documents are sent
//! percent-encoded, as they were written.

use super::error::{NO_SUCH_ENTITY, ServiceError};
use super::managed::{Document, Managed, Version};
use super::paging::{list, skip_to};
use super::policies::{Group, no_such_inline};
use super::policy::Policy;
use super::query::{
    Check, GROUP_NAME, PATH_PREFIX, POLICY_ARN, POLICY_DOCUMENT, POLICY_NAME, Page, USER_NAME,
    VERSION_ID,
};
use super::request::Request;
use super::store::Account;
use super::xml::Xml;

pub(super) fn list_attached_user_policies(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let prefix = check.optional(&PATH_PREFIX).unwrap_or("/");
    let page = check.page(request.longest_page);
    check.done()?;
    let account = &*request.account;
    account.existing_user(user)?;
    let attached = account.granted(user).map(|granted| &*granted.attached);
    let attached = attached.unwrap_or_default();
    list_attached(&mut request.result, &page, prefix, attached)
}

pub(super) fn list_attached_group_policies(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let group = check.required(&GROUP_NAME);
    let prefix = check.optional(&PATH_PREFIX).unwrap_or("/");
    let page = check.page(request.longest_page);
    check.done()?;
    let attached = &request.account.existing_group(group)?.attached;
    list_attached(&mut request.result, &page, prefix, attached)
}

fn list_attached(
    xml: &mut Xml,
    page: &Page<'_>,
    prefix: &str,
    arns: &[String],
) -> Result<(), ServiceError> {
    let under = |arn: &&String| {
        let path = arn.split_once(":policy").map_or("/", |(_, path)| path);
        path.starts_with(prefix)
    };
    let arns = skip_to(page, arns.iter().filter(under), String::clone)?;
    let write = |xml: &mut Xml, arn: &String| write_attached(xml, arn);
    list(xml, "AttachedPolicies", page, arns, write, String::clone);
    Ok(())
}

/// A policy that is attached to something.
pub(super) fn write_attached(xml: &mut Xml, arn: &str) {
    xml.text("PolicyName", arn.rsplit('/').next().unwrap_or_default());
    xml.text("PolicyArn", arn);
}

pub(super) fn list_user_policies(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let page = check.page(request.longest_page);
    check.done()?;
    request.account.existing_user(user)?;
    let granted = request.account.granted(user);
    let names = granted.into_iter().flat_map(|it| it.inline.keys());
    list_names(&mut request.result, &page, names)
}

pub(super) fn list_group_policies(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let group = check.required(&GROUP_NAME);
    let page = check.page(request.longest_page);
    check.done()?;
    let names = request.account.existing_group(group)?.inline.keys();
    list_names(&mut request.result, &page, names)
}

fn list_names<'a>(
    xml: &mut Xml,
    page: &Page<'_>,
    names: impl Iterator<Item = &'a String>,
) -> Result<(), ServiceError> {
    let names = skip_to(page, names, String::clone)?;
    let write = |xml: &mut Xml, name: &String| xml.content(name);
    list(xml, "PolicyNames", page, names, write, String::clone);
    Ok(())
}

pub(super) fn get_user_policy(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let name = check.required(&POLICY_NAME);
    check.done()?;
    let user_name = &request.account.existing_user(user)?.name;
    let granted = request.account.granted(user);
    let document = granted.and_then(|granted| granted.inline.get(name));
    let document = document.ok_or_else(|| no_such_inline("user", name))?;
    request.result.text("UserName", user_name);
    write_inline(&mut request.result, name, document);
    Ok(())
}

pub(super) fn get_group_policy(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let group = check.required(&GROUP_NAME);
    let name = check.required(&POLICY_NAME);
    check.done()?;
    let group = request.account.existing_group(group)?;
    let document = group.inline.get(name);
    let document = document.ok_or_else(|| no_such_inline("group", name))?;
    request.result.text("GroupName", &group.name);
    write_inline(&mut request.result, name, document);
    Ok(())
}

/// An inline policy.
pub(super) fn write_inline(xml: &mut Xml, name: &str, document: &Document) {
    xml.text("PolicyName", name);
    xml.value("PolicyDocument", document.encoded());
}

pub(super) fn put_user_policy(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let name = check.required(&POLICY_NAME);
    let document = check.required(&POLICY_DOCUMENT);
    check.done()?;
    request.account.existing_user(user)?;
    Policy::written(document)?;
    request.account.put_user_policy(user, name, document)
}

pub(super) fn delete_user_policy(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let name = check.required(&POLICY_NAME);
    check.done()?;
    request.account.delete_user_policy(user, name)
}

pub(super) fn list_groups_for_user(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let user = check.required(&USER_NAME);
    let page = check.page(request.longest_page);
    check.done()?;
    let account = &*request.account;
    account.existing_user(user)?;
    let mark = |group: &Group| group.name.clone();
    let groups = skip_to(&page, account.groups_of(user), mark)?;
    let write = |xml: &mut Xml, group: &Group| write_group(xml, account, group);
    list(&mut request.result, "Groups", &page, groups, write, mark);
    Ok(())
}

/// What is told of a group wherever it is.
pub(super) fn write_group(xml: &mut Xml, account: &Account, group: &Group) {
    xml.text("Path", &group.path);
    xml.text("GroupName", &group.name);
    xml.text("GroupId", &account.group_id(group));
    xml.text("Arn", &account.group_arn(group));
    xml.time("CreateDate", group.created);
}

pub(super) fn get_policy(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let arn = check.required_as("PolicyArn", &POLICY_ARN);
    check.done()?;
    let account = &*request.account;
    let policy = account.existing_policy(arn)?;
    request
        .result
        .element("Policy", |xml| write_policy(xml, account, policy));
    Ok(())
}

/// What is told of a managed policy wherever it is.
pub(super) fn write_policy(xml: &mut Xml, account: &Account, policy: &Managed) {
    xml.text("PolicyName", &policy.name);
    xml.text("PolicyId", &policy.id());
    xml.text("Arn", &policy.arn);
    xml.text("Path", &policy.path);
    let default = policy.default_version();
    xml.text(
        "DefaultVersionId",
        default.map_or("", |version| &version.id),
    );
    xml.value("AttachmentCount", account.attachments(&policy.arn));
    xml.value(
        "PermissionsBoundaryUsageCount",
        account.limited_by(&policy.arn),
    );
    xml.value("IsAttachable", true);
    if let Some(description) = &policy.description {
        xml.text("Description", description);
    }
    xml.time("CreateDate", policy.created);
    let updated = default.map_or(policy.created, |version| version.created);
    xml.time("UpdateDate", updated);
}

pub(super) fn get_policy_version(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let arn = check.required_as("PolicyArn", &POLICY_ARN);
    let id = check.required(&VERSION_ID);
    check.done()?;
    let policy = request.account.existing_policy(arn)?;
    let version = policy.version(id).ok_or_else(|| {
        let message = format!("Policy {arn} version {id} does not exist or is not attachable.");
        ServiceError::new(NO_SUCH_ENTITY, message)
    })?;
    let write = |xml: &mut Xml| write_version(xml, policy, version);
    request.result.element("PolicyVersion", write);
    Ok(())
}

/// A version with its document.
pub(super) fn write_version(xml: &mut Xml, policy: &Managed, version: &Version) {
    xml.value("Document", version.document.encoded());
    xml.text("VersionId", &version.id);
    xml.value("IsDefaultVersion", policy.is_default(version));
    xml.time("CreateDate", version.created);
}
