//! The policies of an account's users: their own, those that are attached to them, those of their
//! groups, and what limits them.
//!
//! What they deny is enforced. What they allow, and what a boundary leaves of it, is not: see
//! [`Account::set_user_policy`] for users who may do only what a policy allows.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::error::{ALREADY_EXISTS, LIMIT_EXCEEDED, NO_SUCH_ENTITY, ServiceError};
use super::identifier;
use super::managed::{Document, Managed, arn_of_aws};
use super::policy::Policy;
use super::store::Account;
use super::user::fold;

/// How long the inline policies of a user may be together, white space not counted.
pub(super) const INLINE_OF_USER: usize = 2048;

/// The policies, groups and who is in them.
#[derive(Clone, Debug, Default)]
pub(super) struct Policies {
    /// Those of the account, by ARN.
    managed: BTreeMap<String, Arc<Managed>>,
    /// By name without case.
    groups: BTreeMap<String, Group>,
    /// By the user's name without case; of many users there is nothing.
    users: BTreeMap<String, Granted>,
}

/// A group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) created: DateTime<Utc>,
    /// The ARNs of managed policies.
    pub(super) attached: Vec<String>,
    pub(super) inline: Inline,
}

/// What a user has been granted.
#[derive(Clone, Debug, Default)]
pub(super) struct Granted {
    /// The ARNs of managed policies.
    pub(super) attached: Vec<String>,
    pub(super) inline: Inline,
    /// The ARN of the managed policy that limits all of it.
    pub(super) boundary: Option<String>,
    /// The names of groups without case.
    groups: Vec<String>,
}

/// Inline policies, by name: here case counts.
pub(super) type Inline = BTreeMap<String, Document>;

impl Account {
    /// Adds a managed policy with a version for each document, of which the last is in force; returns
    /// its ARN. A document that is none is kept as it is.
    ///
    /// # Errors
    /// When there is a policy of the name.
    pub fn add_policy(
        &mut self,
        name: &str,
        path: &str,
        created: DateTime<Utc>,
        documents: &[&str],
    ) -> Result<String, ServiceError> {
        let policy = Managed::new(self.id(), name, path, created, documents);
        let arn = policy.arn.clone();
        if self.access.granted.managed.contains_key(&arn) {
            let message = format!("A policy called {name} already exists.");
            return Err(ServiceError::new(ALREADY_EXISTS, message));
        }
        let managed = &mut self.access.granted.managed;
        managed.insert(arn.clone(), Arc::new(policy));
        Ok(arn)
    }

    /// Removes a managed policy of the account; returns whether there was one. What it was attached to
    /// still names it.
    pub fn remove_policy(&mut self, arn: &str) -> bool {
        self.access.granted.managed.remove(arn).is_some()
    }

    /// Adds a group without users and policies.
    ///
    /// # Errors
    /// When there is such a group.
    pub fn add_group(
        &mut self,
        name: &str,
        path: &str,
        created: DateTime<Utc>,
    ) -> Result<(), ServiceError> {
        let groups = &mut self.access.granted.groups;
        if groups.contains_key(&fold(name)) {
            let message = format!("Group with name {name} already exists.");
            return Err(ServiceError::new(ALREADY_EXISTS, message));
        }
        let group = Group {
            name: name.to_owned(),
            path: path.to_owned(),
            created,
            attached: Vec::new(),
            inline: Inline::new(),
        };
        groups.insert(fold(name), group);
        Ok(())
    }

    /// Puts a user into a group.
    ///
    /// # Errors
    /// When there is no such user or no such group.
    pub fn add_to_group(&mut self, user: &str, group: &str) -> Result<(), ServiceError> {
        let group = fold(&self.existing_group(group)?.name);
        let groups = &mut self.granted_mut(user)?.groups;
        if !groups.contains(&group) {
            groups.push(group);
        }
        Ok(())
    }

    /// Attaches a managed policy to a user, by its ARN.
    ///
    /// # Errors
    /// When there is no such user or no such policy.
    pub fn attach_user_policy(&mut self, user: &str, arn: &str) -> Result<(), ServiceError> {
        self.existing_policy(arn)?;
        let attached = &mut self.granted_mut(user)?.attached;
        if !attached.iter().any(|known| known == arn) {
            attached.push(arn.to_owned());
        }
        Ok(())
    }

