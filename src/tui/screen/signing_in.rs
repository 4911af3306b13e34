//! Whether a person can help an account that is not signed in to, and in words why not.

use crate::{
    engine::{
        Offer, Problem, Target,
        account::{Account, Stage},
    },
    tui::{
        action::Action,
        keymap::{self, Context},
    },
};

/// Why an account cannot be signed in to with a code, if it cannot.
pub(super) fn why_no_code(account: &Account) -> Option<String> {
    match &account.stage {
        Stage::SignedOut(problem) => why_not_offered(account, problem, Offer::Code),
        Stage::SignedIn if account.target == Target::Demo => {
            Some("The demo account asks for no code".into())
        }
        Stage::SignedIn if account.identity.has_long_lived_key() => None,
        Stage::SignedIn if account.identity.broken.is_some() => why_broken(account),
        Stage::SignedIn => Some("Only long-term keys can get a session with MFA".into()),
        Stage::SigningIn | Stage::Waiting => Some(is_signing_in(account)),
    }
}

/// Why an account cannot be logged in to in a browser, if it cannot.
pub(super) fn why_no_login(account: &Account) -> Option<String> {
    let identity = &account.identity;
    match &account.stage {
        Stage::SignedOut(problem) => why_not_offered(account, problem, Offer::Login),
        Stage::SignedIn if identity.portal.is_some() && identity.broken.is_some() => None,
        Stage::SignedIn if identity.broken.is_some() => why_broken(account),
        Stage::SignedIn => Some(format!("{} is signed in", account.label())),
        Stage::SigningIn | Stage::Waiting => Some(is_signing_in(account)),
    }
}

/// What is the matter with a session that does not work any more, and what helps.
fn why_broken(account: &Account) -> Option<String> {
    let error = account.identity.broken.as_ref()?.short();
    let key = keymap::name(Context::Accounts, Action::Refresh);
    Some(format!("{}: {error}; press {key}", account.label()))
}

/// Why that does not help where an account is not signed in, if it does not.
fn why_not_offered(account: &Account, problem: &Problem, wanted: Offer) -> Option<String> {
    let label = account.label();
    let way = |what, action| {
        let key = keymap::name(Context::SignedOut, action);
        Some(format!("{label} needs {what}: press {key}"))
    };
    match problem.offer {
        Some(offer) if offer == wanted => None,
        Some(Offer::Code) => way("an MFA code", Action::EnterCode),
        Some(Offer::Login) => way("a login", Action::LogIn),
        None => Some(format!("{label}: {}", problem.title)),
    }
}

fn is_signing_in(account: &Account) -> String {
    format!("{} is being signed in to", account.label())
}
