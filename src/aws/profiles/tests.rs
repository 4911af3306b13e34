//! What is made of profile files, without a machine that has any.

use super::*;
use aws_runtime::env_config::file::EnvConfigFileKind;
use odd_names::File;
use std::fmt::Write as _;

async fn parsed(config: &str, credentials: &str) -> ProfileSet {
    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, config)
        .with_contents(EnvConfigFileKind::Credentials, credentials);
    let (files, fs, env) = (files.build(), Fs::from_slice(&[]), Env::from_slice(&[]));
    let loaded = aws_config::profile::load(&fs, &env, &files, None).await;
    loaded.expect("they are read")
}

async fn list(config: &str, credentials: &str) -> ProfileList {
    let profiles = parsed(config, credentials).await;
    let mut odd = Vec::new();
    odd_names::add(&mut odd, File::Config, "~/.aws/config", config);
    odd_names::add(
        &mut odd,
        File::Credentials,
        "~/.aws/credentials",
        credentials,
    );
    Reader::new(&profiles, None, &odd).list()
}

/// One profile of a config file, in words: kind, account, the profiles behind it.
async fn words(config: &str, name: &str) -> String {
    let list = list(config, "").await;
    let profile = list.profiles.iter().find(|it| &*it.name == name);
    let profile = profile.expect(name);
    let mut words = profile.kind.to_string();
    if let Some(account) = &profile.account {
        let derived = if account.derived { "derived " } else { "" };
        write!(words, " | {derived}{}", account.id).unwrap();
    }
    for source in &profile.sources {
        write!(words, " < {source}").unwrap();
    }
    words
}

#[tokio::test]
async fn each_kind_of_profile_is_known_for_what_it_is() {
    let config = "\
        [default]\naws_access_key_id = AKIAY34FZKBOKMUTVV7A\naws_secret_access_key = s\n\
        [profile old]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n\
        [profile mfa]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n\
        mfa_serial = arn:aws:iam::111122223333:mfa/alice\n\
        [profile said]\naws_access_key_id = AKIAY34FZKBOKMUTVV7A\naws_secret_access_key = s\n\
        aws_account_id = 444455556666\n\
        [profile temporary]\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\n\
        aws_secret_access_key = s\naws_session_token = t\n\
        [profile staging]\nrole_arn = arn:aws:iam::650987654321:role/ops/Admin\n\
        source_profile = default\n\
        [profile careful]\nrole_arn = arn:aws:iam::650987654321:role/Admin\n\
        source_profile = mfa\n\
        [profile twice]\nrole_arn = arn:aws:iam::777788889999:role/Audit\n\
        source_profile = careful\n\
        [profile itself]\nrole_arn = arn:aws:iam::650987654321:role/Admin\n\
        source_profile = itself\naws_access_key_id = a\naws_secret_access_key = s\n\
        [profile instance]\nrole_arn = arn:aws:iam::650987654321:role/Admin\n\
        credential_source = Ec2InstanceMetadata\n\
        [profile plain-instance]\ncredential_source = Environment\n\
        [profile dev]\nsso_session = acme-org\nsso_account_id = 430987654321\n\
        sso_role_name = ReadOnly\n\
        [profile legacy]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-west-1\n\
        sso_account_id = 430987654321\nsso_role_name = ReadOnly\n\
        [profile through]\nrole_arn = arn:aws:iam::650987654321:role/Admin\n\
        source_profile = dev\n\
        [sso-session acme-org]\nsso_start_url = https://acme.awsapps.com/start\n\
        sso_region = eu-west-1\n\
        [profile console]\nlogin_session = arn:aws:iam::123456789012:user/alice\n\
        [profile vendor]\ncredential_process = /bin/vendor --secret hunter2\n\
        [profile pod]\nrole_arn = arn:aws:iam::123456789012:role/pod\n\
        web_identity_token_file = /var/token\n";
    for (name, expected) in [
        ("default", "keys | derived 609629065308"),
        ("old", "keys"),
        ("mfa", "keys, MFA | 111122223333"),
        ("said", "keys | 444455556666"),
        ("temporary", "temporary keys"),
        ("staging", "role via default | 650987654321 < default"),
        ("careful", "role via mfa, MFA | 650987654321 < mfa"),
        (
            "twice",
            "role via careful, MFA | 777788889999 < careful < mfa",
        ),
        ("itself", "role via itself | 650987654321"),
        ("instance", "role via Ec2InstanceMetadata | 650987654321"),
        ("plain-instance", "Environment"),
        ("dev", "SSO acme-org | 430987654321"),
        ("legacy", "SSO acme | 430987654321"),
        ("through", "role via dev | 650987654321 < dev"),
        ("console", "console login | 123456789012"),
        ("vendor", "credential process"),
        ("pod", "web identity | 123456789012"),
    ] {
        assert_eq!(words(config, name).await, expected, "{name}");
    }
    let list = list(config, "").await;
    let of = |name: &str| list.profiles.iter().find(|it| &*it.name == name).unwrap();
    let whole = |name: &str| format!("{:#}", of(name).kind);
    assert_eq!(whole("staging"), "role Admin via default");
    assert_eq!(whole("careful"), "role Admin via mfa, MFA");
    assert_eq!(whole("dev"), "SSO acme-org, role ReadOnly");
    assert_eq!(whole("pod"), "web identity, role pod");
    assert_eq!(whole("old"), "keys");
    assert_eq!(of("dev").login, Some(Login::Missing));
    assert_eq!(of("through").login, Some(Login::Missing), "it needs it too");
    assert_eq!(of("default").login, None);
    assert!(!format!("{list:?}").contains("hunter2"));
}

