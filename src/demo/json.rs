//! The protocols that speak JSON: AWS JSON 1.1, REST, and REST with the errors of OAuth 2.0.

use bytes::Bytes;
use http::{Response, header};
use serde_json::{Value, json};

use super::error::ServiceError;
use super::query::Params;
use super::service::Protocol;

/// The parameters in the object of a body: texts, numbers and truth values, named as the query protocol
/// names them, `Tags.member.1.Key` in a list of objects. What else there is is passed over.
pub(super) fn params(body: &[u8]) -> Option<Params> {
    if body.is_empty() {
        return Some(Params::default());
    }
    let Value::Object(members) = serde_json::from_slice(body).ok()? else {
        return None;
    };
    let mut params = Vec::new();
    for (name, value) in members {
        flatten(name, &value, &mut params);
    }
    Some(Params::of(params))
}

fn flatten(name: String, value: &Value, params: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => {
            for (item, number) in items.iter().zip(1..) {
                flatten(format!("{name}.member.{number}"), item, params);
            }
        }
        Value::Object(members) => {
            for (member, value) in members {
                flatten(format!("{name}.{member}"), value, params);
            }
        }
        value => params.extend(scalar(value).map(|text| (name, text))),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The response of an action that succeeded.
pub(super) fn success(protocol: Protocol, value: &Value, request_id: &str) -> Response<Bytes> {
    response(protocol, 200, value, request_id, None)
}

/// The response of an action that failed.
pub(super) fn failure(
    protocol: Protocol,
    error: &ServiceError,
    request_id: &str,
) -> Response<Bytes> {
    let body = match protocol {
        Protocol::OAuth => json!({
            "error": oauth_code(&error.code),
            "error_description": error.message,
        }),
        Protocol::Rest => json!({ "message": error.message, "__type": error.code }),
        _ => json!({ "__type": error.code, "Message": error.message }),
    };
    response(protocol, error.status, &body, request_id, Some(&error.code))
}

/// `authorization_pending` for `AuthorizationPendingException`.
fn oauth_code(code: &str) -> String {
    let name = code.strip_suffix("Exception").unwrap_or(code);
    let mut text = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

fn response(
    protocol: Protocol,
    status: u16,
    body: &Value,
    request_id: &str,
    error: Option<&str>,
) -> Response<Bytes> {
    let kind = match protocol {
        Protocol::Json(_) => "application/x-amz-json-1.1",
        _ => "application/json",
    };
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, kind)
        .header("x-amzn-requestid", request_id);
    if let Some(code) = error.filter(|_| !matches!(protocol, Protocol::Json(_))) {
        response = response.header("x-amzn-errortype", code);
    }
    let body = Bytes::from(body.to_string());
    // All parts of it are well formed.
    response.body(body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_as_a_form_is() {
        let params = params(br#"{"a":"x","n":7,"list":["p","q"],"no":null,"o":{}}"#).unwrap();
        let get = |name| params.get(name);
        assert_eq!(
            [get("a"), get("n"), get("no")],
            [Some("x"), Some("7"), None]
        );
        assert_eq!(
            [get("list.member.1"), get("list.member.2")],
            [Some("p"), Some("q")]
        );
        let nested = br#"{"list":[{"Key":"a","Value":1},{"Key":"b"}]}"#;
        let nested = super::params(nested).unwrap();
        let names = ["list.member.1.Value", "list.member.2.Key"];
        assert_eq!(names.map(|name| nested.get(name)), [Some("1"), Some("b")]);
        assert!(super::params(b"[]").is_none() && super::params(b"x").is_none());
        assert!(super::params(b"").is_some());
    }

    #[test]
    fn oauth_has_names_of_its_own_for_errors() {
        for (code, expected) in [
            ("AuthorizationPendingException", "authorization_pending"),
            ("InvalidGrantException", "invalid_grant"),
            ("SlowDownException", "slow_down"),
        ] {
            assert_eq!(oauth_code(code), expected);
        }
    }
}
