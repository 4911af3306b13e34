//! What is known of a leaked key, to be kept: as data, which the driver writes into two files. There is
//! no secret in it: what comes from outside and looks like one is left out.

use super::{Doubt, Leak, Other, Quarantine, Revocation, Writing, events_of};
use crate::engine::{
    Engine,
    account::Account,
    activity::{Entry, Outcome},
    effect::{Effect, Slot},
    impact::{Made, SessionOf, TrailEvent},
    key_id::{redacted, redacted_name},
    model::LastUsed,
};
use chrono::{DateTime, Utc};
use std::time::Duration;

/// Everything that is known of a leaked key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// When this was put together.
    pub written: DateTime<Utc>,
    /// Who was signed in then: the ARN, where it is known.
    pub written_by: Option<String>,
    /// The account ID, where it is known.
    pub account: Option<String>,
    /// The account's name, or what is known instead.
    pub account_name: String,
    /// The endpoint, where it is not AWS's own.
    pub endpoint: Option<String>,
    /// The user.
    pub user: String,
    /// The user's path, where it is known.
    pub path: Option<String>,
    /// The key's ID.
    pub key: String,
    /// What it is said to be for.
    pub description: Option<String>,
    /// Its status in AWS's words; `not found` where it is not among the user's keys, none where those
    /// are not known.
    pub status: Option<String>,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// When it was last used; none where that is not known, or it never was.
    pub last_used: Option<DateTime<Utc>>,
    /// AWS has no use of it on record.
    pub never_used: bool,
    /// The last use is the credential report's, which may be hours old.
    pub used_by_report: bool,
    /// When AWS last listed the key in this run, and its status then, where it does not any more.
    pub last_listed: Option<(DateTime<Utc>, String)>,
    /// The policy by which AWS has put the user under quarantine, or that this is not known and why;
    /// none where no such policy is attached.
    pub quarantine: Option<String>,
    /// The names of the user's policies; those of groups with the group.
    pub policies: Vec<String>,
    /// Why these are not all, or not known: each refusal with what it would have told.
    pub policies_missing: Vec<String>,
    /// How it stands with the sessions, in words.
    pub revocation: String,
    /// The roles that were assumed with it.
    pub roles: Vec<String>,
    /// What happened, the oldest first.
    pub timeline: Vec<Moment>,
    /// What it has changed, the worst first.
    pub changes: Vec<Found>,
    /// The keys that it has created, each with its user.
    pub keys_made: Vec<(String, String)>,
    /// What else the user can sign in with, each with its status.
    pub others: Vec<(String, String)>,
    /// All events that were seen, the newest first.
    pub events: Vec<Found>,
    /// What was done in this run of iamkeys, the oldest first.
    pub done: Vec<Done>,
    /// Why not all events are known, so that none seen means nothing; none where all are.
    pub events_missing: Option<String>,
    /// What was not looked at, in whole sentences.
    pub not_checked: Vec<String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
    /// What, in words.
    pub what: String,
}

/// An event of the key or of one of its sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `CloudTrail`'s ID of it.
    pub id: String,
    /// When the call was made; of several the first.
    pub at: DateTime<Utc>,
    /// The sort of harm; none of an event that changed nothing.
    pub kind: Option<&'static str>,
    /// The service and the action: `iam:CreateUser`.
    pub action: String,
    /// The region.
    pub region: String,
    /// Where it came from.
    pub source: String,
    /// What the client says of itself.
    pub agent: String,
    /// What it was about.
    pub target: Option<String>,
    /// What it made.
    pub made: Option<String>,
    /// The error that it ended with.
    pub error: Option<String>,
    /// The session that has signed it; none where the key itself has.
    pub session: Option<String>,
    /// How many of the same there are.
    pub count: usize,
}

/// Something that was done in this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// When.
    pub at: DateTime<Utc>,
    /// Who asked for it: the ARN, where it is known.
    pub by: Option<String>,
    /// The action.
    pub action: String,
    /// What it was done to.
    pub target: String,
    /// What came of it.
    pub result: String,
    /// AWS's ID of the request.
    pub request_id: Option<String>,
}

