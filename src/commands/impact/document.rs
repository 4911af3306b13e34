//! What is known of a key's impact, as data. What is not known is null.

use crate::{
    commands::{incomplete::Gap, key::KeyRecord, output::Object},
    engine::{
        account::Load,
        impact::{
            Credential, CredentialKind, Judged, KeySession, KeyTrail, NamedPolicy, Nature,
            Permissions, Power, RegionState, ServiceUse, SessionOf, Source, UserImpact, Workload,
            verdict::{Subject, nature},
        },
    },
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// The impact of a key.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    schema: &'static str,
    pub(super) key: Object<KeyRecord>,
    pub(super) history: Option<History>,
    pub(super) workloads: Option<Vec<Caller>>,
    pub(super) sessions: Option<Vec<Session>>,
    pub(super) power: Option<PowerOf>,
    pub(super) policies: Option<Vec<PolicyOf>>,
    pub(super) groups: Option<Vec<String>>,
    pub(super) services: Option<Vec<Service>>,
    pub(super) other_credentials: Option<Vec<Other>>,
    /// `person`, `machine` or null.
    pub(super) nature: Option<&'static str>,
    pub(super) nature_because: String,
    pub(super) if_deactivated: Vec<String>,
    pub(super) not_checked: Vec<String>,
    incomplete: Vec<Gap>,
}

/// How much of the event history was read.
#[derive(Debug, Serialize)]
pub(super) struct History {
    since: String,
    until: String,
    pub(super) days: i64,
    pub(super) calls: usize,
    pub(super) denied: usize,
    pub(super) regions: Vec<Region>,
}

#[derive(Debug, Serialize)]
pub(super) struct Region {
    #[serde(rename = "region")]
    name: String,
    events: usize,
    /// Whether it has told all that it has of these days.
    complete: bool,
    error: Option<String>,
}

