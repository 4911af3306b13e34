//! What happened in the accounts: who called what with which key, from where, over the last months.
//!
//! Nothing of it is stored: `assets/demo-events.toml` has a few rules, each a workload with its times and
//! calls, and what follows from them for a key and a region is worked out for each look-up. All times
//! count back from when the account was made, so that a page of events means the same a minute later.
//! A key without a rule has one workload that fits its last use.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc, Weekday};
use serde::Deserialize;
use serde_json::{Value, json};

use super::account::Age;
use super::identifier::{KeyId, hash, mix, one_of};
use super::user::Key;

/// The time between the calls of one run.
const STEP: i64 = 7;

/// The time between the calls of one session.
const SESSION_STEP: i64 = 95;

/// When people and their machines are at work, in hours of the day (UTC).
const WORKING_HOURS: (i64, i64) = (7, 19);

/// How long a session lasts that a rule says nothing of.
const USUAL_SESSION: TimeDelta = TimeDelta::hours(1);

/// The ID of a key that three programs use in every region: more than ten thousand events in the end.
pub(super) const EVERYWHERE: &str = "AKIAQX7EVERYWHERE001";

/// Session keys have numbers from here on: those of the sessions that begin here are smaller.
const SESSION_NUMBERS: u64 = 1 << 34;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoriesFile {
    workloads: Vec<Workload>,
}

/// A program somewhere that uses a key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Workload {
    key: String,
    #[serde(default)]
    agent: String,
    /// Where it runs; each run is in one of these places.
    from: Vec<String>,
    vpc_endpoint: Option<String>,
    region: String,
    /// When it ran last; at the key's last use, where this is not said.
    last: Option<Age>,
    /// When it ran first.
    first: Option<Age>,
    /// It runs once in so long.
    every: Option<Age>,
    /// It runs about so often on each workday.
    workdays: Option<u64>,
    calls: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Entry {
    Name(String),
    Call(Box<CallEntry>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallEntry {
    call: String,
    error: Option<String>,
    request: Option<Value>,
    response: Option<Value>,
    /// Only in one of so many runs.
    one_in: Option<u64>,
    /// When, where it is not one of a run.
    at: Option<Age>,
    /// How long the session lasts that it begins.
    lasts: Option<Age>,
    /// What is called with that session.
    #[serde(default)]
    then: Vec<Entry>,
}

impl Entry {
    /// Service and action, `s3:ListBuckets`.
    fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Call(call) => &call.call,
        }
    }

    fn call(&self) -> Option<&CallEntry> {
        match self {
            Self::Name(_) => None,
            Self::Call(call) => Some(call),
        }
    }
}

static STORIES: LazyLock<Vec<Arc<Workload>>> = LazyLock::new(|| {
    let file: StoriesFile = toml::from_str(include_str!("../../assets/demo-events.toml"))
        .expect("the stories built in are well formed");
    file.workloads.into_iter().map(Arc::new).collect()
});

/// A call that was made.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    pub(super) at: DateTime<Utc>,
    workload: Arc<Workload>,
    key: KeyId,
    /// A number that stands for the key and the workload.
    salt: u64,
    /// Which of the workload's calls, and in which run.
    call: usize,
    run: i64,
    /// Which of the calls with the session that it began.
    then: Option<usize>,
}

/// A session that a call has begun.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) key: KeyId,
    pub(super) until: DateTime<Utc>,
}

