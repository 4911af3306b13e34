//! What is said of a key that was looked for. It is worked out when it is drawn: which account this
//! is, and what may be asked here, may become known after the answer.

use super::{Find, Phase};
use crate::{
    iam::{Error, KeyId, Kind, key_id::account_of},
    state::State,
};

impl State {
    /// What is said in the dialog about what was looked for; nothing while it is typed or looked
    /// for.
    #[must_use]
    pub fn words_on(&self, find: &Find) -> Option<String> {
        Some(match &find.phase {
            Phase::Typing | Phase::Looking { .. } => return None,
            Phase::NotAKey(why) => why.to_string(),
            Phase::Elsewhere { key, account } => {
                format!(
                    "{} Enter asks AWS all the same.",
                    self.elsewhere(key, account)
                )
            }
            Phase::Refused { key, error } => self.why_unknown(key, error),
            Phase::Ownerless(key) => format!(
                "AWS knows {key} and names no user for it: it may be a key of the root user, which \
                 only root can change."
            ),
            Phase::Found { key, user, .. } => {
                format!("{key} is a key of {user}. Enter goes there.")
            }
            Phase::Lost { key, user, error } => match error {
                Some(error) => format!(
                    "{key} is a key of {user}, whose keys may not be seen: {}.",
                    error.short()
                ),
                None => format!(
                    "AWS says that {key} is a key of {user}, and does not list it: it was deleted a \
                     moment ago, perhaps."
                ),
            },
        })
    }

    fn elsewhere(&self, key: &KeyId, account: &str) -> String {
        let here = match self.session.number() {
            Some(here) => format!("; this is {here}"),
            None => String::new(),
        };
        format!("{key} belongs to account {account} (derived from the ID){here}.")
    }

    /// Why AWS did not tell whose a key is. To a key that it does not know it says what it says to
    /// who may not ask.
    fn why_unknown(&self, key: &KeyId, error: &Error) -> String {
        let derived = account_of(key.as_str());
        let here = self.session.number();
        let unknown = match error.kind {
            Kind::Gone => true,
            Kind::Denied => self.uses_are_granted(),
            _ => return format!("AWS did not tell: {}. Enter asks again.", error.short()),
        };
        match derived {
            Some(account) if here.is_some_and(|here| here != account) => {
                format!(
                    "{} AWS does not know it here.",
                    self.elsewhere(key, &account)
                )
            }
            Some(_) if unknown && here.is_some() => format!(
                "No key {key} in this account. By its ID it was made here (derived): it has been \
                 deleted, then."
            ),
            Some(account) if !unknown => format!(
                "{} AWS does not tell more: it may be unknown here, or {} is not allowed.",
                self.elsewhere(key, &account),
                error.action
            ),
            _ if unknown => format!("No key {key} in this account."),
            _ => format!(
                "No key {key} in this account, or {} is not allowed: AWS says the same to both.",
                error.action
            ),
        }
    }
}