/// The files that were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The path of the JSON file.
    pub json: String,
    /// The path of the Markdown file.
    pub markdown: String,
    /// The disk has not confirmed one of them: why.
    pub unsure: Option<String>,
}

/// A text from outside, without what may be a secret in it. Of ARNs of IAM it is known that they are
/// names, and long.
fn clean(text: &str) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    let words = words.map(|word| {
        if is_arn_of_iam(word) {
            redacted_name(word)
        } else {
            redacted(word)
        }
    });
    words.collect()
}

/// Whether a word is the ARN of something that IAM or STS has given a name.
fn is_arn_of_iam(word: &str) -> bool {
    let mut parts = word.split(':');
    let is_arn = parts.next() == Some("arn");
    let service = parts.nth(1);
    is_arn && matches!(service, Some("iam" | "sts")) && parts.count() > 2
}

/// The name of a call, as AWS has it: those of some services end with the version of their API, as
/// `ListProvisionedConcurrencyConfigs20190930` does.
fn clean_call(service: &str, action: &str) -> String {
    let name = action.trim_end_matches(|c: char| c.is_ascii_digit() || c == 'v');
    let action = if redacted_name(name) == name {
        action.to_owned()
    } else {
        redacted_name(action)
    };
    format!("{}:{action}", redacted_name(service))
}

impl Found {
    fn of(event: &TrailEvent, session: Option<&str>) -> Self {
        Self {
            id: clean(&event.id),
            at: event.at,
            kind: None,
            action: clean_call(&event.service, &event.action),
            region: clean(&event.region),
            source: clean(&event.source),
            agent: clean(&event.agent),
            target: event.target.as_deref().map(clean),
            made: event.made.as_deref().map(made),
            error: event.error.as_deref().map(redacted_name),
            session: session.map(clean),
            count: 1,
        }
    }
}

/// What a call has made, in words.
fn made(made: &Made) -> String {
    match made {
        Made::Key { key, user } => {
            format!("access key {} of {}", clean(key), redacted_name(user))
        }
        Made::Thing(name) => clean(name),
        Made::Session { key, until, of } => {
            let of = match of {
                SessionOf::User => "of the user".into(),
                SessionOf::Federated(name) => format!("federated as {}", redacted_name(name)),
                SessionOf::Role(arn) => format!("of {}", clean(arn)),
            };
            let until = until.map(|until| format!(", until {}", until.format("%FT%TZ")));
            format!("session {} {of}{}", clean(key), until.unwrap_or_default())
        }
    }
}

/// Whether there is a quarantine, in words; none where there is none.
fn quarantined(quarantine: &Quarantine<'_>) -> Option<String> {
    Some(match quarantine {
        Quarantine::No => return None,
        Quarantine::By(Some(policy)) => redacted_name(policy),
        Quarantine::By(None) => "one of AWSCompromisedKeyQuarantine, V2 and V3".into(),
        Quarantine::Asking => "not known: it had not been told yet".into(),
        Quarantine::Unknown(_) => {
            let why = quarantine.why_unknown().unwrap_or_default();
            clean(&format!("not known ({why})"))
        }
    })
}

