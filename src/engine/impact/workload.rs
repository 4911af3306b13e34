//! The events of a key, folded into workloads: which programs call from where, which services, how
//! often, since when and until when.
//!
//! A program that calls from several addresses of one network is one workload, and one that calls from
//! many networks, as the runners of a CI system do, is one as well: their addresses say little. What
//! comes through a VPC endpoint is told apart by the endpoint, and what a service of AWS does for the
//! caller by the service.

use super::{TrailEvent, agent::Program};
use chrono::{DateTime, TimeDelta, Utc};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// A program that calls from more networks than this is one workload.
const NETWORKS: usize = 6;

/// So many programs are told apart. A client that says something else with every call is no program.
const PROGRAMS: usize = 100;

/// So many addresses of a workload are kept.
const ADDRESSES: usize = 8;

/// The days of the plot: those of the event history, and the one that is not over.
pub const DAYS: usize = 91;

/// What events were folded into.
#[derive(Debug, Default)]
pub struct Workloads {
    programs: Vec<ProgramFold>,
    /// Which program a user agent is.
    agents: HashMap<Arc<str>, usize>,
    names: HashMap<Program, usize>,
    /// How many calls each day has, the first one at the front; empty before the first event.
    days: Vec<u32>,
    calls: usize,
    denied: usize,
}

/// The workloads of a program.
#[derive(Debug)]
struct ProgramFold {
    rows: Vec<Workload>,
    program: Arc<Program>,
    /// Its networks, once they are too many to be told apart.
    merged: Option<HashSet<Source>>,
}

/// Which workload one is: it stays the same while more of its events come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadId {
    program: usize,
    source: Source,
}

/// Where calls come from, as workloads are told apart by it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A network of 256 addresses, by its first three numbers.
    Network([u8; 3]),
    /// A network of IPv6, by its first 64 bits.
    Network6([u16; 4]),
    /// A VPC endpoint, by its ID.
    Endpoint(Arc<str>),
    /// A service of AWS.
    Service(Arc<str>),
    /// Something else that stands in the place of an address; empty where nothing does.
    Other(Arc<str>),
    /// Networks that are too many to be told apart: this many.
    Many(usize),
}

/// A program that calls from somewhere.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Which one it is.
    pub id: WorkloadId,
    /// The program, by what it says of itself.
    pub program: Arc<Program>,
    /// Where it calls from.
    pub source: Source,
    /// The addresses, the first few.
    pub addresses: Vec<Arc<str>>,
    /// The services that it calls, with how often.
    pub services: Counts,
    /// The regions.
    pub regions: Counts,
    /// How many calls there are.
    pub calls: usize,
    /// How many of them were refused.
    pub denied: usize,
    /// How many have failed for another reason.
    pub failed: usize,
    /// The first call, of those that are loaded.
    pub first: DateTime<Utc>,
    /// The latest.
    pub last: DateTime<Utc>,
}

/// How often each of a few texts was met.
#[derive(Clone, Debug, Default)]
pub struct Counts(Vec<(Arc<str>, usize)>);

impl Counts {
    /// So many texts are told apart.
    const MOST: usize = 64;

    fn add(&mut self, text: &Arc<str>, count: usize) {
        let known = self.0.iter().position(|(known, _)| known == text);
        match known {
            Some(at) => self.0[at].1 += count,
            None if self.0.len() < Self::MOST => self.0.push((text.clone(), count)),
            None => {}
        }
    }

    /// The texts, the one that was met most often first.
    #[must_use]
    pub fn most_first(&self) -> Vec<(&str, usize)> {
        let mut counts: Vec<(&str, usize)> = self.0.iter().map(|(text, n)| (&**text, *n)).collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        counts
    }
}

impl TrailEvent {
    /// Whether the call was refused.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.error.as_deref().is_some_and(is_refusal)
    }
}

/// Whether the code of an error says that the call was refused.
#[must_use]
pub fn is_refusal(code: &str) -> bool {
    code.contains("Denied") || code.contains("Unauthorized") || code.contains("Forbidden")
}

impl Source {
    /// Where an event comes from.
    #[must_use]
    pub fn of(event: &TrailEvent) -> Self {
        if let Some(endpoint) = &event.vpc_endpoint {
            return Self::Endpoint(endpoint.clone());
        }
        let source = &event.source;
        if let Some(network) = network(source) {
            Self::Network(network)
        } else if let Some(network) = network6(source) {
            Self::Network6(network)
        } else if source.ends_with(".amazonaws.com") || &**source == "AWS Internal" {
            Self::Service(source.clone())
        } else {
            Self::Other(source.clone())
        }
    }

    /// Whether one of many networks is much like another.
    fn can_merge(&self) -> bool {
        matches!(
            self,
            Self::Network(_) | Self::Network6(_) | Self::Other(_) | Self::Many(_)
        )
    }
}