/// What happened with a key in a region, within a time; in no order. `now` is when the account was made.
pub(super) fn of_key(
    key: &Key,
    region: &str,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Vec<Happened> {
    let mut happened = Vec::new();
    let rules = STORIES.iter().filter(|rule| rule.key == key.id.as_str());
    let mut rules: Vec<Arc<Workload>> = rules.cloned().collect();
    if key.id.as_str() == EVERYWHERE {
        rules.extend(everywhere(key, region).map(Arc::new));
    } else if rules.is_empty() {
        rules.extend(usual(key).map(Arc::new));
    }
    for workload in rules.iter().filter(|rule| rule.region == region) {
        let last = match (workload.last, &key.last_used) {
            (Some(age), _) => now - age.0,
            (None, Some(used)) => used.at,
            (None, None) => continue,
        };
        let salt = mix(workload.salt() ^ hash(&workload.region) ^ hash(key.id.as_str()));
        let first = workload.first.map_or(key.created, |age| now - age.0);
        let first = first.max(key.created);
        // What is called with a session comes after the run that began it.
        let earlier = (since - TimeDelta::hours(12)).max(first);
        for (run, at) in workload.runs(last, (earlier, until)) {
            workload.calls_of(run, at, now, |call, then, at| {
                happened.push(Happened {
                    // CloudTrail counts in seconds.
                    at: at - TimeDelta::nanoseconds(at.timestamp_subsec_nanos().into()),
                    workload: workload.clone(),
                    key: key.id,
                    salt,
                    call,
                    run,
                    then,
                });
            });
        }
    }
    happened.retain(|it| it.at >= since && it.at <= until && it.at >= key.created);
    happened
}

impl Workload {
    fn salt(&self) -> u64 {
        hash(&self.key) ^ hash(&self.agent)
    }

    /// The times of its runs, each with a number of its own.
    fn runs(
        &self,
        last: DateTime<Utc>,
        (since, until): (DateTime<Utc>, DateTime<Utc>),
    ) -> Vec<(i64, DateTime<Utc>)> {
        let salt = self.salt();
        let chance = |run: i64| mix(salt ^ run.cast_unsigned());
        let mut runs = vec![(0, last)];
        if let Some(period) = self.every.map(|age| age.0.num_seconds().max(1)) {
            let first = ((last - until).num_seconds() / period).max(1);
            let most = (last - since).num_seconds() / period;
            // What comes once a day or less often comes to the minute.
            let scatter = if period < 86_400 { period / 4 + 1 } else { 30 };
            runs.extend((first..=most).map(|run| {
                let early = (chance(run) % scatter.cast_unsigned()).cast_signed();
                (run, last - TimeDelta::seconds(run * period + early))
            }));
        } else if let Some(number) = self.workdays {
            let mut day = last.date_naive().min(until.date_naive());
            while day >= since.date_naive() {
                let count = if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                    0
                } else {
                    number / 2 + chance(i64::from(day.num_days_from_ce())) % (number + 1)
                };
                let (from, to) = WORKING_HOURS;
                for nth in 0..count.cast_signed() {
                    let run = i64::from(day.num_days_from_ce()) * 1000 + nth + 1;
                    let seconds = (to - from).cast_unsigned() * 3600;
                    let after = from * 3600 + (chance(run) % seconds).cast_signed();
                    let midnight = day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc();
                    let at = midnight + TimeDelta::seconds(after);
                    // So long before the last run that their calls do not mix.
                    if at < last - TimeDelta::minutes(5) {
                        runs.push((run, at));
                    }
                }
                let Some(before) = day.pred_opt() else { break };
                day = before;
            }
        }
        runs
    }

    /// The calls of a run, and those with the sessions that they begin.
    fn calls_of(
        &self,
        run: i64,
        ended: DateTime<Utc>,
        now: DateTime<Utc>,
        mut each: impl FnMut(usize, Option<usize>, DateTime<Utc>),
    ) {
        let after = self.calls.iter().zip((0..self.calls.len()).rev());
        for (number, (entry, after)) in after.enumerate() {
            let call = entry.call();
            let one_in = call.and_then(|call| call.one_in).unwrap_or(1);
            if !run.cast_unsigned().is_multiple_of(one_in.max(1)) {
                continue;
            }
            let after = i64::try_from(after).unwrap_or_default();
            let at = match call.and_then(|call| call.at) {
                Some(age) => now - age.0,
                None => ended - TimeDelta::seconds(after * STEP),
            };
            each(number, None, at);
            let then = call.map(|call| call.then.len()).unwrap_or_default();
            for (step, seconds) in (0..then).zip(1..) {
                let later = TimeDelta::seconds(seconds * SESSION_STEP);
                each(number, Some(step), at + later);
            }
        }
    }
}