/// How it stands with the sessions, in words.
fn revoked(leak: &Leak<'_>) -> String {
    let time = |time: &DateTime<Utc>| time.format("%FT%TZ").to_string();
    let later = "a use within the hour before may not be on record yet";
    match &leak.revocation {
        Revocation::Asking => "not known: the user's policies had not been read".into(),
        Revocation::Unknown(error) => format!("not known: {}", error.short()),
        Revocation::None => "not revoked".into(),
        Revocation::Denied(cut, until) => {
            let doubt = match leak.doubt(*cut) {
                None => String::new(),
                Some(Doubt::Live) => "; the key can make others".into(),
                Some(Doubt::StatusUnknown) => "; whether the key makes others is not known".into(),
                Some(Doubt::UseUnknown) => "; whether the key made others is not known".into(),
                Some(Doubt::Near(at)) => {
                    format!("; the key was used at {}, near to that", time(&at))
                }
                Some(Doubt::Lag) => format!("; {later}"),
            };
            format!(
                "those of the user itself made before {} are denied everything that policies govern, \
                 and last until {} at most; those of roles are not concerned{doubt}",
                time(cut),
                time(until)
            )
        }
        Revocation::Since(cut, at) => format!(
            "those of the user itself made before {} are denied everything that policies govern; the key \
             was used after that, at {}; those of roles are not concerned",
            time(cut),
            time(at)
        ),
        Revocation::Over(cut) => format!(
            "those of the user itself made before {} have expired",
            time(cut)
        ),
        Revocation::Expired(Some(at)) => {
            format!(
                "expired: the last use on record was at {}, more than 36 hours before",
                time(at)
            )
        }
        Revocation::Expired(None) => "none: no use on record".into(),
        Revocation::Quiet(Some(at)) => format!(
            "none known that has not expired: the last use on record was at {}; {later}",
            time(at)
        ),
        Revocation::Quiet(None) => format!("none known: no use on record; {later}"),
        Revocation::Foreign => "a policy of the name says something else".into(),
    }
}

impl Engine {
    /// Everything that is known of a leaked key.
    #[must_use]
    pub fn evidence(&self, slot: Slot, user: &str, key: &str) -> Option<Evidence> {
        let account = self.fleet.get(slot)?;
        let leak = self.leak(slot, user, key)?;
        let (events, _) = events_of(&account.impacts, key);
        let mut all: Vec<Found> = events
            .iter()
            .map(|(by, event)| Found::of(event, *by))
            .collect();
        all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
        let changes: Vec<Found> = leak
            .harm
            .iter()
            .map(|harm| Found {
                kind: Some(harm.kind.title()),
                count: harm.count,
                ..Found::of(harm.event, harm.session)
            })
            .collect();
        let done = self.done_for(account, &leak);
        let last = leak.last_listed.filter(|_| leak.is_gone());
        let told = leak.row.and_then(|row| row.last_used.known());
        let used_by_report = told.is_none() && leak.reported_use.is_some();
        let before = last.and_then(|last| last.used.as_ref());
        let last_used = told.or(leak.reported_use).or(before);
        let status = match leak.row {
            Some(row) => Some(row.key.status.word().to_owned()),
            None => leak.is_gone().then(|| "not found".to_owned()),
        };
        let row = account.users.get(user);
        let caller = account.identity.caller.known();
        let permissions = leak.permissions.and_then(|load| load.known());
        let policies = permissions.into_iter().flat_map(|known| &known.policies);
        let policies = policies.map(|policy| match &policy.group {
            Some(group) => {
                let (name, group) = (redacted_name(&policy.name), redacted_name(group));
                format!("{name} (by group {group})")
            }
            None => redacted_name(&policy.name),
        });
        let since = account.impacts.trail(key).map(|trail| trail.since);
        Some(Evidence {
            written: self.now,
            written_by: caller.map(|caller| clean(&caller.arn)),
            account: account.id().map(clean),
            account_name: clean(account.label()),
            endpoint: account.endpoint().map(clean),
            user: redacted_name(user),
            path: row.map(|row| redacted_name(&row.user.path)),
            key: clean(key),
            description: account.description_of(user, key).flatten().map(clean),
            status,
            created: leak.created(),
            used_by_report,
            last_listed: last.map(|last| (last.at, last.status.word().to_owned())),
            last_used: match last_used {
                Some(LastUsed::At { time, .. }) => Some(*time),
                _ => None,
            },
            never_used: matches!(last_used, Some(LastUsed::Never)),
            quarantine: quarantined(&leak.quarantine),
            policies: policies.collect(),
            policies_missing: leak.policies_missing().iter().map(|it| clean(it)).collect(),
            events_missing: leak.events_missing().map(|why| clean(&why)),
            revocation: clean(&revoked(&leak)),
            roles: leak.roles.iter().map(|role| clean(role.arn)).collect(),
            timeline: timeline(&leak, &all, &changes, &done),
            keys_made: leak
                .keys_made()
                .map(|(key, user)| (clean(key), redacted_name(user)))
                .collect(),
            others: leak
                .others()
                .iter()
                .map(|other| named(other, user))
                .collect(),
            not_checked: leak
                .not_checked_by_name(since)
                .iter()
                .map(|it| clean(it))
                .collect(),
            changes,
            events: all,
            done,
        })
    }

