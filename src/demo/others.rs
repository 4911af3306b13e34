//! The actions on credentials other than access keys.

use super::credentials::{Credential, CredentialKind};
use super::error::{NO_SUCH_ENTITY, ServiceError};
use super::paging::{list, skip_to};
use super::query::{CERTIFICATE_ID, CREDENTIAL_ID, Check, SERIAL_NUMBER, TextRule};
use super::request::Request;
use super::user::Status;
use super::xml::Xml;

/// The kinds as actions name them. Of credentials of services, the service does not matter to most.
const SSH: CredentialKind = CredentialKind::SshKey;
const CERTIFICATE: CredentialKind = CredentialKind::Certificate;
const SERVICE: CredentialKind = CredentialKind::Service(String::new());

const SSH_ID: &str = "SSHPublicKeyId";
const SERVICE_ID: &str = "ServiceSpecificCredentialId";

pub(super) fn get_login_profile(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let name = request.user_or_caller(Check::new(request.params))?;
    let user = request.account.existing_user(&name)?;
    let since = request.account.password(user);
    let since = since.ok_or_else(|| no_password(&user.name))?;
    request.result.element("LoginProfile", |xml| {
        xml.text("UserName", &user.name);
        xml.time("CreateDate", since);
        xml.value("PasswordResetRequired", false);
    });
    Ok(())
}

pub(super) fn delete_login_profile(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let name = request.user_or_caller(Check::new(request.params))?;
    let user = request.account.existing_user(&name)?;
    if request.account.password(user).is_none() {
        return Err(no_password(&user.name));
    }
    request.account.set_password(&name, None)
}

fn no_password(user: &str) -> ServiceError {
    let message = format!("Login Profile for User {user} cannot be found.");
    ServiceError::new(NO_SUCH_ENTITY, message)
}

pub(super) fn deactivate_mfa_device(request: &mut Request<'_>) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let serial = check.required(&SERIAL_NUMBER);
    let name = request.user_or_caller(check)?;
    request.account.existing_user(&name)?;
    if request.account.mfa_serial(&name).as_deref() != Some(serial) {
        let message = format!("MFA Device {serial} invalid for user.");
        return Err(ServiceError::new(NO_SUCH_ENTITY, message));
    }
    request.account.remove_mfa_device(&name)
}

pub(super) fn list_ssh_public_keys(request: &mut Request<'_>) -> Result<(), ServiceError> {
    list_credentials(request, "SSHPublicKeys", &SSH, None, |xml, key| {
        xml.text(SSH_ID, &key.id);
        xml.text("Status", key.status.as_str());
        xml.time("UploadDate", key.created);
    })
}

pub(super) fn list_signing_certificates(request: &mut Request<'_>) -> Result<(), ServiceError> {
    list_credentials(request, "Certificates", &CERTIFICATE, None, |xml, it| {
        xml.text("CertificateId", &it.id);
        let body = "-----BEGIN CERTIFICATE-----\nDEMO/EXAMPLE\n-----END CERTIFICATE-----";
        xml.text("CertificateBody", body);
        xml.text("Status", it.status.as_str());
        xml.time("UploadDate", it.created);
    })
}

pub(super) fn list_service_specific_credentials(
    request: &mut Request<'_>,
) -> Result<(), ServiceError> {
    let service = request.params.get("ServiceName").map(str::to_owned);
    let name = "ServiceSpecificCredentials";
    list_credentials(request, name, &SERVICE, service.as_deref(), |xml, it| {
        let CredentialKind::Service(service) = &it.kind else {
            return;
        };
        let alias = it.id.trim_start_matches("ACCA").to_ascii_lowercase();
        xml.text("Status", it.status.as_str());
        xml.text("ServiceUserName", &alias);
        xml.time("CreateDate", it.created);
        xml.text(SERVICE_ID, &it.id);
        xml.text("ServiceName", service);
    })
}

/// The credentials of a user that are like a kind, of one service or of all.
fn list_credentials(
    request: &mut Request<'_>,
    element: &str,
    kind: &CredentialKind,
    service: Option<&str>,
    write: impl Fn(&mut Xml, &Credential),
) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let page = check.page(request.longest_page);
    let name = request.user_or_caller(check)?;
    let user = request.account.existing_user(&name)?;
    let wanted = |it: &&Credential| {
        let of_service = |service: &str| it.kind == CredentialKind::Service(service.to_owned());
        it.kind.is_like(kind) && service.is_none_or(of_service)
    };
    let mark = |credential: &Credential| credential.id.clone();
    let own = request.account.credentials(&name).iter().filter(wanted);
    let own = skip_to(&page, own, mark)?;
    let write = |xml: &mut Xml, credential: &Credential| {
        xml.text("UserName", &user.name);
        write(xml, credential);
    };
    list(&mut request.result, element, &page, own, write, mark);
    Ok(())
}

pub(super) fn update_ssh_public_key(request: &mut Request<'_>) -> Result<(), ServiceError> {
    update(request, &SSH, SSH_ID, &CREDENTIAL_ID)
}

pub(super) fn update_signing_certificate(request: &mut Request<'_>) -> Result<(), ServiceError> {
    update(request, &CERTIFICATE, "CertificateId", &CERTIFICATE_ID)
}

pub(super) fn update_service_specific_credential(
    request: &mut Request<'_>,
) -> Result<(), ServiceError> {
    update(request, &SERVICE, SERVICE_ID, &CREDENTIAL_ID)
}

fn update(
    request: &mut Request<'_>,
    kind: &CredentialKind,
    parameter: &str,
    rule: &TextRule,
) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let id = check.required_as(parameter, rule);
    let status = match check.one_of("Status", &["Active", "Inactive"]) {
        "Active" => Status::Active,
        _ => Status::Inactive,
    };
    let user = request.user_or_caller(check)?;
    request.account.update_credential(&user, kind, id, status)
}

pub(super) fn delete_ssh_public_key(request: &mut Request<'_>) -> Result<(), ServiceError> {
    delete(request, &SSH, SSH_ID, &CREDENTIAL_ID)
}

pub(super) fn delete_signing_certificate(request: &mut Request<'_>) -> Result<(), ServiceError> {
    delete(request, &CERTIFICATE, "CertificateId", &CERTIFICATE_ID)
}

pub(super) fn delete_service_specific_credential(
    request: &mut Request<'_>,
) -> Result<(), ServiceError> {
    delete(request, &SERVICE, SERVICE_ID, &CREDENTIAL_ID)
}

fn delete(
    request: &mut Request<'_>,
    kind: &CredentialKind,
    parameter: &str,
    rule: &TextRule,
) -> Result<(), ServiceError> {
    let mut check = Check::new(request.params);
    let id = check.required_as(parameter, rule);
    let user = request.user_or_caller(check)?;
    request.account.delete_credential(&user, kind, id)
}
