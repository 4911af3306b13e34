//! What a client receives, and the record of its request.

use std::convert::Infallible;
use std::io;
use std::time::Instant;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use http::{Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;

use super::error::ServiceError;
use super::fault::FaultKind;
use super::service::Service;

/// An answer, as far as the network lets it through.
#[derive(Clone, Debug)]
pub enum Answer {
    /// All of the response.
    Whole(Response<Bytes>),
    /// The first half of the body, whose header announces all of it. Then the connection breaks.
    Cut(Response<Bytes>),
    /// Nothing: the connection breaks.
    Dropped,
}

impl Answer {
    /// A response after a fault.
    pub(super) fn with_fault(
        response: Response<Bytes>,
        fault: Option<&FaultKind>,
        service: Service,
        request_id: &str,
    ) -> Self {
        match fault {
            Some(FaultKind::DropBefore | FaultKind::DropAfter) => Self::Dropped,
            Some(FaultKind::Cut) => {
                let length = response.body().len();
                let mut half = response.map(|body| body.slice(..length / 2));
                half.headers_mut()
                    .insert(header::CONTENT_LENGTH, length.into());
                Self::Cut(half)
            }
            Some(FaultKind::Garble) => {
                let garbage = Bytes::from_static(b"<html>Proxy Authentication <b>Requi\xff");
                Self::Whole(response.map(|_| garbage))
            }
            Some(&FaultKind::ErrorAfter(status)) => {
                let error = ServiceError::internal_failure(status);
                Self::Whole(service.failure(&service.own(error), request_id))
            }
            _ => Self::Whole(response),
        }
    }
}

/// The body of a response, which may break.
pub(super) type Body = BoxBody<Bytes, io::Error>;

impl Answer {
    /// The response that is sent; the error with which the connection breaks without one.
    pub(super) fn into_response(self) -> io::Result<Response<Body>> {
        match self {
            Self::Whole(response) => Ok(response.map(whole)),
            Self::Cut(response) => Ok(response.map(|half| {
                let first = async { Ok(Frame::data(half)) };
                let then = async {
                    // Nothing is sent before the body has to be waited for.
                    tokio::task::yield_now().await;
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
                let both = stream::once(first).chain(stream::once(then));
                BoxBody::new(StreamBody::new(both))
            })),
            Self::Dropped => Err(io::ErrorKind::ConnectionReset.into()),
        }
    }
}

pub(super) fn whole(bytes: Bytes) -> Body {
    let never = |never: Infallible| match never {};
    Full::new(bytes).map_err(never).boxed()
}

/// A request the endpoint has received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it came in, by a clock that cannot be set.
    pub at: Instant,
    /// The account it is about: that of the key that signed it, or that of the role asked for. None
    /// where neither is known.
    pub account: Option<String>,
    /// The region that it was signed for.
    pub region: Option<String>,
    /// The service, such as `iam`.
    pub service: &'static str,
    /// The action, such as `ListUsers`.
    pub action: String,
    /// The user named.
    pub user: Option<String>,
    /// The key named.
    pub key_id: Option<String>,
    /// The key that signed it.
    pub signed_by: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, and the client was told so.
    Done,
    /// It was not done, and the client was told why.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code, such as `NoSuchEntity`.
        code: String,
    },
    /// A fault hid the outcome from the client.
    Lost {
        /// Whether it was done.
        done: bool,
    },
}

impl Outcome {
    pub(super) fn of<T>(result: &Result<T, ServiceError>, fault: Option<&FaultKind>) -> Self {
        match result {
            _ if fault.is_some_and(FaultKind::hides_outcome) => Self::Lost {
                done: result.is_ok(),
            },
            Ok(_) => Self::Done,
            Err(error) => Self::Refused {
                status: error.status,
                code: error.code.clone(),
            },
        }
    }
}