impl Workloads {
    /// Adds an event of a history that begins then.
    pub(super) fn fold(&mut self, event: &TrailEvent, since: DateTime<Utc>) {
        self.calls += 1;
        self.denied += usize::from(event.is_denied());
        if self.days.is_empty() {
            self.days = vec![0; DAYS];
        }
        let day = usize::try_from((event.at - since).num_days()).unwrap_or(0);
        self.days[day.min(DAYS - 1)] += 1;
        let program = self.program_of(&event.agent);
        self.programs[program].fold(program, event);
    }

    fn program_of(&mut self, agent: &Arc<str>) -> usize {
        if let Some(known) = self.agents.get(agent) {
            return *known;
        }
        let mut program = Program::read(agent);
        if self.names.len() >= PROGRAMS && !self.names.contains_key(&program) {
            program = Program {
                name: "other programs".into(),
                ..Program::default()
            };
        }
        let at = *self.names.entry(program.clone()).or_insert_with(|| {
            self.programs.push(ProgramFold {
                program: Arc::new(program),
                rows: Vec::new(),
                merged: None,
            });
            self.programs.len() - 1
        });
        // Of clients that say something else each time, none is met again.
        if self.agents.len() < 10 * PROGRAMS {
            self.agents.insert(agent.clone(), at);
        }
        at
    }

    /// All workloads, the one that was seen last first.
    #[must_use]
    pub fn rows(&self) -> Vec<&Workload> {
        let mut rows: Vec<&Workload> = self.programs.iter().flat_map(|it| &it.rows).collect();
        rows.sort_by(|a, b| b.last.cmp(&a.last).then_with(|| b.calls.cmp(&a.calls)));
        rows
    }

    /// One of them: where it was taken together with others since, they.
    #[must_use]
    pub fn get(&self, id: &WorkloadId) -> Option<&Workload> {
        let rows = &self.programs.get(id.program)?.rows;
        let same = rows.iter().find(|row| row.id == *id);
        same.or_else(|| {
            rows.iter()
                .find(|row| matches!(row.source, Source::Many(_)))
        })
    }

    /// Whether an event is one of a workload.
    #[must_use]
    pub fn is_of(&self, event: &TrailEvent, workload: &Workload) -> bool {
        let program = match self.agents.get(&event.agent) {
            Some(known) => Some(known),
            None => self.names.get(&Program::read(&event.agent)),
        };
        let program = program.copied();
        let others = || {
            let last = self.programs.iter();
            last.enumerate()
                .find(|(_, it)| &*it.program.name == "other programs")
        };
        let program = program.or_else(|| Some(others()?.0));
        let source = Source::of(event);
        program == Some(workload.id.program)
            && match workload.source {
                Source::Many(_) => source.can_merge(),
                _ => source == workload.source,
            }
    }

    /// How many events there are.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls
    }

    /// When the latest was made.
    #[must_use]
    pub fn latest(&self) -> Option<DateTime<Utc>> {
        let rows = self.programs.iter().flat_map(|it| &it.rows);
        rows.map(|row| row.last).max()
    }

    /// How many of them were refused.
    #[must_use]
    pub fn denied(&self) -> usize {
        self.denied
    }

    /// How many calls each of the [`DAYS`] has, the first one at the front; none where there are no
    /// events.
    #[must_use]
    pub fn days(&self) -> &[u32] {
        &self.days
    }
}

impl ProgramFold {
    fn fold(&mut self, program: usize, event: &TrailEvent) {
        let source = Source::of(event);
        if source.can_merge()
            && let Some(networks) = &mut self.merged
        {
            networks.insert(source);
            let count = networks.len();
            let mut rows = self.rows.iter_mut();
            if let Some(row) = rows.find(|row| matches!(row.source, Source::Many(_))) {
                row.source = Source::Many(count);
                row.add(event);
            }
            return;
        }
        if let Some(row) = self.rows.iter_mut().find(|row| row.source == source) {
            return row.add(event);
        }
        let mut row = Workload {
            id: WorkloadId {
                program,
                source: source.clone(),
            },
            program: self.program.clone(),
            source,
            addresses: Vec::new(),
            services: Counts::default(),
            regions: Counts::default(),
            calls: 0,
            denied: 0,
            failed: 0,
            first: event.at,
            last: event.at,
        };
        row.add(event);
        self.rows.push(row);
        self.merge(program);
    }

