//! Finding a key by its ID, loaded or not: AWS names the owner of a key in one call, and the key is
//! then looked for among that user's keys.

use super::{
    Engine, News,
    account::{Account, Load},
    effect::{RequestId, SessionId, Slot},
    error::{Error, Kind},
    key_id::{KeyId, account_of},
    model::LastUsed,
    request::{Answer, Read},
};

/// A key that is searched for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The key.
    pub key: KeyId,
    /// The session that it is searched in.
    pub session: SessionId,
    /// How far the search has come.
    pub phase: SearchPhase,
}

/// How far the search for a key has come.
#[derive(Clone, Debug)]
pub enum SearchPhase {
    /// By its ID the key belongs to this other account; AWS was not asked.
    Elsewhere(String),
    /// AWS is asked for the owner.
    Looking(RequestId),
    /// AWS did not tell, and said this instead.
    Refused(Box<Error>),
    /// AWS knows the key and names no user.
    Ownerless,
    /// AWS has named the owner.
    Found {
        /// The owner.
        user: Box<str>,
        /// The key's last use.
        last_used: LastUsed,
    },
    /// The keys of the owner are being loaded.
    Loading {
        /// The owner.
        user: Box<str>,
        /// The key's last use.
        last_used: LastUsed,
    },
    /// The key is not to be seen among the owner's keys.
    Lost {
        /// The owner.
        user: Box<str>,
        /// Why the owner's keys are not known; `None` where they are.
        error: Option<Box<Error>>,
    },
}

impl Engine {
    /// The key that is searched for.
    #[must_use]
    pub fn search(&self) -> Option<&Search> {
        self.search.as_ref()
    }

    /// The search, while AWS has named the owner and the owner's keys are on their way.
    #[must_use]
    pub fn search_is_loading(&self) -> Option<(&KeyId, &str)> {
        let search = self.search.as_ref()?;
        match &search.phase {
            SearchPhase::Loading { user, .. } => Some((&search.key, user)),
            _ => None,
        }
    }

    /// The key whose owner is not named yet, also before the account is open.
    #[must_use]
    pub fn search_is_looking(&self, slot: Slot) -> Option<&KeyId> {
        match (&self.search, &self.search_first) {
            (Some(search), _) => {
                let looking = matches!(search.phase, SearchPhase::Looking(_));
                (looking && search.session.slot == slot).then_some(&search.key)
            }
            (None, Some((of, key))) => of.is_none_or(|of| of == slot).then_some(key),
            (None, None) => None,
        }
    }

    /// Searches for the key that was named at the start, or that was searched for in this slot before
    /// its session broke.
    pub(super) fn begin_search(&mut self, slot: Slot) {
        let here = |(of, _): &mut (Option<Slot>, KeyId)| of.is_none_or(|of| of == slot);
        if let Some((_, key)) = self.search_first.take_if(here) {
            self.news.push(News::SearchBegun(key.clone()));
            self.ask_owner(slot, key);
        }
    }

    /// The session in a slot has ended, or another account is open there: what is searched for is not
    /// found there. Where signing in has failed, the search begins anew after the next time. A search
    /// in another account goes on.
    pub(super) fn put_search_off(&mut self, slot: Slot, again: bool) {
        let elsewhere = |search: &Search| search.session.slot != slot;
        if self.search.as_ref().is_some_and(elsewhere) {
            return;
        }
        if let Some(search) = self.search.take() {
            let asked = matches!(
                search.phase,
                SearchPhase::Looking(_) | SearchPhase::Refused(_)
            );
            if again && asked {
                self.search_first = Some((Some(slot), search.key));
            }
        }
        self.news.push(News::SearchDropped(slot));
    }

    /// Searches for a key. One that by its ID is another account's is asked for only if the person
    /// insists: by searching once more.
    pub(super) fn search_for(&mut self, slot: Slot, key: KeyId) -> Option<()> {
        let account = self.fleet.get(slot)?;
        let session = account.session;
        let search = self.search.as_ref().filter(|search| search.key == key);
        let told = match search.map(|search| &search.phase) {
            Some(SearchPhase::Looking(_)) => return None,
            // Searching once more asks AWS.
            Some(SearchPhase::Elsewhere(_) | SearchPhase::Refused(_)) => true,
            _ => false,
        };
        let here = account.identity.account_id();
        match account_of(key.as_str()).filter(|id| Some(id.as_str()) != here) {
            Some(id) if here.is_some() && !told => {
                let phase = SearchPhase::Elsewhere(id);
                self.search = Some(Search {
                    key,
                    session,
                    phase,
                });
                Some(())
            }
            _ => self.ask_owner(slot, key),
        }
    }

    fn ask_owner(&mut self, slot: Slot, key: KeyId) -> Option<()> {
        let phase = SearchPhase::Looking(self.read(slot, Read::Owner(key.to_string()))?);
        let session = self.fleet.get(slot)?.session;
        self.search = Some(Search {
            key,
            session,
            phase,
        });
        Some(())
    }

    /// Takes what AWS says of the owner of a key, if that is still searched for.
    pub(super) fn owner_told(
        &mut self,
        request: RequestId,
        answer: &Result<Answer, Error>,
    ) -> Option<()> {
        let search = self.search.as_mut()?;
        if !matches!(&search.phase, SearchPhase::Looking(asked) if *asked == request) {
            return None;
        }
        // A key press means something else from now on.
        self.scene += 1;
        search.phase = match answer {
            Ok(Answer::Owner(user, _)) if user.is_empty() => SearchPhase::Ownerless,
            Ok(Answer::Owner(user, last_used)) => {
                self.news.push(News::OwnerFound);
                let (user, last_used) = (user.clone(), last_used.clone());
                SearchPhase::Found { user, last_used }
            }
            Ok(_) => return None,
            Err(error) => SearchPhase::Refused(Box::new(error.clone())),
        };
        Some(())
    }