/// What [`EVERYWHERE`] is used for in a region: some 570 calls in the time that is kept.
fn everywhere(key: &Key, region: &str) -> impl Iterator<Item = Workload> {
    let programs = [
        (
            "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.15.0 md/arch#x86_64 \
             lang/python#3.10.12 md/pyimpl#CPython",
            "198.51.100",
            "sqs:ListQueues",
        ),
        (
            "aws-sdk-go-v2/1.25.3 os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#amd64",
            "203.0.113",
            "ec2:DescribeInstances",
        ),
        (
            "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 aws-sdk-go/1.44.241 (go1.20.12; linux; amd64)",
            "192.0.2",
            "s3:ListBuckets",
        ),
    ];
    (3..)
        .zip(programs)
        .map(|(hours, (agent, network, call))| Workload {
            key: key.id.to_string(),
            agent: agent.to_owned(),
            from: [7, 19, 140]
                .map(|host| format!("{network}.{host}"))
                .to_vec(),
            vpc_endpoint: None,
            region: region.to_owned(),
            last: Some(Age(TimeDelta::hours(hours))),
            first: None,
            every: Some(Age(TimeDelta::seconds(41_000))),
            workdays: None,
            calls: vec![Entry::Name(call.to_owned())],
        })
}

/// What a key without a rule is used for.
fn usual(key: &Key) -> Option<Workload> {
    let used = key.last_used.as_ref()?;
    let number = hash(key.id.as_str());
    let agents = [
        "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.15.0-101-generic md/arch#x86_64 \
         lang/python#3.10.12 md/pyimpl#CPython",
        "aws-sdk-go-v2/1.25.3 os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#amd64",
        "aws-cli/2.13.5 Python/3.11.4 Linux/5.10.0-26-amd64 exe/x86_64.debian.11 prompt/off",
    ];
    let [a, b] = [number >> 8, number >> 16].map(|number| number % 250 + 1);
    let action = match &*used.service {
        "s3" => "ListBuckets",
        "iam" => "ListUsers",
        "sts" => "GetCallerIdentity",
        "sqs" => "ListQueues",
        "ecr" => "GetAuthorizationToken",
        "ec2" => "DescribeInstances",
        "dynamodb" => "ListTables",
        "lambda" => "ListFunctions20150331",
        "logs" => "DescribeLogGroups",
        "cloudfront" => "CreateInvalidation",
        _ => "ListTagsForResource",
    };
    Some(Workload {
        key: key.id.to_string(),
        agent: (*one_of(&agents, number)).to_owned(),
        from: vec![format!("198.51.{a}.{b}")],
        vpc_endpoint: None,
        region: used.region.to_string(),
        last: None,
        first: None,
        every: Some(Age(TimeDelta::hours(11))),
        workdays: None,
        calls: vec![Entry::Name(format!("{}:{action}", used.service))],
    })
}

impl Happened {
    /// A number that stands for it, among all events.
    pub(super) fn number(&self) -> u64 {
        let place = (self.call as u64) << 8 | self.then.map_or(0, |then| then as u64 + 1);
        mix(self.salt ^ mix(self.run.cast_unsigned() ^ place << 48))
    }

    /// CloudTrail's ID of it. Its beginning tells the key, so that one can be found without all others.
    pub(super) fn id(&self) -> String {
        format!("{}-{}", id_prefix(self.key), rest_of_id(self.number()))
    }

    fn entry(&self) -> &Entry {
        let entry = &self.workload.calls[self.call];
        match (self.then, entry) {
            (Some(then), Entry::Call(call)) => &call.then[then],
            _ => entry,
        }
    }

    /// The service, as signatures name it.
    pub(super) fn service(&self) -> &str {
        let name = self.entry().name();
        name.split_once(':').map_or("", |(service, _)| service)
    }

    pub(super) fn action(&self) -> &str {
        let name = self.entry().name();
        name.split_once(':').map_or(name, |(_, action)| action)
    }

    pub(super) fn agent(&self) -> &str {
        &self.workload.agent
    }

    pub(super) fn source(&self) -> &str {
        let run = mix(self.run.cast_unsigned() ^ hash(&self.workload.agent));
        one_of::<String>(&self.workload.from, run)
    }

    pub(super) fn vpc_endpoint(&self) -> Option<&str> {
        self.workload.vpc_endpoint.as_deref()
    }

    pub(super) fn region(&self) -> &str {
        &self.workload.region
    }

    pub(super) fn error(&self) -> Option<&str> {
        self.entry().call()?.error.as_deref()
    }

    pub(super) fn request(&self) -> Option<&Value> {
        self.entry().call()?.request.as_ref()
    }

