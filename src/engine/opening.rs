//! Opening accounts: those of an organisation or of an SSO portal are listed by one that is open, and
//! opened one after another, as there is room for it.
//!
//! An organisation's are opened through a role that the credentials of the one that lists them assume.
//! Where Organizations does not list them, and a login to a portal was what that was signed in by, the
//! portal's are opened instead, through a role that it gives.

use super::{
    Engine, Intent, News,
    account::{Account, Load, Stage},
    effect::{Effect, Member, Portal, RequestId, SessionId, Slot, Target, Through},
    error::{Error, Kind},
    model::{Caller, ListedAccount},
    problem::{Offer, Problem},
    profiles::portal_label,
    prompt::Means,
    request::Read,
};
use std::sync::Arc;

/// The roles that are tried in the accounts of an organisation where none is named: one that is meant
/// for this, and those that AWS Organizations and Control Tower create.
pub const DEFAULT_ROLES: [&str; 3] = [
    "iamkeys-audit",
    "OrganizationAccountAccessRole",
    "AWSControlTowerExecution",
];

/// So many roles are assumed at once. STS counts in the account that asks.
const SIGN_INS: usize = 16;

/// A session that has just begun asks so much at once: room is kept for it.
pub(super) const FIRST_READS: usize = 2;

/// An account that a person has named, to be opened with a profile, or else through a role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its ID; needed where there is no profile.
    pub id: Option<Box<str>>,
    /// What it is called.
    pub name: Option<Box<str>>,
    /// The role to assume; the usual ones are tried where none is named.
    pub role: Option<Box<str>>,
    /// The profile to sign in with.
    pub profile: Option<Box<str>>,
}

/// Which accounts to open beside the first one.
#[derive(Clone, Debug)]
pub struct MoreAccounts {
    /// These.
    pub wanted: Vec<Wanted>,
    /// All of its organisation.
    pub organisation: bool,
    /// The roles that are tried in them, in this order.
    pub roles: Arc<[Box<str>]>,
}

impl Default for MoreAccounts {
    fn default() -> Self {
        Self {
            wanted: Vec::new(),
            organisation: false,
            roles: roles_named(DEFAULT_ROLES),
        }
    }
}

/// A list of accounts that are opened.
#[derive(Clone, Debug)]
pub struct AccountList {
    /// The session that lists them.
    pub source: SessionId,
    /// Whose they are: the organisation's, whose accounts are opened through roles, or the portal's.
    pub through: Through,
    /// How far that has come.
    pub listing: Listing,
    /// Listed, and not opened yet: who lists them is not known.
    waiting: Vec<ListedAccount>,
    /// How many were listed.
    pub listed: usize,
}

impl AccountList {
    /// Whether accounts were listed that are not opened yet.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// How far accounts are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The session that lists them is not signed in yet.
    Waiting,
    /// Under way.
    Loading,
    /// All are listed.
    Complete,
    /// There may be more.
    Failed(Error),
}

impl Engine {
    /// Opens other accounts beside the first one.
    #[must_use]
    pub fn open_more(&mut self, first: Slot, more: MoreAccounts) -> Vec<Effect> {
        self.roles = more.roles;
        let mut effects = self.intend(Intent::OpenWanted(first, more.wanted));
        if more.organisation {
            effects.extend(self.intend(Intent::OpenOrganisation(first)));
        }
        effects
    }

    /// Whether accounts are still being listed that will be opened.
    #[must_use]
    pub fn is_listing_accounts(&self) -> bool {
        [false, true]
            .into_iter()
            .any(|demo| self.more_accounts_are_coming(demo))
    }

    /// Opens the other accounts of the organisation that an open account belongs to, or those that its
    /// login to a portal opens.
    pub(super) fn open_list(&mut self, slot: Slot, through: Through) -> Option<()> {
        let account = self.fleet.get(slot)?;
        let (source, signed_in) = (account.session, account.stage == Stage::SignedIn);
        let mut known = self.account_lists.iter();
        if known.any(|known| {
            known.source == source
                && known.through == through
                && !matches!(known.listing, Listing::Failed(_))
        }) {
            return None;
        }
        self.forget_list(slot, through);
        self.account_lists.push(AccountList {
            source,
            through,
            listing: Listing::Waiting,
            waiting: Vec::new(),
            listed: 0,
        });
        if signed_in {
            self.list_accounts(slot);
        }
        Some(())
    }

