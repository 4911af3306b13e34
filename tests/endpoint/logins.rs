//! Logging in to the SSO portal: by a code that a person approves, through a browser, and again.

use std::time::Duration;

use aws_sdk_ssooidc::Client;
use aws_sdk_ssooidc::operation::create_token::builders::CreateTokenFluentBuilder;
use aws_sdk_ssooidc::operation::register_client::RegisterClientOutput;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::TimeDelta;
use http::Request;
use iamkeys::demo::{Answer, Endpoint};
use sha2::{Digest as _, Sha256};

use super::*;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const START: &str = "https://acme.awsapps.com/start";
const CALLBACK: &str = "http://127.0.0.1/oauth/callback";

fn client(endpoint: &Endpoint) -> Client {
    let config = aws_sdk_ssooidc::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .retry_config(RetryConfig::disabled())
        .http_client(endpoint.http_client());
    Client::from_conf(config.build())
}

async fn registered(client: &Client, grants: &[&str]) -> RegisterClientOutput {
    let call = client.register_client();
    let call = call.client_name("iamkeys").client_type("public");
    let call = call.scopes("sso:account:access");
    let call = call.redirect_uris(CALLBACK).issuer_url(START);
    let grants = grants.iter().map(ToString::to_string).collect();
    call.set_grant_types(Some(grants)).send().await.unwrap()
}

fn token(client: &Client, program: &RegisterClientOutput, grant: &str) -> CreateTokenFluentBuilder {
    let call = client.create_token().grant_type(grant);
    call.client_id(program.client_id().unwrap())
        .client_secret(program.client_secret().unwrap())
}

/// The code of a call's error: `400 SlowDownException`.
fn code<'a, T, E>(
    call: impl Future<Output = Result<T, SdkError<E>>> + 'a,
) -> LocalBoxFuture<'a, String>
where
    T: Debug + 'a,
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let error = error(call);
    Box::pin(async { error.await.split(':').next().unwrap().to_owned() })
}

