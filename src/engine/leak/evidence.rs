//! What is known of a leaked key, to be kept: as data, which the driver writes into two files. There is
//! no secret in it: what comes from outside and looks like one is left out.

use super::{Leak, Other, Revocation, Writing, events_of};
use crate::engine::{
    Engine,
    account::Account,
    activity::{Entry, Outcome},
    effect::{Effect, Slot},
    impact::{Made, SessionOf, TrailEvent},
    key_id::{redacted, secret_in},
    model::LastUsed,
};
use chrono::{DateTime, Utc};
use std::{borrow::Cow, time::Duration};

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
    /// The policy by which AWS has put the user under quarantine.
    pub quarantine: Option<String>,
    /// The names of the user's policies; those of groups with the group.
    pub policies: Vec<String>,
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

/// A text from outside; without what looks like a secret in it.
fn clean(text: &str) -> String {
    let text = match secret_in(text) {
        Some(_) => Cow::from(redacted(text)),
        None => Cow::from(text),
    };
    text.into_owned()
}

impl Found {
    fn of(event: &TrailEvent, session: Option<&str>) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at,
            kind: None,
            action: clean(&format!("{}:{}", event.service, event.action)),
            region: event.region.to_string(),
            source: clean(&event.source),
            agent: clean(&event.agent),
            target: event.target.as_deref().map(clean),
            made: event.made.as_deref().map(made),
            error: event.error.as_deref().map(clean),
            session: session.map(str::to_owned),
            count: 1,
        }
    }
}

/// What a call has made, in words.
fn made(made: &Made) -> String {
    match made {
        Made::Key { key, user } => format!("access key {key} of {}", clean(user)),
        Made::Thing(name) => clean(name),
        Made::Session { key, until, of } => {
            let of = match of {
                SessionOf::User => "of the user".into(),
                SessionOf::Federated(name) => format!("federated as {}", clean(name)),
                SessionOf::Role(arn) => format!("of {}", clean(arn)),
            };
            let until = until.map(|until| format!(", until {}", until.format("%FT%TZ")));
            format!("session {key} {of}{}", until.unwrap_or_default())
        }
    }
}

/// How it stands with the sessions, in words.
fn revoked(revocation: &Revocation) -> String {
    let time = |time: &DateTime<Utc>| time.format("%FT%TZ").to_string();
    match revocation {
        Revocation::Asking => "not known: the user's policies had not been read".into(),
        Revocation::Unknown(error) => format!("not known: {}", error.short()),
        Revocation::None => "not revoked".into(),
        Revocation::Denied(cut, until) => format!(
            "those made before {} are denied everything; they last until {} at most",
            time(cut),
            time(until)
        ),
        Revocation::Since(cut, at) => format!(
            "those made before {} are denied everything; the key was used after that, at {}",
            time(cut),
            time(at)
        ),
        Revocation::Over(cut) => format!("those made before {} have expired", time(cut)),
        Revocation::Expired(Some(at)) => {
            format!(
                "expired: the key was last used at {}, more than 36 hours before",
                time(at)
            )
        }
        Revocation::Expired(None) => "none: the key was never used".into(),
        Revocation::Foreign => "a policy of the name says something else".into(),
    }
}

impl Engine {
    /// Everything that is known of a leaked key.
    #[must_use]
    pub fn evidence(&self, slot: Slot, user: &str, key: &str) -> Option<Evidence> {
        let account = self.fleet.get(slot)?;
        let leak = self.leak(slot, user, key)?;
        let (events, _) = events_of(account, key);
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
        let done = self.done_for(account, user);
        let last_used = leak.row.and_then(|row| row.last_used.known());
        let status = match leak.row {
            Some(row) => Some(row.key.status.word().to_owned()),
            None => leak.is_gone().then(|| "not found".to_owned()),
        };
        let row = account.users.get(user);
        let caller = account.identity.caller.known();
        let permissions = leak.permissions.and_then(|load| load.known());
        let policies = permissions.into_iter().flat_map(|known| &known.policies);
        let policies = policies.map(|policy| match &policy.group {
            Some(group) => format!("{} (by group {})", clean(&policy.name), clean(group)),
            None => clean(&policy.name),
        });
        let since = account.impacts.trail(key).map(|trail| trail.since);
        Some(Evidence {
            written: self.now,
            written_by: caller.map(|caller| caller.arn.clone()),
            account: account.id().map(str::to_owned),
            account_name: account.label().to_owned(),
            endpoint: account.endpoint().map(str::to_owned),
            user: user.to_owned(),
            path: row.map(|row| row.user.path.to_string()),
            key: key.to_owned(),
            description: account.description_of(user, key).flatten().map(clean),
            status,
            created: leak.row.and_then(|row| row.key.created),
            last_used: match last_used {
                Some(LastUsed::At { time, .. }) => Some(*time),
                _ => None,
            },
            never_used: matches!(last_used, Some(LastUsed::Never)),
            quarantine: leak.quarantine().map(str::to_owned),
            policies: policies.collect(),
            revocation: revoked(&leak.revocation),
            roles: leak.roles.iter().map(|role| clean(role.arn)).collect(),
            timeline: timeline(&leak, &all, &changes, &done),
            keys_made: leak
                .keys_made()
                .map(|(key, user)| (key.to_owned(), clean(user)))
                .collect(),
            others: leak
                .others()
                .iter()
                .map(|other| named(other, user))
                .collect(),
            not_checked: leak.not_checked(since),
            changes,
            events: all,
            done,
        })
    }

    /// What this run has done in an account that concerns a user, the oldest first.
    fn done_for(&self, account: &Account, user: &str) -> Vec<Done> {
        let here = account.identity.account();
        let by = account
            .identity
            .caller
            .known()
            .map(|caller| caller.arn.clone());
        let concerns = |entry: &&Entry| {
            let mut words = entry.target.split([' ', ',']);
            entry.account.as_deref() == Some(here.as_str())
                && words.any(|word| word.eq_ignore_ascii_case(user))
                && !matches!(&entry.result, Outcome::Failed(_) if is_read(entry))
        };
        let entries = (0..self.activity.len())
            .rev()
            .filter_map(|row| self.activity.row(row));
        let entries = entries.filter(concerns);
        let done = entries.map(|entry| Done {
            at: entry.time,
            by: entry
                .role
                .as_deref()
                .map(str::to_owned)
                .or_else(|| by.clone()),
            action: entry.action.to_owned(),
            target: clean(&entry.target),
            result: match &entry.result {
                Outcome::Done(what) => what.clone(),
                Outcome::Failed(error) => format!("not done: {}", error.short()),
                Outcome::NotKnown(error) => format!("not known: {}", error.short()),
            },
            request_id: entry.request_id.clone(),
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
            format!("access key {}", row.key.id),
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
    add(
        leak.row.and_then(|row| row.key.created),
        format!("{} was created", leak.key),
    );
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
            "sessions made before this are denied everything".into(),
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