    /// Opens the accounts of a portal, by an account that was signed in to with a login to it, or else
    /// by one that is opened with it now.
    pub(super) fn open_portal(&mut self, session: &str, log_in: bool) -> Option<()> {
        let target = Target::Portal(Portal {
            session: session.into(),
            roles: self.roles.clone(),
            open: self.open_ids().collect(),
        });
        let mut open = self.fleet.accounts().iter();
        let open = open.find(|account| {
            let of_portal =
                matches!(&account.target, Target::Portal(of) if *of.session == *session);
            of_portal || account.identity.portal.as_deref() == Some(session)
        });
        let slot = match open {
            Some(account) => {
                let (slot, target) = (account.session.slot, account.target.clone());
                let lost = matches!(account.stage, Stage::SignedOut(_));
                match (log_in, lost) {
                    (true, _) => self.sign_in_with(slot, target, Means::Login)?,
                    (false, true) => self.sign_in(slot, target)?,
                    (false, false) => {}
                }
                slot
            }
            None => {
                let (slot, effect) = self.open(target);
                self.effects.push(match effect {
                    Effect::SignIn(session, target) if log_in => {
                        Effect::SignInWith(session, target, Means::Login)
                    }
                    effect => effect,
                });
                slot
            }
        };
        self.open_list(slot, Through::Portal)
    }

    /// The IDs of the open accounts, as far as they are known.
    fn open_ids(&self) -> impl Iterator<Item = Box<str>> {
        let accounts = self.fleet.accounts().iter();
        accounts.filter_map(Account::id).map(Box::from)
    }

    fn forget_list(&mut self, slot: Slot, through: Through) {
        self.account_lists
            .retain(|list| list.source.slot != slot || list.through != through);
    }

    /// Lists the accounts that were to be listed by this account: it is signed in now.
    pub(super) fn list_accounts(&mut self, slot: Slot) -> Option<()> {
        let session = self.fleet.get(slot)?.session;
        let mut reads = Vec::new();
        for list in &mut self.account_lists {
            if list.source.slot == slot && list.listing != Listing::Complete {
                list.source = session;
                list.listing = Listing::Loading;
                list.listed = 0;
                reads.push(match list.through {
                    Through::Role => Read::Accounts(None),
                    Through::Portal => Read::PortalAccounts(None),
                });
            }
        }
        self.read_all(slot, reads);
        Some(())
    }

    /// A page of accounts has come, or will not.
    pub(super) fn accounts_came(
        &mut self,
        session: SessionId,
        through: Through,
        page: Result<(Vec<ListedAccount>, Option<String>), Error>,
    ) -> Option<()> {
        let portal = self.fleet.of(session)?.identity.portal.clone();
        let mut lists = self.account_lists.iter_mut();
        let list = lists.find(|list| list.source == session && list.through == through)?;
        match page {
            Ok((accounts, next)) => {
                list.listed += accounts.len();
                list.waiting.extend(accounts);
                match (next, through) {
                    (None, _) => list.listing = Listing::Complete,
                    (next, Through::Role) => {
                        // As fast as it is allowed: there are many pages.
                        let (request, now) = (RequestId(self.number()), self.now);
                        let account = self.fleet.of_mut(session)?;
                        account.hold(request, Read::Accounts(next), now);
                    }
                    (next, Through::Portal) => {
                        self.read(session.slot, Read::PortalAccounts(next));
                    }
                }
                self.open_listed();
            }
            Err(error) => {
                let so_far = list.listed;
                list.listing = Listing::Failed(error.clone());
                match portal {
                    Some(portal) if through == Through::Role && so_far == 0 && refuses(&error) => {
                        self.forget_list(session.slot, Through::Role);
                        let portal = portal_label(&portal);
                        self.say(format!(
                            "Organizations does not list the accounts: opening those of SSO {portal}"
                        ));
                        self.open_list(session.slot, Through::Portal);
                    }
                    portal => {
                        let of_portal = portal.filter(|_| through == Through::Portal);
                        self.complain(cannot_list(&error, of_portal.as_deref(), so_far));
                    }
                }
            }
        }
        Some(())
    }

    /// Opens the accounts that were listed, once it is known which of them is open already.
    pub(super) fn open_listed(&mut self) {
        for at in 0..self.account_lists.len() {
            let list = &self.account_lists[at];
            let (source, through) = (list.source.slot, list.through);
            let source_account = self.fleet.get(source);
            if source_account.is_none_or(|account| account.identity.caller.is_awaited()) {
                continue;
            }
            for listed in std::mem::take(&mut self.account_lists[at].waiting) {
                self.open_one(listed, source, through);
            }
        }
    }