#[tokio::test]
async fn what_cannot_be_used_says_why() {
    let role = "role_arn = arn:aws:iam::650987654321:role/Admin\n";
    for (section, expected) in [
        (
            "region = eu-west-1\n",
            "no keys, and no other way to sign in",
        ),
        (
            "aws_access_key_id = a\n",
            "aws_access_key_id without aws_secret_access_key",
        ),
        (
            "aws_secret_access_key = a\n",
            "aws_secret_access_key without aws_access_key_id",
        ),
        (
            "aws_access_key_id = a\naws_secret_access_key =\n",
            "without aws_secret_access_key",
        ),
        ("aws_session_token = a\n", "aws_session_token without keys"),
        (role, "role_arn without source_profile"),
        (
            &format!("{role}source_profile = b\ncredential_source = c\n"),
            "both source_profile and",
        ),
        (
            &format!("{role}source_profile = gone\n"),
            "source_profile gone is not there",
        ),
        (&format!("{role}source_profile = b\n"), "circle: a, b, c, a"),
        (
            &format!("{role}source_profile = empty\n"),
            "no keys, and no other way",
        ),
        (
            "web_identity_token_file = x\n",
            "web_identity_token_file without role_arn",
        ),
        (
            "sso_session = gone\nsso_account_id = 1\nsso_role_name = r\n",
            "sso_session gone is not",
        ),
        (
            "sso_session = s\nsso_start_url = u\n",
            "belong in the sso-session",
        ),
        (
            "sso_session = half\nsso_account_id = 1\nsso_role_name = r\n",
            "sso_region is missing",
        ),
        (
            "sso_session = s\nsso_account_id = 1\n",
            "sso_role_name is missing",
        ),
        (
            "sso_session = s\nsso_role_name = 1\n",
            "sso_account_id is missing",
        ),
        ("sso_region = s\n", "sso_start_url is missing"),
    ] {
        let config = format!(
            "[profile a]\n{section}\
             [profile b]\n{role}source_profile = c\n\
             [profile c]\n{role}source_profile = a\n\
             [profile empty]\nregion = x\n\
             [sso-session s]\nsso_start_url = u\nsso_region = r\n\
             [sso-session half]\nsso_start_url = u\n"
        );
        let list = list(&config, "").await;
        let profile = list.profiles.iter().find(|it| &*it.name == "a").unwrap();
        let ProfileKind::Nothing(why) = &profile.kind else {
            panic!("{section}: {profile:?}");
        };
        assert!(why.contains(expected), "{section}: {why}");
    }
}

