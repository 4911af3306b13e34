//! What a browser sees: the page on which a person approves a program, the way back to a program that
//! waits on this machine, and the code of an MFA device.

use bytes::Bytes;
use http::{Response, header};
use quick_xml::escape::escape;

use super::error::ServiceError;
use super::mfa;
use super::portal::{Visit, required};
use super::service::Output;
use super::store::Account;

/// Sends the browser back at once: here the person has always agreed already.
pub(super) fn authorize(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    let params = visit.params;
    let client = required(params, "client_id")?;
    let redirect = required(params, "redirect_uri")?;
    let challenge = required(params, "code_challenge")?;
    for (name, expected) in [("response_type", "code"), ("code_challenge_method", "S256")] {
        if required(params, name)? != expected {
            let message = format!("{name} has to be {expected}");
            return Err(ServiceError::new((400, "InvalidRequestException"), message));
        }
    }
    let logins = &mut visit.portal.logins;
    // Also where it is refused, the browser goes only where the program is known to be.
    let code = logins.browser_code(client, redirect, challenge, visit.now)?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    if visit.refused {
        query.append_pair("error", "access_denied");
        query.append_pair("error_description", "The login was refused.");
    } else {
        query.append_pair("code", &code);
    }
    if let Some(state) = params.get("state") {
        query.append_pair("state", state);
    }
    let separator = if redirect.contains('?') { '&' } else { '?' };
    let location = format!("{redirect}{separator}{}", query.finish());
    let response = Response::builder()
        .status(302)
        .header(header::LOCATION, location);
    Ok(Output::Page(
        response.body(Bytes::new()).unwrap_or_default(),
    ))
}

/// The page on which a person compares the code and decides.
#[allow(clippy::unnecessary_wraps, reason = "all actions have one signature")]
pub(super) fn device(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    let code = visit.params.get("user_code").unwrap_or_default();
    Ok(page(&format!(
        "<p>A program asks to log in to the demo organisation. Approve it only if it shows this \
         code.</p>\
         <form method=\"post\" action=\"/device\">\
         <p><label>Code <input name=\"user_code\" value=\"{}\"></label></p>\
         <p><button name=\"decision\" value=\"approve\">Approve</button> \
         <button name=\"decision\" value=\"refuse\">Refuse</button></p></form>",
        escape(code)
    )))
}

/// What the person has decided.
pub(super) fn decide_device(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    let code = required(visit.params, "user_code")?;
    let approved = required(visit.params, "decision")? == "approve" && !visit.refused;
    let text = match visit.portal.logins.decide(code, approved, visit.now) {
        false => "No program waits for this code.",
        true if approved => "Approved. You can close this page and go back to the program.",
        true => "Refused. The program has been told so.",
    };
    Ok(page(&format!("<p>{text}</p>")))
}

/// The code that an MFA device shows now, for people who have no such device at hand.
pub(super) fn mfa_code(visit: &mut Visit<'_>) -> Result<Output, ServiceError> {
    let serial = required(visit.params, "serial")?;
    let has_it = |account: &Account| {
        let name = serial.rsplit('/').next().unwrap_or_default();
        account.mfa_serial(name).as_deref() == Some(serial)
    };
    if !visit.organisation.accounts().any(has_it) {
        let message = format!("There is no device {serial}.");
        return Err(ServiceError::new(
            (404, "ResourceNotFoundException"),
            message,
        ));
    }
    let code = format!("{}\n", mfa::code(serial, visit.now));
    let response = Response::builder().header(header::CONTENT_TYPE, "text/plain");
    Ok(Output::Page(response.body(code.into()).unwrap_or_default()))
}

fn page(content: &str) -> Output {
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>iamkeys demo</title>\
         <body><h1>iamkeys demo</h1>{content}</body></html>\n"
    );
    let response = Response::builder().header(header::CONTENT_TYPE, "text/html; charset=utf-8");
    Output::Page(response.body(page.into()).unwrap_or_default())
}