    /// Opens an account that was listed, unless it is open.
    fn open_one(&mut self, listed: ListedAccount, source: Slot, through: Through) {
        let open = self.fleet.accounts_mut().iter_mut();
        let mut open = open.filter(|account| account.is_of(&listed.id));
        if let Some(account) = open.next() {
            account.list_as(listed);
            return;
        }
        let names = [&*listed.name];
        // How to get in is said of real accounts: the demo's must not lead to one.
        let ways = match self.fleet.get(source) {
            Some(source) if source.is_demo() => Arc::default(),
            _ => self.account_rules.clone(),
        };
        let rules = || ways.about(Some(&listed.id), &names);
        let wanted = Wanted {
            id: Some(listed.id.clone()),
            name: None,
            role: rules().find_map(|rule| rule.role.clone()),
            profile: rules().find_map(|rule| rule.profile.clone()),
        };
        self.open_wanted(wanted, source, through, Some(listed));
    }

    /// Opens an account that a person has named or a list has; with what that says of it, where it does.
    pub(super) fn open_wanted(
        &mut self,
        wanted: Wanted,
        source: Slot,
        through: Through,
        listed: Option<ListedAccount>,
    ) -> Option<()> {
        let Wanted {
            id,
            name,
            role,
            profile,
        } = wanted;
        let meant = id.clone();
        let closed = listed.as_ref().and_then(|listed| listed.state.why_closed());
        let slot = match profile.filter(|_| closed.is_none()) {
            Some(profile) => {
                let (slot, effect) = self.open(Target::Profile(profile));
                self.effects.push(effect);
                slot
            }
            None => {
                let roles = role.map(|role| Arc::from([role]));
                let member = Member {
                    account: id?,
                    roles: roles.unwrap_or_else(|| self.roles.clone()),
                    source,
                    through,
                    opener: None,
                    session: "iamkeys".into(),
                };
                self.open_member(member)
            }
        };
        let account = self.fleet.get_mut(slot)?;
        account.meant = meant;
        account.identity.listed_name = name;
        if let Some(listed) = listed {
            if let Some(why) = closed {
                account.stage = Stage::SignedOut(Box::new(as_closed(&listed, why)));
            }
            account.list_as(listed);
        }
        Some(())
    }

    /// Opens an account that another one leads to, as soon as there is room for it.
    fn open_member(&mut self, member: Member) -> Slot {
        let demo = self.fleet.get(member.source).is_some_and(Account::is_demo);
        let session = self.fleet.open(Target::Member(Box::new(member)));
        if let Some(account) = self.fleet.of_mut(session) {
            account.demo = demo;
            account.identity.rules = self.account_rules.clone();
            account.stage = Stage::Waiting;
        }
        session.slot
    }

    /// Signs in to accounts that wait for it, as many as there is room for. Gives back how much room is
    /// kept for the next, where there is none for it yet: otherwise what is asked of those that are
    /// open would take it up, one by one, as soon as it becomes free.
    pub(super) fn begin_waiting(&mut self) -> usize {
        let accounts = self.fleet.accounts();
        let signing_in = accounts.iter().filter(|account| account.is_signing_in());
        let mut room = SIGN_INS.saturating_sub(signing_in.count());
        let mut spare = self.fleet.spare() / FIRST_READS;
        for at in 0..self.fleet.accounts().len() {
            if room == 0 {
                return 0;
            }
            let account = &self.fleet.accounts()[at];
            let Target::Member(member) = &account.target else {
                continue;
            };
            if account.stage != Stage::Waiting {
                continue;
            }
            let source = self.fleet.get(member.source);
            let caller = source.map(|source| &source.identity.caller);
            let is_asked = caller.is_some_and(Load::is_loading);
            let caller = caller.and_then(Load::known);
            let session = session_name(caller);
            let opener = caller.map(|caller| caller.principal().into());
            let problem = match source.map(|source| &source.stage) {
                Some(Stage::SigningIn | Stage::Waiting) => continue,
                // Their sessions are named by it, and what is known of their roles is found by it.
                Some(Stage::SignedIn) if is_asked && caller.is_none() => continue,
                Some(Stage::SignedIn) => None,
                Some(Stage::SignedOut(problem)) => Some(without_source(problem)),
                None => Some(Problem::internal()),
            };
            let account = &mut self.fleet.accounts_mut()[at];
            if let Some(problem) = problem {
                account.stage = Stage::SignedOut(Box::new(problem));
                continue;
            }
            if spare == 0 {
                return FIRST_READS;
            }
            room -= 1;
            spare -= 1;
            account.stage = Stage::SigningIn;
            let mut target = account.target.clone();
            if let Target::Member(member) = &mut target {
                member.session = session;
                member.opener = opener;
            }
            self.effects.push(Effect::SignIn(account.session, target));
        }
        0
    }