    /// What the call gave back.
    pub(super) fn response(&self) -> Option<Value> {
        if self.error().is_some() {
            return None;
        }
        let told = self.entry().call().and_then(|call| call.response.clone());
        let Some(begun) = self.begun().filter(|_| self.then.is_none()) else {
            return told;
        };
        let mut response = told.unwrap_or_else(|| json!({}));
        response["credentials"] = json!({
            "accessKeyId": begun.key.as_str(),
            // As CloudTrail writes it, in the one of several ways that comes most often.
            "expiration": begun.until.format("%b %-d, %Y, %-I:%M:%S %p").to_string(),
            // CloudTrail writes it whole. This one is good for nothing.
            "sessionToken": format!("IQoJb3JpZ2luX2Vj{}", "EXAMPLE".repeat(40)),
        });
        Some(response)
    }

    /// The session that it began, or that signed it.
    pub(super) fn begun(&self) -> Option<Begun> {
        let name = self.workload.calls[self.call].name();
        let begins = matches!(
            name,
            "sts:AssumeRole" | "sts:GetSessionToken" | "sts:GetFederationToken"
        );
        let call = self.workload.calls[self.call].call();
        if !begins || call.is_some_and(|call| call.error.is_some()) {
            return None;
        }
        let first = Self {
            then: None,
            ..self.clone()
        };
        let steps = self.then.map_or(0, |then| then + 1);
        let steps = i64::try_from(steps).unwrap_or_default();
        let lasts = call.and_then(|call| call.lasts);
        let since = self.at - TimeDelta::seconds(steps * SESSION_STEP);
        Some(Begun {
            key: KeyId::temporary(SESSION_NUMBERS | (first.number() % SESSION_NUMBERS)),
            until: since + lasts.map_or(USUAL_SESSION, |age| age.0),
        })
    }

    /// The key that signed it: that of the session, where it is one.
    pub(super) fn signed_by(&self) -> KeyId {
        let session = self.then.and_then(|_| self.begun());
        session.map_or(self.key, |session| session.key)
    }

    /// The ARN of the role whose session signed it.
    pub(super) fn role(&self) -> Option<&str> {
        self.then?;
        let call = self.workload.calls[self.call].call()?;
        call.request.as_ref()?["roleArn"].as_str()
    }
}

/// Whether a key has begun sessions.
pub(super) fn begins_sessions(key: KeyId) -> bool {
    let mut rules = STORIES.iter().filter(|rule| rule.key == key.as_str());
    rules.any(|rule| {
        let mut calls = rule.calls.iter().filter_map(Entry::call);
        calls.any(|call| call.lasts.is_some())
    })
}

/// How the ID of the event of a number goes on.
pub(super) fn rest_of_id(number: u64) -> String {
    format!(
        "{:04x}-4{:03x}-9{:03x}-{:012x}",
        number >> 48,
        (number >> 32) & 0xfff,
        number & 0xfff,
        mix(number) & 0xffff_ffff_ffff
    )
}

/// How the IDs of a key's events begin.
pub(super) fn id_prefix(key: KeyId) -> String {
    format!("{:08x}", hash(key.as_str()) >> 32)
}