#[tokio::test]
async fn both_files_are_read_and_a_secret_for_a_name_is_not_shown() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let config = format!(
        "[profile b]\nregion = x\n[profile {secret}]\nregion = x\n\
         [profile uses]\nrole_arn = arn:aws:iam::650987654321:role/Admin\n\
         source_profile = {secret}/gone\n"
    );
    let keys = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = s\n";
    let list = list(&config, &format!("[a]\n{keys}[b]\n{keys}")).await;
    let names: Vec<&str> = list.profiles.iter().map(|it| &*it.name).collect();
    assert_eq!((names, list.hidden), (vec!["a", "b", "uses"], 1));
    assert_eq!(list.profiles[1].kind, ProfileKind::Keys { mfa: false });
    assert!(!format!("{list:?}").contains("MDENG"), "{list:?}");
    let said = list.profiles[2].kind.to_string();
    assert_eq!(said, "source_profile [redacted] is not there");
}

#[tokio::test]
async fn a_login_is_looked_up_once_for_all_who_need_it() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().to_owned();
    // The name is the SHA-1 of `acme-org`.
    let path = directory.join("1131e098e812d28745c4483ac337f065101002f7.json");
    let token = "{\"accessToken\":\"x\",\"expiresAt\":\"2026-11-21T12:00:00Z\"}";
    std::fs::write(path, token).unwrap();
    let config = "[profile one]\nsso_session = acme-org\nsso_account_id = 430987654321\n\
                  sso_role_name = A\n\
                  [profile two]\nsso_session = acme-org\nsso_account_id = 430987654321\n\
                  sso_role_name = B\n\
                  [sso-session acme-org]\nsso_start_url = u\nsso_region = r\n";
    let profiles = parsed(config, "").await;
    let list = Reader::new(&profiles, Some(directory), &[]).list();
    let expires = chrono::DateTime::parse_from_rfc3339("2026-11-21T12:00:00Z").unwrap();
    let login = Login::Cached {
        expires: expires.to_utc(),
        renewable: None,
    };
    let logins: Vec<_> = list.profiles.iter().map(|it| it.login).collect();
    assert_eq!(logins, [Some(login); 2]);
}

/// A long chain costs no more than its length.
#[tokio::test]
async fn ten_thousand_profiles_are_read_and_a_chain_of_them_is_a_mistake() {
    let mut config = String::new();
    for at in 0..10_000 {
        let next = at + 1;
        write!(
            config,
            "[profile p{at:05}]\nrole_arn = arn:aws:iam::650987654321:role/r\n\
             source_profile = p{next:05}\n"
        )
        .unwrap();
    }
    let profiles = parsed(&config, "").await;
    let list = Reader::new(&profiles, None, &[]).list();
    assert_eq!(list.profiles.len(), 10_000);
    let why = list.profiles[0].kind.to_string();
    assert!(why.contains("more than 32 source profiles"), "{why}");
    let ending = list.profiles[9_999].kind.to_string();
    assert!(ending.contains("source_profile p10000 is not there"));
}

#[tokio::test]
async fn the_portals_are_those_that_there_is_all_of_a_session_of() {
    let config = "[sso-session beta]\nsso_start_url = https://b.awsapps.com/start\n\
                  sso_region = eu-west-1\n\
                  [sso-session acme]\nsso_start_url = https://a.awsapps.com/start\n\
                  sso_region = eu-west-1\n\
                  [sso-session half]\nsso_region = eu-west-1\n\
                  [profile dev]\nsso_session = acme\nsso_account_id = 430987654321\n\
                  sso_role_name = ReadOnly\n";
    let list = list(config, "").await;
    let portals = list.portals.iter();
    let portals: Vec<_> = portals.map(|it| (&*it.name, it.login)).collect();
    assert_eq!(
        portals,
        [("acme", Login::Missing), ("beta", Login::Missing)]
    );
}

