//! Finds out which action a request is for, and its parameters, in each of the protocols.

use bytes::Bytes;
use http::Request as HttpRequest;

use super::actions::Action;
use super::error::{INVALID_ACTION, ServiceError};
use super::query::Params;
use super::service::{IAM, Service};

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
        let params = Params::read(request.uri().query(), request.body());
        let action = Action::of_form(&params);
        Self {
            service: action.map_or(IAM, |action| action.service),
            name: params.get("Action").unwrap_or_default().to_owned(),
            action,
            params,
        }
    }

    /// The action; an error where there is none.
    pub(super) fn existing(&self) -> Result<&'static Action, ServiceError> {
        self.action.ok_or_else(|| {
            let version = self.params.get("Version").unwrap_or_default();
            let name = &self.name;
            let message = format!("Could not find operation {name} for version {version}");
            ServiceError::new(INVALID_ACTION, message)
        })
    }
}
