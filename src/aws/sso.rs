//! Credentials of a role that IAM Identity Center (SSO) gives.

use aws_config::profile::{Profile, ProfileSet};

/// What a profile says about its login and its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sso {
    /// The name of its `sso-session` section; none in a profile of the older kind.
    pub session: Option<String>,
    /// `sso_start_url`.
    pub start_url: String,
    /// `sso_region`.
    pub region: String,
    /// `sso_registration_scopes`, where there are any.
    pub scopes: Option<Vec<String>>,
    /// `sso_account_id`.
    pub account: String,
    /// `sso_role_name`.
    pub role: String,
}

impl Sso {
    /// Reads a profile; none where something is missing.
    pub(super) fn read(profiles: &ProfileSet, profile: &Profile) -> Option<Self> {
        let own = |key| profile.get(key).map(str::to_owned);
        let name = own("sso_session");
        let session = match &name {
            Some(name) => Some(profiles.sso_session(name)?),
            None => None,
        };
        let of_session = |key| match session {
            Some(session) => session.get(key).map(str::to_owned),
            None => own(key),
        };
        let scopes = of_session("sso_registration_scopes").filter(|_| session.is_some());
        Some(Self {
            start_url: of_session("sso_start_url")?,
            region: of_session("sso_region")?,
            scopes: scopes.map(|scopes| {
                let scopes = scopes.split(',').map(str::trim);
                let scopes = scopes.filter(|scope| !scope.is_empty());
                scopes.map(str::to_owned).collect()
            }),
            session: name,
            account: own("sso_account_id")?,
            role: own("sso_role_name")?,
        })
    }
}
