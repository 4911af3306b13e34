//! Everything known of one open account: who is signed in, its users and keys, and what is being
//! asked of it.
//!
//! What a request asks for and what an answer brings are filed here, in one place each
//! (`Account::ask`, `Account::file`).

mod facts;
pub mod figures;
mod identity;
mod inventory;
mod label;
mod load;
mod row;
mod sweep;

pub use facts::Facts;
pub use identity::{Identity, Reported};
pub use inventory::{Inventory, Touched, What};
pub use label::AccountLabel;
pub use load::Load;
pub use row::{KeyRow, Known, Tally, UserRow, is_trial};
pub(in crate::engine) use sweep::Order;

use super::{
    DEMO,
    effect::{Effect, RequestId, SessionId, Target},
    error::Error,
    findings::{AccountFindings, Deactivated},
    impact::Impacts,
    limiter::Limiter,
    loader::Loader,
    model::ListedAccount,
    problem::Problem,
    profiles::portal_label,
    prompt::{Means, Prompt},
    query::Query,
    request::{Answer, Read},
};
use chrono::{DateTime, Utc};
use std::{collections::HashMap, sync::Arc};

/// How far signing in has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its turn has not come yet.
    Waiting,
    /// Looking for credentials.
    SigningIn,
    /// There are none, or they are not good.
    SignedOut(Box<Problem>),
    /// Signed in.
    SignedIn,
}

/// An open account, or one that is being opened.
#[derive(Debug)]
pub struct Account {
    /// The present session.
    pub session: SessionId,
    /// Which account was to be opened.
    pub target: Target,
    /// How far signing in has come.
    pub stage: Stage,
    /// Who is signed in, and where.
    pub identity: Identity,
    /// Its users and their keys.
    pub users: Inventory,
    /// As the organisation lists it, where it was listed.
    pub listed: Option<ListedAccount>,
    /// The ID of the account that it has to be, where a person has named one beside the profile.
    pub(super) meant: Option<Box<str>>,
    /// Nothing in it is real.
    pub(super) demo: bool,
    /// A person does not want to see it among the others.
    pub excluded: bool,
    /// It was signed in to, with these or other credentials: something may have been done in it.
    pub(super) was_signed_in: bool,
    /// What signing in, or renewing the credentials, needs a person for.
    pub prompt: Option<Prompt>,
    /// The means that it is signed in by where the usual ones do not do.
    pub means: Option<Means>,
    /// How many reads may be under way, and how many a second.
    pub limiter: Limiter,
    /// The same of AWS Organizations, which is another service.
    pub(super) organizations: Limiter,
    /// The same of CloudTrail in each region, which has limits of its own.
    pub(super) event_history: HashMap<Arc<str>, Limiter>,
    /// What is known of single keys beyond the lists.
    pub impacts: Impacts,
    /// What is wrong with its keys.
    pub findings: AccountFindings,
    /// What the journal tells of deactivations.
    pub(super) deactivated: Arc<Deactivated>,
    pub(super) loader: Loader,
}

impl Account {
    pub(super) fn new(session: SessionId, target: Target) -> Self {
        Self {
            session,
            demo: target == Target::Demo,
            stage: Stage::SigningIn,
            identity: Identity {
                is_called_as_listed: matches!(target, Target::Member(_)),
                ..Identity::default()
            },
            target,
            users: Inventory::default(),
            listed: None,
            meant: None,
            excluded: false,
            was_signed_in: false,
            prompt: None,
            means: None,
            limiter: Limiter::default(),
            organizations: Limiter::default(),
            event_history: HashMap::new(),
            impacts: Impacts::default(),
            findings: AccountFindings::default(),
            deactivated: Arc::default(),
            loader: Loader::default(),
        }
    }

    /// Begins another session. Everything known of the one before is forgotten, but what this run
    /// has changed if it is the same account.
    pub(super) fn sign_in(&mut self, target: Target, means: Option<Means>) -> Effect {
        let session = SessionId {
            generation: self.session.generation + 1,
            ..self.session
        };
        let same = self.target == target;
        let users = self.users.anew();
        let before = std::mem::replace(self, Self::new(session, target.clone()));
        self.excluded = before.excluded && same;
        self.was_signed_in = before.was_signed_in;
        self.identity.rules = before.identity.rules;
        if same {
            self.users = users;
            self.demo = before.demo;
            self.meant = before.meant;
            self.identity.listed_name = before.identity.listed_name;
            if let Some(listed) = before.listed {
                self.list_as(listed);
            }
        }
        let role = before.identity.role.filter(|_| same);
        let target = target.with_role_first(role.as_deref());
        self.means = means.filter(|means| *means == Means::Code);
        match means {
            None => Effect::SignIn(session, target),
            Some(means) => Effect::SignInWith(session, target, means),
        }
    }

    /// Begins another session when its turn comes.
    pub(super) fn wait_anew(&mut self) {
        let target = self.target.clone();
        let _ = self.sign_in(target, None);
        self.stage = Stage::Waiting;
    }

