//! The actions the endpoint knows: one row of [`ACTIONS`] and one function each.
//!
//! To add one, write its function in the module of its service (check the parameters, ask the account,
//! write the elements inside `<…Result>` or the JSON) and its row.

use super::error::ServiceError;
use super::portal::Visit;
use super::query::Params;
use super::request::Request;
use super::service::{
    ACCOUNT, CLOUDTRAIL, IAM, OIDC, ORGANIZATIONS, Output, Protocol, SECRETS_MANAGER, SSM, SSO,
    STS, Service,
};
use super::{
    advisor, attached, clients, cloudtrail, entities, iam, login, organizations, others, pages,
    portal, regions, secret_stores, sts, tags,
};

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
    Group,
    Policy,
    /// The secret named.
    Secret,
    /// The parameter named.
    Parameter,
}

type Signed = fn(&mut Request<'_>) -> Result<(), ServiceError>;
pub(super) type Unsigned = fn(&mut Visit<'_>) -> Result<Output, ServiceError>;

/// What an action does.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// For someone who has signed the request.
    Signed(Signed),
    /// The same, and the action is in the method and the path.
    SignedAt(&'static str, Signed),
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
    iam("ListUsers", Resource::Users, iam::list_users),
    iam("GetUser", Resource::User, iam::get_user),
    iam("DeleteUser", Resource::User, iam::delete_user),
    iam(
        "GetAccountAuthorizationDetails",
        Resource::Any,
        entities::get_details,
    ),
    iam("ListAccessKeys", Resource::User, iam::list_access_keys),
    iam("CreateAccessKey", Resource::User, iam::create_access_key),
    iam("UpdateAccessKey", Resource::User, iam::update_access_key),
    iam("DeleteAccessKey", Resource::User, iam::delete_access_key),
    iam("GetAccessKeyLastUsed", Resource::Key, iam::get_last_used),
    iam("TagUser", Resource::User, tags::tag_user),
    iam("UntagUser", Resource::User, tags::untag_user),
    iam("ListUserTags", Resource::User, tags::list_user_tags),
    iam(
        "ListAccountAliases",
        Resource::Any,
        iam::list_account_aliases,
    ),
    iam("GetAccountSummary", Resource::Any, iam::get_account_summary),
    iam(
        "GenerateCredentialReport",
        Resource::Any,
        iam::generate_report,
    ),
    iam("GetCredentialReport", Resource::Any, iam::get_report),
    iam("ListMFADevices", Resource::User, iam::list_mfa_devices),
    iam(
        "ListAttachedUserPolicies",
        Resource::User,
        attached::list_attached_user_policies,
    ),
    iam(
        "ListUserPolicies",
        Resource::User,
        attached::list_user_policies,
    ),
    iam("GetUserPolicy", Resource::User, attached::get_user_policy),
    iam("PutUserPolicy", Resource::User, attached::put_user_policy),
    iam(
        "DeleteUserPolicy",
        Resource::User,
        attached::delete_user_policy,
    ),
    iam(
        "ListGroupsForUser",
        Resource::User,
        attached::list_groups_for_user,
    ),
    iam(
        "ListAttachedGroupPolicies",
        Resource::Group,
        attached::list_attached_group_policies,
    ),
    iam(
        "ListGroupPolicies",
        Resource::Group,
        attached::list_group_policies,
    ),
    iam(
        "GetGroupPolicy",
        Resource::Group,
        attached::get_group_policy,
    ),
    iam("GetPolicy", Resource::Policy, attached::get_policy),
    iam(
        "GetPolicyVersion",
        Resource::Policy,
        attached::get_policy_version,
    ),
    iam(
        "ListEntitiesForPolicy",
        Resource::Policy,
        entities::list_entities_for_policy,
    ),
    iam(
        "GenerateServiceLastAccessedDetails",
        Resource::Any,
        advisor::generate,
    ),
    iam("GetServiceLastAccessedDetails", Resource::Any, advisor::get),
    iam("GetLoginProfile", Resource::User, others::get_login_profile),
    iam(
        "DeleteLoginProfile",
        Resource::User,
        others::delete_login_profile,
    ),
    iam(
        "DeactivateMFADevice",
        Resource::User,
        others::deactivate_mfa_device,
    ),
    iam(
        "ListSSHPublicKeys",
        Resource::User,
        others::list_ssh_public_keys,
    ),
    iam(
        "UpdateSSHPublicKey",
        Resource::User,
        others::update_ssh_public_key,
    ),
    iam(
        "DeleteSSHPublicKey",
        Resource::User,
        others::delete_ssh_public_key,
    ),
    iam(
        "ListSigningCertificates",
        Resource::User,
        others::list_signing_certificates,
    ),
    iam(
        "UpdateSigningCertificate",
        Resource::User,
        others::update_signing_certificate,
    ),
    iam(
        "DeleteSigningCertificate",
        Resource::User,
        others::delete_signing_certificate,
    ),
    iam(
        "ListServiceSpecificCredentials",
        Resource::User,
        others::list_service_specific_credentials,
    ),
    iam(
        "UpdateServiceSpecificCredential",
        Resource::User,
        others::update_service_specific_credential,
    ),
    iam(
        "DeleteServiceSpecificCredential",
        Resource::User,
        others::delete_service_specific_credential,
    ),
    sts("GetCallerIdentity", Resource::Any, sts::get_caller_identity),
    sts("AssumeRole", Resource::Role, sts::assume_role),
    sts("GetSessionToken", Resource::Any, sts::get_session_token),
    sts("GetAccessKeyInfo", Resource::Any, sts::get_access_key_info),
    organizations("DescribeOrganization", organizations::describe_organization),
    organizations("ListAccounts", organizations::list_accounts),
    cloudtrail("LookupEvents", cloudtrail::lookup_events),
    secrets("DescribeSecret", secret_stores::describe_secret),
    secrets("CreateSecret", secret_stores::create_secret),
    secrets("PutSecretValue", secret_stores::put_secret_value),
    secrets("GetSecretValue", secret_stores::get_secret_value),
    parameters("DescribeParameters", secret_stores::describe_parameters),
    parameters("GetParameter", secret_stores::get_parameter),
    parameters("PutParameter", secret_stores::put_parameter),
    Action {
        run: Run::SignedAt("POST /listRegions", regions::list_regions),
        service: ACCOUNT,
        ..cloudtrail("ListRegions", regions::list_regions)
    },
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
        clients::register_client,
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
    // No service of AWS's has this one.
    oidc("ShowMfaCode", "GET /mfa", pages::mfa_code),
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

const fn cloudtrail(name: &'static str, run: Signed) -> Action {
    Action {
        service: CLOUDTRAIL,
        ..iam(name, Resource::Any, run)
    }
}

const fn secrets(name: &'static str, run: Signed) -> Action {
    Action {
        service: SECRETS_MANAGER,
        ..iam(name, Resource::Secret, run)
    }
}

const fn parameters(name: &'static str, run: Signed) -> Action {
    Action {
        service: SSM,
        ..iam(name, Resource::Parameter, run)
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
            Run::SignedAt(route, _) | Run::Unsigned(route, _) => route == wanted,
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
            Resource::Group => format!("group {}", param("GroupName")),
            Resource::Policy => format!("policy {}", param("PolicyArn")),
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
            Resource::Group => {
                let name = param("GroupName").unwrap_or_default();
                let group = account.existing_group(name);
                group.map_or_else(
                    |_| format!("arn:aws:iam::{}:group/{name}", account.id()),
                    |group| account.group_arn(group),
                )
            }
            Resource::Policy => param("PolicyArn").unwrap_or_default().to_owned(),
            Resource::Secret => {
                let name = param("Name").or(param("SecretId")).unwrap_or_default();
                secret_stores::secret_arn(account.id(), request.region, name)
            }
            Resource::Parameter => match param("Name") {
                Some(name) => secret_stores::parameter_arn(account.id(), request.region, name),
                None => "*".to_owned(),
            },
        }
    }
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
            Run::SignedAt(route, _) | Run::Unsigned(route, _) => Some(route),
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