    /// Takes networks together where there are too many.
    fn merge(&mut self, program: usize) {
        let networks = self.rows.iter().filter(|row| row.source.can_merge());
        if networks.count() <= NETWORKS {
            return;
        }
        let (merged, others) = std::mem::take(&mut self.rows)
            .into_iter()
            .partition::<Vec<_>, _>(|row| row.source.can_merge());
        self.rows = others;
        let sources: HashSet<Source> = merged.iter().map(|row| row.source.clone()).collect();
        let mut all: Option<Workload> = None;
        for row in merged {
            match &mut all {
                Some(all) => all.take(row),
                None => all = Some(row),
            }
        }
        if let Some(mut all) = all {
            all.source = Source::Many(sources.len());
            all.id = WorkloadId {
                program,
                source: Source::Many(0),
            };
            self.rows.push(all);
        }
        self.merged = Some(sources);
    }
}

impl Workload {
    fn add(&mut self, event: &TrailEvent) {
        self.calls += 1;
        if event.is_denied() {
            self.denied += 1;
        } else if event.error.is_some() {
            self.failed += 1;
        }
        self.first = self.first.min(event.at);
        self.last = self.last.max(event.at);
        self.services.add(&event.service, 1);
        self.regions.add(&event.region, 1);
        self.note_address(&event.source);
    }

    fn note_address(&mut self, address: &Arc<str>) {
        if self.addresses.len() < ADDRESSES && !self.addresses.contains(address) {
            self.addresses.push(address.clone());
        }
    }

    fn take(&mut self, other: Self) {
        self.calls += other.calls;
        self.denied += other.denied;
        self.failed += other.failed;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (service, count) in other.services.0 {
            self.services.add(&service, count);
        }
        for (region, count) in other.regions.0 {
            self.regions.add(&region, count);
        }
        for address in other.addresses {
            self.note_address(&address);
        }
    }

    /// Where it calls from: an address, a network, a service.
    #[must_use]
    pub fn from(&self) -> String {
        let only = match &self.addresses[..] {
            [only] => Some(only),
            _ => None,
        };
        match (&self.source, only) {
            (Source::Many(count), _) => format!("{count} networks"),
            (Source::Service(service), _) => service.trim_end_matches(".amazonaws.com").into(),
            (Source::Other(text), _) if text.is_empty() => "no address".into(),
            (Source::Other(text), _) => text.to_string(),
            (_, Some(only)) => only.to_string(),
            (Source::Network([a, b, c]), None) => format!("{a}.{b}.{c}.0/24"),
            (Source::Network6([a, b, c, d]), None) => format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"),
            (Source::Endpoint(id), None) => {
                let mut networks = self.addresses.iter().map(|address| network(address));
                let first = networks.next().flatten();
                match first {
                    Some([a, b, c]) if networks.all(|other| other == first) => {
                        format!("{a}.{b}.{c}.0/24")
                    }
                    _ => id.to_string(),
                }
            }
        }
    }

    /// What that is, where the address does not say it: `VPC endpoint`, `AWS service`.
    #[must_use]
    pub fn from_note(&self) -> &'static str {
        match &self.source {
            Source::Endpoint(_) => "VPC endpoint",
            Source::Service(_) => "AWS service",
            _ => "",
        }
    }

    /// It in a sentence: `boto3 in a VPC`.
    #[must_use]
    pub fn short(&self) -> String {
        let program = self.program.short();
        match &self.source {
            Source::Endpoint(_) => format!("{program} in a VPC"),
            Source::Service(_) => format!("AWS {}", self.from()),
            _ => program.into(),
        }
    }

    /// Whether it has called within so much time.
    #[must_use]
    pub fn was_seen_within(&self, time: TimeDelta, now: DateTime<Utc>) -> bool {
        now - self.last < time
    }
}

/// The first three numbers of an IPv4 address.
fn network(address: &str) -> Option<[u8; 3]> {
    let mut parts = address.split('.').map(|part| {
        let digits = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u8>().ok().filter(|_| digits)
    });
    let network = [parts.next()??, parts.next()??, parts.next()??];
    parts.next()??;
    parts.next().is_none().then_some(network)
}

