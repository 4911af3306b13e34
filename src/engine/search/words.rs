//! What is said of a search. It is worked out when it is shown: which account this is, and what may be
//! asked there, may become known after the answer.

use super::{
    KeyAccount, Search, SearchPhase,
    asking::{Doubt, Nowhere},
    place::{Place, Way},
};
use crate::engine::{
    Engine,
    account::{Account, Stage},
    effect::{SessionId, Target},
    error::{Error, Kind},
    key_id::KeyId,
    opening::Listing,
};
use std::collections::HashMap;

/// What is said of a search, and what going on with it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchWords {
    /// What is known.
    pub text: String,
    /// What going on does.
    pub again: Again,
}

/// What going on with a search does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// Nothing more.
    No,
    /// It asks AWS all the same.
    AskAnyway,
    /// It asks AWS again.
    AskAgain,
    /// It opens the account of the key, and goes on there.
    OpenIt,
    /// It opens the accounts of the organisation, and goes on in the one of the key.
    OpenOrganisation,
    /// It signs in to the account of the key again, and goes on there.
    SignInAgain,
    /// It goes to the key.
    GoThere,
    /// It deals with the leak of a key that is no more.
    Respond,
}

/// Why a leaked key that is deleted is not dealt with yet.
const LIVES_ON: &str = "Sessions that it has made live on for up to 36 hours.";

/// The same, and how its user is known where AWS names none.
const WHOSE: &str = "If it has leaked: sessions that it has made live on for up to 36 hours. \
                     CloudTrail's event history of this access key ID names its user.";

impl Engine {
    /// What is said of the search; `None` while it goes on.
    #[must_use]
    pub fn search_words(&self) -> Option<SearchWords> {
        self.words_of(self.search.as_ref()?)
    }

    /// What going on with a search does, where it does not go on by itself.
    pub(super) fn again_of(&self, search: &Search) -> Option<Again> {
        self.words_of(search).map(|words| words.again)
    }

    fn words_of(&self, search: &Search) -> Option<SearchWords> {
        let key = &search.key;
        if self.waits_for_list(search) {
            return None;
        }
        let (text, again) = match &search.phase {
            SearchPhase::Looking(_) | SearchPhase::Loading { .. } => return None,
            SearchPhase::Away => self.away(search)?,
            SearchPhase::Refused(error) => self.why_unknown(search, error)?,
            SearchPhase::Nowhere(nowhere) => self.nowhere(key, nowhere),
            SearchPhase::Ownerless => (
                format!(
                    "AWS knows {key} and names no user for it: it may be a key of the root user, \
                     which only root can change."
                ),
                Again::No,
            ),
            SearchPhase::Found { user, .. } => {
                (format!("{key} is a key of {user}."), Again::GoThere)
            }
            SearchPhase::Gone { user } => (
                format!("{key} was a key of {user}, and has been deleted. {LIVES_ON}"),
                Again::Respond,
            ),
            SearchPhase::Lost {
                user,
                error: Some(error),
            } => (
                format!(
                    "{key} is a key of {user}, whose keys may not be seen: {}.",
                    error.short()
                ),
                Again::No,
            ),
            SearchPhase::Lost { user, error: None } => (
                format!(
                    "AWS says that {key} is a key of {user}, and does not list it: it was deleted a \
                     moment ago, perhaps."
                ),
                Again::Respond,
            ),
        };
        Some(SearchWords { text, again })
    }

    /// What the search waits for, in words; `None` where it does not go on by itself.
    #[must_use]
    pub fn search_waits_for(&self) -> Option<String> {
        let search = self.search.as_ref()?;
        let asking = match &search.phase {
            SearchPhase::Looking(asking) => asking,
            _ if self.waits_for_list(search) => {
                return Some("AWS does not tell whose it is: looking among the keys".into());
            }
            SearchPhase::Away => {
                let place = self.place_of(search)?;
                let id = &search.account.as_ref()?.id;
                return match place {
                    Place::Coming(Some(account)) => {
                        let name = name_of(account);
                        Some(format!("It is in {name}, which is being opened"))
                    }
                    Place::Coming(None) => {
                        Some(format!("It is in account {id}: looking how to open it"))
                    }
                    _ => None,
                };
            }
            _ => return None,
        };
        Some(if asking.everywhere {
            let demo = self.is_demo(search.session);
            let accounts = self.fleet.accounts().iter();
            let all = accounts.filter(|account| account.is_demo() == demo);
            let (done, all) = (asking.refused.len(), all.count());
            format!("Looking in each account: {done} of {all}")
        } else {
            "Looking whose it is".into()
        })
    }