    /// Loads the keys of the owner that was found, unless the key is among them already.
    pub(super) fn go_to_owner(&mut self) -> Option<()> {
        let search = self.search.as_mut()?;
        let SearchPhase::Found { user, last_used } = &search.phase else {
            return None;
        };
        let users = &mut self.fleet.of_mut(search.session)?.users;
        users.add_found(user);
        let listed = users.get(user).map(|row| &row.user.name);
        let (user, last_used) = (listed.unwrap_or(user).clone(), last_used.clone());
        if users.has_key(&user, search.key.as_str()) {
            return self.search_ended(user, last_used);
        }
        let slot = search.session.slot;
        search.phase = SearchPhase::Loading {
            user: user.clone(),
            last_used,
        };
        self.read(slot, Read::Keys(user)).map(|_| ())
    }

    /// The key is among its owner's keys.
    fn search_ended(&mut self, user: Box<str>, last_used: LastUsed) -> Option<()> {
        let Search { key, session, .. } = self.search.take()?;
        if let Some(account) = self.fleet.of_mut(session) {
            account.users.tell_last_used(&user, key.as_str(), last_used);
        }
        let found = true;
        self.news.push(News::SearchEnded { key, user, found });
        Some(())
    }

    /// The keys of a user have come, or have not: the one that is searched for may be among them.
    pub(super) fn keys_came(&mut self, session: SessionId, of: &str) -> Option<()> {
        let search = self.search.as_mut()?;
        let SearchPhase::Loading { user, last_used } = &search.phase else {
            return None;
        };
        if search.session != session || !user.eq_ignore_ascii_case(of) {
            return None;
        }
        let users = &self.fleet.of(session)?.users;
        let (user, last_used) = (user.clone(), last_used.clone());
        if users.has_key(&user, search.key.as_str()) {
            return self.search_ended(user, last_used);
        }
        let keys = users.get(&user).map(|row| &row.keys);
        if keys.is_some_and(Load::is_loading) {
            // They were asked for anew: that answer will tell.
            return None;
        }
        let error = keys.and_then(Load::error).cloned();
        search.phase = SearchPhase::Lost {
            user: user.clone(),
            error: error.map(Box::new),
        };
        let (key, found) = (search.key.clone(), false);
        self.news.push(News::SearchEnded { key, user, found });
        Some(())
    }

    /// What is said of the search; `None` while it goes on. It is worked out when it is shown: which
    /// account this is, and what may be asked here, may become known after the answer.
    #[must_use]
    pub fn search_words(&self) -> Option<SearchWords> {
        let Search {
            key,
            session,
            phase,
        } = self.search.as_ref()?;
        let account = self.fleet.of(*session)?;
        let (text, again) = match phase {
            SearchPhase::Looking(_) | SearchPhase::Loading { .. } => return None,
            SearchPhase::Elsewhere(id) => (elsewhere(account, key, id), Again::AskAnyway),
            SearchPhase::Refused(error) => why_unknown(account, key, error),
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
            SearchPhase::Lost { user, error } => (
                match error {
                    Some(error) => format!(
                        "{key} is a key of {user}, whose keys may not be seen: {}.",
                        error.short()
                    ),
                    None => format!(
                        "AWS says that {key} is a key of {user}, and does not list it: it was \
                         deleted a moment ago, perhaps."
                    ),
                },
                Again::No,
            ),
        };
        Some(SearchWords { text, again })
    }
}

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
    /// It goes to the key.
    GoThere,
}

fn elsewhere(account: &Account, key: &KeyId, id: &str) -> String {
    let here = account.identity.account_id();
    let here = here.map(|here| format!("; this is {here}"));
    let here = here.unwrap_or_default();
    format!("{key} belongs to account {id} (derived from the ID){here}.")
}

/// Why AWS did not tell whose a key is. Of a key that it does not know it says what it says to an
/// identity that may not ask.
fn why_unknown(account: &Account, key: &KeyId, error: &Error) -> (String, Again) {
    let derived = account_of(key.as_str());
    let here = account.identity.account_id();
    let unknown = match error.kind {
        Kind::NotFound => true,
        Kind::Denied => account.loader.uses_are_granted(),
        _ => {
            let text = format!("AWS did not tell: {}.", error.short());
            return (text, Again::AskAgain);
        }
    };
    let text = match derived {
        Some(id) if here.is_some_and(|here| here != id) => {
            format!(
                "{} AWS does not know it here.",
                elsewhere(account, key, &id)
            )
        }
        Some(_) if unknown && here.is_some() => format!(
            "No key {key} in this account. By its ID it was made here (derived): it has been \
             deleted, then."
        ),
        Some(id) if !unknown => format!(
            "{} AWS does not tell more: it may be unknown here, or {} is not allowed.",
            elsewhere(account, key, &id),
            error.action
        ),
        _ if unknown => format!("No key {key} in this account."),
        _ => format!(
            "No key {key} in this account, or {} is not allowed: AWS says the same to both.",
            error.action
        ),
    };
    (text, Again::No)
}