#[tokio::test]
async fn a_profile_whose_name_the_sdk_does_not_read_is_listed_with_why() {
    let config = "[profile my team]\naws_access_key_id = k\naws_secret_access_key = s\n\
                  [profile \"other team\"]\nregion = eu-west-1\n[profile équipe]\n\
                  [profile \"both\"]\nregion = eu-west-1\n[profile \"quoted\"]\n\
                  [profile staging]\nrole_arn = arn:aws:iam::650987654321:role/Admin\n\
                  source_profile = my team\n\
                  [profile dev]\nsso_session = our org\nsso_account_id = 430987654321\n\
                  sso_role_name = r\n\
                  [sso-session our org]\nsso_start_url = https://a/start\nsso_region = eu-west-1\n\
                  [profile my wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY]\n";
    let credentials = "[both]\naws_access_key_id = k\naws_secret_access_key = s\n\
                       [third team]\naws_access_key_id = k\naws_secret_access_key = s\n";
    let list = list(config, credentials).await;
    let kind = |name: &str| {
        let mut profiles = list.profiles.iter();
        let profile = profiles.find(|it| &*it.name == name);
        profile.expect(name).kind.to_string()
    };
    for (name, expected) in [
        ("my team", "a space in its name: rename it in ~/.aws/config"),
        (
            "other team",
            "a space in its name: rename it in ~/.aws/config",
        ),
        (
            "third team",
            "a space in its name: rename it in ~/.aws/credentials",
        ),
        ("équipe", "'é' in its name: rename it in ~/.aws/config"),
        ("quoted", "quotes around its name: leave them out"),
        ("both", "keys"),
        ("staging", "source_profile my team: a space in its name"),
        ("dev", "sso_session our org: a space in its name"),
    ] {
        let kind = kind(name);
        assert!(kind.starts_with(expected), "{name}: {kind}");
    }
    let names = list.profiles.iter().map(|profile| &*profile.name);
    let names: Vec<&str> = names.collect();
    assert!(names.is_sorted(), "{names:?}");
    assert_eq!(names.iter().filter(|name| **name == "both").count(), 1);
    assert_eq!(list.hidden, 1, "one looks like a secret");
}

#[tokio::test]
async fn the_start_urls_of_older_profiles_are_portals_that_are_not_renewed() {
    let older = |name: &str, url: &str| {
        format!(
            "[profile {name}]\nsso_start_url = {url}\nsso_region = eu-west-1\n\
             sso_account_id = 430987654321\nsso_role_name = r\n"
        )
    };
    let config = [
        older("two", "https://zeta.awsapps.com/start"),
        older("one", "https://zeta.awsapps.com/start"),
        // The same portal, written in other ways; and another one, that sorts between them.
        older("four", "https://zeta.awsapps.com/start/"),
        older("five", "https://zeta.awsapps.com/start#/"),
        older("six", "https://zeta.awsapps.com/start-2"),
        // There is a session of it.
        older("three", "https://acme.awsapps.com/start/"),
        "[profile half]\nsso_start_url = https://half.awsapps.com/start\n".into(),
        "[profile odd]\nsso_start_url = start\nsso_region = eu-west-1\n".into(),
        "[profile new]\nsso_session = acme\nsso_account_id = 430987654321\nsso_role_name = r\n"
            .into(),
        "[sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\n\
         sso_region = eu-west-1\n"
            .into(),
    ]
    .concat();
    let profiles = parsed(&config, "").await;
    let home = tempfile::tempdir().unwrap();
    // The name is the SHA-1 of the start URL.
    let path = home
        .path()
        .join("01d95303460e3fbf1a47b0807fc753553814070b.json");
    let token = "{\"accessToken\":\"x\",\"expiresAt\":\"2026-11-21T12:00:00Z\",\"refreshToken\":\"r\",\
                 \"clientId\":\"c\",\"clientSecret\":\"s\",\
                 \"registrationExpiresAt\":\"2027-01-01T00:00:00Z\"}";
    std::fs::write(path, token).unwrap();
    let directory = home.path().to_owned();
    let list = Reader::new(&profiles, Some(directory), &[]).list();
    let names: Vec<&str> = list.portals.iter().map(|portal| &*portal.name).collect();
    // As it is written where there was a login.
    let zeta = [
        "https://zeta.awsapps.com/start/",
        "https://zeta.awsapps.com/start-2",
    ];
    assert_eq!(names, ["acme", zeta[0], zeta[1]]);
    let login = list.portals[1].login;
    assert!(
        matches!(
            login,
            Login::Cached {
                renewable: None,
                ..
            }
        ),
        "{login:?}"
    );
    let of = |name: &str| sso::Sso::of_portal(&profiles, name).map(|sso| sso.region);
    assert_eq!(
        of("https://zeta.awsapps.com/start").as_deref(),
        Some("eu-west-1")
    );
    assert_eq!(of("https://half.awsapps.com/start"), None);
    assert_eq!(of("acme").as_deref(), Some("eu-west-1"));
}