    /// Detaches a managed policy from a user; returns whether it was attached.
    pub fn detach_user_policy(&mut self, user: &str, arn: &str) -> bool {
        self.granted_mut(user).is_ok_and(|granted| {
            let before = granted.attached.len();
            granted.attached.retain(|known| known != arn);
            granted.attached.len() < before
        })
    }

    /// Attaches a managed policy to a group, by its ARN.
    ///
    /// # Errors
    /// When there is no such group or no such policy.
    pub fn attach_group_policy(&mut self, group: &str, arn: &str) -> Result<(), ServiceError> {
        self.existing_policy(arn)?;
        let attached = &mut self.group_mut(group)?.attached;
        if !attached.iter().any(|known| known == arn) {
            attached.push(arn.to_owned());
        }
        Ok(())
    }

    /// Gives a group an inline policy, or writes over the one of the name. A document that is none is
    /// kept as it is.
    ///
    /// # Errors
    /// When there is no such group.
    pub fn put_group_policy(
        &mut self,
        group: &str,
        name: &str,
        document: &str,
    ) -> Result<(), ServiceError> {
        let document = Document::new(document);
        let inline = &mut self.group_mut(group)?.inline;
        inline.insert(name.to_owned(), document);
        Ok(())
    }

    /// Gives a user an inline policy, or writes over the one of the name. Of a length that the service
    /// accepts; a document that is none is kept as it is.
    ///
    /// # Errors
    /// When there is no such user, or the policies of the user would be too long together.
    pub fn put_user_policy(
        &mut self,
        user: &str,
        name: &str,
        document: &str,
    ) -> Result<(), ServiceError> {
        let user = self.existing_user(user)?.name.to_string();
        let document = Document::new(document);
        let inline = &mut self.granted_mut(&user)?.inline;
        let others = inline.iter().filter(|(other, _)| *other != name);
        let others: usize = others.map(|(_, document)| document.size()).sum();
        if others + document.size() > INLINE_OF_USER {
            let message =
                format!("Maximum policy size of {INLINE_OF_USER} bytes exceeded for user {user}");
            return Err(ServiceError::new(LIMIT_EXCEEDED, message));
        }
        inline.insert(name.to_owned(), document);
        Ok(())
    }

    /// Removes an inline policy of a user.
    ///
    /// # Errors
    /// When there is no such user, or no such policy.
    pub fn delete_user_policy(&mut self, user: &str, name: &str) -> Result<(), ServiceError> {
        let inline = &mut self.granted_mut(user)?.inline;
        let gone = inline.remove(name).map(drop);
        gone.ok_or_else(|| no_such_inline("user", name))
    }

    /// The document of an inline policy of a user, as it was written.
    #[must_use]
    pub fn user_policy(&self, user: &str, name: &str) -> Option<Arc<str>> {
        let document = self.granted(user)?.inline.get(name)?;
        Some(document.text.clone())
    }

    /// Limits a user by a managed policy, or no more. It is told, and not enforced.
    ///
    /// # Errors
    /// When there is no such user or no such policy.
    pub fn set_boundary(&mut self, user: &str, arn: Option<&str>) -> Result<(), ServiceError> {
        if let Some(arn) = arn {
            self.existing_policy(arn)?;
        }
        self.granted_mut(user)?.boundary = arn.map(str::to_owned);
        Ok(())
    }

    /// What a user has been granted, if anything.
    pub(super) fn granted(&self, user: &str) -> Option<&Granted> {
        self.access.granted.users.get(&fold(user))
    }

    /// What each user has been granted who has been granted anything.
    pub(super) fn granted_to_all(&self) -> impl Iterator<Item = &Granted> {
        self.access.granted.users.values()
    }

    fn granted_mut(&mut self, user: &str) -> Result<&mut Granted, ServiceError> {
        let user = fold(&self.existing_user(user)?.name);
        Ok(self.access.granted.users.entry(user).or_default())
    }

    /// Everything that was granted to a user is gone with the user.
    pub(super) fn revoke_all(&mut self, user: &str) {
        self.access.granted.users.remove(&fold(user));
    }

