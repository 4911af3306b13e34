//! What gives a user permissions, as the details of all users tell of it: by name, since groups and
//! managed policies may be told of later than the users who have them.

use super::{
    super::permissions::is_quarantine,
    Digest, Power,
    digest::{self, Source},
};
use std::{collections::HashMap, sync::Arc};

/// What gives a user permissions. Many users have the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Grants {
    /// Their own inline policies; none of one that was not understood.
    pub inline: Box<[Option<Digest>]>,
    /// The names of their groups.
    pub groups: Box<[Arc<str>]>,
    /// The ARNs of the managed policies attached to them.
    pub managed: Box<[Arc<str>]>,
    /// The ARN of the managed policy that limits them.
    pub boundary: Option<Arc<str>>,
}

/// Groups and managed policies, as far as they are told of.
#[derive(Debug, Default)]
pub struct Given {
    /// What groups give, by their names.
    pub groups: HashMap<Arc<str>, Grants>,
    /// What managed policies say, by their ARNs; none of one that was not understood.
    pub managed: HashMap<Arc<str>, Option<Digest>>,
}

impl Given {
    /// What a user can do, whatever AWS's quarantine denies: an administrator under quarantine is one
    /// again when it is taken away. None where that is not known: a policy was not told of or not
    /// understood, and what is known of is not an administrator's, or how far a boundary goes is not
    /// known.
    #[must_use]
    pub fn power(&self, grants: &Grants, user: &str) -> Option<Power> {
        self.told(grants, user).map(|(power, _)| power)
    }

    /// The same, and whether what makes an administrator of the user is given under conditions only.
    #[must_use]
    pub fn told(&self, grants: &Grants, user: &str) -> Option<(Power, bool)> {
        let boundary = match &grants.boundary {
            Some(arn) => Some(self.managed(arn)?),
            None => None,
        };
        let mut is_certain = true;
        let mut digests: Vec<(Source, &Digest)> = Vec::new();
        let groups = grants.groups.iter().filter_map(|name| {
            let group = self.groups.get(name);
            is_certain &= group.is_some();
            group
        });
        let groups: Vec<&Grants> = groups.collect();
        let own = std::iter::once((false, grants));
        for (is_of_group, source) in own.chain(groups.into_iter().map(|group| (true, group))) {
            let managed = source.managed.iter().filter(|arn| !is_quarantine(arn));
            let managed = managed.map(|arn| (false, self.managed(arn)));
            let inline = source.inline.iter().map(|one| (true, one.as_ref()));
            for (is_inline, digest) in inline.chain(managed) {
                is_certain &= digest.is_some();
                let from = Source {
                    is_inline,
                    is_of_group,
                };
                digests.extend(digest.map(|digest| (from, digest)));
            }
        }
        let summed = digest::sum(&digests, boundary, user);
        (is_certain || summed.power.is_admin())
            .then_some((summed.power, summed.is_admin_conditional))
    }

    fn managed(&self, arn: &Arc<str>) -> Option<&Digest> {
        self.managed.get(arn)?.as_ref()
    }
}
