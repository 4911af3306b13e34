//! What a user may do: their policies, those of their groups, and the boundary.

use super::{
    Connection, Error, Kind,
    connection::all_pages,
    convert::{account_in, error, failed},
    member::partition,
    parts::{Missing, each, patiently},
    policy_document::{LONGEST, decode, parse},
};
use crate::engine::impact::{NamedPolicy, Permissions};
use aws_sdk_iam::types::{AttachedPolicy, EntityType};
use futures::FutureExt as _;
use std::collections::{BTreeMap, BTreeSet};

/// What AWS attaches to a user whose key it has found in public.
const QUARANTINE: [&str; 3] = [
    "AWSCompromisedKeyQuarantine",
    "AWSCompromisedKeyQuarantineV2",
    "AWSCompromisedKeyQuarantineV3",
];

/// Which document is wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// By ARN.
    Managed(String),
    OfUser(String),
    /// By group and name.
    OfGroup(String, String),
}

/// The documents that could be read; none of what is gone meanwhile.
type Documents = BTreeMap<Wanted, Result<String, Error>>;

/// The policies of a group; none of what is not known.
#[derive(Default)]
struct OfGroup {
    attached: Option<Vec<String>>,
    inline: Option<Vec<String>>,
}

/// What was read at one time, and whether something was gone by the time it was asked for.
struct Taken {
    permissions: Permissions,
    has_changed: bool,
}

impl Connection {
    /// The policies of a user: their own, those of their groups, and the boundary, each with its
    /// document.
    ///
    /// # Errors
    /// When nothing could be read, or there is no such user (any more); what is refused in part is in
    /// the answer.
    pub async fn permissions(&self, user: &str) -> Result<Permissions, Error> {
        let taken = self.take_permissions(user).await?;
        if !taken.has_changed {
            return Ok(taken.permissions);
        }
        // What is gone may be a policy, or the user: it is looked at once more.
        Ok(self.take_permissions(user).await?.permissions)
    }

    async fn take_permissions(&self, user: &str) -> Result<Taken, Error> {
        let mut missing = Missing::default();
        let (attached, inline, groups, boundary) = tokio::join!(
            patiently(|| self.attached_to_user(user)),
            patiently(|| self.inline_of_user(user)),
            patiently(|| self.groups_of(user)),
            patiently(|| self.account_and_boundary_of(user)),
        );
        let attached = of_user(&mut missing, attached)?;
        let inline = of_user(&mut missing, inline)?;
        let groups = of_user(&mut missing, groups)?.unwrap_or_default();
        let (account, boundary) = of_user(&mut missing, boundary)?.unwrap_or_default();
        if let Some(error) = missing.is_all(4) {
            return Err(error.clone());
        }

        let mut has_changed = false;
        let mut of_groups = Vec::new();
        let asked = groups
            .iter()
            .map(|group| self.policies_of_group(group).boxed());
        for [attached, inline] in each(asked.collect()).await {
            let mut known = |part| of_group(&mut missing, &mut has_changed, part);
            of_groups.push(OfGroup {
                attached: known(attached)?,
                inline: known(inline)?,
            });
        }

        let documents = self.documents(
            user,
            wanted(
                attached.as_deref(),
                inline.as_deref(),
                boundary.as_ref(),
                groups.iter().zip(&of_groups),
            ),
        );
        let mut documents = documents.await;
        for document in documents.values() {
            match document {
                Err(error) if error.kind == Kind::NotFound => has_changed = true,
                _ => {}
            }
            if let Err(error) = document {
                missing.or_note::<()>(Err(error.clone()))?;
            }
        }

        let named = |wanted: Wanted, group: Option<&str>| {
            let document = documents.get(&wanted);
            named(&wanted, group, document)
        };
        let mut policies = Vec::new();
        for arn in attached.into_iter().flatten() {
            policies.push(named(Wanted::Managed(arn), None));
        }
        for name in inline.into_iter().flatten() {
            policies.push(named(Wanted::OfUser(name), None));
        }
        for (group, of_group) in groups.iter().zip(of_groups) {
            for arn in of_group.attached.into_iter().flatten() {
                policies.push(named(Wanted::Managed(arn), Some(group)));
            }
            for name in of_group.inline.into_iter().flatten() {
                let wanted = Wanted::OfGroup(group.clone(), name);
                policies.push(named(wanted, Some(group)));
            }
        }
        let boundary = boundary.map(|arn| named(Wanted::Managed(arn), None));
        documents.clear();
        Ok(Taken {
            permissions: Permissions {
                policies,
                boundary,
                account: account.map(Into::into),
                groups: groups.into_iter().map(Into::into).collect(),
                missing: missing.into_errors(),
            },
            has_changed,
        })
    }

