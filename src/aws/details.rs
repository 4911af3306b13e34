//! The details of a whole account (`GetAccountAuthorizationDetails`), without its roles: the tags of
//! users, and what their policies, those of their groups and the managed ones allow. Of each document
//! only what is telling is kept.

use super::{
    Connection, Error, UserDetailsPage,
    connection::PAGE,
    convert::{self, account_in, error},
    policy_document,
    trail::turns_in_circles,
};
use crate::engine::{
    impact::policy::{Digest, Grants},
    model::UserDetails,
};
use aws_sdk_iam::types::{
    AttachedPolicy, EntityType, GroupDetail, ManagedPolicyDetail, PolicyDetail, UserDetail,
};
use std::{collections::HashSet, hash::Hash, sync::Arc};

/// What is asked for.
const ENTITIES: [EntityType; 4] = [
    EntityType::User,
    EntityType::Group,
    EntityType::LocalManagedPolicy,
    EntityType::AwsManagedPolicy,
];

impl Connection {
    /// One page of the details of all users, groups and managed policies; the first without a marker.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn user_details(&self, marker: Option<String>) -> Result<UserDetailsPage, Error> {
        let action = "iam:GetAccountAuthorizationDetails";
        let asked = marker.clone();
        let call = self.iam.get_account_authorization_details();
        let call = call.set_filter(Some(ENTITIES.into())).max_items(PAGE);
        let answer = call.set_marker(marker).send().await;
        let answer = answer.map_err(|e| error(action, &e))?;
        let next = answer.marker.filter(|_| answer.is_truncated);
        if answer.is_truncated && !self.details_trail.gets_on(asked, next.as_deref()) {
            return Err(turns_in_circles(action));
        }
        let mut shared = Shared::default();
        let users = answer.user_detail_list.unwrap_or_default().into_iter();
        let groups = answer.group_detail_list.unwrap_or_default().into_iter();
        let policies = answer.policies.unwrap_or_default().into_iter();
        Ok(UserDetailsPage {
            users: users.map(|user| shared.user(user)).collect(),
            groups: groups.map(|group| shared.group(group)).collect(),
            policies: policies
                .filter_map(|policy| shared.policy(policy))
                .collect(),
            next,
        })
    }
}

/// What users of a page have in common.
#[derive(Default)]
struct Shared {
    texts: HashSet<Arc<str>>,
    grants: HashSet<Arc<Grants>>,
}

/// The one that is there already, or this one.
fn share<T: ?Sized + Eq + Hash>(all: &mut HashSet<Arc<T>>, one: Arc<T>) -> Arc<T> {
    if let Some(known) = all.get(&one) {
        return known.clone();
    }
    all.insert(one.clone());
    one
}

impl Shared {
    fn text(&mut self, text: String) -> Arc<str> {
        share(&mut self.texts, text.into())
    }

    fn user(&mut self, user: UserDetail) -> UserDetails {
        let boundary = user.permissions_boundary;
        let boundary = boundary.and_then(|boundary| boundary.permissions_boundary_arn);
        let groups = user.group_list.unwrap_or_default().into_iter();
        let account = user.arn.as_deref().and_then(account_in);
        let grants = Grants {
            inline: inline(user.user_policy_list, account),
            groups: groups.map(|name| self.text(name)).collect(),
            managed: self.managed(user.attached_managed_policies),
            boundary: boundary.map(|arn| self.text(arn)),
        };
        UserDetails {
            name: user.user_name.unwrap_or_default().into(),
            tags: convert::user_tags(user.tags.unwrap_or_default(), |text| self.text(text)),
            grants: share(&mut self.grants, Arc::new(grants)),
        }
    }

    fn group(&mut self, group: GroupDetail) -> (Arc<str>, Grants) {
        let account = group.arn.as_deref().and_then(account_in);
        let grants = Grants {
            inline: inline(group.group_policy_list, account),
            managed: self.managed(group.attached_managed_policies),
            ..Grants::default()
        };
        (self.text(group.group_name.unwrap_or_default()), grants)
    }

    /// A policy in the version that is in force. One that nothing is attached to is told of as well,
    /// where it is the account's own: it may be a boundary.
    fn policy(&mut self, policy: ManagedPolicyDetail) -> Option<(Arc<str>, Option<Digest>)> {
        let uses = [
            policy.attachment_count,
            policy.permissions_boundary_usage_count,
        ];
        if uses == [Some(0); 2] {
            return None;
        }
        let versions = policy.policy_version_list.unwrap_or_default();
        let mut versions = versions.into_iter();
        let in_force = versions.find(|version| version.is_default_version);
        // A policy of AWS's own names no account.
        let account = policy.arn.as_deref().and_then(account_in);
        let digest = in_force.and_then(|version| digest(version.document.as_deref(), account));
        Some((self.text(policy.arn?), digest))
    }

    fn managed(&mut self, attached: Option<Vec<AttachedPolicy>>) -> Box<[Arc<str>]> {
        let attached = attached.unwrap_or_default().into_iter();
        let arns = attached.filter_map(|policy| policy.policy_arn);
        arns.map(|arn| self.text(arn)).collect()
    }
}

fn inline(policies: Option<Vec<PolicyDetail>>, account: Option<&str>) -> Box<[Option<Digest>]> {
    let policies = policies.unwrap_or_default().into_iter();
    policies
        .map(|policy| digest(policy.policy_document.as_deref(), account))
        .collect()
}

/// What is telling of a document; none of one that is not understood.
fn digest(document: Option<&str>, account: Option<&str>) -> Option<Digest> {
    let policy = policy_document::parse(document?).ok()?;
    Some(Digest::of(&policy, account))
}