/// A program that uses the key.
#[derive(Debug, Serialize)]
pub(super) struct Caller {
    pub(super) program: String,
    version: Option<String>,
    environment: Option<String>,
    runtime: Option<String>,
    pub(super) from: String,
    /// `network`, `vpc_endpoint`, `aws_service`, `networks` or `other`.
    from_kind: &'static str,
    addresses: Vec<String>,
    pub(super) services: Vec<Count>,
    regions: Vec<Count>,
    pub(super) calls: usize,
    pub(super) denied: usize,
    failed: usize,
    first: String,
    #[serde(serialize_with = "time")]
    pub(super) last: DateTime<Utc>,
    #[serde(skip)]
    pub(super) words: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Count {
    pub(super) name: String,
    calls: usize,
}

/// A session that the key has made.
#[derive(Debug, Serialize)]
pub(super) struct Session {
    key_id: String,
    pub(super) made_by: &'static str,
    pub(super) of: Option<String>,
    made: String,
    #[serde(serialize_with = "time")]
    pub(super) until: DateTime<Utc>,
    /// Whether the event tells until when; otherwise it is the latest there can be.
    until_is_told: bool,
    pub(super) may_live: bool,
}

/// How much the user can do.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else of the power, and all may hold at once"
)]
pub(super) struct PowerOf {
    /// `everything`, `escalates`, `takes_over`, `reads_secrets`, `something` or `nothing`.
    pub(super) level: &'static str,
    pub(super) by_action: Option<String>,
    pub(super) by_policy: Option<String>,
    /// The quarantine that denies some of it, or all, as long as it is attached.
    pub(super) denied_now_by: Option<String>,
    pub(super) conditional: bool,
    pub(super) bounded: bool,
    pub(super) boundary_known: bool,
    assumes_roles: bool,
    /// Whether all policies were read, understood and compared.
    pub(super) certain: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct PolicyOf {
    pub(super) name: String,
    arn: Option<String>,
    pub(super) group: Option<String>,
    pub(super) boundary: bool,
    understood: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Service {
    #[serde(rename = "service")]
    pub(super) name: String,
    last: Option<String>,
    #[serde(skip)]
    pub(super) at: Option<DateTime<Utc>>,
    region: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Other {
    pub(super) kind: &'static str,
    pub(super) service: Option<String>,
    pub(super) id: String,
    pub(super) active: Option<bool>,
    created: Option<String>,
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn time<S: serde::Serializer>(time: &DateTime<Utc>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&rfc3339(*time))
}

impl Document {
    pub(super) fn of(subject: Subject<'_>, record: &KeyRecord, gaps: &[Gap]) -> Self {
        let impacts = &subject.account.impacts;
        let known = impacts.user(subject.user);
        let trail = impacts.trail(subject.key);
        // What no region has told is not known; what some have is told.
        let answered = trail.filter(|trail| {
            let mut regions = trail.regions.values();
            regions.any(|region| region.pages > 0)
        });
        let permissions = known.and_then(|known| known.permissions.known());
        let credentials = known.map(|known| &known.credentials);
        let idle = Load::default();
        let path = subject.account.users.get(subject.user);
        let path = path.map_or("/", |row| &row.user.path);
        let (kind, because) = nature(path, credentials.unwrap_or(&idle));
        let credentials = credentials.and_then(Load::known);
        Self {
            schema: "iamkeys/impact/1",
            key: Object::of(record.clone()),
            history: trail.map(History::of),
            workloads: answered.map(|trail| {
                let rows = trail.workloads.rows();
                rows.into_iter().map(Caller::of).collect()
            }),
            sessions: answered.map(|trail| {
                let sessions = trail.sessions();
                let of = |session: &KeySession<'_>| Session::of(session, subject.now);
                sessions.map(|session| of(&session)).collect()
            }),
            power: permissions
                .zip(known.and_then(UserImpact::judged))
                .map(|(permissions, judged)| PowerOf::of(permissions, judged)),
            policies: permissions.map(policies),
            groups: permissions.map(|it| it.groups.iter().map(ToString::to_string).collect()),
            services: known
                .and_then(|known| known.services.known())
                .map(|services| services.iter().map(Service::of).collect()),
            other_credentials: credentials.map(|it| it.items.iter().map(Other::of).collect()),
            nature: match kind {
                Nature::Person => Some("person"),
                Nature::Machine => Some("machine"),
                Nature::Unknown => None,
            },
            nature_because: because,
            if_deactivated: subject.if_deactivated(),
            not_checked: subject.not_checked(),
            incomplete: gaps.to_vec(),
        }
    }
}

impl History {
    fn of(trail: &KeyTrail) -> Self {
        let regions = trail.regions.iter().map(|(name, region)| Region {
            name: name.to_string(),
            events: region.events.len(),
            complete: matches!(region.state, RegionState::Whole) && region.unreadable == 0,
            error: match &region.state {
                RegionState::Failed(error, _) => Some(error.to_string()),
                _ => None,
            },
        });
        Self {
            since: rfc3339(trail.since),
            until: rfc3339(trail.until),
            days: trail.days(),
            calls: trail.workloads.calls(),
            denied: trail.workloads.denied(),
            regions: regions.collect(),
        }
    }
}

impl Caller {
    fn of(workload: &Workload) -> Self {
        let program = &workload.program;
        let counts = |counts: Vec<(&str, usize)>| {
            let counts = counts.into_iter().map(|(name, calls)| Count {
                name: name.to_owned(),
                calls,
            });
            counts.collect()
        };
        Self {
            program: program.name.to_string(),
            version: program.version.as_deref().map(str::to_owned),
            environment: program.environment.as_deref().map(str::to_owned),
            runtime: program.runtime.as_deref().map(str::to_owned),
            from: workload.from(),
            from_kind: match &workload.source {
                Source::Network(_) | Source::Network6(_) => "network",
                Source::Endpoint(_) => "vpc_endpoint",
                Source::Service(_) => "aws_service",
                Source::Many(_) => "networks",
                Source::Other(_) => "other",
            },
            addresses: workload.addresses.iter().map(ToString::to_string).collect(),
            services: counts(workload.services.most_first()),
            regions: counts(workload.regions.most_first()),
            calls: workload.calls,
            denied: workload.denied,
            failed: workload.failed,
            first: rfc3339(workload.first),
            last: workload.last,
            words: program.words("/"),
        }
    }
}

impl Session {
    fn of(session: &KeySession<'_>, now: DateTime<Utc>) -> Self {
        let (made_by, of) = match session.of {
            SessionOf::User => ("GetSessionToken", None),
            SessionOf::Federated(name) => ("GetFederationToken", Some(name.to_string())),
            SessionOf::Role(arn) => ("AssumeRole", Some(arn.to_string())),
        };
        Self {
            key_id: session.key.to_owned(),
            made_by,
            of,
            made: rfc3339(session.made),
            until: session.until,
            until_is_told: session.is_told,
            may_live: session.may_live(now),
        }
    }
}

impl PowerOf {
    fn of(permissions: &Permissions, judged: &Judged) -> Self {
        // What a quarantine denies comes back when it is taken away.
        let most = judged.unquarantined.as_ref();
        let denied_now_by = most.and_then(|_| permissions.quarantine());
        let judged = most.unwrap_or(&judged.now);
        let by = judged.by.and_then(|at| permissions.policies.get(at));
        let (level, by_action) = match judged.power {
            Power::Everything => ("everything", None),
            Power::Escalates(action) => ("escalates", Some(action.to_string())),
            Power::TakesOver(action) => ("takes_over", Some(action.to_string())),
            Power::ReadsSecrets(action) => ("reads_secrets", Some(action.to_string())),
            Power::Something => ("something", None),
            Power::Nothing => ("nothing", None),
        };
        Self {
            level,
            by_action,
            by_policy: by.map(|policy| policy.name.to_string()),
            denied_now_by: denied_now_by.map(str::to_owned),
            conditional: judged.is_conditional,
            bounded: judged.is_bounded,
            boundary_known: judged.knows_boundary,
            assumes_roles: judged.assumes_roles,
            certain: judged.is_certain,
        }
    }
}

fn policies(permissions: &Permissions) -> Vec<PolicyOf> {
    let of = |policy: &NamedPolicy, boundary| PolicyOf {
        name: policy.name.to_string(),
        arn: policy.arn.as_deref().map(str::to_owned),
        group: policy.group.as_deref().map(str::to_owned),
        boundary,
        understood: policy.policy.is_ok(),
    };
    let policies = permissions.policies.iter();
    let boundary = permissions.boundary.iter();
    policies
        .map(|policy| of(policy, false))
        .chain(boundary.map(|policy| of(policy, true)))
        .collect()
}

impl Service {
    fn of(service: &ServiceUse) -> Self {
        Self {
            name: service.service.to_string(),
            last: service.last.map(rfc3339),
            at: service.last,
            region: service.region.as_deref().map(str::to_owned),
        }
    }
}

impl Other {
    fn of(credential: &Credential) -> Self {
        let (kind, service) = match &credential.kind {
            CredentialKind::Password => ("password", None),
            CredentialKind::MfaDevice => ("mfa_device", None),
            CredentialKind::SshKey => ("ssh_key", None),
            CredentialKind::Certificate => ("certificate", None),
            CredentialKind::ServiceSpecific(service) => {
                ("service_specific", Some(service.to_string()))
            }
        };
        Self {
            kind,
            service,
            id: credential.id.to_string(),
            active: credential.active,
            created: credential.created.map(rfc3339),
        }
    }
}
