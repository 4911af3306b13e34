//! The services behind the endpoint, and how each speaks.

use bytes::Bytes;
use http::Response;

use super::error::ServiceError;
use super::{json, query};

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Service {
    /// The name in signatures and permissions.
    pub(super) name: &'static str,
    pub(super) protocol: Protocol,
}

/// How a service speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// A form in, XML out, as of a version.
    Query(&'static str),
    /// JSON, with the action in a header after this prefix.
    Json(&'static str),
    /// The action is in the path, the error in a header.
    Rest,
    /// The same, with the errors of OAuth 2.0 in the body.
    OAuth,
}

pub(super) const IAM: Service = Service {
    name: "iam",
    protocol: Protocol::Query("2010-05-08"),
};

pub(super) const STS: Service = Service {
    name: "sts",
    protocol: Protocol::Query("2011-06-15"),
};

pub(super) const ORGANIZATIONS: Service = Service {
    name: "organizations",
    protocol: Protocol::Json("AWSOrganizationsV20161128."),
};

/// The history of calls. Its endpoint in each region has that of this region.
pub(super) const CLOUDTRAIL: Service = Service {
    name: "cloudtrail",
    protocol: Protocol::Json("CloudTrail_20131101."),
};

/// AWS Secrets Manager.
pub(super) const SECRETS_MANAGER: Service = Service {
    name: "secretsmanager",
    protocol: Protocol::Json("secretsmanager."),
};

/// AWS Systems Manager, of which there is the Parameter Store.
pub(super) const SSM: Service = Service {
    name: "ssm",
    protocol: Protocol::Json("AmazonSSM."),
};

/// Account management: which regions are enabled.
pub(super) const ACCOUNT: Service = Service {
    name: "account",
    protocol: Protocol::Rest,
};

/// The portal.
pub(super) const SSO: Service = Service {
    name: "sso",
    protocol: Protocol::Rest,
};

/// The logins to it.
pub(super) const OIDC: Service = Service {
    name: "sso-oauth",
    protocol: Protocol::OAuth,
};

/// Those whose actions are named in a header.
pub(super) const WITH_TARGETS: &[Service] = &[ORGANIZATIONS, CLOUDTRAIL, SECRETS_MANAGER, SSM];

impl Service {
    /// The XML namespace of its responses.
    fn namespace(self, version: &str) -> String {
        format!("https://{}.amazonaws.com/doc/{version}/", self.name)
    }

    /// The response of an action that succeeded.
    pub(super) fn success(
        self,
        action: &str,
        output: &Output,
        request_id: &str,
    ) -> Response<Bytes> {
        match (output, self.protocol) {
            (Output::Xml(xml), Protocol::Query(version)) => {
                query::success(action, &self.namespace(version), xml, request_id)
            }
            // The endpoint's actions give what their service speaks.
            (Output::Xml(_), _) => json::success(self.protocol, &serde_json::json!({}), request_id),
            (Output::Json(value), _) => json::success(self.protocol, value, request_id),
            (Output::Page(page), _) => page.clone(),
        }
    }

    /// The response of an action that failed.
    pub(super) fn failure(self, error: &ServiceError, request_id: &str) -> Response<Bytes> {
        match self.protocol {
            Protocol::Query(version) => query::failure(error, &self.namespace(version), request_id),
            protocol => json::failure(protocol, error, request_id),
        }
    }

    /// What a service calls otherwise than those that share its protocol.
    fn of_its_own(self, code: &str) -> Option<(u16, &'static str)> {
        Some(match (self.name, code) {
            ("cloudtrail", "Throttling") => (400, "ThrottlingException"),
            // All other parameters that are checked have errors of their own.
            ("cloudtrail", "ValidationError") => (400, "InvalidNextTokenException"),
            ("secretsmanager", "Throttling") => (400, "ThrottlingException"),
            ("secretsmanager", "ValidationError") => (400, "InvalidParameterException"),
            ("ssm", "Throttling") => (400, "ThrottlingException"),
            ("ssm", "ValidationError") => (400, "ValidationException"),
            ("account", "AccessDenied") => (403, "AccessDeniedException"),
            ("account", "ValidationError") => (400, "ValidationException"),
            ("account", "InvalidClientTokenId") => (403, "UnrecognizedClientException"),
            ("account", "ExpiredToken") => (403, "ExpiredTokenException"),
            ("account", "SignatureDoesNotMatch") => (403, "InvalidSignatureException"),
            _ => return None,
        })
    }

    /// An error as this service calls it: those of the query protocol are renamed.
    pub(super) fn own(self, error: ServiceError) -> ServiceError {
        let (status, code) = match (self.protocol, &*error.code) {
            (Protocol::Query(_), _) => return error,
            _ if let Some(own) = self.of_its_own(&error.code) => own,
            (Protocol::Json(_), "AccessDenied") => (400, "AccessDeniedException"),
            (Protocol::Json(_), "Throttling") => (400, "TooManyRequestsException"),
            (Protocol::Json(_), "InvalidClientTokenId") => (400, "UnrecognizedClientException"),
            (Protocol::Json(_), "ExpiredToken") => (400, "ExpiredTokenException"),
            (Protocol::Json(_), "SignatureDoesNotMatch") => (400, "InvalidSignatureException"),
            (Protocol::Json(_), "IncompleteSignature") => (400, "IncompleteSignatureException"),
            (Protocol::Json(_), "MissingAuthenticationToken") => {
                (400, "MissingAuthenticationTokenException")
            }
            (Protocol::Json(_), "ValidationError") => (400, "InvalidInputException"),
            (Protocol::Rest, "AccessDenied") => (403, "ForbiddenException"),
            (Protocol::Rest, "Throttling") => (429, "TooManyRequestsException"),
            (Protocol::Rest | Protocol::OAuth, "ValidationError") => {
                (400, "InvalidRequestException")
            }
            (Protocol::OAuth, "AccessDenied") => (400, "AccessDeniedException"),
            (Protocol::OAuth, "Throttling") => (400, "SlowDownException"),
            (Protocol::OAuth, "InternalFailure") => (error.status, "InternalServerException"),
            (_, "ServiceUnavailable") => (503, "ServiceUnavailableException"),
            _ => return error,
        };
        ServiceError::new((status, code), error.message)
    }
}

/// What an action gives back.
#[derive(Clone, Debug)]
pub(super) enum Output {
    /// The elements inside `<…Result>`.
    Xml(super::xml::Xml),
    /// The body.
    Json(serde_json::Value),
    /// All of the response, for a browser.
    Page(Response<Bytes>),
}