    /// Notes what the organisation says of it.
    pub(super) fn list_as(&mut self, listed: ListedAccount) {
        self.identity.listed_name = Some(listed.name.clone());
        self.listed = Some(listed);
    }

    /// Whether it is the account of this ID, as far as is known before it is signed in to.
    #[must_use]
    pub fn is_of(&self, id: &str) -> bool {
        self.id() == Some(id)
    }

    /// Takes what the journal tells of deactivations.
    pub(super) fn remember_deactivated(&mut self, deactivated: &Arc<Deactivated>) {
        if !Arc::ptr_eq(&self.deactivated, deactivated) {
            self.deactivated = Arc::clone(deactivated);
            self.users.judge_all_anew();
        }
    }

    /// The account ID, where it is known: from who is signed in, or from what was to be opened.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        let meant = match &self.target {
            Target::Member(member) => Some(&*member.account),
            Target::Ambient | Target::Profile(_) | Target::Demo | Target::Portal(_) => {
                self.meant.as_deref()
            }
        };
        self.identity.account_id().or(meant)
    }

    /// What the account is called where there are several: its name, or what is known instead.
    #[must_use]
    pub fn label(&self) -> &str {
        let meant = match &self.target {
            Target::Profile(name) => Some(&**name),
            Target::Portal(portal) => Some(portal_label(&portal.session)),
            Target::Member(_) | Target::Ambient | Target::Demo => None,
        };
        let name = self.identity.name().or(self.identity.profile.as_deref());
        name.or(meant).or(self.id()).unwrap_or("?")
    }

    /// Whether nothing can be asked of it: it is not signed in to, or not any more.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self.stage, Stage::SignedOut(_)) || self.identity.broken.is_some()
    }

    /// Whether nothing in it is real.
    #[must_use]
    pub fn is_demo(&self) -> bool {
        self.demo
    }

    /// Whether credentials are being looked for.
    pub(super) fn is_signing_in(&self) -> bool {
        self.stage == Stage::SigningIn
    }

    /// Whether the organisation says that nothing can be asked of it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let listed = self.listed.as_ref();
        listed.is_some_and(|listed| listed.state.why_closed().is_some())
    }

    /// Whether the organisation has closed it, and nothing was ever seen of it: no key of it works, and
    /// there is nothing to be known.
    #[must_use]
    pub fn is_shut(&self) -> bool {
        self.is_closed() && self.is_lost() && self.users.rows().is_empty()
    }

    /// The endpoint, where it is not AWS's own.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        if self.demo {
            return Some(DEMO);
        }
        self.identity.endpoint.as_deref()
    }

    /// Whether all users are listed, as far as the account has told.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.users.is_complete() && self.users.listing.error().is_none()
    }

    /// Whether it is known of every user which keys there are, if only from the report.
    #[must_use]
    pub fn is_all_known(&self) -> bool {
        self.is_listed() && self.users.tally().unknown == 0
    }

    /// Whether all is known that a query asks of users and keys: otherwise there may be more who
    /// match.
    #[must_use]
    pub fn can_judge(&self, query: &Query) -> bool {
        let tally = self.users.tally();
        let asks_tags = query.asks_tags();
        self.is_listed()
            && (self.is_all_known() || !query.needs_keys())
            && (tally.untagged == 0 || !asks_tags)
            && (tally.unjudged == 0 || !query.asks_power())
            && (self.users.knows_quarantine() || !query.asks_quarantine())
            && (self.identity.report.known().is_some() || !query.asks_report())
            // The report does not say which key a description is of.
            && (tally.reported == 0 || !query.asks_descriptions())
    }

    /// Whether this is the key that the session is signed in with.
    #[must_use]
    pub fn is_own(&self, key: &str) -> bool {
        !key.is_empty() && self.identity.key == key
    }

    /// Whether the session was made from this key, and is not signed in with it.
    #[must_use]
    pub fn is_made_from(&self, key: &str) -> bool {
        self.identity.made_from.as_deref() == Some(key) && !self.is_own(key)
    }

    /// The IDs of a user's keys, where they are known.
    #[must_use]
    pub fn key_ids(&self, user: &str) -> Option<Vec<String>> {
        let rows = self.users.keys(user)?;
        Some(rows.iter().map(|row| row.key.id.clone()).collect())
    }

    /// The description of a key: `Some(None)` for a key that has none, `None` where it is not known.
    #[must_use]
    pub fn description_of(&self, user: &str, key: &str) -> Option<Option<&str>> {
        let row = self.users.get(user)?;
        row.tags.known()?;
        Some(row.description(key))
    }

    /// Whether requests are under way, or wait for the limiter.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.loader.is_busy()
    }

    /// Whether it is being signed in to, or something is being loaded.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::SigningIn) || self.is_loading()
    }

    /// Whether something moves by itself. While a person is waited for it does not, unless a time runs
    /// down.
    #[must_use]
    pub fn is_moving(&self, now: DateTime<Utc>) -> bool {
        match &self.prompt {
            Some(prompt) => prompt.is_moving(now) || self.is_loading(),
            None => self.is_busy(),
        }
    }

    /// Makes the effect that asks for something, and notes that it is asked for.
    pub(super) fn ask(
        &mut self,
        request: RequestId,
        read: Read,
        planned: bool,
        now: DateTime<Utc>,
    ) -> Effect {
        match &read {
            Read::Caller => self.identity.caller.ask(request),
            Read::Alias => self.identity.alias.ask(request),
            Read::Summary => {
                self.identity.summary.ask(request);
                self.identity.summary_asked = Some(now);
            }
            Read::Report => self.identity.report.ask(request),
            Read::Users(None) => self.users.begin_listing(request),
            Read::Users(Some(_)) => self.users.listing.ask(request),
            Read::Keys(user) => self.users.ask_keys(user, request),
            Read::LastUsed(user, key) => self.users.ask_last_used(user, key, request),
            Read::Tags(user) => self.users.ask_tags(user, request),
            Read::UserDetails(_) => self.users.ask_details(request),
            Read::Quarantined => self.users.ask_quarantine(request),
            Read::Regions => self.impacts.regions.ask(request),
            Read::Permissions(user) => self.impacts.user_mut(user).permissions.ask(request),
            Read::ServicesUsed(user) => self.impacts.user_mut(user).services.ask(request),
            Read::OtherCredentials(user) => self.impacts.user_mut(user).credentials.ask(request),
            Read::TrailEvents(query) => {
                if let Some(trail) = self.impacts.trail_mut(&query.key) {
                    trail.ask(query, request);
                }
            }
            Read::WholeEvent(_, id) => self.impacts.ask_event(id, request),
            Read::Owner(_) | Read::KeyAccount(_) | Read::Accounts(_) | Read::PortalAccounts(_) => {}
        }
        self.loader.sent(request, read.clone(), planned, now);
        self.limiter_of(&read).sent();
        Effect::Read(self.session, request, read)
    }

    /// Files an answer under what it belongs to.
    pub(super) fn file(&mut self, request: RequestId, read: &Read, result: Result<Answer, Error>) {
        // What answers this kind of read. No read is answered with another read's answer.
        macro_rules! answer {
            ($kind:ident) => {
                match result {
                    Ok(Answer::$kind(answer)) => Ok(answer),
                    Ok(_) => return,
                    Err(error) => Err(error),
                }
            };
        }
        let Self {
            identity,
            users,
            impacts,
            ..
        } = self;
        match read {
            Read::Caller => {
                identity.caller.file(request, answer!(Caller));
            }
            Read::Alias => {
                identity.alias.file(request, answer!(Alias));
            }
            Read::Summary => {
                identity.summary.file(request, answer!(Summary));
            }
            Read::Report => {
                let mut reported = None;
                let beside = answer!(Report).map(|report| {
                    reported = Some(report.users);
                    Reported {
                        generated: report.generated,
                        root: report.root,
                    }
                });
                if identity.report.file(request, beside)
                    && let Some(reported) = reported
                {
                    users.file_report(reported);
                }
            }
            Read::Users(_) => {
                let page = answer!(Users);
                let listed = page.as_ref().map(|_| ()).map_err(Error::clone);
                users.listing.file(request, listed);
                if let Ok(page) = page {
                    users.add_page(page.users);
                }
            }
            Read::Keys(user) => users.file_keys(user, request, answer!(Keys)),
            Read::LastUsed(user, key) => {
                users.file_last_used(user, key, request, answer!(LastUsed));
            }
            Read::Tags(user) => {
                users.file_tags(user, request, answer!(Tags));
            }
            Read::UserDetails(marker) => {
                users.file_details(request, marker.as_ref(), answer!(UserDetails));
            }
            Read::Quarantined => users.file_quarantine(request, answer!(Quarantined)),
            Read::Regions => {
                impacts.regions.file(request, answer!(Regions));
            }
            Read::Permissions(user) => {
                let answer = answer!(Permissions).map(|answer| *answer);
                impacts
                    .user_mut(user)
                    .file_permissions(user, request, answer);
            }
            Read::ServicesUsed(user) => {
                let answer = answer!(ServicesUsed);
                impacts.user_mut(user).services.file(request, answer);
            }
            Read::OtherCredentials(user) => {
                let answer = answer!(OtherCredentials).map(|answer| *answer);
                impacts.user_mut(user).credentials.file(request, answer);
            }
            Read::TrailEvents(query) => {
                let answer = answer!(TrailEvents);
                if let Some(trail) = impacts.trail_mut(&query.key) {
                    trail.file(request, query, answer);
                }
            }
            Read::WholeEvent(_, id) => impacts.file_event(id, request, answer!(WholeEvent)),
            // The search takes an owner and a key's account, and the fleet accounts.
            Read::Owner(_) | Read::KeyAccount(_) | Read::Accounts(_) | Read::PortalAccounts(_) => {}
        }
    }
}
