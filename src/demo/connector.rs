//! The endpoint as the SDK's HTTP client: no socket, no TLS.

use std::io;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use futures::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use super::{Answer, Endpoint};

pub(super) fn http_client(endpoint: Endpoint) -> SharedHttpClient {
    SharedHttpClient::new(Client(endpoint))
}

#[derive(Debug)]
struct Client(Endpoint);

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            endpoint: self.0.clone(),
            read_timeout: settings.read_timeout(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    endpoint: Endpoint,
    read_timeout: Option<Duration>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let endpoint = self.endpoint.clone();
        let read_timeout = self.read_timeout;
        HttpConnectorFuture::new(async move {
            let request = read(request).await?;
            let answer = endpoint.answer(request);
            let answer = match read_timeout {
                None => answer.await,
                // Like the real client, which only minds the first byte.
                Some(limit) => tokio::time::timeout(limit, answer)
                    .await
                    .map_err(|elapsed| ConnectorError::timeout(elapsed.into()))?,
            };
            write(answer)
        })
    }
}

async fn read(request: HttpRequest) -> Result<Request<Bytes>, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(ConnectorError::user)?;
    Ok(Request::from_parts(parts, body.to_bytes()))
}

fn write(answer: Answer) -> Result<HttpResponse, ConnectorError> {
    let response: Response<SdkBody> = match answer {
        Answer::Whole(response) => response.map(SdkBody::from),
        Answer::Cut(response) => response.map(|half| {
            let pieces = [Ok(Frame::data(half)), Err(cut_short())];
            SdkBody::from_body_1_x(StreamBody::new(stream::iter(pieces)))
        }),
        Answer::Dropped => return Err(ConnectorError::io(dropped().into())),
    };
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

/// What a client sees of a connection that breaks instead of an answer.
pub(super) fn dropped() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}

/// What a client sees of one that ends before the answer does.
pub(super) fn cut_short() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
