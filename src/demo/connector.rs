//! The endpoint as the SDK's HTTP client: no socket, no TLS.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::Request;
use http_body_util::BodyExt as _;

use super::endpoint::Endpoint;

impl Endpoint {
    /// The HTTP client for the SDK.
    #[must_use]
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Connector {
            endpoint: self.clone(),
            read_timeout: None,
        })
    }
}

#[derive(Clone, Debug)]
struct Connector {
    endpoint: Endpoint,
    read_timeout: Option<Duration>,
}

impl HttpClient for Connector {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Self {
            endpoint: self.endpoint.clone(),
            read_timeout: settings.read_timeout(),
        })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let endpoint = self.endpoint.clone();
        let read_timeout = self.read_timeout.unwrap_or(Duration::MAX);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x();
            let request = request.map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(ConnectorError::user)?;
            let request = Request::from_parts(parts, body.to_bytes());
            // As in the real client, it ends with the first byte.
            let answer = tokio::time::timeout(read_timeout, endpoint.answer(request)).await;
            let answer = answer.map_err(|elapsed| ConnectorError::timeout(elapsed.into()))?;
            let response = answer.into_response();
            let response = response.map_err(|broken| ConnectorError::io(broken.into()))?;
            let response = response.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(response)
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