/// What a browser gets: the status, where it is sent, and the page.
async fn visit(endpoint: &Endpoint, request: Request<Bytes>) -> (u16, String, String) {
    let Answer::Whole(response) = endpoint.answer(request).await else {
        panic!("no answer");
    };
    let header = response.headers().get("location");
    let location = header.map_or("", |it| it.to_str().unwrap()).to_owned();
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    (response.status().as_u16(), location, body)
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_person_approves_a_program_by_its_code() {
    let endpoint = organisation().with_device_interval(Duration::from_secs(5));
    let client = client(&endpoint);
    let program = registered(&client, &[DEVICE, "refresh_token"]).await;
    let start = client.start_device_authorization().start_url(START);
    let begun = start
        .client_id(program.client_id().unwrap())
        .client_secret(program.client_secret().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!((begun.interval(), begun.expires_in()), (5, 600));
    let user_code = begun.user_code().unwrap();
    let page = begun.verification_uri().unwrap();
    assert_eq!(
        begun.verification_uri_complete().unwrap(),
        format!("{page}?user_code={user_code}")
    );
    assert_eq!(endpoint.waiting_devices(), [user_code]);
    let ask = || {
        let call = token(&client, &program, DEVICE);
        call.device_code(begun.device_code().unwrap()).send()
    };
    assert_eq!(code(ask()).await, "400 AuthorizationPendingException");
    assert_eq!(code(ask()).await, "400 SlowDownException");
    // From now on it has to wait for five seconds more.
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(code(ask()).await, "400 SlowDownException");
    tokio::time::advance(Duration::from_secs(15)).await;
    assert_eq!(code(ask()).await, "400 AuthorizationPendingException");
    assert!(!endpoint.approve_device("BBBB-BBBB"));
    assert!(endpoint.approve_device(&user_code.to_lowercase()));
    assert!(endpoint.waiting_devices().is_empty());
    let granted = ask().await.unwrap();
    assert_eq!(granted.token_type(), Some("Bearer"));
    assert_eq!(granted.expires_in(), 8 * 3600);
    assert!(granted.refresh_token().is_some());
    // Once only.
    assert_eq!(code(ask()).await, "400 InvalidGrantException");
}

#[tokio::test]
async fn a_person_decides_on_the_page() {
    for (decision, expected) in [
        ("approve", None),
        ("refuse", Some("400 AccessDeniedException")),
    ] {
        let endpoint = organisation();
        let client = client(&endpoint);
        let program = registered(&client, &[DEVICE]).await;
        let start = client.start_device_authorization().start_url(START);
        let start = start.client_id(program.client_id().unwrap());
        let begun = start.client_secret(program.client_secret().unwrap()).send();
        let begun = begun.await.unwrap();
        let url = begun.verification_uri_complete().unwrap();
        let (status, _, page) = visit(&endpoint, get(url)).await;
        let user_code = begun.user_code().unwrap();
        assert_eq!(status, 200);
        assert!(page.contains(&format!("value=\"{user_code}\"")), "{page}");
        let (_, _, odd) = visit(&endpoint, get(&format!("{url}%22%3Cscript%3E"))).await;
        assert!(!odd.contains("<script>"), "{odd}");
        let form = format!("user_code={user_code}&decision={decision}");
        let post = Request::post(begun.verification_uri().unwrap())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form.into())
            .unwrap();
        let (status, _, page) = visit(&endpoint, post).await;
        assert_eq!(status, 200);
        assert!(!page.contains("No program waits"), "{page}");
        let call = token(&client, &program, DEVICE);
        let call = call.device_code(begun.device_code().unwrap()).send();
        match expected {
            None => assert!(call.await.unwrap().access_token().is_some()),
            Some(expected) => assert_eq!(code(call).await, expected),
        }
    }
}

#[tokio::test]
async fn codes_and_registrations_expire() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    let endpoint = endpoint.with_code_lifetime(TimeDelta::minutes(2));
    let client = client(&endpoint);
    let program = registered(&client, &[DEVICE]).await;
    let start = client.start_device_authorization().start_url(START);
    let start = start.client_id(program.client_id().unwrap());
    let start = start.client_secret(program.client_secret().unwrap());
    let begun = start.clone().send().await.unwrap();
    *time.lock().unwrap() += TimeDelta::minutes(2);
    assert!(!endpoint.approve_device(begun.user_code().unwrap()));
    let call = token(&client, &program, DEVICE);
    let call = call.device_code(begun.device_code().unwrap());
    assert_eq!(code(call.send()).await, "400 ExpiredTokenException");
    let ends = now() + TimeDelta::days(90);
    assert_eq!(program.client_secret_expires_at(), ends.timestamp());
    *time.lock().unwrap() = ends;
    assert_eq!(code(start.send()).await, "401 InvalidClientException");
}

/// The way of a browser: where the endpoint sends it back to.
async fn authorized(endpoint: &Endpoint, program: &RegisterClientOutput, verifier: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let url = format!(
        "https://oidc.eu-west-1.amazonaws.com/authorize?response_type=code&client_id={}\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A40123%2Foauth%2Fcallback&state=s%26t\
         &code_challenge_method=S256&scopes=sso%3Aaccount%3Aaccess&code_challenge={challenge}",
        program.client_id().unwrap()
    );
    let (status, location, body) = visit(endpoint, get(&url)).await;
    assert_eq!(status, 302, "{body}");
    location
}

