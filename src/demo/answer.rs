//! What the caller gets, and what is remembered of a call.

use bytes::Bytes;
use http::{Response, StatusCode, header};

use super::fault::FaultKind;
use super::query::{self, Params};
use super::refusal::Refusal;
use super::xml::Xml;

/// An answer, as far as the network lets it through.
#[derive(Clone, Debug)]
pub enum Answer {
    /// All of it.
    Whole(Response<Bytes>),
    /// The first half of the body; its header announces all of it. Then the
    /// connection breaks.
    Cut(Response<Bytes>),
    /// Nothing: the connection breaks.
    Dropped,
}

impl Answer {
    /// A response after a fault has had its way with it.
    pub(super) fn spoilt(
        response: Response<Bytes>,
        fault: Option<&FaultKind>,
        space: &str,
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
                let mut refusal = Refusal::internal_failure();
                refusal.status = status;
                Self::Whole(query::failure(&refusal, space, request_id))
            }
            _ => Self::Whole(response),
        }
    }

    /// The HTTP status, if one is sent.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Whole(response) | Self::Cut(response) => Some(response.status()),
            Self::Dropped => None,
        }
    }
}

/// A request the endpoint has had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The action asked for, such as `ListUsers`.
    pub action: String,
    /// The user named.
    pub user: Option<String>,
    /// The key named.
    pub key_id: Option<String>,
    /// The key that signed it.
    pub signed_by: Option<String>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done, and the caller was told.
    Done,
    /// It was not done, and the caller was told why.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code, such as `NoSuchEntity`.
        code: String,
    },
    /// A fault kept the caller from learning what became of it.
    Lost {
        /// Whether it was done.
        done: bool,
    },
}

impl Call {
    pub(super) fn new(
        params: &Params,
        signed_by: Option<&str>,
        result: Option<&Result<Xml, Refusal>>,
        fault: Option<&FaultKind>,
    ) -> Self {
        let text = |name| params.get(name).map(str::to_owned);
        let lost = matches!(
            fault,
            Some(
                FaultKind::DropBefore
                    | FaultKind::DropAfter
                    | FaultKind::Cut
                    | FaultKind::Garble
                    | FaultKind::ErrorAfter(_)
            )
        );
        let outcome = match result {
            Some(result) if !lost => match result {
                Ok(_) => Outcome::Done,
                Err(refusal) => Outcome::Refused {
                    status: refusal.status,
                    code: refusal.code.clone(),
                },
            },
            result => Outcome::Lost {
                done: result.is_some_and(Result::is_ok),
            },
        };
        Self {
            action: text("Action").unwrap_or_default(),
            user: text("UserName"),
            key_id: text("AccessKeyId"),
            signed_by: signed_by.map(str::to_owned),
            outcome,
        }
    }
}