    /// What opens the account in a slot, where that is not signed in any more.
    pub(super) fn lost_source(&self, slot: Slot) -> Option<Target> {
        let account = self.fleet.get(slot)?;
        // Nothing may have been asked of it since then; what requests renew may be renewed by the next.
        let identity = &account.identity;
        let is_over = identity.expires.is_some_and(|at| at <= self.now);
        let is_over = is_over && !identity.renewed_by_requests;
        let lost = matches!(account.stage, Stage::SignedOut(_))
            || account.identity.broken.is_some()
            || is_over;
        lost.then(|| account.target.clone())
    }

    /// A member could not be reached, since AWS says that the session of its source is over: the source
    /// cannot be used any more either.
    pub(super) fn note_source_broken(&mut self, session: SessionId, error: &Error) -> Option<()> {
        let Target::Member(member) = &self.fleet.of(session)?.target else {
            return None;
        };
        let slot = member.source;
        let code = error.code.as_deref()?;
        let is_over = Kind::of_code(code, &error.message) == Some(Kind::Expired);
        if error.action != "sts:AssumeRole" || !is_over {
            return None;
        }
        let source = self.fleet.get_mut(slot)?;
        if source.stage == Stage::SignedIn && source.identity.broken.is_none() {
            source.identity.broken = Some(error.clone());
            self.news.push(News::Broken(slot, error.clone()));
        }
        Some(())
    }

    /// An account is signed in again: those that it leads to, and that could not be reached any more,
    /// are opened anew.
    pub(super) fn open_members_again(&mut self, source: Slot) {
        let accounts = self.fleet.accounts().iter().filter(|account| {
            let is_member =
                matches!(&account.target, Target::Member(member) if member.source == source);
            let is_lost = account.identity.broken.is_some()
                || matches!(account.stage, Stage::SignedOut(_)) && !account.is_closed();
            is_member && is_lost
        });
        let lost: Vec<Slot> = accounts.map(|account| account.session.slot).collect();
        for slot in lost {
            self.wait_anew(slot);
        }
    }
}

/// What a session is called that this caller has made. AWS takes 2 to 64 letters, digits and some
/// signs, which all names of users are made of.
fn session_name(caller: Option<&Caller>) -> Box<str> {
    let name = caller.map_or("", Caller::name);
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(*c);
    let name: String = name.chars().filter(allowed).collect();
    let whole = if name.is_empty() {
        "iamkeys".to_owned()
    } else {
        format!("iamkeys-{name}")
    };
    whole.chars().take(64).collect::<String>().into()
}

/// Whether Organizations says that it will not list the accounts, and not only that it could not.
fn refuses(error: &Error) -> bool {
    let code = error.code.as_deref();
    error.kind == Kind::Denied || code == Some("AWSOrganizationsNotInUseException")
}

/// Why the accounts of an organisation or of this portal cannot be listed, in a sentence.
fn cannot_list(error: &Error, portal: Option<&str>, so_far: usize) -> String {
    let why = match (error.kind, error.code.as_deref()) {
        (_, Some("AWSOrganizationsNotInUseException")) => {
            return "This account belongs to no organisation".into();
        }
        (Kind::Denied, _) if portal.is_none() => {
            "only the management account and delegated administrators may list the accounts".into()
        }
        (Kind::Expired, _) => "the login is missing or has expired".into(),
        _ => error.short(),
    };
    let whose = match portal {
        Some(portal) => format!("SSO {}", portal_label(portal)),
        None => "the organisation".into(),
    };
    match so_far {
        0 => format!("The accounts of {whose} are not listed: {why}"),
        count => format!("{count} accounts are listed, and there may be more: {why}"),
    }
}

fn as_closed(listed: &ListedAccount, why: &str) -> Problem {
    Problem {
        title: why.into(),
        what: format!(
            "AWS Organizations says that the account {} ({}) is {why}.",
            listed.name, listed.id
        ),
        ..Problem::default()
    }
}

fn without_source(of_source: &Problem) -> Problem {
    let title = match of_source.offer {
        Some(Offer::Login) => "waits for the login of its source",
        _ => "its source is not signed in",
    };
    Problem {
        title: title.into(),
        what: format!(
            "It is opened by an account that is not signed in: {}.",
            of_source.title
        ),
        offer: of_source.offer.filter(|offer| *offer == Offer::Login),
        ..Problem::default()
    }
}

/// Whether this can be the name of a role: letters, digits and some signs, with its path before it. An
/// ARN is none.
#[must_use]
pub fn is_role_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
    !name.is_empty() && name.len() <= 512 && name.chars().all(allowed)
}

/// The roles of these names.
#[must_use]
pub fn roles_named<'a>(names: impl IntoIterator<Item = &'a str>) -> Arc<[Box<str>]> {
    names.into_iter().map(Box::from).collect()
}