#[tokio::test]
async fn a_browser_brings_a_code_back_which_only_the_program_can_redeem() {
    let endpoint = organisation();
    let client = client(&endpoint);
    let grants = ["authorization_code", "refresh_token"];
    let program = registered(&client, &grants).await;
    let verifier = "v".repeat(64);
    let callback = "http://127.0.0.1:40123/oauth/callback";
    let redeem = async |location: &str, verifier: &str, callback: &str| {
        let query = location.split_once("?code=").unwrap().1;
        let (code, state) = query.split_once("&state=").unwrap();
        assert_eq!(state, "s%26t");
        let call = token(&client, &program, "authorization_code").code(code);
        let call = call.code_verifier(verifier).redirect_uri(callback);
        call.send().await
    };
    let location = authorized(&endpoint, &program, &verifier).await;
    assert!(location.starts_with(callback), "{location}");
    let granted = redeem(&location, &verifier, callback).await.unwrap();
    assert!(granted.access_token().is_some() && granted.refresh_token().is_some());
    let again = redeem(&location, &verifier, callback).await;
    let invalid = "400 InvalidGrantException";
    assert_eq!(code(std::future::ready(again)).await, invalid);
    for (verifier, callback) in [
        (&*"w".repeat(64), callback),
        (&*verifier, "http://127.0.0.1:40124/oauth/callback"),
    ] {
        let location = authorized(&endpoint, &program, &"v".repeat(64)).await;
        let wrong = redeem(&location, verifier, callback).await;
        assert_eq!(code(std::future::ready(wrong)).await, invalid);
    }
}

#[tokio::test]
async fn a_browser_is_sent_only_to_where_the_program_is_known_to_be() {
    let endpoint = organisation();
    let program = registered(&client(&endpoint), &["authorization_code"]).await;
    let id = program.client_id().unwrap();
    let page = "http://127.0.0.1:4000/authorize";
    let rest = "response_type=code&state=s&code_challenge_method=S256&code_challenge=c";
    for query in [
        format!("{rest}&client_id={id}&redirect_uri=http://evil.example/oauth/callback"),
        format!("{rest}&client_id={id}&redirect_uri=http://127.0.0.1:1/other"),
        format!("{rest}&client_id=unknown&redirect_uri={CALLBACK}"),
        format!("{rest}&client_id={id}"),
        format!(
            "{}&client_id={id}&redirect_uri={CALLBACK}",
            rest.replace("S256", "plain")
        ),
    ] {
        let (status, location, _) = visit(&endpoint, get(&format!("{page}?{query}"))).await;
        assert!(
            (400..500).contains(&status) && location.is_empty(),
            "{query}"
        );
    }
    endpoint.fault("Authorize=refuse".parse().unwrap());
    let query = format!("{rest}&client_id={id}&redirect_uri={CALLBACK}");
    let (status, location, _) = visit(&endpoint, get(&format!("{page}?{query}"))).await;
    assert_eq!(status, 302);
    let expected = format!("{CALLBACK}?error=access_denied&");
    assert!(location.starts_with(&expected), "{location}");
}

#[tokio::test]
async fn a_login_is_refreshed_until_the_person_logs_out() {
    let (time, clock) = movable();
    let endpoint = organisation().with_clock(clock);
    let client = client(&endpoint);
    let grants = ["authorization_code", "refresh_token"];
    let program = registered(&client, &grants).await;
    let verifier = "v".repeat(64);
    let location = authorized(&endpoint, &program, &verifier).await;
    let code_back = location.split(['=', '&']).nth(1).unwrap();
    let call = token(&client, &program, "authorization_code").code(code_back);
    let call = call
        .code_verifier(verifier)
        .redirect_uri("http://127.0.0.1:40123/oauth/callback");
    let first = call.send().await.unwrap();
    *time.lock().unwrap() += TimeDelta::hours(9);
    let refresh = |token_: &str| {
        let call = token(&client, &program, "refresh_token");
        call.refresh_token(token_).send()
    };
    let second = refresh(first.refresh_token().unwrap()).await.unwrap();
    assert_ne!(first.access_token(), second.access_token());
    let portal = aws_sdk_sso::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .http_client(endpoint.http_client());
    let portal = aws_sdk_sso::Client::from_conf(portal.build());
    let access = second.access_token().unwrap();
    portal
        .list_accounts()
        .access_token(access)
        .send()
        .await
        .unwrap();
    portal.logout().access_token(access).send().await.unwrap();
    let over = refresh(second.refresh_token().unwrap());
    assert_eq!(code(over).await, "400 InvalidGrantException");
}

