//! The embedded endpoint in a process of its own, and what it was asked.
//!
//! The process says in one line how to sign in and what the account has. Given a line, it says what it
//! was asked so far. When its input ends, it ends: however this program comes to its end.

use crate::terminal::Session;
use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use iamkeys::demo::{
    Account, Call, Delay, Endpoint, Fault, FaultKind, Key, KeyId, LastUsed, Organisation, Outcome,
    Rate,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    io::{self, BufRead, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

/// The most users that one answer lists.
const PAGE: usize = 1000;

/// What a service says where there are too many requests.
const THROTTLED: [&str; 2] = ["Throttling", "TooManyRequestsException"];

/// How an account is served, or an organisation.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serving {
    /// An account of so many users
    #[arg(long)]
    pub(crate) users: usize,
    /// An organisation of so many accounts, of so many users each
    #[arg(long)]
    pub(crate) accounts: Option<usize>,
    /// Each answer takes so long
    #[arg(long, default_value_t = 0)]
    pub(crate) latency_ms: u64,
    /// Requests beyond so many a second are throttled
    #[arg(long)]
    pub(crate) rate: Option<u32>,
    /// Requests for a page of accounts beyond so many a second are throttled
    #[arg(long)]
    pub(crate) listing_rate: Option<u32>,
    /// Some accounts throttle requests beyond so many a second
    #[arg(long)]
    pub(crate) slow_rate: Option<u32>,
    /// One in so many does, and not the first
    #[arg(long, default_value_t = 50)]
    pub(crate) slow_one_in: usize,
    /// What there is of a credential report
    #[arg(long, value_enum, default_value_t = Report::There)]
    pub(crate) report: Report,
    /// Two more users, the first of all: [`EVERYWHERE`] and [`SOMEWHERE`]
    #[arg(long)]
    pub(crate) busy: bool,
    /// Every user is in a group and has policies
    #[arg(long)]
    pub(crate) policies: bool,
    /// Answers about event histories, and which regions have one, take so much longer
    #[arg(long, default_value_t = 0)]
    pub(crate) history_latency_ms: u64,
    /// Requests for this action are refused
    #[arg(long)]
    pub(crate) refuse: Option<String>,
}

/// A user whose key is used in every region, all day: more than ten thousand events.
pub(crate) const EVERYWHERE: &str = "aaron";

/// A user whose key is used in one region, which is not the first that is asked.
pub(crate) const SOMEWHERE: &str = "abel";

/// What there is of a credential report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Report {
    /// One that was made a while ago.
    There,
    /// None: it has to be made first.
    Absent,
}

impl Serving {
    /// An account of so many users who are answered after such a time, without a limit.
    pub(crate) fn users(users: usize, latency: Duration) -> Self {
        Self {
            users,
            accounts: None,
            latency_ms: millis(latency),
            rate: None,
            listing_rate: None,
            slow_rate: None,
            slow_one_in: 50,
            report: Report::There,
            busy: false,
            policies: false,
            history_latency_ms: 0,
            refuse: None,
        }
    }

    fn args(&self) -> Vec<String> {
        let report = self.report.to_possible_value().expect("it has a name");
        let mut args = vec![
            format!("--users={}", self.users),
            format!("--latency-ms={}", self.latency_ms),
            format!("--report={}", report.get_name()),
            format!("--slow-one-in={}", self.slow_one_in),
            format!("--history-latency-ms={}", self.history_latency_ms),
        ];
        let mut add = |name: &str, number: Option<u32>| {
            args.extend(number.map(|number| format!("--{name}={number}")));
        };
        add("rate", self.rate);
        add("listing-rate", self.listing_rate);
        add("slow-rate", self.slow_rate);
        args.extend(
            self.accounts
                .map(|accounts| format!("--accounts={accounts}")),
        );
        args.extend(self.busy.then(|| "--busy".to_owned()));
        args.extend(self.policies.then(|| "--policies".to_owned()));
        let refused = self.refuse.iter();
        args.extend(refused.map(|action| format!("--refuse={action}")));
        args
    }
}

