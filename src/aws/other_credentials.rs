//! What a user can sign in with beside access keys, and which services they have called.

use super::{
    Connection, Error, Kind,
    connection::all_pages,
    convert::{error, failed, time},
    parts::{Missing, patiently},
};
use crate::engine::impact::{Credential, CredentialKind, OtherCredentials, ServiceUse};
use aws_sdk_iam::{
    operation::get_service_last_accessed_details::GetServiceLastAccessedDetailsOutput,
    types::{JobStatusType, StatusType},
};
use std::{cmp::Reverse, time::Duration};
use tokio::time::{Instant, sleep};

const GENERATE: &str = "iam:GenerateServiceLastAccessedDetails";
const GET: &str = "iam:GetServiceLastAccessedDetails";

/// The pauses between questions after the access advisor's job: each is twice as long as the one before,
/// and none longer than this.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How much longer a pause is after an answer that there were too many calls.
const THROTTLED: u32 = 4;

/// How long the job may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// The most services on a page.
const PAGE: i32 = 1000;

impl Connection {
    /// What a user can sign in with beside access keys: each kind is a call for itself.
    ///
    /// # Errors
    /// When nothing could be read, or there is no such user; what is refused in part is in the answer.
    pub async fn other_credentials(&self, user: &str) -> Result<OtherCredentials, Error> {
        let (password, devices, ssh, certificates, of_services) = tokio::join!(
            patiently(|| self.password(user)),
            patiently(|| self.mfa_devices(user)),
            patiently(|| self.ssh_keys(user)),
            patiently(|| self.certificates(user)),
            patiently(|| self.credentials_of_services(user)),
        );
        let mut missing = Missing::default();
        let mut items = Vec::new();
        for part in [password, devices, ssh, certificates, of_services] {
            match part {
                // Where the user is not there, nothing else needs to be told.
                Err(error) if error.kind == Kind::NotFound => return Err(error),
                part => items.extend(missing.or_note(part)?.into_iter().flatten()),
            }
        }
        if let Some(error) = missing.is_all(5) {
            return Err(error.clone());
        }
        Ok(OtherCredentials {
            items,
            missing: missing.into_errors(),
        })
    }

    /// The password of the console. That there is none is an error in AWS's terms, and the same as of a
    /// user who is not there: the other calls tell that one.
    async fn password(&self, user: &str) -> Result<Vec<Credential>, Error> {
        let answer = self.iam.get_login_profile().user_name(user).send().await;
        let answer = match answer.map_err(|e| error("iam:GetLoginProfile", &e)) {
            Err(error) if error.kind == Kind::NotFound => return Ok(Vec::new()),
            answer => answer?,
        };
        let profile = answer.login_profile;
        let created = profile.and_then(|profile| time(Some(&profile.create_date)));
        Ok(vec![Credential {
            kind: CredentialKind::Password,
            id: "".into(),
            active: None,
            created,
        }])
    }

    async fn mfa_devices(&self, user: &str) -> Result<Vec<Credential>, Error> {
        let action = "iam:ListMFADevices";
        all_pages(action, |marker| async move {
            let call = self.iam.list_mfa_devices().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let devices = answer.mfa_devices.into_iter().map(|device| Credential {
                kind: CredentialKind::MfaDevice,
                id: device.serial_number.into(),
                active: None,
                created: time(Some(&device.enable_date)),
            });
            Ok((devices.collect(), answer.is_truncated, answer.marker))
        })
        .await
    }

    async fn ssh_keys(&self, user: &str) -> Result<Vec<Credential>, Error> {
        let action = "iam:ListSSHPublicKeys";
        all_pages(action, |marker| async move {
            let call = self.iam.list_ssh_public_keys().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let keys = answer.ssh_public_keys.unwrap_or_default();
            let keys = keys.into_iter().map(|key| Credential {
                kind: CredentialKind::SshKey,
                id: key.ssh_public_key_id.into(),
                active: Some(is_active(&key.status)),
                created: time(Some(&key.upload_date)),
            });
            Ok((keys.collect(), answer.is_truncated, answer.marker))
        })
        .await
    }

    async fn certificates(&self, user: &str) -> Result<Vec<Credential>, Error> {
        let action = "iam:ListSigningCertificates";
        all_pages(action, |marker| async move {
            let call = self.iam.list_signing_certificates().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let certificates = answer.certificates.into_iter().map(|it| Credential {
                kind: CredentialKind::Certificate,
                id: it.certificate_id.into(),
                active: Some(is_active(&it.status)),
                created: time(it.upload_date.as_ref()),
            });
            Ok((certificates.collect(), answer.is_truncated, answer.marker))
        })
        .await
    }

