//! The actions that tell of all users, groups and policies at once: which of them a policy is attached
//! to, and the details of the account.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::attached::{write_attached, write_group, write_inline, write_policy, write_version};
use super::error::ServiceError;
use super::iam::write_user;
use super::managed::Managed;
use super::paging::marker;
use super::policies::{Group, Inline};
use super::query::{Check, PATH_PREFIX, POLICY_ARN, Page};
use super::request::Request;
use super::store::Account;
use super::tags::write_tags;
use super::user::{User, fold};
use super::xml::Xml;

/// What can be asked for.
const KINDS: &[&str] = &[
    "User",
    "Role",
    "Group",
    "LocalManagedPolicy",
    "AWSManagedPolicy",
];

/// Something that has policies, or is one. They come in this order.
enum Entity<'a> {
    User(&'a User),
    Group(&'a Group),
    Policy(&'a Arc<Managed>),
}

impl Entity<'_> {
    /// What the marker of the page after it says.
    fn mark(&self) -> String {
        match self {
            Self::User(user) => format!("user {}", fold(&user.name)),
            Self::Group(group) => format!("group {}", fold(&group.name)),
            Self::Policy(policy) => format!("policy {}", policy.arn),
        }
    }
}

/// A page of entities, and the marker of the next one. The page's marker names the last entity before
/// it, which need not be there any more.
fn paged<'a>(
    xml: &mut Xml,
    page: &Page<'_>,
    entities: impl Iterator<Item = Entity<'a>>,
    write: impl FnOnce(&mut Xml, &[Entity<'a>]),
) {
    let mut entities = entities.peekable();
    let shown: Vec<_> = entities.by_ref().take(page.size).collect();
    write(xml, &shown);
    let more = entities.peek().is_some();
    xml.value("IsTruncated", more);
    if let Some(last) = shown.last().filter(|_| more) {
        xml.text("Marker", &marker(&last.mark()));
    }
}

/// Where a page begins: after a user, a group or a policy, and all that come before it.
struct After(Option<String>);

impl After {
    fn of(page: &Page<'_>) -> Result<Self, ServiceError> {
        let after = page.after()?;
        let known = |mark: &str| {
            let kinds = ["user ", "group ", "policy "];
            kinds.iter().any(|kind| mark.starts_with(kind))
        };
        match after {
            Some(mark) if !known(&mark) => Err(ServiceError::invalid_marker()),
            after => Ok(Self(after)),
        }
    }

    /// The name after which a kind of entity goes on; none where it begins, or is over.
    fn name(&self, kind: &str) -> Option<&str> {
        self.0.as_deref()?.strip_prefix(kind)?.strip_prefix(' ')
    }

    fn is_over(&self, kinds_after: &[&str]) -> bool {
        kinds_after.iter().any(|kind| self.name(kind).is_some())
    }

    fn users<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = Entity<'a>> {
        let over = self.is_over(&["group", "policy"]);
        let users = account.users_after(self.name("user"));
        users.filter(move |_| !over).map(Entity::User)
    }

    fn groups<'a>(&'a self, account: &'a Account) -> impl Iterator<Item = Entity<'a>> {
        let over = self.is_over(&["policy"]);
        let after = self.name("group");
        let groups = account.groups().filter(move |group| {
            !over && after.is_none_or(|after| fold(&group.name).as_str() > after)
        });
        groups.map(Entity::Group)
    }
}

/// All but the roles, which here have no policies to tell of.
pub(super) fn get_details(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let filter = check.some_of("Filter", KINDS);
    let page = check.page(request.longest_page);
    check.done()?;
    let after = After::of(&page)?;
    let account = &*request.account;
    let wanted = |kind: &str| filter.is_empty() || filter.contains(&kind);
    let used = used_policies(account);
    let policies = account
        .own_policies()
        .filter(|_| wanted("LocalManagedPolicy"))
        .chain(used.into_iter().filter(|_| wanted("AWSManagedPolicy")));
    let mut policies: Vec<_> = policies.collect();
    policies.sort_unstable_by(|a, b| a.arn.cmp(&b.arn));
    let from = after.name("policy");
    let policies = policies
        .into_iter()
        .filter(|policy| from.is_none_or(|from| policy.arn.as_str() > from));
    let entities = after
        .users(account)
        .filter(|_| wanted("User"))
        .chain(after.groups(account).filter(|_| wanted("Group")))
        .chain(policies.map(Entity::Policy));
    paged(&mut request.result, &page, entities, |xml, shown| {
        write_details(xml, account, shown);
    });
    Ok(())
}

/// AWS's own policies, as far as they are in use.
fn used_policies(account: &Account) -> Vec<&Arc<Managed>> {
    let of_users = account.granted_to_all().flat_map(|granted| {
        let boundary = granted.boundary.iter();
        granted.attached.iter().chain(boundary)
    });
    let of_groups = account.groups().flat_map(|group| &group.attached);
    let arns: BTreeSet<_> = of_users.chain(of_groups).collect();
    let policies = arns
        .into_iter()
        .filter_map(|arn| account.managed_policy(arn));
    policies.filter(|policy| policy.is_of_aws()).collect()
}

fn write_details(xml: &mut Xml, account: &Account, shown: &[Entity<'_>]) {
    xml.element("UserDetailList", |xml| {
        for entity in shown {
            if let Entity::User(user) = entity {
                xml.element("member", |xml| write_user_detail(xml, account, user));
            }
        }
    });
    xml.element("GroupDetailList", |xml| {
        for entity in shown {
            if let Entity::Group(group) = entity {
                xml.element("member", |xml| {
                    write_group(xml, account, group);
                    write_inlines(xml, "GroupPolicyList", Some(&group.inline));
                    write_attachments(xml, &group.attached);
                });
            }
        }
    });
    xml.element("RoleDetailList", |_| {});
    xml.element("Policies", |xml| {
        for entity in shown {
            if let Entity::Policy(policy) = entity {
                xml.element("member", |xml| {
                    write_policy(xml, account, policy);
                    xml.element("PolicyVersionList", |xml| {
                        for version in policy.versions() {
                            xml.element("member", |xml| write_version(xml, policy, version));
                        }
                    });
                });
            }
        }
    });
}

fn write_user_detail(xml: &mut Xml, account: &Account, user: &User) {
    write_user(xml, account, user);
    let granted = account.granted(&user.name);
    // Left out where there are none.
    if let Some(granted) = granted.filter(|granted| !granted.inline.is_empty()) {
        write_inlines(xml, "UserPolicyList", Some(&granted.inline));
    }
    xml.element("GroupList", |xml| {
        for group in account.groups_of(&user.name) {
            xml.text("member", &group.name);
        }
    });
    write_attachments(xml, granted.map_or(&[], |granted| &granted.attached));
    write_boundary(xml, account, user);
    write_tags(xml, user);
}

fn write_inlines(xml: &mut Xml, name: &str, inline: Option<&Inline>) {
    xml.element(name, |xml| {
        for (name, document) in inline.into_iter().flatten() {
            xml.element("member", |xml| write_inline(xml, name, document));
        }
    });
}

fn write_attachments(xml: &mut Xml, arns: &[String]) {
    xml.element("AttachedManagedPolicies", |xml| {
        for arn in arns {
            xml.element("member", |xml| write_attached(xml, arn));
        }
    });
}

/// What limits a user, where there is a boundary.
pub(super) fn write_boundary(xml: &mut Xml, account: &Account, user: &User) {
    let granted = account.granted(&user.name);
    if let Some(arn) = granted.and_then(|granted| granted.boundary.as_deref()) {
        xml.element("PermissionsBoundary", |xml| {
            xml.text("PermissionsBoundaryType", "Policy");
            xml.text("PermissionsBoundaryArn", arn);
        });
    }
}

/// Users and groups: no role has a policy attached.
pub(super) fn list_entities_for_policy(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let arn = check.required_as("PolicyArn", &POLICY_ARN);
    let kind = check.one_of_or_none("EntityFilter", KINDS);
    let usage = check.one_of_or_none(
        "PolicyUsageFilter",
        &["PermissionsPolicy", "PermissionsBoundary"],
    );
    let prefix = check.optional(&PATH_PREFIX).unwrap_or("/");
    let page = check.page(request.longest_page);
    check.done()?;
    let after = After::of(&page)?;
    let account = &*request.account;
    account.existing_policy(arn)?;
    let wanted = |of: &str| kind.is_none_or(|kind| kind == of);
    let attached = |arns: &[String]| {
        usage != Some("PermissionsBoundary") && arns.iter().any(|known| known == arn)
    };
    let of_user = |user: &User| {
        account.granted(&user.name).is_some_and(|granted| {
            let limited = granted.boundary.as_deref() == Some(arn);
            attached(&granted.attached) || (limited && usage != Some("PermissionsPolicy"))
        })
    };
    let entities = after
        .users(account)
        .filter(|_| wanted("User"))
        .chain(after.groups(account).filter(|_| wanted("Group")))
        .filter(|entity| match entity {
            Entity::User(user) => user.path.starts_with(prefix) && of_user(user),
            Entity::Group(group) => group.path.starts_with(prefix) && attached(&group.attached),
            Entity::Policy(_) => false,
        });
    paged(&mut request.result, &page, entities, |xml, shown| {
        xml.element("PolicyGroups", |xml| {
            for entity in shown {
                if let Entity::Group(group) = entity {
                    xml.element("member", |xml| {
                        xml.text("GroupName", &group.name);
                        xml.text("GroupId", &account.group_id(group));
                    });
                }
            }
        });
        xml.element("PolicyUsers", |xml| {
            for entity in shown {
                if let Entity::User(user) = entity {
                    xml.element("member", |xml| {
                        xml.text("UserName", &user.name);
                        xml.text("UserId", &user.id());
                    });
                }
            }
        });
        xml.element("PolicyRoles", |_| {});
    });
    Ok(())
}