/// Answers until the input ends.
pub(crate) fn serve(serving: &Serving) {
    let (keys, endpoint) = generated(serving);
    let delay = Delay::Fixed(Duration::from_millis(serving.latency_ms));
    let endpoint = with_report(
        with_rates(endpoint.with_delay(delay), serving),
        serving.report,
    );
    if let Some(action) = &serving.refuse {
        endpoint.fault(Fault::new(FaultKind::Refuse).action(action));
    }
    let longer = Duration::from_millis(serving.history_latency_ms);
    if !longer.is_zero() {
        for action in ["LookupEvents", "ListRegions"] {
            endpoint.fault(Fault::new(FaultKind::Delay(longer)).action(action));
        }
    }
    let latency = Duration::from_millis(serving.latency_ms) + longer;
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = tokio.block_on(endpoint.serve(here)).expect("a socket");
    let credentials = endpoint.sdk_credentials();
    let mut out = io::stdout().lock();
    let mut say = |line: String| writeln!(out, "{line}").and_then(|()| out.flush()).is_ok();
    let (key, secret) = (credentials.access_key_id(), credentials.secret_access_key());
    say(format!("{} {key} {secret} {keys}", server.url()));
    let ids = endpoint.account_ids();
    let slow: Vec<&str> = slow(&ids, serving.slow_one_in).collect();
    for line in io::stdin().lines() {
        let asked = Asked::of(&endpoint.calls(), endpoint.most_at_once(), &slow, latency);
        let json = serde_json::to_string(&asked).expect("it is plain");
        if line.is_err() || !say(json) {
            break;
        }
    }
}

/// What there is to be asked for, and how many keys.
fn generated(serving: &Serving) -> (usize, Endpoint) {
    let now = Utc::now();
    match serving.accounts {
        None => {
            let mut account = Account::generated(serving.users, now);
            if serving.policies {
                give_policies(&mut account, now);
            }
            if serving.busy {
                add_busy(&mut account, now);
            }
            (account.key_count(), Endpoint::new(account))
        }
        Some(accounts) => {
            let organisation = Organisation::generated(accounts, serving.users, now);
            let keys = organisation.accounts().map(Account::key_count).sum();
            (keys, Endpoint::of(organisation))
        }
    }
}

/// Adds the users whose keys have much to tell.
fn add_busy(account: &mut Account, now: DateTime<Utc>) {
    let added = account.add_user_of_everywhere(EVERYWHERE, now);
    added.expect("a new user");
    let created = now - TimeDelta::days(300);
    let added = account.add_user(SOMEWHERE, "/", created);
    added.expect("a new user");
    let id = KeyId::parse("AKIAQX7SOMEWHERE0001").expect("a key ID");
    let used = LastUsed {
        at: now - TimeDelta::hours(5),
        service: "sqs".into(),
        region: "eu-west-1".into(),
    };
    let key = Key {
        last_used: Some(used),
        ..Key::new(id, created)
    };
    account.add_key(SOMEWHERE, key).expect("a new key");
}

/// Gives each user a policy of their own and one of the account's, and a group with another.
fn give_policies(account: &mut Account, now: DateTime<Utc>) {
    const GROUPS: usize = 40;
    let document = |action: &str, resource: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["{action}"],"Resource":"{resource}"}}]}}"#
        )
    };
    let created = now - TimeDelta::days(500);
    let arns: Vec<String> = (0..GROUPS)
        .map(|number| {
            let (name, group) = (format!("read-{number}"), format!("team-{number}"));
            let document = document("s3:Get*", &format!("arn:aws:s3:::team-{number}/*"));
            let arn = account.add_policy(&name, "/", created, &[&document]);
            let arn = arn.expect("a new policy");
            account
                .add_group(&group, "/", created)
                .expect("a new group");
            let attached = account.attach_group_policy(&group, &arn);
            attached.expect("both are there");
            arn
        })
        .collect();
    let names: Vec<String> = account.users().map(|user| user.name.to_string()).collect();
    for (number, name) in names.iter().enumerate() {
        let own = document("sqs:SendMessage", &format!("arn:aws:sqs:*:*:{name}"));
        let given = account
            .put_user_policy(name, "own", &own)
            .and_then(|()| account.attach_user_policy(name, &arns[(number * 7) % GROUPS]))
            .and_then(|()| account.add_to_group(name, &format!("team-{}", number % GROUPS)));
        given.expect("all of it is there");
    }
}