    /// What this run has done in an account that concerns a leaked key, its user, or the users and keys
    /// that it has made; the oldest first.
    fn done_for(&self, account: &Account, leak: &Leak<'_>) -> Vec<Done> {
        let here = account.identity.account();
        let users = leak
            .harm
            .iter()
            .filter_map(|harm| match harm.event.made.as_deref() {
                Some(Made::Thing(user)) if &*harm.event.action == "CreateUser" => {
                    harm.event.error.is_none().then_some(&**user)
                }
                _ => None,
            });
        let users: Vec<&str> = users.chain([leak.user]).collect();
        let keys = leak.keys_made().map(|(key, _)| key);
        let keys: Vec<&str> = keys.chain([leak.key]).collect();
        let is_one = |known: &[&str], one: Option<&str>| {
            one.is_some_and(|one| known.iter().any(|known| known.eq_ignore_ascii_case(one)))
        };
        let concerns = |entry: &&Entry| {
            entry.account.as_deref() == Some(here.as_str())
                && (is_one(&users, entry.user.as_deref()) || is_one(&keys, entry.key.as_deref()))
                && !matches!(&entry.result, Outcome::Failed(_) if is_read(entry))
        };
        let entries = (0..self.activity.len())
            .rev()
            .filter_map(|row| self.activity.row(row));
        let entries = entries.filter(concerns);
        let done = entries.map(|entry| Done {
            at: entry.time,
            by: entry.by.as_deref().or(entry.role.as_deref()).map(clean),
            action: entry.action.to_owned(),
            target: clean(&entry.target),
            result: match &entry.result {
                Outcome::Done(what) => clean(what),
                Outcome::Failed(error) => clean(&format!("not done: {}", error.short())),
                Outcome::NotKnown(error) => clean(&format!("not known: {}", error.short())),
            },
            request_id: entry.request_id.as_deref().map(clean),
        });
        done.collect()
    }

    /// Writes what is known of a leaked key into two new files of this name.
    pub(in crate::engine) fn save_evidence(
        &mut self,
        slot: Slot,
        user: &str,
        key: &str,
        path: String,
    ) -> Option<()> {
        if matches!(self.evidence.get(key), Some(Writing::Begun)) {
            return None;
        }
        let evidence = self.evidence(slot, user, key)?;
        let session = self.fleet.get(slot)?.session;
        self.evidence.insert(key.into(), Writing::Begun);
        self.effects
            .push(Effect::WriteEvidence(session, path, Box::new(evidence)));
        Some(())
    }

    /// Files of evidence are written, or not.
    pub(in crate::engine) fn evidence_written(
        &mut self,
        key: &str,
        result: Result<Written, String>,
        took: Duration,
    ) {
        let (writing, outcome) = match result {
            Ok(written) => {
                let text = format!("saved as {} and {}", written.json, written.markdown);
                self.say(format!("Evidence {text}"));
                (Writing::Done(written), Some(Outcome::Done(text)))
            }
            Err(why) => (Writing::Failed(why), None),
        };
        self.evidence.insert(key.into(), writing);
        if let Some(outcome) = outcome {
            let target = format!("evidence on {key}");
            let entry = Entry::of_place("save evidence", target, outcome, took, self.now);
            self.activity.note(entry);
        }
    }
}

/// Whether an entry is of something that was only looked at.
fn is_read(entry: &Entry) -> bool {
    let call = entry.action.split(':').next_back().unwrap_or_default();
    ["Get", "List", "Lookup", "Generate"]
        .iter()
        .any(|start| call.starts_with(start))
}