    /// The groups, sorted by name without case.
    pub(super) fn groups(&self) -> impl Iterator<Item = &Group> {
        self.access.granted.groups.values()
    }

    /// The groups that a user is in.
    pub(super) fn groups_of(&self, user: &str) -> impl Iterator<Item = &Group> {
        let names = self.granted(user).into_iter().flat_map(|it| &it.groups);
        names.filter_map(|name| self.access.granted.groups.get(name))
    }

    pub(super) fn existing_group(&self, name: &str) -> Result<&Group, ServiceError> {
        let group = self.access.granted.groups.get(&fold(name));
        group.ok_or_else(|| no_such_group(name))
    }

    fn group_mut(&mut self, name: &str) -> Result<&mut Group, ServiceError> {
        let group = self.access.granted.groups.get_mut(&fold(name));
        group.ok_or_else(|| no_such_group(name))
    }

    /// The account's own managed policies, sorted by ARN.
    pub(super) fn own_policies(&self) -> impl Iterator<Item = &Arc<Managed>> {
        self.access.granted.managed.values()
    }

    /// The managed policy of an ARN: one of the account, or of AWS.
    pub(super) fn managed_policy(&self, arn: &str) -> Option<&Arc<Managed>> {
        let own = self.access.granted.managed.get(arn);
        own.or_else(|| Managed::of_aws(arn))
    }

    pub(super) fn existing_policy(&self, arn: &str) -> Result<&Arc<Managed>, ServiceError> {
        self.managed_policy(arn).ok_or_else(|| {
            ServiceError::new(NO_SUCH_ENTITY, format!("Policy {arn} was not found."))
        })
    }

    /// The ARN of a policy that is named in a file: of the account's own or, where it has none of the
    /// name, of AWS's.
    pub(super) fn arn_of_policy(&self, name: &str) -> String {
        let mut own = self.own_policies();
        let own = own.find(|policy| policy.name == name);
        own.map_or_else(|| arn_of_aws(name), |policy| policy.arn.clone())
    }

    /// How many users and groups a managed policy is attached to.
    pub(super) fn attachments(&self, arn: &str) -> usize {
        let policies = &self.access.granted;
        let of_users = policies.users.values().map(|granted| &granted.attached);
        let of_groups = policies.groups.values().map(|group| &group.attached);
        let all = of_users.chain(of_groups);
        all.filter(|attached| attached.iter().any(|known| known == arn))
            .count()
    }

    /// How many users a managed policy limits.
    pub(super) fn limited_by(&self, arn: &str) -> usize {
        let granted = self.access.granted.users.values();
        let limited = granted.filter(|granted| granted.boundary.as_deref() == Some(arn));
        limited.count()
    }

    /// The policies that deny something to a user.
    pub(super) fn denials(&self, user: &str) -> Vec<Arc<Policy>> {
        let Some(granted) = self.granted(user) else {
            return Vec::new();
        };
        let groups = || self.groups_of(user);
        let attached = granted.attached.iter();
        let attached = attached
            .chain(groups().flat_map(|group| &group.attached))
            .filter_map(|arn| Some(&self.managed_policy(arn)?.default_version()?.document));
        let inline = granted.inline.values();
        let inline = inline.chain(groups().flat_map(|group| group.inline.values()));
        let policies = attached
            .chain(inline)
            .filter_map(|document| document.policy.clone());
        policies
            .filter(|policy| policy.denies_something())
            .collect()
    }

    /// The ARN of a group.
    pub(super) fn group_arn(&self, group: &Group) -> String {
        let (path, name) = (&group.path, &group.name);
        format!("arn:aws:iam::{}:group{path}{name}", self.id())
    }

    /// The unique ID of a group.
    pub(super) fn group_id(&self, group: &Group) -> String {
        identifier::group_id(&self.group_arn(group))
    }
}

fn no_such_group(name: &str) -> ServiceError {
    let message = format!("The group with name {name} cannot be found.");
    ServiceError::new(NO_SUCH_ENTITY, message)
}

/// There is no such inline policy of a user or a group.
pub(super) fn no_such_inline(of: &str, name: &str) -> ServiceError {
    let message = format!("The {of} policy with name {name} cannot be found.");
    ServiceError::new(NO_SUCH_ENTITY, message)
}
