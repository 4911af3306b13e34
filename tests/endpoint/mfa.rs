//! MFA: the codes of devices, sessions that begin with one, and what is refused without.

use chrono::{DateTime, TimeDelta};
use iamkeys::demo::{Answer, Endpoint, Role};

use super::{error, iam, key, movable, now, organisation, session, sts};

const PROD: &str = "123456789012";
const SERIAL: &str = "arn:aws:iam::123456789012:mfa/alice";
const WRONG: &str = "403 AccessDenied: MultiFactorAuthentication failed with invalid MFA one time \
                     pass code. ";
const INVALID: &str =
    "403 InvalidClientTokenId: The security token included in the request is invalid.";

#[tokio::test]
async fn devices_are_listed() {
    let endpoint = organisation();
    let client = iam(&endpoint, endpoint.sdk_credentials());
    let mine = client.list_mfa_devices().send().await.unwrap();
    let [device] = mine.mfa_devices() else {
        panic!("one device: {mine:?}");
    };
    assert_eq!(
        (device.user_name(), device.serial_number()),
        ("alice", SERIAL)
    );
    let bot = || client.list_mfa_devices().user_name("deploy-bot").send();
    assert!(bot().await.unwrap().mfa_devices().is_empty());
    endpoint.account(|account| account.add_mfa_device("deploy-bot").unwrap());
    let serial = format!("arn:aws:iam::{PROD}:mfa/deploy-bot");
    assert_eq!(
        bot().await.unwrap().mfa_devices()[0].serial_number(),
        serial
    );
}

#[tokio::test]
async fn a_session_with_mfa_may_call_iam_and_one_without_may_not() {
    let endpoint = organisation();
    let alice = sts(&endpoint, endpoint.sdk_credentials());
    let without = alice.get_session_token().send().await.unwrap();
    let without = session(without.credentials);
    let code = endpoint.mfa_code(SERIAL);
    let with = alice
        .get_session_token()
        .serial_number(SERIAL)
        .token_code(code);
    let with = session(with.send().await.unwrap().credentials);

    assert_eq!(
        error(iam(&endpoint, without.clone()).list_users().send()).await,
        INVALID
    );
    iam(&endpoint, with.clone())
        .list_users()
        .send()
        .await
        .unwrap();
    for credentials in [without, with] {
        let client = sts(&endpoint, credentials);
        let caller = client.get_caller_identity().send().await.unwrap();
        let arn = format!("arn:aws:iam::{PROD}:user/people/alice");
        assert_eq!(caller.arn(), Some(&*arn));
        let again = error(client.get_session_token().send()).await;
        let expected = "403 AccessDenied: Cannot call GetSessionToken with session credentials";
        assert_eq!(again, expected);
        let info = client
            .get_access_key_info()
            .access_key_id("AKIAQX7DEMO4ALICE001");
        assert!(error(info.send()).await.starts_with("403 AccessDenied: "));
        let role = client.assume_role().role_session_name("test");
        let role = role.role_arn("arn:aws:iam::444455556666:role/iamkeys-audit");
        role.send().await.unwrap();
    }
}

#[tokio::test]
async fn a_session_of_a_user_lasts_twelve_hours_unless_asked() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    let alice = sts(&endpoint, endpoint.sdk_credentials());
    let ask = |seconds| {
        alice
            .get_session_token()
            .set_duration_seconds(seconds)
            .send()
    };
    for (seconds, hours) in [(None, 12), (Some(129_600), 36)] {
        let credentials = ask(seconds).await.unwrap().credentials.unwrap();
        let ends = DateTime::from_timestamp(credentials.expiration().secs(), 0).unwrap();
        assert_eq!(ends, now() + TimeDelta::hours(hours));
    }
    for seconds in [899, 129_601] {
        let error = error(ask(Some(seconds))).await;
        assert!(error.starts_with("400 ValidationError: "), "{error}");
    }
    let short = session(ask(Some(900)).await.unwrap().credentials);
    // It outlives the key that it was made with.
    endpoint.account(|account| account.remove_key("AKIAQX7DEMO4ALICE001"));
    let client = sts(&endpoint, short);
    client.get_caller_identity().send().await.unwrap();
    *time.lock().unwrap() += TimeDelta::minutes(15);
    let over = error(client.get_caller_identity().send()).await;
    assert!(over.starts_with("403 ExpiredToken: "), "{over}");
}

#[tokio::test]
async fn people_without_a_device_see_its_code_on_a_page() {
    let endpoint = organisation();
    let page = async |serial: &str| {
        let url = format!("http://127.0.0.1:4000/mfa?serial={serial}");
        let request = http::Request::get(url).body(bytes::Bytes::new()).unwrap();
        let Answer::Whole(response) = endpoint.answer(request).await else {
            panic!("no answer");
        };
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        (response.status().as_u16(), body)
    };
    let code = format!("{}\n", endpoint.mfa_code(SERIAL));
    assert_eq!(page(SERIAL).await, (200, code));
    let other = "arn:aws:iam::123456789012:mfa/deploy-bot";
    assert_eq!(page(other).await.0, 404);
}

