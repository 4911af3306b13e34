//! One thing that is not known, and what an answer of the account says about it.

use crate::engine::{
    effect::{Origin, RequestId, SessionId},
    error::{Error, Kind},
    impact::{OtherCredentials, Permissions, revocation},
    model::{AccessKey, KeyStatus, LastUsed},
    plan::{Plan, Sent},
    request::{Answer, Change, REVOCATION, Read},
    user_tags::UserTags,
};
use chrono::{DateTime, TimeDelta, Utc};

/// Something that is not known about a user's keys.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which change it is about.
    pub origin: Origin,
    /// What was asked for.
    pub change: Change,
    /// The account ID, where it was known.
    pub account: Option<String>,
    /// The endpoint, where it was not AWS's own.
    pub endpoint: Option<String>,
    /// When it was sent.
    pub sent: DateTime<Utc>,
    /// The IDs of the user's keys before, where they were known.
    pub before: Option<Vec<String>>,
    /// A rotation has asked for it.
    pub in_rotation: bool,
    /// Why it is not known.
    pub cause: Cause,
    /// The session of this run that it was sent in; none for an earlier run.
    pub session: Option<SessionId>,
    /// What a look at the account has shown.
    pub finding: Finding,
    /// The read that has shown it: what was asked before says nothing new.
    pub judged: Option<RequestId>,
    /// When that was.
    pub looked: Option<DateTime<Utc>>,
}

/// A change may be made this long after it was sent, and still be the one that was asked for:
/// the time an answer is waited for, and what the clocks may differ by.
const WITHIN: TimeDelta = TimeDelta::minutes(5);

/// A look that shows nothing says that nothing was done only this long after the change was sent:
/// until then the request may still be on its way, or AWS may not show it yet.
const SETTLED: TimeDelta = TimeDelta::seconds(30);

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The answer was lost.
    Lost(Error),
    /// An earlier run never got an answer that could be read; what it said of that.
    NoAnswer(Option<String>),
    /// iamkeys ended before the answer came.
    Interrupted,
    /// iamkeys ended before the secret of this new key had gone anywhere.
    SecretLost(String),
}

/// What a look at the account has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It was not looked into yet.
    Unseen,
    /// It is looked into as soon as there is room for one more read.
    Queued,
    /// The user's keys, or their descriptions, are being asked for.
    Looking(RequestId),
    /// They could not be asked for.
    Failed(Error),
    /// Keys are there whose secret is lost.
    Orphans(Vec<AccessKey>),
    /// The account is as it would be had nothing been done.
    NotDone,
    /// It was done.
    Done,
    /// The user or the key is not there any more, so that it does not matter.
    NotFound,
    /// The key has been used: its secret is known somewhere.
    InUse,
}

/// A question that is answered by a change, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settles {
    /// As soon as it is sent: it asks for the same once more.
    Sent(Origin),
    /// Once it is done: it takes the orphan away.
    Done(Origin),
}

impl Finding {
    /// Whether nothing is left to be asked.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Done | Self::NotFound | Self::InUse)
    }
}

impl Question {
    /// The question of a change of this run whose answer was lost.
    pub(in crate::engine) fn lost(plan: &Plan, change: &Change, sent: &Sent, error: Error) -> Self {
        Self {
            account: plan.account.id.clone(),
            endpoint: plan.account.endpoint.clone(),
            sent: sent.at,
            before: sent.keys_before.clone(),
            in_rotation: sent.replaces.is_some(),
            session: Some(plan.session),
            ..Self::new(Origin::Here(sent.id), change.clone(), Cause::Lost(error))
        }
    }

    /// A question that has not been looked into yet, about a change of which nothing else is known.
    #[must_use]
    pub fn new(origin: Origin, change: Change, cause: Cause) -> Self {
        Self {
            origin,
            change,
            account: None,
            endpoint: None,
            sent: DateTime::UNIX_EPOCH,
            before: None,
            in_rotation: false,
            cause,
            session: None,
            finding: Finding::Unseen,
            judged: None,
            looked: None,
        }
    }

    /// What a list of the user's keys says about it.
    fn judge(&self, keys: &[AccessKey]) -> Finding {
        let find = |id: &str| keys.iter().find(|key| key.id == id);
        if let Cause::SecretLost(id) = &self.cause {
            return match find(id) {
                Some(key) => Finding::Orphans(vec![key.clone()]),
                None => Finding::NotFound,
            };
        }
        match &self.change {
            Change::Create { .. } => {
                let orphans: Vec<_> = keys.iter().filter(|key| self.may_be(key)).collect();
                match (&self.finding, &orphans[..]) {
                    // It was seen, and was deleted since.
                    (Finding::Orphans(_), []) => Finding::NotFound,
                    (_, []) => Finding::NotDone,
                    _ => Finding::Orphans(orphans.into_iter().cloned().collect()),
                }
            }
            Change::SetActive { key, active, .. } => match find(key).map(|key| &key.status) {
                None => Finding::NotFound,
                Some(KeyStatus::Active) if *active => Finding::Done,
                Some(KeyStatus::Inactive) if !*active => Finding::Done,
                Some(_) => Finding::NotDone,
            },
            Change::Delete { key, .. } => match find(key) {
                None => Finding::Done,
                Some(_) => Finding::NotDone,
            },
            // Not told by the keys.
            Change::SetDescription { .. }
            | Change::SetExemption { .. }
            | Change::RevokeSessions { .. }
            | Change::LiftRevocation { .. }
            | Change::SetCredential { .. }
            | Change::DeleteCredential { .. } => self.finding.clone(),
        }
    }

