//! What a query asks for that costs something to look up: of a hundred thousand keys, what nobody asks
//! for is left out.

use super::{
    Query,
    condition::{OfKey, OfUser},
};
use std::ops::BitOr;

/// What is asked for, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked(u8);

impl Asked {
    /// What the account is called.
    pub const ACCOUNT: Self = Self(1);
    /// How many keys of a user are Active.
    pub const STATUSES: Self = Self(1 << 1);
    /// Who is under quarantine.
    pub const QUARANTINE: Self = Self(1 << 2);
    /// Which key is the session's own.
    pub const OWN: Self = Self(1 << 3);
    /// What keys are for.
    pub const DESCRIPTION: Self = Self(1 << 4);
    /// What exemptions take keys out of.
    pub const EXEMPT: Self = Self(1 << 5);
    /// What rules find.
    pub const FINDINGS: Self = Self(1 << 6);
    /// All of it.
    pub const ALL: Self = Self(u8::MAX);

    /// Whether this is asked for.
    #[must_use]
    pub fn has(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }
}

impl BitOr for Asked {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Query {
    /// What it asks for that costs something to look up.
    #[must_use]
    pub fn asked(&self) -> Asked {
        let words = if self.has_plain_words() {
            Asked::DESCRIPTION
        } else {
            Asked::default()
        };
        let of_user = self.alternatives.iter().flat_map(|one| &one.of_user);
        let of_user = of_user.flat_map(|condition| &condition.any);
        let of_user = of_user.map(|condition| match condition {
            OfUser::Account(_) => Asked::ACCOUNT,
            OfUser::Active(_) => Asked::STATUSES,
            OfUser::Quarantined => Asked::QUARANTINE,
            OfUser::Name(_)
            | OfUser::Path(_)
            | OfUser::Keys(_)
            | OfUser::Owner(_)
            | OfUser::Tag(..)
            | OfUser::Admin
            | OfUser::Password
            | OfUser::Mfa
            | OfUser::Root => Asked::default(),
        });
        let of_key = self.of_key().flat_map(|condition| &condition.any);
        let of_key = of_key.map(|condition| match condition {
            OfKey::Own => Asked::OWN,
            OfKey::Description(_) => Asked::DESCRIPTION,
            OfKey::Exempt => Asked::EXEMPT,
            OfKey::Finding(_) | OfKey::Severity(_) => Asked::FINDINGS,
            OfKey::Age(_)
            | OfKey::Unused(_)
            | OfKey::Used(_)
            | OfKey::Active(_)
            | OfKey::Never
            | OfKey::Service(_)
            | OfKey::Region(_)
            | OfKey::Id(_)
            | OfKey::Inactive(_) => Asked::default(),
        });
        of_user.chain(of_key).fold(words, BitOr::bitor)
    }
}
