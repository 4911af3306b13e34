//! What users have beside access keys, and the access advisor.

use aws_sdk_iam::types::JobStatusType;
use chrono::TimeDelta;
use iamkeys::demo::{Credential, CredentialKind, Endpoint, Status};

use super::{error, iam, movable, now, organisation};

fn client(endpoint: &Endpoint) -> aws_sdk_iam::Client {
    iam(endpoint, endpoint.sdk_credentials())
}

/// A row of the credential report.
async fn row(endpoint: &Endpoint, user: &str) -> Vec<String> {
    let iam = client(endpoint);
    iam.generate_credential_report().send().await.unwrap();
    let report = iam.get_credential_report().send().await.unwrap();
    let text = String::from_utf8(report.content.unwrap().into_inner()).unwrap();
    let start = format!("{user},");
    let row = text.lines().find(|line| line.starts_with(&start));
    row.unwrap().split(',').map(str::to_owned).collect()
}

#[tokio::test]
async fn a_password_and_an_mfa_device_can_be_taken_away() {
    let endpoint = organisation().with_report_time(TimeDelta::zero());
    let iam = client(&endpoint);
    let profile = |user: &str| iam.get_login_profile().user_name(user).send();
    let found = profile("bob").await.unwrap().login_profile.unwrap();
    assert_eq!(found.user_name(), "bob");
    let none =
        |user: &str| format!("404 NoSuchEntity: Login Profile for User {user} cannot be found.");
    for user in ["deploy-bot", "former-intern"] {
        assert_eq!(error(profile(user)).await, none(user));
    }
    let devices = async |user: &str| {
        let devices = iam.list_mfa_devices().user_name(user).send();
        devices.await.unwrap().mfa_devices().len()
    };
    assert_eq!((devices("bob").await, devices("carol").await), (0, 1));
    let bob = row(&endpoint, "bob").await;
    assert_eq!((&*bob[3], &*bob[7]), ("true", "false"), "{bob:?}");

    let delete = |user: &str| iam.delete_login_profile().user_name(user).send();
    delete("Carol").await.unwrap();
    assert_eq!(error(delete("Carol")).await, none("Carol"));
    let nobody = "404 NoSuchEntity: The user with name nobody cannot be found.";
    assert_eq!(error(delete("nobody")).await, nobody);
    let serial = "arn:aws:iam::123456789012:mfa/Carol";
    let take = |user: &str| {
        let call = iam.deactivate_mfa_device().user_name(user);
        call.serial_number(serial).send()
    };
    assert!(error(take("alice")).await.starts_with("404 NoSuchEntity"));
    take("Carol").await.unwrap();
    assert!(error(take("Carol")).await.starts_with("404 NoSuchEntity"));
    assert_eq!(devices("carol").await, 0);
    endpoint.account(|account| assert!(account.mfa_serial("carol").is_none()));
}