#[tokio::test]
async fn a_session_of_a_user_may_do_what_the_user_may_now() {
    let endpoint = organisation();
    let alice = sts(&endpoint, endpoint.sdk_credentials());
    let call = alice.get_session_token().serial_number(SERIAL);
    let call = call.token_code(endpoint.mfa_code(SERIAL)).send();
    let client = iam(&endpoint, session(call.await.unwrap().credentials));
    client.list_users().send().await.unwrap();
    let nothing = r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    endpoint.account(|account| account.set_user_policy("alice", Some(nothing)).unwrap());
    let denied = error(client.list_users().send()).await;
    let why = "with an explicit deny in an identity-based policy";
    assert!(denied.ends_with(why), "{denied}");
    endpoint.account(|account| account.set_user_policy("alice", None).unwrap());
    client.list_users().send().await.unwrap();
    endpoint.account(|account| account.remove_user("alice"));
    assert_eq!(error(client.list_users().send()).await, INVALID);
}

#[tokio::test]
async fn a_code_is_accepted_once_and_only_from_its_user() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    let ask = |endpoint: &Endpoint, user: &str, serial: &str, code: &str| {
        let client = sts(endpoint, key(user));
        let call = client.get_session_token().serial_number(serial);
        call.token_code(code).send()
    };
    let alice = "AKIAQX7DEMO4ALICE001";
    let code = endpoint.mfa_code(SERIAL);
    let other = if code == "000000" { "000001" } else { "000000" };
    assert_eq!(error(ask(&endpoint, alice, SERIAL, other)).await, WRONG);
    let stranger = error(ask(&endpoint, "AKIAQX7DEMO4BOBBY001", SERIAL, &code)).await;
    assert!(
        stranger.contains("verify your MFA serial number"),
        "{stranger}"
    );
    ask(&endpoint, alice, SERIAL, &code).await.unwrap();
    assert_eq!(error(ask(&endpoint, alice, SERIAL, &code)).await, WRONG);
    *time.lock().unwrap() += TimeDelta::seconds(30);
    let next = endpoint.mfa_code(SERIAL);
    *time.lock().unwrap() += TimeDelta::seconds(30);
    // The one before counts, too.
    ask(&endpoint, alice, SERIAL, &next).await.unwrap();
    for code in ["12345", "1234567", "12345x"] {
        let error = error(ask(&endpoint, alice, SERIAL, code)).await;
        assert!(error.starts_with("400 ValidationError: "), "{error}");
    }
}

#[tokio::test]
async fn a_role_may_ask_for_mfa() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    endpoint.in_account("111122223333", |dev| {
        dev.add_role(Role::new("guarded").trusting(PROD).requiring_mfa());
    });
    let role = "arn:aws:iam::111122223333:role/guarded";
    let alice = sts(&endpoint, endpoint.sdk_credentials());
    let assume = |client: &aws_sdk_sts::Client| {
        let call = client.assume_role().role_arn(role);
        call.role_session_name("test")
    };
    let denied = error(assume(&alice).send()).await;
    assert!(
        denied.ends_with(&format!("on resource: {role}")),
        "{denied}"
    );
    let coded = |code: &str| assume(&alice).serial_number(SERIAL).token_code(code).send();
    assert_eq!(error(coded("000000")).await, WRONG);
    coded(&endpoint.mfa_code(SERIAL)).await.unwrap();
    // A session that began with a code needs no second one.
    *time.lock().unwrap() += TimeDelta::seconds(30);
    let code = endpoint.mfa_code(SERIAL);
    let call = alice
        .get_session_token()
        .serial_number(SERIAL)
        .token_code(code);
    let with = session(call.send().await.unwrap().credentials);
    assume(&sts(&endpoint, with)).send().await.unwrap();
    let without = alice.get_session_token().send().await.unwrap();
    let without = sts(&endpoint, session(without.credentials));
    let denied = error(assume(&without).send()).await;
    assert!(denied.starts_with("403 AccessDenied: User: "), "{denied}");
}

#[tokio::test]
async fn iam_may_be_closed_to_those_without_mfa() {
    for everyone in [true, false] {
        let endpoint = organisation();
        let user = (!everyone).then_some("alice");
        endpoint.account(|account| account.require_mfa(user));
        let alice = iam(&endpoint, endpoint.sdk_credentials());
        let denied = format!(
            "403 AccessDenied: User: arn:aws:iam::{PROD}:user/people/alice is not authorized to \
             perform: iam:ListUsers on resource: arn:aws:iam::{PROD}:user/ with an explicit deny \
             in an identity-based policy"
        );
        assert_eq!(error(alice.list_users().send()).await, denied);
        // What it takes to begin a session is open.
        let devices = alice.list_mfa_devices().send().await.unwrap();
        let serial = devices.mfa_devices()[0].serial_number();
        let code = endpoint.mfa_code(serial);
        let client = sts(&endpoint, endpoint.sdk_credentials());
        let call = client
            .get_session_token()
            .serial_number(serial)
            .token_code(code);
        let with = session(call.send().await.unwrap().credentials);
        iam(&endpoint, with).list_users().send().await.unwrap();
        let bob = iam(&endpoint, key("AKIAQX7DEMO4BOBBY001"));
        assert_eq!(bob.list_users().send().await.is_err(), everyone);
    }
}
