//! Serves the embedded endpoint on a loopback socket: an account, or an organisation of several.
//!
//! Prints one line, the URL and a key pair, and answers until it is stopped:
//!
//! ```text
//! $ cargo run --example endpoint -- --port 0 --fault CreateAccessKey=drop-after
//! http://127.0.0.1:40123 AKIAQX7DEMO4ALICE001 DEMO/EXAMPLE/…
//! ```
//!
//! With `--organisation` there is more to try: a login with `AWS_ENDPOINT_URL=URL aws sso login`, and
//! the code that an MFA device shows, at `URL/mfa?serial=arn:aws:iam::123456789012:mfa/alice`.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use clap::Parser;
use iamkeys::demo::{Account, Delay, Endpoint, Fault};

/// Serve an IAM and STS endpoint from memory, on this machine only
///
/// Prints one line (URL, access key ID, secret access key; for --users 0 a
/// session token too) and answers until it is interrupted.
#[derive(Parser)]
struct Options {
    /// The port to listen on; 0 takes any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Serve an account of so many users instead of the demo account
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100_000))]
    users: Option<u32>,

    /// Have a user of this name too, with a key of 200 days; may be given more than once
    #[arg(long, value_name = "NAME", conflicts_with_all = ["organisation", "accounts"])]
    also: Vec<String>,

    /// Serve the demo organisation instead of the demo account, which is its first one
    #[arg(long, conflicts_with_all = ["users", "accounts"])]
    organisation: bool,

    /// Serve an organisation of so many accounts, with --users users each
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    accounts: Option<u32>,

    /// Let each answer take so long
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency_ms: u64,

    /// Throttle requests beyond so many a second, in each account
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,

    /// Refuse new keys for so long, as the service does while they spread
    #[arg(long, value_name = "MS", default_value_t = 4000)]
    settling_ms: u32,

    /// Take so long to make the credential report
    #[arg(long, value_name = "MS", default_value_t = 2000)]
    report_ms: u32,

    /// Have a credential report from the start, made so many minutes ago
    ///
    /// It expires when it is four hours old.
    #[arg(long, value_name = "MINUTES")]
    report_age: Option<u32>,

    /// Let logins to the SSO portal last so long
    #[arg(long, value_name = "SECONDS", default_value_t = 28_800)]
    login_seconds: u32,

    /// Go wrong in this way; may be given more than once
    ///
    /// [ACCOUNT/]ACTION[@USER]=KIND[*TIMES], with * for all actions. Kinds: refuse,
    /// throttle, 500, 503, code:STATUS:CODE[:MESSAGE], delay:TIME, drop-before,
    /// drop-after, cut, garble, error-after:STATUS.
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let options = Options::parse();
    let now = Utc::now();
    let endpoint = match (options.accounts, options.users) {
        _ if options.organisation => Endpoint::demo_organisation(now),
        (Some(accounts), users) => {
            Endpoint::generated(accounts as usize, users.unwrap_or(10) as usize, now)
        }
        (None, users) => {
            let mut account = match users {
                Some(users) => Account::generated(users as usize, now),
                None => Account::demo(now),
            };
            for name in &options.also {
                let then = now - TimeDelta::days(200);
                let refused = |error| io::Error::other(format!("--also {name}: {error:?}"));
                account.add_user(name, "/", then).map_err(refused)?;
                account.add_new_key(name, then).map_err(refused)?;
            }
            Endpoint::new(account)
        }
    };
    let mut endpoint = endpoint
        .with_delay(Delay::Fixed(Duration::from_millis(options.latency_ms)))
        .with_settling(TimeDelta::milliseconds(options.settling_ms.into()))
        .with_report_time(TimeDelta::milliseconds(options.report_ms.into()));
    endpoint = endpoint.with_login_lifetime(TimeDelta::seconds(options.login_seconds.into()));
    if let Some(minutes) = options.report_age {
        endpoint = endpoint.with_report_aged(TimeDelta::minutes(minutes.into()));
    }
    if let Some(rate) = options.rate {
        endpoint = endpoint.with_rate(rate);
    }
    for fault in options.fault {
        endpoint.fault(fault);
    }

    let stopped = stopped()?;
    let server = endpoint
        .serve(SocketAddr::from((Ipv4Addr::LOCALHOST, options.port)))
        .await?;
    let credentials = endpoint.sdk_credentials();
    let mut line = vec![
        server.url(),
        credentials.access_key_id().to_owned(),
        credentials.secret_access_key().to_owned(),
    ];
    line.extend(credentials.session_token().map(str::to_owned));
    let mut out = io::stdout().lock();
    writeln!(out, "{}", line.join(" "))?;
    out.flush()?;
    drop(out);

    stopped.await;
    server.shutdown().await;
    Ok(())
}

/// Waits for SIGINT or SIGTERM. It listens from now on, so that a signal that
/// comes early is not lost.
#[cfg(unix)]
fn stopped() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C.
#[cfg(windows)]
fn stopped() -> io::Result<impl Future<Output = ()>> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        ctrl_c.recv().await;
    })
}