/// What else the user can sign in with, and its status, in words.
fn named(other: &Other<'_>, user: &str) -> (String, String) {
    match other {
        Other::Key(row) => (
            clean(&format!("access key {}", row.key.id)),
            row.key.status.word().to_owned(),
        ),
        Other::Credential(credential) => {
            let status = match credential.active {
                Some(true) => "Active",
                Some(false) => "Inactive",
                None => "there",
            };
            (
                clean(&credential.kind.target(&credential.id, user)),
                status.to_owned(),
            )
        }
    }
}

/// What happened, the oldest first: of the key, by it, and against it.
fn timeline(leak: &Leak<'_>, events: &[Found], changes: &[Found], done: &[Done]) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut add = |at: Option<DateTime<Utc>>, what: String| {
        moments.extend(at.map(|at| Moment { at, what }));
    };
    add(leak.created(), format!("{} was created", clean(leak.key)));
    if let (Some(first), Some(last)) = (events.last(), events.first()) {
        add(
            Some(first.at),
            format!("the first event that was seen: {}", first.action),
        );
        add(
            Some(last.at),
            format!("the last event that was seen: {}", last.action),
        );
    }
    for change in changes {
        let what = change.made.as_deref().or(change.target.as_deref());
        let what = what.map(|what| format!(" {what}")).unwrap_or_default();
        let times = if change.count > 1 {
            format!(", {} times", change.count)
        } else {
            String::new()
        };
        let denied = change
            .error
            .as_deref()
            .map(|error| format!(", {}", super::harm::ending(error)));
        let denied = denied.unwrap_or_default();
        let (action, source) = (&change.action, &change.source);
        add(
            Some(change.at),
            format!("{action}{what} from {source}{times}{denied}"),
        );
    }
    for event in events.iter().filter(|event| event.kind.is_none()) {
        if let Some(session) = event
            .made
            .as_deref()
            .filter(|made| made.starts_with("session "))
        {
            add(Some(event.at), format!("{} gave {session}", event.action));
        }
    }
    if let Revocation::Denied(cut, _) | Revocation::Since(cut, _) | Revocation::Over(cut) =
        &leak.revocation
    {
        add(
            Some(*cut),
            "sessions of the user itself made before this are denied everything that policies govern".into(),
        );
    }
    for done in done {
        add(
            Some(done.at),
            format!("iamkeys: {} {}: {}", done.action, done.target, done.result),
        );
    }
    moments.sort_by_key(|moment| moment.at);
    moments
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    #[test]
    fn a_secret_beside_other_things_is_left_out() {
        for text in [
            SECRET.to_owned(),
            format!("tool/{SECRET}"),
            format!("bucket/{SECRET}"),
            format!("curl/8.1 tool/{SECRET} x"),
            format!("arn:aws:s3:::bucket/{SECRET}"),
            format!("arn:aws:iam::123456789012:user/{SECRET}"),
            format!("https://host/{SECRET}?x"),
            format!("{SECRET}{SECRET}/more"),
        ] {
            assert!(!clean(&text).contains("bPxRfiCY"), "{text}");
            let name = redacted_name(&text);
            assert!(!name.contains("bPxRfiCY"), "{name}");
            assert!(!clean_call("s3", &text).contains("bPxRfiCY"), "{text}");
        }
    }

    #[test]
    fn what_is_known_for_what_it_is_stays() {
        for text in [
            "aws-cli/2.15.0 md/Botocore#1.34.0",
            "a6f4b3d0-1111-2222-3333-444455556666",
            "arn:aws:iam::aws:policy/AmazonElasticFileSystemClientReadWriteAccess",
            "arn:aws:iam::123456789012:user/division/department/team/things/mobile-uploads",
            "arn:aws:sts::123456789012:assumed-role/OrganizationAccountAccessRole/1700000000000000000",
            "2001:db8::1 of AKIAIOSFODNN7EXAMPLE",
        ] {
            assert_eq!(clean(text), text);
        }
        let path = "/division/department/team/things/for/mobile/";
        assert_eq!(redacted_name(path), path);
        for call in [
            "GetServiceLastAccessedDetailsWithEntities",
            "ListProvisionedConcurrencyConfigs20190930",
        ] {
            assert_eq!(clean_call("lambda", call), format!("lambda:{call}"));
        }
    }
}