/// The first 64 bits of an IPv6 address.
fn network6(address: &str) -> Option<[u16; 4]> {
    if address.len() > 45 || !address.contains(':') {
        return None;
    }
    let group = |text: &str| {
        u16::from_str_radix(text, 16)
            .ok()
            .filter(|_| text.len() <= 4)
    };
    let groups = |text: &str| -> Option<Vec<u16>> {
        let parts = text.split(':').filter(|part| !part.is_empty());
        parts.map(group).collect()
    };
    let (head, tail) = address.split_once("::").unwrap_or((address, ""));
    let (head, tail) = (groups(head)?, groups(tail)?);
    let zeros = 8usize.checked_sub(head.len() + tail.len())?;
    if zeros > 0 && !address.contains("::") {
        return None;
    }
    let mut all = head;
    all.extend(std::iter::repeat_n(0, zeros));
    all.extend(tail);
    all.get(..4)?.try_into().ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::engine::impact) fn event(agent: &str, source: &str, hours: i64) -> TrailEvent {
        TrailEvent {
            id: format!("{agent}-{source}-{hours}").into(),
            at: now() - TimeDelta::hours(hours),
            action: "ListBuckets".into(),
            service: "s3".into(),
            region: "us-east-1".into(),
            agent: agent.into(),
            source: source.into(),
            vpc_endpoint: None,
            error: None,
            is_write: false,
            target: None,
            made: None,
        }
    }

    pub(in crate::engine::impact) fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000, 0).expect("a time")
    }

    fn fold(events: &[TrailEvent]) -> Workloads {
        let mut workloads = Workloads::default();
        for event in events {
            workloads.fold(event, now() - TimeDelta::days(90));
        }
        workloads
    }

    const CLI: &str = "aws-cli/2.15.0 Python/3.11";

    #[test]
    fn several_addresses_of_a_network_are_one_workload_and_one_alone_is_named() {
        let mut denied = event("Terraform/1.5.7", "84.112.9.17", 1_464);
        denied.error = Some("AccessDenied".into());
        let mut endpoint = event("Boto3/1.26.9 Python/3.8.1", "10.4.12.9", 5);
        endpoint.vpc_endpoint = Some("vpce-1".into());
        let folded = fold(&[
            event(CLI, "20.57.44.3", 2),
            event(CLI, "20.57.44.9", 30),
            endpoint,
            denied,
            event("", "cloudformation.amazonaws.com", 700),
        ]);
        let rows: Vec<(String, String, usize, usize)> = folded
            .rows()
            .iter()
            .map(|row| (row.short(), row.from(), row.calls, row.denied))
            .collect();
        let row = |a: &str, b: &str, c, d| (a.to_owned(), b.to_owned(), c, d);
        assert_eq!(
            rows,
            [
                row("aws-cli", "20.57.44.0/24", 2, 0),
                row("boto3 in a VPC", "10.4.12.9", 1, 0),
                row("AWS cloudformation", "cloudformation", 1, 0),
                row("terraform", "84.112.9.17", 1, 1),
            ]
        );
        assert_eq!((folded.calls(), folded.denied()), (5, 1));
        assert_eq!(folded.days().iter().sum::<u32>(), 5);
        assert_eq!(folded.days()[89], 2, "the last whole day");
    }

    #[test]
    fn many_networks_are_one_workload_that_knows_its_events() {
        let mut events: Vec<TrailEvent> = (0..40)
            .map(|at| event(CLI, &format!("20.57.{at}.3"), at))
            .collect();
        events.push(event(CLI, "vpn", 3));
        let folded = fold(&events);
        let rows = folded.rows();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].from(), rows[0].calls), ("41 networks".into(), 41));
        assert!(events.iter().all(|event| folded.is_of(event, rows[0])));
        assert!(!folded.is_of(&event("rclone/1.6", "20.57.1.3", 0), rows[0]));
        // One that was told apart before is found again in it.
        let before = fold(&events[..1]).rows()[0].id.clone();
        assert_eq!(folded.get(&before).map(|row| row.calls), Some(41));
    }

    #[test]
    fn clients_that_say_something_else_each_time_do_not_fill_the_table() {
        let events: Vec<TrailEvent> = (0..2_000)
            .map(|at| event(&format!("tool{at}/1.0"), "198.51.100.7", 0))
            .collect();
        let folded = fold(&events);
        assert!(folded.rows().len() <= PROGRAMS + 1);
        assert_eq!(
            folded.rows().iter().map(|row| row.calls).sum::<usize>(),
            2_000
        );
        let others = folded.rows().into_iter().find(|row| row.calls > 1);
        let others = others.expect("the others");
        assert!(folded.is_of(&events[1_999], others) && !folded.is_of(&events[0], others));
    }

    #[test]
    fn networks_are_read_from_addresses_and_from_nothing_else() {
        assert_eq!(network("203.0.113.7"), Some([203, 0, 113]));
        for not in [
            "203.0.113",
            "203.0.113.256",
            "1.2.3.4.5",
            "a.b.c.d",
            "+1.2.3.4",
            "",
        ] {
            assert_eq!(network(not), None, "{not}");
        }
        assert_eq!(network6("2001:db8:1:2::7"), Some([0x2001, 0xdb8, 1, 2]));
        assert_eq!(network6("2001:db8::1"), Some([0x2001, 0xdb8, 0, 0]));
        assert_eq!(network6("::1"), Some([0; 4]));
        for not in ["2001:db8", "1:2:3:4:5:6:7:8:9", "12345::", "x::1", ""] {
            assert_eq!(network6(not), None, "{not}");
        }
    }
}