    /// Whether a key may be the one that was asked for: it was not there before, and was created
    /// about then.
    fn may_be(&self, key: &AccessKey) -> bool {
        let known = |before: &Vec<String>| before.contains(&key.id);
        let about_then =
            |created: DateTime<Utc>| created > self.sent - WITHIN && created < self.sent + WITHIN;
        !self.before.as_ref().is_some_and(known) && key.created.is_none_or(about_then)
    }

    /// What the descriptions of the user's keys say about it.
    fn judge_descriptions(&self, known: &UserTags) -> Finding {
        let (now, text) = match &self.change {
            Change::SetDescription { key, text, .. } => (known.description(key), text),
            Change::SetExemption { key, text, .. } => (known.exemption(key.as_deref()), text),
            _ => return self.finding.clone(),
        };
        if now == text.as_deref() {
            Finding::Done
        } else {
            Finding::NotDone
        }
    }

    /// What the user's policies say about it.
    fn judge_policies(&self, known: &Permissions) -> Finding {
        let there = known.own_inline(REVOCATION);
        let done = match (&self.change, there) {
            (Change::RevokeSessions { document, .. }, Some(policy)) => {
                let Some(there) = policy.document.as_deref() else {
                    return self.untold(&known.missing, "iam:GetUserPolicy");
                };
                // Any other policy of the name was not put by this.
                match (revocation::cut_at(there), revocation::cut_at(document)) {
                    (Some(there), Some(sent)) => there >= sent,
                    _ => there == &**document,
                }
            }
            // What could not be listed may be there.
            (_, None) if !known.knows_own_inline() => {
                return self.untold(&known.missing, "iam:ListUserPolicies");
            }
            (Change::RevokeSessions { .. }, None) => false,
            (Change::LiftRevocation { .. }, there) => there.is_none(),
            _ => return self.finding.clone(),
        };
        if done {
            Finding::Done
        } else {
            Finding::NotDone
        }
    }

    /// What there is to be said where the part of an answer is missing that would tell: as before, or
    /// why it could not be looked at, which is the refusal of what would have told it.
    fn untold(&self, missing: &[Error], needed: &str) -> Finding {
        let refused = missing.iter().find(|error| error.action == needed);
        match (&self.finding, refused) {
            (Finding::Looking(_), Some(error)) => Finding::Failed(error.clone()),
            (Finding::Looking(_), None) => Finding::NotDone,
            (finding, _) => finding.clone(),
        }
    }

    /// What the user's other credentials say about it.
    fn judge_credentials(&self, known: &OtherCredentials) -> Finding {
        let (Change::SetCredential { kind, id, .. } | Change::DeleteCredential { kind, id, .. }) =
            &self.change
        else {
            return self.finding.clone();
        };
        let found = known.get(kind, id);
        if found.is_none() && !known.knows(kind) {
            return self.untold(&known.missing, kind.list_action());
        }
        match (&self.change, found) {
            (Change::SetCredential { active, .. }, Some(found)) => {
                if found.active == Some(*active) {
                    Finding::Done
                } else {
                    Finding::NotDone
                }
            }
            (Change::SetCredential { .. }, None) => Finding::NotFound,
            (_, None) => Finding::Done,
            (_, Some(_)) => Finding::NotDone,
        }
    }

    /// Takes what an answer says, if it is about this user and was asked after all that was known.
    pub(super) fn hear(
        &mut self,
        request: RequestId,
        read: &Read,
        result: &Result<Answer, Error>,
        now: DateTime<Utc>,
    ) {
        let asked_for = self.finding == Finding::Looking(request);
        let sent = match self.origin {
            Origin::Here(id) => id.0,
            Origin::Earlier(_) => 0,
        };
        let newer = request.0 > sent && self.judged.is_none_or(|judged| request > judged);
        let unseen = matches!(
            self.finding,
            Finding::Unseen | Finding::Queued | Finding::Looking(_)
        );
        let is_user = |user: &str| user.eq_ignore_ascii_case(self.change.user());
        let finding = match (read, result) {
            (Read::Keys(user), Ok(Answer::Keys(keys))) if is_user(user) => self.judge(keys),
            (Read::Tags(user), Ok(Answer::Tags(known))) if is_user(user) => {
                self.judge_descriptions(known)
            }
            (Read::Permissions(user), Ok(Answer::Permissions(known))) if is_user(user) => {
                self.judge_policies(known)
            }
            (Read::OtherCredentials(user), Ok(Answer::OtherCredentials(known)))
                if is_user(user) =>
            {
                self.judge_credentials(known)
            }
            (Read::LastUsed(user, key), Ok(Answer::LastUsed(LastUsed::At { .. })))
                if is_user(user) =>
            {
                match &self.finding {
                    Finding::Orphans(orphans) if orphans.iter().all(|it| it.id == *key) => {
                        Finding::InUse
                    }
                    _ => return,
                }
            }
            (_, Err(error)) if asked_for && error.kind == Kind::NotFound => Finding::NotFound,
            (_, Err(error)) if asked_for => Finding::Failed(error.clone()),
            _ => return,
        };
        // A question that was not looked into yet is looked into on its own.
        if !newer || self.finding.is_certain() || (unseen && !asked_for) {
            return;
        }
        self.finding = finding;
        self.judged = Some(request);
        self.looked = Some(now);
    }

    /// Whether the account has answered it. Where it is not known which account it was, only
    /// a person can.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.finding.is_certain() && (self.account.is_some() || self.session.is_some())
    }

    /// Whether a look that has shown nothing came late enough to mean it.
    pub(super) fn is_late(&self) -> bool {
        self.looked
            .is_some_and(|looked| looked - self.sent >= SETTLED)
    }
}
