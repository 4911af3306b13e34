//! The rows that open many accounts at once: the SSO portals of this machine's config file, and the
//! organisation of the account that is shown; and what opens all that is shown.

use super::{
    Switch,
    rows::{Row, State, is_signed_in, open, profile, words_of},
};
use crate::{
    engine::{
        AccountList, Kind, Listing, Target, Through,
        account::Stage,
        profiles::{Login, Profile, ProfileKind, SsoPortal, portal_label},
    },
    tui::prelude::*,
};

/// So many accounts are opened at once by one key, and no more: one has to narrow the list down.
const MOST_AT_ONCE: usize = 100;

/// What a row that opens many stands for.
#[derive(Clone, Copy)]
pub(super) enum Many<'a> {
    /// An SSO portal.
    Portal(&'a SsoPortal),
    /// The organisation of this account.
    Organisation(&'a Account),
}

impl<'a> Many<'a> {
    /// What a row stands for, if it opens many.
    pub(super) fn of(row: Row, slot: Slot, engine: &'a Engine) -> Option<Self> {
        match row {
            Row::Portal(at) => engine.profiles.portals().get(at).map(Self::Portal),
            Row::Organisation => engine.fleet.get(slot).map(Self::Organisation),
            Row::Profile(_) | Row::Default => None,
        }
    }

    /// The words that it is found by.
    pub(super) fn found_by(self) -> String {
        match self {
            Self::Portal(portal) => format!("sso {} portal", portal.name).to_lowercase(),
            Self::Organisation(_) => "organization organisation".into(),
        }
    }

    pub(super) fn name(self) -> String {
        match self {
            Self::Portal(portal) => format!("SSO {}", portal_label(&portal.name)),
            Self::Organisation(_) => "Organization".into(),
        }
    }

    pub(super) fn kind(self) -> String {
        match self {
            Self::Portal(_) => "portal".into(),
            Self::Organisation(account) => format!("from {}", account.label()),
        }
    }

    /// The list of its accounts, if it was asked for.
    fn list(self, engine: &'a Engine) -> Option<&'a AccountList> {
        let mut lists = engine.account_lists().iter();
        lists.find(|list| match self {
            Self::Organisation(account) => {
                list.source.slot == account.session.slot && list.through == Through::Role
            }
            Self::Portal(portal) => {
                let source = engine.fleet.get(list.source.slot);
                let of = source.and_then(|source| source.identity.portal.as_deref());
                list.through == Through::Portal && of == Some(&*portal.name)
            }
        })
    }

    /// The account that was to be opened to list the others.
    pub(super) fn opened_by(self, engine: &'a Engine) -> Option<&'a Account> {
        let Self::Portal(portal) = self else {
            return None;
        };
        let mut accounts = engine.fleet.accounts().iter();
        accounts.find(
            |account| matches!(&account.target, Target::Portal(of) if of.session == portal.name),
        )
    }

    /// How many accounts it has, once that is known, in no more than so many cells.
    pub(super) fn count(self, engine: &Engine, cells: usize) -> String {
        let listed = self.list(engine).map_or(0, |list| list.listed);
        let whole = format::plural(listed, "account");
        match listed {
            0 => String::new(),
            _ if width(&whole) <= cells => whole,
            _ => format::count(listed),
        }
    }

    /// Its mark, and how it stands with it.
    pub(super) fn state(self, canvas: &Canvas<'_>) -> State {
        let (theme, engine) = (&canvas.theme, canvas.engine);
        let glyphs = theme.glyphs;
        let state = |mark, of_mark, text: String, style| State {
            mark,
            of_mark,
            text,
            style,
        };
        let bad = |text| state(glyphs.warn, theme.warn, text, theme.warn);
        match self.list(engine).map(|list| &list.listing) {
            Some(Listing::Loading) => {
                let text = "listing accounts".into();
                return state(canvas.spinner(), theme.accent, text, theme.dim);
            }
            Some(Listing::Failed(error)) => return bad(error.short()),
            Some(Listing::Complete) => {
                return state(glyphs.active, theme.good, "opened".into(), theme.dim);
            }
            Some(Listing::Waiting) | None => {}
        }
        match self.opened_by(engine).map(|account| &account.stage) {
            Some(Stage::SigningIn) => {
                return state(
                    canvas.spinner(),
                    theme.accent,
                    "signing in".into(),
                    theme.dim,
                );
            }
            Some(Stage::SignedOut(problem)) => return bad(format!("failed: {}", problem.title)),
            _ => {}
        }
        match self {
            Self::Portal(portal) if !portal.login.is_good(canvas.now) => {
                bad(words_of(portal.login, canvas))
            }
            Self::Portal(portal) => {
                let text = words_of(portal.login, canvas);
                state(glyphs.inactive, theme.dim, text, theme.dim)
            }
            Self::Organisation(_) => state(glyphs.inactive, theme.dim, String::new(), theme.dim),
        }
    }

    /// What it does, in a sentence.
    pub(super) fn details(self) -> String {
        match self {
            Self::Portal(portal) => {
                let which = match portal.start_url() {
                    Some(url) => format!("the SSO portal {url}"),
                    None => "this SSO portal".into(),
                };
                format!("Opens every account that {which} gives you a role in, beside the others.")
            }
            Self::Organisation(account) => format!(
                "Opens the other accounts of the organization of {}, through a role in each.",
                account.label()
            ),
        }
    }

    /// Opens all of its accounts; a portal with a new login, where there is none that is good, or where
    /// that is wanted.
    pub(super) fn open(self, log_in: bool, engine: &Engine) -> Ask {
        let listing = self.list(engine).map(|list| &list.listing);
        match (self, listing) {
            (_, Some(Listing::Complete)) if !log_in => {
                Ask::Complain(format!("{}: the accounts are open already", self.name()))
            }
            (Self::Portal(portal), listing) => {
                let mut accounts = engine.fleet.accounts().iter();
                // Where a login could not be kept, the files do not tell of it.
                let used = accounts.any(|account| {
                    is_signed_in(account)
                        && account.identity.portal.as_deref() == Some(&*portal.name)
                });
                let over = match listing {
                    Some(Listing::Failed(error)) => error.kind == Kind::Expired,
                    _ => !used && !portal.login.is_good(engine.now()),
                };
                let log_in = log_in || over;
                Ask::Intend(Intent::OpenPortal(portal.name.clone(), log_in))
            }
            (Self::Organisation(account), _) => {
                Ask::Intend(Intent::OpenOrganisation(account.session.slot))
            }
        }
    }
}

impl Switch {
    /// Opens the accounts of all profiles that are shown, beside the others, as far as they need no
    /// person.
    pub(super) fn open_all(&self, engine: &Engine) -> Vec<Ask> {
        let profiles = self.shown.iter().copied();
        let profiles = profiles.filter(|row| matches!(row, Row::Profile(_)));
        let closed = profiles.filter(|row| {
            let open = open(*row, engine);
            open.is_none_or(|account| matches!(account.stage, Stage::SignedOut(_)))
        });
        let (ready, others): (Vec<Row>, Vec<Row>) = closed.partition(|row| {
            profile(*row, engine).is_some_and(|profile| needs_no_person(profile, engine))
        });
        let (count, left) = (ready.len(), others.len());
        if count > MOST_AT_ONCE {
            let text = format!(
                "{} accounts: type to narrow them down",
                format::count(count)
            );
            return vec![Ask::Complain(text)];
        }
        let left = match left {
            0 => String::new(),
            left => format!(
                ", {} left: MFA, a login or keys are missing",
                format::count(left)
            ),
        };
        let told = match count {
            0 if left.is_empty() => Ask::Complain("All of them are open already".into()),
            0 => Ask::Complain(format!("None can be opened{left}")),
            count => Ask::Say(format!(
                "Opening {}{left}",
                format::plural(count, "account")
            )),
        };
        let ready = ready.into_iter();
        let asks = ready.flat_map(|row| Self::open_or_try_again(row, self.slot, engine));
        asks.chain([told]).collect()
    }
}

/// Whether an account can be opened with a profile without a person: without a code of a device, and
/// without a new login.
fn needs_no_person(profile: &Profile, engine: &Engine) -> bool {
    let login = profile
        .login
        .is_none_or(|login: Login| login.is_good(engine.now()));
    login
        && match &profile.kind {
            ProfileKind::Keys { mfa } | ProfileKind::Role { mfa, .. } => !mfa,
            ProfileKind::Nothing(_) => false,
            ProfileKind::TemporaryKeys
            | ProfileKind::Sso { .. }
            | ProfileKind::Console
            | ProfileKind::Process
            | ProfileKind::WebIdentity { .. }
            | ProfileKind::Source(_) => true,
        }
}
