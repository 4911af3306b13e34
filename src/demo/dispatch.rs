//! Finds out which action a request is for, and its parameters, in each of the protocols.

use bytes::Bytes;
use http::{Request as HttpRequest, header};

use super::actions::Action;
use super::error::{INVALID_ACTION, ServiceError};
use super::query::Params;
use super::service::{IAM, Protocol, Service, WITH_TARGETS};
use super::{cloudtrail, json};

/// The header that names the action.
const TARGET: &str = "x-amz-target";

/// What the `aws` command, but not the SDK for Rust, writes before the actions of CloudTrail.
const PACKAGE: &str = "com.amazonaws.cloudtrail.v20131101.";

/// What a request asks for.
pub(super) struct Wanted {
    pub(super) service: Service,
    /// As the request names it.
    pub(super) name: String,
    /// None where no service has such an action.
    pub(super) action: Option<&'static Action>,
    pub(super) params: Params,
}

impl Wanted {
    pub(super) fn read(request: &HttpRequest<Bytes>) -> Self {
        Self::of_target(request)
            .or_else(|| Self::of_route(request))
            .unwrap_or_else(|| Self::of_form(request))
    }

    /// A request whose action is in its method and path.
    fn of_route(request: &HttpRequest<Bytes>) -> Option<Self> {
        let route = format!("{} {}", request.method(), request.uri().path());
        let action = Action::at_route(&route)?;
        let query = request.uri().query();
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| {
                kind.as_bytes()
                    .starts_with(b"application/x-www-form-urlencoded")
            });
        let params = if is_form || request.body().is_empty() {
            Some(Params::read(query, request.body()))
        } else {
            json::params(request.body())
        };
        Some(Self {
            service: action.service,
            name: action.name.to_owned(),
            // What cannot be read lacks all that has to be there.
            action: Some(action),
            params: params.unwrap_or_default(),
        })
    }

    fn of_form(request: &HttpRequest<Bytes>) -> Self {
        let params = Params::read(request.uri().query(), request.body());
        let action = Action::of_form(&params);
        Self {
            service: action.map_or(IAM, |action| action.service),
            name: params.get("Action").unwrap_or_default().to_owned(),
            action,
            params,
        }
    }

    /// A request whose action is named in a header.
    fn of_target(request: &HttpRequest<Bytes>) -> Option<Self> {
        let target = request.headers().get(TARGET)?.to_str().ok()?;
        let target = target.strip_prefix(PACKAGE).unwrap_or(target);
        let (service, name) = WITH_TARGETS.iter().find_map(|service| {
            let Protocol::Json(prefix) = service.protocol else {
                return None;
            };
            Some((*service, target.strip_prefix(prefix)?))
        })?;
        let params = json::params(request.body());
        Some(Self {
            service,
            name: name.to_owned(),
            // What cannot be read asks for nothing.
            action: Action::in_service(service, name).filter(|_| params.is_some()),
            params: params.unwrap_or_default(),
        })
    }

    /// The key that it names.
    pub(super) fn key_id(&self) -> Option<&str> {
        self.params.get("AccessKeyId").or_else(|| {
            let [key, value] = cloudtrail::ATTRIBUTE;
            let is_key = self.params.get(key) == Some("AccessKeyId");
            self.params.get(value).filter(|_| is_key)
        })
    }

    /// Whether it asks for what follows on a page.
    pub(super) fn goes_on(&self) -> bool {
        let mut names = ["Marker", "NextToken", "next_token"].into_iter();
        names.any(|name| self.params.get(name).is_some())
    }

    /// The action; an error where there is none.
    pub(super) fn existing(&self) -> Result<&'static Action, ServiceError> {
        self.action.ok_or_else(|| {
            if matches!(self.service.protocol, Protocol::Json(_)) {
                return ServiceError::new((400, "UnknownOperationException"), "");
            }
            let version = self.params.get("Version").unwrap_or_default();
            let name = &self.name;
            let message = format!("Could not find operation {name} for version {version}");
            ServiceError::new(INVALID_ACTION, message)
        })
    }
}