#[tokio::test]
async fn a_program_uses_what_it_has_registered_for() {
    let endpoint = organisation();
    let client = client(&endpoint);
    let other = registered(&client, &["authorization_code"]).await;
    let start = |program: &RegisterClientOutput, secret: &str| {
        let call = client.start_device_authorization().start_url(START);
        let call = call.client_id(program.client_id().unwrap());
        call.client_secret(secret).send()
    };
    let secret = other.client_secret().unwrap();
    assert_eq!(
        code(start(&other, secret)).await,
        "400 UnauthorizedClientException"
    );
    assert_eq!(
        code(start(&other, "wrong")).await,
        "401 InvalidClientException"
    );
    for (grant, expected) in [
        (DEVICE, "400 UnauthorizedClientException"),
        ("refresh_token", "400 UnauthorizedClientException"),
        ("password", "400 UnsupportedGrantTypeException"),
        ("authorization_code", "400 InvalidRequestException"),
    ] {
        assert_eq!(
            code(token(&client, &other, grant).send()).await,
            expected,
            "{grant}"
        );
    }
    // As profiles without a session do it: the device flow, and no refresh.
    let call = client.register_client().client_name("old");
    let old = call.client_type("public").send().await.unwrap();
    let begun = start(&old, old.client_secret().unwrap()).await.unwrap();
    assert!(endpoint.approve_device(begun.user_code().unwrap()));
    let call = token(&client, &old, DEVICE);
    let granted = call.device_code(begun.device_code().unwrap()).send().await;
    assert_eq!(granted.unwrap().refresh_token(), None);

    let call = || client.register_client().client_name("x");
    let away = call()
        .client_type("public")
        .redirect_uris("https://evil.example/");
    assert_eq!(code(away.send()).await, "400 InvalidRedirectUriException");
    let confidential = call().client_type("confidential");
    assert_eq!(
        code(confidential.send()).await,
        "400 InvalidClientMetadataException"
    );
}

#[tokio::test]
async fn faults_and_errors_have_the_names_of_oauth() {
    let endpoint = organisation();
    let client = client(&endpoint);
    let register = || {
        let call = client.register_client().client_name("x");
        call.client_type("public").send()
    };
    for (fault, expected) in [
        ("RegisterClient=throttle*1", "400 SlowDownException"),
        ("RegisterClient=500*1", "500 InternalServerException"),
        (
            "sso-oauth:RegisterClient=refuse*1",
            "400 AccessDeniedException",
        ),
    ] {
        endpoint.fault(fault.parse().unwrap());
        assert_eq!(code(register()).await, expected, "{fault}");
    }
    let request = Request::post("http://127.0.0.1:4000/token")
        .body("{}".into())
        .unwrap();
    let (status, _, body) = visit(&endpoint, request).await;
    assert_eq!(status, 400);
    assert!(body.contains(r#""error":"invalid_request""#), "{body}");
}

#[tokio::test]
async fn a_socket_serves_the_whole_login() {
    let endpoint = Endpoint::demo_organisation(Utc::now());
    let server = endpoint.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let config = aws_sdk_ssooidc::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(server.url());
    let client = Client::from_conf(config.build());
    let program = registered(&client, &[DEVICE]).await;
    let start = client.start_device_authorization().start_url(START);
    let start = start.client_id(program.client_id().unwrap());
    let begun = start.client_secret(program.client_secret().unwrap()).send();
    let begun = begun.await.unwrap();
    let page = format!("{}/device", server.url());
    assert_eq!(begun.verification_uri(), Some(&*page));
    assert!(endpoint.approve_device(begun.user_code().unwrap()));
    let call = token(&client, &program, DEVICE);
    let granted = call.device_code(begun.device_code().unwrap()).send().await;
    let granted = granted.unwrap();
    let config = aws_sdk_sso::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(server.url());
    let portal = aws_sdk_sso::Client::from_conf(config.build());
    let listed = portal
        .list_accounts()
        .access_token(granted.access_token().unwrap());
    assert_eq!(listed.send().await.unwrap().account_list().len(), 4);
    server.shutdown().await;
}