#[tokio::test]
async fn keys_certificates_and_credentials_of_services_are_listed_and_changed() {
    let endpoint = organisation()
        .with_report_time(TimeDelta::zero())
        .with_pages_of(1);
    let iam = client(&endpoint);
    let ssh = async || {
        let pages = iam.list_ssh_public_keys().user_name("jenkins");
        let pages = pages.into_paginator().items().send();
        let keys = pages.collect::<Result<Vec<_>, _>>().await.unwrap();
        let shown = keys.iter();
        let shown = shown.map(|it| format!("{} {}", it.ssh_public_key_id(), it.status()));
        shown.collect::<Vec<_>>()
    };
    let [old, new] = ["APKAQX7DEMO4JENKNS01", "APKAQX7DEMO4JENKNS02"];
    let both = [format!("{old} Inactive"), format!("{new} Active")];
    assert_eq!(ssh().await, both);
    let update = |id: &str, status: &str| {
        let call = iam.update_ssh_public_key().user_name("jenkins");
        call.ssh_public_key_id(id).status(status.into()).send()
    };
    update(new, "Inactive").await.unwrap();
    assert_eq!(ssh().await[1], format!("{new} Inactive"));
    let delete = iam.delete_ssh_public_key().user_name("jenkins");
    let delete = delete.ssh_public_key_id(old);
    delete.clone().send().await.unwrap();
    assert_eq!(ssh().await, [format!("{new} Inactive")]);
    let gone = format!("404 NoSuchEntity: The Public Key with id {old} cannot be found.");
    assert_eq!(error(delete.send()).await, gone);
    assert_eq!(error(update(old, "Active")).await, gone);
    assert!(
        error(update(new, "Gone"))
            .await
            .starts_with("400 ValidationError")
    );

    let certificates = || {
        let call = iam.list_signing_certificates().user_name("backup-agent");
        call.send()
    };
    let found = certificates().await.unwrap();
    let certificate = &found.certificates()[0];
    assert!(certificate.certificate_body().contains("DEMO/EXAMPLE"));
    let id = certificate.certificate_id();
    let report = row(&endpoint, "backup-agent").await;
    assert_eq!((&*report[18], &*report[20]), ("true", "false"));
    let update = iam.update_signing_certificate().user_name("backup-agent");
    let update = update.certificate_id(id).status("Inactive".into());
    update.send().await.unwrap();
    let found = certificates().await.unwrap();
    assert_eq!(found.certificates()[0].status().as_str(), "Inactive");
    let delete = iam.delete_signing_certificate().user_name("backup-agent");
    let delete = delete.certificate_id(id);
    delete.clone().send().await.unwrap();
    let gone = format!("404 NoSuchEntity: The Certificate with id {id} cannot be found.");
    assert_eq!(error(delete.send()).await, gone);

    let of_services = async |user: &str, service: Option<&str>| {
        let call = iam.list_service_specific_credentials().user_name(user);
        let call = call.set_service_name(service.map(str::to_owned));
        let (mut ids, mut marker) = (Vec::new(), None);
        loop {
            let page = call.clone().set_marker(marker).send().await.unwrap();
            let found = page.service_specific_credentials().iter();
            ids.extend(found.map(|it| it.service_specific_credential_id().to_owned()));
            marker = page.marker;
            if marker.is_none() {
                return ids;
            }
        }
    };
    let [first, second] = ["ACCAQX7DEMO4ORDERS01", "ACCAQX7DEMO4ORDERS02"];
    assert_eq!(of_services("orders-worker", None).await, [first, second]);
    let bedrock = Some("bedrock.amazonaws.com");
    assert_eq!(of_services("orders-worker", bedrock).await.len(), 2);
    assert_eq!(of_services("jenkins", bedrock).await.len(), 0);
    assert_eq!(of_services("jenkins", None).await.len(), 1);
    let update = iam.update_service_specific_credential();
    let update = update.user_name("orders-worker").status("Inactive".into());
    let update = update.service_specific_credential_id(first);
    update.send().await.unwrap();
    let delete = iam.delete_service_specific_credential();
    let delete = delete.user_name("orders-worker");
    let delete = delete.service_specific_credential_id(first);
    delete.clone().send().await.unwrap();
    let gone = format!("404 NoSuchEntity: No such credential {first} exists");
    assert_eq!(error(delete.send()).await, gone);
    assert_eq!(of_services("orders-worker", None).await, [second]);
}

#[tokio::test]
async fn the_access_advisor_takes_a_moment_and_tells_the_latest_use_of_each_service() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock).with_pages_of(2);
    let iam = client(&endpoint);
    let generate = |arn: &str| {
        let call = iam.generate_service_last_accessed_details();
        call.arn(arn).send()
    };
    let bot = "arn:aws:iam::123456789012:user/machines/deploy-bot";
    let job = generate(bot).await.unwrap().job_id.unwrap();
    let get = |job: &str, marker: Option<String>| {
        let call = iam.get_service_last_accessed_details().job_id(job);
        call.set_marker(marker).send()
    };
    let under_way = get(&job, None).await.unwrap();
    assert_eq!(under_way.job_status(), &JobStatusType::InProgress);
    *time.lock().unwrap() += TimeDelta::seconds(1);
    let (mut shown, mut marker) = (Vec::new(), None);
    loop {
        let page = get(&job, marker).await.unwrap();
        assert_eq!(page.job_status(), &JobStatusType::Completed);
        for it in page.services_last_accessed() {
            let ago = it
                .last_authenticated()
                .map(|at| now().timestamp() - at.secs());
            let place = it.last_authenticated_region().unwrap_or("nowhere");
            shown.push(format!("{} {ago:?} {place}", it.service_namespace()));
        }
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(
        shown,
        [
            "ec2 Some(5270400) us-east-1",
            "ecr Some(259200) us-east-1",
            "iam Some(5270400) us-east-1",
            "lambda None nowhere",
            "s3 Some(7200) us-east-1",
            "sqs Some(18000) eu-west-1",
            // Of the second key.
            "sts Some(660) us-east-1",
        ]
    );
    let unknown = "0".repeat(36);
    let expected = format!("404 NoSuchEntity: Job {unknown} cannot be found.");
    assert_eq!(error(get(&unknown, None)).await, expected);
    for arn in [
        "arn:aws:iam::123456789012:user/deploy-bot",
        "arn:aws:iam::123456789012:user/nobody",
    ] {
        let expected = format!("404 NoSuchEntity: ARN {arn} cannot be found.");
        assert_eq!(error(generate(arn)).await, expected);
    }
    // A clock that stands still holds nobody up for ever.
    let job = generate(bot).await.unwrap().job_id.unwrap();
    for status in ["IN_PROGRESS", "IN_PROGRESS", "COMPLETED"] {
        let answer = get(&job, None).await.unwrap();
        assert_eq!(answer.job_status().as_str(), status);
    }
}