    /// The ARNs of the managed policies that are attached to a user.
    async fn attached_to_user(&self, user: &str) -> Result<Vec<String>, Error> {
        let action = "iam:ListAttachedUserPolicies";
        let attached = all_pages(action, |marker| async move {
            let call = self.iam.list_attached_user_policies().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let attached = answer.attached_policies.unwrap_or_default();
            Ok((attached, answer.is_truncated, answer.marker))
        });
        arns(action, attached.await?)
    }

    /// The names of a user's own inline policies.
    async fn inline_of_user(&self, user: &str) -> Result<Vec<String>, Error> {
        let action = "iam:ListUserPolicies";
        all_pages(action, |marker| async move {
            let call = self.iam.list_user_policies().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            Ok((answer.policy_names, answer.is_truncated, answer.marker))
        })
        .await
    }

    /// The names of the groups that a user is in.
    async fn groups_of(&self, user: &str) -> Result<Vec<String>, Error> {
        let action = "iam:ListGroupsForUser";
        all_pages(action, |marker| async move {
            let call = self.iam.list_groups_for_user().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let groups = answer.groups.into_iter().map(|group| group.group_name);
            Ok((groups.collect(), answer.is_truncated, answer.marker))
        })
        .await
    }

    /// The ID of a user's account, and the ARN of the policy that limits them, where there is one.
    async fn account_and_boundary_of(
        &self,
        user: &str,
    ) -> Result<(Option<String>, Option<String>), Error> {
        let answer = self.iam.get_user().user_name(user).send().await;
        let answer = answer.map_err(|e| error("iam:GetUser", &e))?;
        let Some(user) = answer.user else {
            return Ok((None, None));
        };
        let account = account_in(&user.arn).map(str::to_owned);
        let boundary = user.permissions_boundary;
        let boundary = boundary.and_then(|boundary| boundary.permissions_boundary_arn);
        Ok((account, boundary))
    }

    /// The policies of a group: the ARNs of those attached, and the names of the others. Each may fail
    /// for itself.
    async fn policies_of_group(&self, group: &str) -> [Result<Vec<String>, Error>; 2] {
        let attached = patiently(|| self.attached_to_group(group)).await;
        let inline = patiently(|| self.inline_of_group(group)).await;
        [attached, inline]
    }

    async fn attached_to_group(&self, group: &str) -> Result<Vec<String>, Error> {
        let action = "iam:ListAttachedGroupPolicies";
        let attached = all_pages(action, |marker| async move {
            let call = self.iam.list_attached_group_policies().group_name(group);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let attached = answer.attached_policies.unwrap_or_default();
            Ok((attached, answer.is_truncated, answer.marker))
        });
        arns(action, attached.await?)
    }

    async fn inline_of_group(&self, group: &str) -> Result<Vec<String>, Error> {
        let action = "iam:ListGroupPolicies";
        all_pages(action, |marker| async move {
            let call = self.iam.list_group_policies().group_name(group);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            Ok((answer.policy_names, answer.is_truncated, answer.marker))
        })
        .await
    }

    /// The documents that are wanted, a few side by side. That of a policy which comes in several ways
    /// is asked for once.
    async fn documents(&self, user: &str, wanted: BTreeSet<Wanted>) -> Documents {
        let calls = wanted
            .iter()
            .map(|wanted| patiently(move || self.document(user, wanted)).boxed());
        let texts = each(calls.collect()).await;
        wanted.into_iter().zip(texts).collect()
    }

    async fn document(&self, user: &str, wanted: &Wanted) -> Result<String, Error> {
        match wanted {
            Wanted::Managed(arn) => self.managed(arn).await,
            Wanted::OfUser(name) => {
                let call = self.iam.get_user_policy().user_name(user);
                let answer = call.policy_name(name).send().await;
                let answer = answer.map_err(|e| error("iam:GetUserPolicy", &e))?;
                Ok(answer.policy_document)
            }
            Wanted::OfGroup(group, name) => {
                let call = self.iam.get_group_policy().group_name(group);
                let answer = call.policy_name(name).send().await;
                let answer = answer.map_err(|e| error("iam:GetGroupPolicy", &e))?;
                Ok(answer.policy_document)
            }
        }
    }

    /// The document of the version that is in force.
    async fn managed(&self, arn: &str) -> Result<String, Error> {
        let action = "iam:GetPolicy";
        let answer = self.iam.get_policy().policy_arn(arn).send().await;
        let answer = answer.map_err(|e| error(action, &e))?;
        let version = answer.policy.and_then(|policy| policy.default_version_id);
        let version = version.ok_or_else(|| incomplete(action))?;
        let action = "iam:GetPolicyVersion";
        let call = self.iam.get_policy_version().policy_arn(arn);
        let answer = call.version_id(version).send().await;
        let answer = answer.map_err(|e| error(action, &e))?;
        let document = answer.policy_version.and_then(|version| version.document);
        document.ok_or_else(|| incomplete(action))
    }

