//! Endpoints other than AWS's own: where they are set, and whether they can be used.

use super::Problem;
use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use http::Uri;
use std::{env, net::IpAddr};

const VARIABLES: [&str; 3] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_IAM",
    "AWS_ENDPOINT_URL_STS",
];

/// The domains of AWS's own endpoints. Below them are hosts of customers too: those of STS begin
/// with its name.
const AWS: [&str; 3] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
const STS: [&str; 2] = ["sts", "sts-fips"];

/// Why a URL cannot be an endpoint, in words that do not repeat it: it may hold a password.
///
/// # Errors
/// That it cannot.
pub fn check_endpoint_url(url: &str) -> Result<(), &'static str> {
    if url.is_empty() {
        return Err("It is empty.");
    }
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(
            "It contains a user name or password, which would be shown and kept in the journal.",
        );
    }
    let parsed: Result<Uri, _> = url.parse();
    let usable = parsed.is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            // A port that is none is left out by the parser.
            && uri
                .authority()
                .is_some_and(|it| it.port().is_some() || it.as_str() == it.host())
            && uri.query().is_none()
    });
    let why = "It is not an endpoint URL, such as https://iam.example.com or \
               http://127.0.0.1:5000.";
    usable.then_some(()).ok_or(why)
}

/// Whether a key that was not meant for this endpoint may sign a request to it: it is AWS's own, and
/// no one on the way there can read along, or it is on this machine.
pub(super) fn is_trusted(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse();
    let here = host == "localhost" || ip.is_ok_and(|ip: IpAddr| ip.is_loopback());
    let below = AWS.iter().find_map(|domain| host.strip_suffix(domain));
    // `sts`, or `sts.` and a region.
    let sts = below.is_some_and(|below| {
        let (service, region) = below.split_once('.').unwrap_or((below, "us-east-1"));
        STS.contains(&service) && super::is_region(region)
    });
    here || (sts && uri.scheme_str() == Some("https"))
}

/// An endpoint of this configuration that cannot be used.
pub(super) fn unusable(config: &SdkConfig, profile: &str) -> Option<Problem> {
    let mut services = ["IAM", "STS"].into_iter();
    let (url, why) = services.find_map(|service| {
        let url = of(config, service)?;
        let why = check_endpoint_url(&url).err()?;
        Some((url, why))
    })?;
    let mut variables = VARIABLES.into_iter();
    let variable = variables.find(|name| env::var(name).is_ok_and(|value| value == url));
    let name = match variable {
        _ if config.get_origin("endpoint_url").is_client_config() => "--endpoint-url".to_owned(),
        Some(variable) => variable.to_owned(),
        None => format!("endpoint_url of profile {profile}"),
    };
    Some(Problem {
        title: format!("{name} cannot be used"),
        what: why.into(),
        advice: vec!["Leave it out, or give it the address of an IAM endpoint.".into()],
        ..Problem::default()
    })
}

/// The endpoint that the client of a service takes from this configuration, found by the client's
/// own rule: what is set in the program; then what environment and profile set for the service or
/// for all services, unless they say that this is to be ignored.
pub(super) fn of(config: &SdkConfig, service: &'static str) -> Option<String> {
    let in_general = || config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return in_general();
    }
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config
        .service_config()
        .and_then(|service| service.load_config(key))
        .or_else(in_general)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_an_endpoint_is_one() {
        for url in [
            "https://iam.amazonaws.com",
            "https://iam.example.com:8443/some/path/",
            "http://127.0.0.1:5000",
            "http://[::1]:5000",
            "http://localhost/@",
        ] {
            assert_eq!(check_endpoint_url(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn anything_else_is_none_and_is_not_repeated() {
        for url in [
            "",
            "nonsense",
            "localhost:5000",
            "iam.example.com/path",
            "ftp://iam.example.com",
            "http://",
            "http:///path",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:",
            "https://iam.example.com/?a=b",
            "https://iam.example.com\r",
            "https://user:hunter2@iam.example.com",
            "https://hunter2@iam.example.com",
            "user:hunter2@iam.example.com",
            "https://user:hun ter2@iam.example.com",
        ] {
            let why = check_endpoint_url(url).expect_err(url);
            assert!(!why.contains("hunter2"), "{why}");
            assert_eq!(why.contains("password"), url.contains('@'), "{url}");
        }
    }

    #[test]
    fn only_this_machine_and_aws_are_trusted() {
        for (url, is) in [
            ("http://127.0.0.1:5000", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:5000/", true),
            ("http://LocalHost:1", true),
            ("https://sts.eu-west-1.amazonaws.com", true),
            ("https://sts.amazonaws.com", true),
            ("https://sts-fips.us-gov-west-1.amazonaws.com", true),
            ("https://sts.us-east-1.api.aws", true),
            ("https://abc.execute-api.us-east-1.amazonaws.com", false),
            ("https://sts.abc.execute-api.us-east-1.amazonaws.com", false),
            ("https://sts.elb.us-east-1.amazonaws.com", false),
            ("https://s3.amazonaws.com", false),
            ("https://STS.cn-north-1.amazonaws.com.cn/", true),
            ("http://sts.eu-west-1.amazonaws.com", false),
            ("https://sts.amazonaws.com.example.com", false),
            ("https://notamazonaws.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://localhost.example.com", false),
            ("https://10.0.0.1", false),
            ("https://sts.example.com", false),
            ("nonsense", false),
        ] {
            assert_eq!(is_trusted(url), is, "{url}");
        }
    }
}