#[cfg(test)]
mod tests {
    use super::super::regions;
    use super::super::store::Account;
    use super::*;
    use std::collections::HashSet;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).unwrap()
    }

    fn of(account: &Account, id: &str, region: &str) -> Vec<Happened> {
        let range = (now() - TimeDelta::days(90), now());
        let (_, key) = account.key(id).unwrap();
        let mut happened = of_key(key, region, range, now());
        happened.sort_by_key(|it| it.at);
        happened
    }

    #[test]
    fn every_workload_can_be_one() {
        for rule in STORIES.iter() {
            let agent = &rule.agent;
            assert!(KeyId::parse(&rule.key).is_some(), "{}", rule.key);
            assert!(regions::is_enabled(&rule.region), "{agent}");
            assert!(!rule.from.is_empty() && !rule.calls.is_empty(), "{agent}");
            assert!(rule.every.is_none() || rule.workdays.is_none(), "{agent}");
            assert!(agent.len() < 1024 && agent.is_ascii(), "{agent}");
            for entry in &rule.calls {
                let then = entry.call().map(|call| &*call.then).unwrap_or_default();
                for entry in then.iter().chain([entry]) {
                    let (service, action) = entry.name().split_once(':').unwrap();
                    assert!(
                        service
                            .bytes()
                            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()),
                        "{service}"
                    );
                    assert!(
                        action.starts_with(|c: char| c.is_ascii_uppercase()),
                        "{action}"
                    );
                }
                let begins = entry.call().is_some_and(|call| call.lasts.is_some());
                assert_eq!(begins, !then.is_empty(), "{agent}: a session is used");
            }
        }
    }

    #[test]
    fn the_last_event_of_a_key_is_its_last_use() {
        let account = Account::demo(now());
        for key in account.users().flat_map(|user| &user.keys) {
            let Some(used) = &key.last_used else { continue };
            let since = now() - TimeDelta::days(90);
            // This one's story goes on after what its owner has done with it.
            if key.id == "AKIAQX7DEMO4MOBILE01" || used.at < since {
                continue;
            }
            let events = of(&account, key.id.as_str(), &used.region);
            // What is called with its sessions is not its own use.
            let last = events.iter().rfind(|it| it.signed_by() == key.id).unwrap();
            let fits = (last.at, last.service()) == (used.at, &*used.service);
            assert!(fits, "{}: {} {} {used:?}", key.id, last.at, last.service());
            for (region, _) in [("us-east-1", 0), ("eu-west-1", 0), ("ap-south-1", 0)] {
                let events = of(&account, key.id.as_str(), region);
                assert!(
                    events
                        .iter()
                        .all(|it| it.at <= used.at || it.then.is_some())
                );
                assert!(events.iter().all(|it| it.at >= key.created), "{}", key.id);
            }
        }
    }

    #[test]
    fn the_same_happened_whenever_one_asks() {
        let account = Account::demo(now());
        let (_, key) = account.key("AKIAQX7DEMO4DEPLOY01").unwrap();
        let ids = |range| {
            let happened = of_key(key, "us-east-1", range, now());
            let ids: HashSet<String> = happened.iter().map(Happened::id).collect();
            assert_eq!(ids.len(), happened.len(), "each has its own");
            ids
        };
        let days = |days| now() - TimeDelta::days(days);
        let all = ids((days(90), now()));
        assert!((500..2000).contains(&all.len()), "{}", all.len());
        let parts = [(90, 61), (61, 30), (30, 0)]
            .map(|(from, to)| ids((days(from), days(to) - TimeDelta::seconds(i64::from(to > 0)))));
        let together: HashSet<String> = parts.iter().flatten().cloned().collect();
        assert_eq!(together, all);
    }

    #[test]
    fn the_forgotten_job_runs_each_night_at_the_same_minute_from_one_place() {
        let account = Account::demo(now());
        let events = of(&account, "AKIAQX7DEMO4BACKUP01", "eu-central-1");
        assert!(events.len() >= 2 * 89);
        let places: HashSet<&str> = events.iter().map(Happened::source).collect();
        assert_eq!(places.len(), 1);
        let used = now() - TimeDelta::hours(14);
        for event in &events {
            let off = (used - event.at).num_seconds().rem_euclid(86_400);
            assert!(off <= 60, "{off} s");
        }
    }

    #[test]
    fn machines_of_an_office_rest_on_sundays() {
        let account = Account::demo(now());
        let events = of(&account, "AKIAQX7DEMO4JENKNS02", "us-east-1");
        let last = events.last().unwrap().at;
        let mut others = events.iter().filter(|event| event.at != last);
        assert!(others.all(|event| event.at.weekday() != Weekday::Sun));
    }

    #[test]
    fn one_key_is_used_everywhere_more_than_ten_thousand_times() {
        let mut account = Account::generated(1, now());
        account.add_user_of_everywhere("aaron", now()).unwrap();
        let mut all = 0;
        for region in ["us-east-1", "eu-west-1", "sa-east-1"] {
            let mut events = of(&account, EVERYWHERE, region);
            events.sort_by_key(|event| std::cmp::Reverse(event.at));
            let programs = events.iter().take(10).map(Happened::agent);
            assert_eq!(programs.collect::<HashSet<_>>().len(), 3, "{region}");
            assert!(events.iter().all(|event| event.region() == region));
            all += events.len();
        }
        // Of the eighteen regions that an account has.
        assert!(all * 18 / 3 >= 10_000, "{all} in three regions");
    }
}