#[tokio::test]
async fn a_user_is_deleted_once_nothing_is_left() {
    let endpoint = organisation();
    let iam = client(&endpoint);
    let delete = || iam.delete_user().user_name("Temp").send();
    let conflict =
        |first: &str| format!("409 DeleteConflict: Cannot delete entity, must {first} first.");
    let nobody = "404 NoSuchEntity: The user with name Temp cannot be found.";
    assert_eq!(error(delete()).await, nobody);
    let arn = endpoint.account(|account| {
        account.add_user("temp", "/people/", now()).unwrap();
        account.add_group("temps", "/", now()).unwrap();
        account.add_to_group("temp", "temps").unwrap();
        let document = r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
        account.put_user_policy("temp", "own", document).unwrap();
        let arn = account.add_policy("lent", "/", now(), &[document]).unwrap();
        account.attach_user_policy("temp", &arn).unwrap();
        account.add_mfa_device("temp").unwrap();
        for (kind, id) in [
            (CredentialKind::SshKey, "APKAQX7DEMO4TEMP0001"),
            (CredentialKind::Certificate, "TEMPCERTIFICATEEXAMPLE01"),
            (
                CredentialKind::Service("bedrock.amazonaws.com".into()),
                "ACCAQX7DEMO4TEMP0001",
            ),
        ] {
            let credential = Credential {
                kind,
                id: id.into(),
                status: Status::Active,
                created: now(),
            };
            account.add_credential("temp", credential).unwrap();
        }
        arn
    });
    let key = iam.create_access_key().user_name("temp").send().await;
    let key = key.unwrap().access_key.unwrap();

    assert_eq!(error(delete()).await, conflict("delete login profile"));
    iam.delete_login_profile()
        .user_name("temp")
        .send()
        .await
        .unwrap();
    assert_eq!(error(delete()).await, conflict("delete access keys"));
    let call = iam.delete_access_key().user_name("temp");
    call.access_key_id(key.access_key_id())
        .send()
        .await
        .unwrap();
    assert_eq!(
        error(delete()).await,
        conflict("delete signing certificates")
    );
    let call = iam.delete_signing_certificate().user_name("temp");
    call.certificate_id("TEMPCERTIFICATEEXAMPLE01")
        .send()
        .await
        .unwrap();
    assert_eq!(error(delete()).await, conflict("delete SSH public keys"));
    let call = iam.delete_ssh_public_key().user_name("temp");
    call.ssh_public_key_id("APKAQX7DEMO4TEMP0001")
        .send()
        .await
        .unwrap();
    assert_eq!(error(delete()).await, conflict("remove referenced objects"));
    let call = iam.delete_service_specific_credential().user_name("temp");
    call.service_specific_credential_id("ACCAQX7DEMO4TEMP0001")
        .send()
        .await
        .unwrap();
    assert_eq!(error(delete()).await, conflict("delete MFA device"));
    endpoint
        .account(|account| account.remove_mfa_device("temp"))
        .unwrap();
    assert_eq!(error(delete()).await, conflict("delete policies"));
    let call = iam.delete_user_policy().user_name("temp");
    call.policy_name("own").send().await.unwrap();
    assert_eq!(error(delete()).await, conflict("detach all policies"));
    endpoint.account(|account| assert!(account.detach_user_policy("temp", &arn)));
    assert_eq!(error(delete()).await, conflict("remove users from group"));
    endpoint.account(|account| {
        account.remove_user("temp");
        account.add_user("temp", "/", now()).unwrap();
    });
    delete().await.unwrap();
    assert_eq!(error(delete()).await, nobody);
    let listed = iam.list_access_keys().user_name("Temp").send();
    assert_eq!(error(listed).await, nobody);
}