    async fn credentials_of_services(&self, user: &str) -> Result<Vec<Credential>, Error> {
        let action = "iam:ListServiceSpecificCredentials";
        all_pages(action, |marker| async move {
            let call = self.iam.list_service_specific_credentials().user_name(user);
            let answer = call.set_marker(marker).send().await;
            let answer = answer.map_err(|e| error(action, &e))?;
            let credentials = answer.service_specific_credentials.unwrap_or_default();
            let credentials = credentials.into_iter().map(|it| Credential {
                kind: CredentialKind::ServiceSpecific(it.service_name.into()),
                id: it.service_specific_credential_id.into(),
                active: Some(is_active(&it.status)),
                created: time(Some(&it.create_date)),
            });
            Ok((credentials.collect(), answer.is_truncated, answer.marker))
        })
        .await
    }

    /// When services were last called with any credentials of a user, the latest first, and those that
    /// were not within the tracking period after them. AWS has to find that out first; it is asked until
    /// it has, for up to a minute.
    ///
    /// # Errors
    /// When a call fails, or AWS does not come to an end with it.
    pub async fn services_used(&self, user: &str) -> Result<Vec<ServiceUse>, Error> {
        let arn = patiently(|| self.arn_of(user)).await?;
        let job = patiently(|| self.begin_to_look(&arn)).await?;
        let first = self.services_of(&job).await?;
        let mut services = first.services_last_accessed;
        if first.is_truncated {
            let (job, first) = (&job, &first.marker);
            let rest = all_pages(GET, |marker| async move {
                let marker = marker.or_else(|| first.clone());
                let page = patiently(|| self.page_of_services(job, marker.clone())).await?;
                Ok((page.services_last_accessed, page.is_truncated, page.marker))
            });
            services.extend(rest.await?);
        }
        let mut found: Vec<_> = services
            .into_iter()
            .map(|it| ServiceUse {
                service: it.service_namespace.into(),
                last: time(it.last_authenticated.as_ref()),
                region: it.last_authenticated_region.map(Into::into),
            })
            .collect();
        found.sort_by(|a, b| {
            let order = |it: &ServiceUse| Reverse(it.last);
            order(a).cmp(&order(b)).then(a.service.cmp(&b.service))
        });
        Ok(found)
    }

    async fn arn_of(&self, user: &str) -> Result<String, Error> {
        let action = "iam:GetUser";
        let answer = self.iam.get_user().user_name(user).send().await;
        let answer = answer.map_err(|e| error(action, &e))?;
        let arn = answer.user.map(|user| user.arn);
        arn.ok_or_else(|| failed(action, Kind::InvalidResponse, "the answer holds no user"))
    }

    /// Has AWS find out; the ID of its job.
    async fn begin_to_look(&self, arn: &str) -> Result<String, Error> {
        let call = self.iam.generate_service_last_accessed_details().arn(arn);
        let answer = call.send().await.map_err(|e| error(GENERATE, &e))?;
        let job = answer.job_id;
        job.ok_or_else(|| failed(GENERATE, Kind::InvalidResponse, "the answer holds no job"))
    }

    /// The first page of what a job has found out, once it is done.
    async fn services_of(&self, job: &str) -> Result<GetServiceLastAccessedDetailsOutput, Error> {
        let begun = Instant::now();
        let mut next = FIRST_PAUSE;
        loop {
            let (pause, why) = match Box::pin(self.page_of_services(job, None)).await {
                Err(error) if error.kind == Kind::Throttled => (next * THROTTLED, error),
                answer => {
                    let answer = answer?;
                    match answer.job_status {
                        JobStatusType::Completed => return Ok(answer),
                        JobStatusType::InProgress => (next, not_in_time()),
                        _ => return Err(job_failed(answer)),
                    }
                }
            };
            if begun.elapsed() + pause > PATIENCE {
                return Err(why);
            }
            sleep(pause).await;
            next = LONGEST_PAUSE.min(next * 2);
        }
    }

    async fn page_of_services(
        &self,
        job: &str,
        marker: Option<String>,
    ) -> Result<GetServiceLastAccessedDetailsOutput, Error> {
        let call = self.iam.get_service_last_accessed_details().job_id(job);
        let answer = call.max_items(PAGE).set_marker(marker).send().await;
        answer.map_err(|e| error(GET, &e))
    }
}

/// What is `Expired` is as good as inactive.
fn is_active(status: &StatusType) -> bool {
    *status == StatusType::Active
}

fn not_in_time() -> Error {
    let seconds = PATIENCE.as_secs();
    let message = format!("AWS has not found it out within {seconds} seconds");
    failed(GENERATE, Kind::Other, message)
}

fn job_failed(answer: GetServiceLastAccessedDetailsOutput) -> Error {
    let why = answer.error.map(|why| why.message);
    let message = why.unwrap_or_else(|| "AWS could not find it out".to_owned());
    failed(GET, Kind::Other, super::convert::one_line(&message))
}