    /// The users whom AWS has put under quarantine, sorted by name: those to whom one of its three
    /// policies for that is attached.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn quarantined(&self) -> Result<Vec<Box<str>>, Error> {
        let region = self.config.region();
        let partition = partition(region.map_or("", |region| region.as_ref()));
        let arns = QUARANTINE.map(|name| format!("arn:{partition}:iam::aws:policy/{name}"));
        let mut names = BTreeSet::new();
        // One after the other, and each until it is answered: where calls are throttled, all three would
        // be asked again for the one that was.
        for arn in &arns {
            match patiently(|| self.users_with(arn)).await {
                Ok(users) => names.extend(users),
                // A partition need not have all three.
                Err(error) if error.kind == Kind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(names.into_iter().collect())
    }

    /// The users to whom a managed policy is attached.
    async fn users_with(&self, arn: &str) -> Result<Vec<Box<str>>, Error> {
        let action = "iam:ListEntitiesForPolicy";
        all_pages(action, |marker| async move {
            let call = self.iam.list_entities_for_policy().policy_arn(arn);
            let call = call.entity_filter(EntityType::User).max_items(1000);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let users = answer.policy_users.unwrap_or_default().into_iter();
            let names = users.filter_map(|user| user.user_name.map(Into::into));
            Ok((names.collect(), answer.is_truncated, answer.marker))
        })
        .await
    }
}

/// A part about the user, if it is there. Where the user is not, nothing else needs to be told.
fn of_user<T>(missing: &mut Missing, part: Result<T, Error>) -> Result<Option<T>, Error> {
    match part {
        Err(error) if error.kind == Kind::NotFound => Err(error),
        part => missing.or_note(part),
    }
}

/// A part about a group, if it is there; the group may be gone meanwhile.
fn of_group<T>(
    missing: &mut Missing,
    has_changed: &mut bool,
    part: Result<T, Error>,
) -> Result<Option<T>, Error> {
    *has_changed |= matches!(&part, Err(error) if error.kind == Kind::NotFound);
    missing.or_note(part)
}

fn wanted<'a>(
    attached: Option<&[String]>,
    inline: Option<&[String]>,
    boundary: Option<&String>,
    groups: impl Iterator<Item = (&'a String, &'a OfGroup)>,
) -> BTreeSet<Wanted> {
    let managed = |arn: &String| Wanted::Managed(arn.clone());
    let mut wanted: BTreeSet<_> = attached.into_iter().flatten().map(managed).collect();
    wanted.extend(boundary.map(managed));
    wanted.extend(inline.into_iter().flatten().cloned().map(Wanted::OfUser));
    for (group, policies) in groups {
        wanted.extend(policies.attached.iter().flatten().map(managed));
        let inline = policies.inline.iter().flatten();
        wanted.extend(inline.map(|name| Wanted::OfGroup(group.clone(), name.clone())));
    }
    wanted
}

/// A policy with its document, and what that says.
fn named(
    wanted: &Wanted,
    group: Option<&str>,
    document: Option<&Result<String, Error>>,
) -> NamedPolicy {
    let (name, arn) = match wanted {
        Wanted::Managed(arn) => (arn.rsplit('/').next().unwrap_or(arn), Some(&**arn)),
        Wanted::OfUser(name) | Wanted::OfGroup(_, name) => (&**name, None),
    };
    let (document, policy) = match document {
        Some(Ok(text)) => {
            let text = decode(text);
            let kept = (text.len() <= LONGEST).then(|| text.as_ref().into());
            (kept, parse(&text))
        }
        Some(Err(error)) => (None, Err(error.short().into())),
        None => (None, Err("it was not asked for".into())),
    };
    NamedPolicy {
        name: name.into(),
        arn: arn.map(Into::into),
        group: group.map(Into::into),
        document,
        policy,
    }
}

/// The ARNs of policies. A policy without one cannot be asked for, and must not be passed over.
fn arns(action: &'static str, policies: Vec<AttachedPolicy>) -> Result<Vec<String>, Error> {
    let arns = policies.into_iter().map(|policy| policy.policy_arn);
    let arns = arns.collect::<Option<_>>();
    arns.ok_or_else(|| incomplete(action))
}

fn incomplete(action: &'static str) -> Error {
    let message = "the answer lacks what was asked for";
    failed(action, Kind::InvalidResponse, message)
}