fn with_rates(mut endpoint: Endpoint, serving: &Serving) -> Endpoint {
    if let Some(rate) = serving.rate {
        endpoint = endpoint.with_rate(rate);
    }
    if let Some(rate) = serving.listing_rate {
        endpoint = endpoint.with_rate_of(Rate::per_second(rate).action("ListAccounts"));
    }
    if let Some(rate) = serving.slow_rate {
        for id in slow(&endpoint.account_ids(), serving.slow_one_in) {
            endpoint = endpoint.with_rate_of(Rate::per_second(rate).in_account(id));
        }
    }
    endpoint
}

/// The last account of every so many.
fn slow(accounts: &[String], one_in: usize) -> impl Iterator<Item = &str> {
    accounts
        .chunks_exact(one_in)
        .map(move |some| &*some[one_in - 1])
}

/// The endpoint with a credential report, or with none: then it takes some seconds to make one.
fn with_report(endpoint: Endpoint, report: Report) -> Endpoint {
    match report {
        // Younger than any key: it tells of all that there are.
        Report::There => endpoint.with_report_aged(TimeDelta::minutes(30)),
        Report::Absent => endpoint,
    }
}

/// What an endpoint was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// By action.
    pub(crate) calls: BTreeMap<String, Calls>,
    /// What was asked and answered more than once though once is enough: the action and its subject.
    pub(crate) twice: BTreeSet<String>,
    /// How many answers have been sent.
    pub(crate) answered: usize,
    /// The most requests under way at once.
    pub(crate) most_at_once: usize,
    /// When the last request came that is not about one of the accounts that may be slow, since the
    /// first request, in milliseconds.
    pub(crate) others_until: u64,
    /// When the last request for an action came, since the first request, in milliseconds.
    pub(crate) last: BTreeMap<String, u64>,
    /// What was asked of the event histories.
    pub(crate) histories: Histories,
}

/// What was asked of the event histories (`LookupEvents`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Histories {
    /// How many answers have been sent.
    pub(crate) answered: usize,
    /// In how many regions.
    pub(crate) regions: usize,
    /// The most requests within one second in one region.
    pub(crate) most_in_a_second: usize,
    /// The least time from a request to the next but one in the same region, in milliseconds.
    pub(crate) three_within: Option<u64>,
}

impl Histories {
    /// Of all calls, with an endpoint that answers after so long.
    fn of(all: &[Call], latency: Duration) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        let mut by_region: BTreeMap<&str, Vec<Instant>> = BTreeMap::new();
        let mut histories = Self::default();
        for call in all.iter().filter(|call| call.action == "LookupEvents") {
            let region = call.region.as_deref().unwrap_or_default();
            by_region.entry(region).or_default().push(call.at);
            histories.answered += usize::from(call.at.elapsed() >= latency);
        }
        histories.regions = by_region.len();
        for times in by_region.values_mut() {
            times.sort_unstable();
            for (first, at) in times.iter().enumerate() {
                let within = times[first..].iter().take_while(|it| **it - *at < SECOND);
                histories.most_in_a_second = histories.most_in_a_second.max(within.count());
            }
            let spans = times.windows(3).map(|three| millis(three[2] - three[0]));
            histories.three_within = spans.chain(histories.three_within).min();
        }
        histories
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("a short time")
}

/// What came of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Calls {
    /// Answered.
    pub(crate) done: usize,
    /// Turned away because there were too many.
    pub(crate) throttled: usize,
    /// Refused for another reason.
    pub(crate) refused: usize,
}