    /// What is said of a key whose account cannot be asked (yet).
    fn away(&self, search: &Search) -> Option<(String, Again)> {
        let (key, of) = (&search.key, search.account.as_ref()?);
        let told = belongs(key, of);
        let demo = self.is_demo(search.session);
        Some(match self.place_of(search)? {
            Place::Ready(_) | Place::Coming(_) => return None,
            Place::Unreachable(account) => {
                let why = why_unreachable(account);
                let again = if account.is_closed() {
                    Again::No
                } else {
                    Again::SignInAgain
                };
                let text = match &account.target {
                    Target::Profile(profile) if !account.is_of(&of.id) => {
                        format!("{told}, which profile {profile} does not open: {why}.")
                    }
                    _ => {
                        let told = belongs_to(key, of, account.identity.name());
                        format!("{told}, which cannot be reached: {why}.")
                    }
                };
                (text, again)
            }
            Place::Other(account) => {
                let by = match &account.target {
                    Target::Profile(name) => format!("Profile {name}"),
                    _ => "What was opened".into(),
                };
                let opened = account.identity.account();
                (format!("{told}. {by} opened {opened} instead."), Again::No)
            }
            Place::NotOpen(Some(Way::Profile(profile))) => (
                format!("{told}, which profile {} opens.", profile.name),
                Again::OpenIt,
            ),
            Place::NotOpen(Some(Way::Organisation(_))) if demo => (
                format!("{told}, which is not open."),
                Again::OpenOrganisation,
            ),
            Place::NotOpen(Some(Way::Organisation(slot))) => {
                let from = self.fleet.get(slot).map(|it| it.identity.account());
                let from = from.unwrap_or_default();
                let text =
                    format!("{told}, which is not open. It may be in the organisation of {from}.");
                (text, Again::OpenOrganisation)
            }
            Place::NotOpen(None) => {
                let again = if of.derived {
                    Again::AskAnyway
                } else {
                    Again::No
                };
                let mut lists = self.account_lists().iter();
                let text = match lists.any(|list| list.listing == Listing::Complete) {
                    _ if demo => format!("{told}, which is not one of the demo's."),
                    true => format!(
                        "{told}, which is not in the organisation and which no profile here opens. \
                         Sign in there and search again."
                    ),
                    false => format!(
                        "{told}, which no profile here opens. Sign in there and search again."
                    ),
                };
                (text, again)
            }
        })
    }

    /// Why an account did not tell whose a key is. Of a key that it does not know AWS says what it says
    /// to an identity that may not ask.
    fn why_unknown(&self, search: &Search, error: &Error) -> Option<(String, Again)> {
        let key = &search.key;
        let account = self.fleet.of(search.session)?;
        let unknown = match error.kind {
            Kind::NotFound => true,
            Kind::Denied => account.loader.uses_are_granted(),
            _ => {
                let text = format!("AWS did not tell: {}.", error.short());
                return Some((text, Again::AskAgain));
            }
        };
        let here = account.identity.account_id();
        let there = if self.fleet.accounts().len() > 1 {
            format!("in {}", account.identity.account())
        } else {
            "in this account".into()
        };
        let action = error.action;
        let text = match &search.account {
            Some(of) if here.map_or(unknown, |here| *here != *of.id) => {
                format!("{} AWS does not know it here.", elsewhere(account, key, of))
            }
            Some(of) if unknown && of.derived => format!(
                "No key {key} {there}. By its ID it was made here (derived): it has been deleted, \
                 then. {WHOSE}"
            ),
            Some(_) if unknown => {
                format!(
                    "No key {key} {there}, where it was made: it has been deleted, then. {WHOSE}"
                )
            }
            Some(of) => format!(
                "{} AWS does not tell more: it may be unknown here, or {action} is not allowed.",
                elsewhere(account, key, of),
            ),
            None if unknown => format!("No key {key} {there}."),
            None => format!(
                "No key {key} {there}, or {action} is not allowed: AWS says the same to both."
            ),
        };
        Some((text, Again::No))
    }