impl Asked {
    fn of(all: &[Call], most_at_once: usize, slow: &[&str], latency: Duration) -> Self {
        let is_slow = |call: &&Call| call.account.as_deref().is_some_and(|id| slow.contains(&id));
        let last = all.iter().rfind(|call| !is_slow(call));
        let until = last.map_or(Duration::ZERO, |last| last.at - all[0].at);
        let mut asked = Self {
            answered: all.iter().filter(|it| it.at.elapsed() >= latency).count(),
            most_at_once,
            others_until: millis(until),
            histories: Histories::of(all, latency),
            ..Self::default()
        };
        let mut seen = BTreeSet::new();
        for call in all {
            let at = millis(call.at - all[0].at);
            asked.last.insert(call.action.clone(), at);
            let calls = asked.calls.entry(call.action.clone()).or_default();
            match &call.outcome {
                Outcome::Done => {
                    calls.done += 1;
                    // What is asked of one user or one key; pages and polls come more than once.
                    let subject = call.key_id.as_ref().or(call.user.as_ref());
                    if let Some(subject) = subject
                        && !seen.insert((&call.account, &call.action, subject))
                    {
                        asked.twice.insert(format!("{} {subject}", call.action));
                    }
                }
                Outcome::Refused { code, .. } if THROTTLED.contains(&code.as_str()) => {
                    calls.throttled += 1;
                }
                _ => calls.refused += 1,
            }
        }
        asked
    }

    /// How many requests for this were answered.
    pub(crate) fn done(&self, action: &str) -> usize {
        self.calls.get(action).map_or(0, |calls| calls.done)
    }

    /// When the last request for an action came, since the first request.
    pub(crate) fn last(&self, action: &str) -> Duration {
        Duration::from_millis(self.last.get(action).copied().unwrap_or_default())
    }

    /// How many there were, whatever came of them.
    pub(crate) fn all(&self) -> usize {
        let calls = self.calls.values();
        calls.map(|c| c.done + c.throttled + c.refused).sum()
    }

    /// How many were turned away because there were too many.
    pub(crate) fn throttled(&self) -> usize {
        self.calls.values().map(|calls| calls.throttled).sum()
    }

    /// How many of the requests that tell of every user and key were answered.
    pub(crate) fn sweep(&self) -> usize {
        let of = ["ListUsers", "ListAccessKeys", "GetAccessKeyLastUsed"];
        of.map(|action| self.done(action)).into_iter().sum()
    }
}

/// An endpoint process, until this is dropped.
pub(crate) struct Served {
    pub(crate) session: Session,
    pub(crate) accounts: usize,
    /// Of all accounts.
    pub(crate) users: usize,
    /// Of each.
    users_each: usize,
    pub(crate) keys: usize,
    child: Child,
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Served {
    /// Starts this program once more, to answer.
    pub(crate) fn start(serving: &Serving) -> Self {
        let mut child = Command::new(env::current_exe().expect("this program"))
            .arg("serve")
            .args(serving.args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program once more");
        let mut from = BufReader::new(child.stdout.take().expect("its output"));
        let line = line(&mut from);
        let words: Vec<_> = line.split_whitespace().collect();
        let [url, key, secret, keys] = words[..] else {
            panic!("{line:?} does not say how to sign in")
        };
        Self {
            session: Session {
                url: url.into(),
                key: key.into(),
                secret: secret.into(),
            },
            accounts: serving.accounts.unwrap_or(1),
            users: serving.accounts.unwrap_or(1) * serving.users,
            users_each: serving.users,
            keys: keys.parse().expect("a number of keys"),
            to: child.stdin.take(),
            child,
            from,
        }
    }

    /// What it was asked so far.
    pub(crate) fn asked(&mut self) -> Asked {
        let to = self.to.as_mut().expect("its input");
        to.write_all(b"\n").expect("its input");
        serde_json::from_str(&line(&mut self.from)).expect("what it was asked")
    }

    /// The pages in which the users come.
    pub(crate) fn pages(&self) -> usize {
        self.accounts * self.users_each.div_ceil(PAGE)
    }

    /// What has to be asked to know every user and every key.
    pub(crate) fn whole_sweep(&self) -> usize {
        self.pages() + self.users + self.keys
    }

    /// Fails unless all of the accounts was asked for, each thing once.
    #[track_caller]
    pub(crate) fn check_sweep(&mut self) -> Asked {
        let asked = self.asked();
        for (action, expected) in [
            ("ListUsers", self.pages()),
            ("ListAccessKeys", self.users),
            ("GetAccessKeyLastUsed", self.keys),
        ] {
            assert_eq!(asked.done(action), expected, "{action}: {asked:?}");
        }
        assert_eq!(asked.twice, BTreeSet::new(), "asked twice");
        asked
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.to.take());
        let _ = self.child.wait();
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).expect("a line of the endpoint");
    line
}