    /// What is said of a key that none of the open accounts has.
    fn nowhere(&self, key: &KeyId, nowhere: &Nowhere) -> (String, Again) {
        let Nowhere {
            asked,
            missed,
            doubt,
        } = nowhere;
        let mut text = match asked {
            0 => format!("No account could be asked for {key}"),
            1 => format!("No key {key} in the account that could be asked"),
            asked => format!("No key {key} in the {asked} accounts that were asked"),
        };
        let mut again = Again::No;
        match doubt {
            None => text.push('.'),
            Some(Doubt::Refusals { action }) => {
                let more = format!(
                    ", or {action} is not allowed in some of them: AWS says the same to both."
                );
                text.push_str(&more);
            }
            Some(Doubt::NoAnswer {
                session,
                error,
                more,
            }) => {
                let name = self.fleet.of(*session).map(name_of).unwrap_or_default();
                let others = match more {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                };
                let why = error.short();
                let more = format!(". {name}{others} did not tell: {why}.");
                text.push_str(&more);
                again = Again::AskAgain;
            }
        }
        if *missed > 0 && *asked > 0 {
            let accounts = if *missed == 1 { "account" } else { "accounts" };
            let more = format!(" {missed} {accounts} could not be reached.");
            text.push_str(&more);
        }
        (text, again)
    }

    /// What casts doubt on that no account has the key: one did not answer, or may have refused to.
    pub(super) fn doubt(&self, refused: &HashMap<SessionId, Error>) -> Option<Doubt> {
        let is_no_answer = |error: &Error| !matches!(error.kind, Kind::Denied | Kind::NotFound);
        let without_answer = refused.iter().filter(|(_, error)| is_no_answer(error));
        let count = without_answer.clone().count();
        if let Some((session, error)) = without_answer.min_by_key(|(session, _)| **session) {
            return Some(Doubt::NoAnswer {
                session: *session,
                error: Box::new(error.clone()),
                more: count - 1,
            });
        }
        let is_granted = |session: SessionId| {
            let account = self.fleet.of(session);
            account.is_some_and(|account| {
                let has_nobody = account.is_listed() && account.users.rows().is_empty();
                account.loader.uses_are_granted() || has_nobody
            })
        };
        let mut refusals = refused
            .iter()
            .filter(|(session, error)| error.kind == Kind::Denied && !is_granted(**session));
        let (_, error) = refusals.next()?;
        Some(Doubt::Refusals {
            action: error.action,
        })
    }
}

/// Whose a key is, as AWS says it or the ID does.
fn belongs(key: &KeyId, of: &KeyAccount) -> String {
    belongs_to(key, of, None)
}

/// The same, of an account whose name is known.
fn belongs_to(key: &KeyId, of: &KeyAccount, name: Option<&str>) -> String {
    let name = name.map(|name| format!("{name} ")).unwrap_or_default();
    let derived = if of.derived {
        " (derived from the ID)"
    } else {
        ""
    };
    format!("{key} belongs to account {name}{}{derived}", of.id)
}

fn elsewhere(account: &Account, key: &KeyId, of: &KeyAccount) -> String {
    let here = account.identity.account_id();
    let here = here.filter(|here| **here != *of.id);
    let here = here.map(|here| format!("; this is {here}"));
    format!("{}{}.", belongs(key, of), here.unwrap_or_default())
}

/// An account by its name, and by its ID as far as that is known.
fn name_of(account: &Account) -> String {
    match (account.label(), account.id()) {
        (label, Some(id)) if label != id => format!("{label} {id}"),
        (label, _) => label.into(),
    }
}

/// Why nothing can be asked of an account, in a few words.
fn why_unreachable(account: &Account) -> String {
    match (&account.stage, &account.identity.broken) {
        (Stage::SignedOut(problem), _) => problem.title.clone(),
        (_, Some(error)) => error.short(),
        _ => "it does not answer".into(),
    }
}
