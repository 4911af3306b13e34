//! Putting a new key's secret somewhere: into a profile of the credentials file, into a file of its own,
//! or out of this machine's files. The destination can be chosen before there is a key: it is proved
//! writable first, and the secret goes there as soon as there is one.
//!
//! What is being decided is a [`Choosing`]; what was agreed to before there is a key, a [`Chosen`];
//! what is on its way there, a `Writing`: no one need wait for it.

mod news;
mod words;
mod writing;

pub use news::{DestinationNews, Listing, NotWritten, Owner, Written};
pub(super) use writing::Writing;

use crate::engine::{
    DEMO, Engine,
    account::AccountLabel,
    destination::{External, Found, Layout, ProfilePlan},
    effect::{Effect, NewFile, RequestId, SecretJob, SessionId, Slot},
    model::Caller,
};

/// Stands in a plan for the ID of a key that is still to be created.
pub const NEW_KEY: &str = "ID-OF-THE-NEW-KEY";

/// Whose secret is to be stored, and in what sort of place.
#[derive(Clone, Debug)]
pub struct StoreIn {
    /// The account.
    pub slot: Slot,
    /// The user.
    pub user: Box<str>,
    /// The new key; `None` where it is about to be created.
    pub key: Option<String>,
    /// In what sort of place.
    pub kind: DestinationKind,
}

/// A sort of destination, of which the name may still be to be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DestinationKind {
    /// A profile of the credentials file.
    Profile,
    /// A file of its own, with these columns.
    File(Layout),
    /// One that is no file, which has its name already.
    External(External),
}

/// A destination that is being chosen.
#[derive(Debug)]
pub struct Choosing {
    /// The session of the account.
    pub session: SessionId,
    /// The user who has the key.
    pub user: Box<str>,
    /// The key's ID; `None` while it is still to be created.
    pub key: Option<String>,
    /// The key that it replaces, where it is one of a rotation.
    pub replaces: Option<String>,
    /// The account ID, where it is known.
    pub account_id: Option<String>,
    /// Whether it is a key of the demo account, which works nowhere and goes into no real file.
    pub is_demo: bool,
    /// What sort of destination.
    pub medium: Medium,
    /// The name or path that was given last.
    pub name: String,
    /// How far it has come.
    pub phase: Phase,
    /// The job whose answer is waited for.
    waits: Option<RequestId>,
    /// Why it did not work, until something else is given.
    pub refused: Option<String>,
}

/// What sort of destination.
#[derive(Debug)]
pub enum Medium {
    /// A profile of the credentials file.
    Profile(Profiles),
    /// A file of its own, with these columns.
    File(Layout),
    /// One that is no file.
    External(External),
}

/// What is known of the credentials file.
#[derive(Debug)]
pub struct Profiles {
    asked: RequestId,
    /// What was found; `None` while it is looked for.
    pub found: Option<Listing>,
}

/// How far choosing has come.
#[derive(Debug)]
pub enum Phase {
    /// A name or a path is awaited.
    Naming,
    /// What would change is being looked at.
    Planning {
        /// Because it changed after it was shown.
        again: bool,
    },
    /// What would change is shown.
    Agreeing(Box<Agreeing>),
    /// What was found where a key would go that is no file is shown.
    Found(Found),
    /// It is being written; or, before there is a key, proved writable, with what was agreed to.
    Writing(Option<Box<ProfilePlan>>),
}

/// What would change, to be agreed to.
#[derive(Debug)]
pub struct Agreeing {
    /// What would change; without the key that is there now, which stays outside.
    pub plan: ProfilePlan,
    /// The key that is there now.
    pub holder: Option<Holder>,
    /// It has changed since it was shown before.
    pub again: bool,
}

/// A key that is in the place where the new one would go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its ID.
    pub key: String,
    /// Whose it is.
    pub owner: Owner,
}

/// What a dialog says about the key that would be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose<'a> {
    /// There is none.
    None,
    /// It is the one that would be written.
    ThisKey,
    /// It is being asked.
    Asking,
    /// The same user's.
    SameUser,
    /// Another user's.
    Another(&'a Caller),
    /// It is not accepted.
    NotAccepted,
    /// It could not be asked.
    NotKnown(&'a str),
}

/// A destination of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A profile of the credentials file.
    Profile(String),
    /// A file of its own, by its path.
    File(String),
    /// A file beside the journal, by its path, since it could go nowhere else.
    Kept(String),
    /// One that is no file.
    External(External),
}

impl Destination {
    /// The words for it, as the journal has them: `profile ci`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Profile(name) => format!("profile {name}"),
            Self::File(path) | Self::Kept(path) => format!("file {path}"),
            Self::External(external) => external.words(),
        }
    }
}

/// A destination that was chosen before there is a key, and has been found writable.
#[derive(Debug)]
pub enum Chosen {
    /// A profile.
    Profile(Box<ProfilePlan>),
    /// A file, with its whole path.
    File(NewFile),
    /// One that is no file, with what was found there.
    External(External, Found),
}

impl Chosen {
    /// Which destination it is.
    #[must_use]
    pub fn destination(&self) -> Destination {
        match self {
            Self::Profile(plan) => Destination::Profile(plan.profile.clone()),
            Self::File(file) => Destination::File(file.path.clone()),
            Self::External(external, _) => Destination::External(external.clone()),
        }
    }
}

impl Choosing {
    /// Whether an answer is waited for.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let listing = matches!(&self.medium, Medium::Profile(profiles) if profiles.found.is_none());
        let working = matches!(self.phase, Phase::Planning { .. } | Phase::Writing(_));
        listing || working || self.whose() == Whose::Asking
    }

    /// The profiles of the credentials file; empty where they are not known.
    #[must_use]
    pub fn profiles(&self) -> &[String] {
        let found = match &self.medium {
            Medium::Profile(profiles) => profiles.found.as_ref(),
            Medium::File(_) | Medium::External(_) => None,
        };
        let known = found.and_then(|found| found.profiles.as_deref().ok());
        known.unwrap_or_default()
    }

    /// The profiles that hold the key that is replaced.
    #[must_use]
    pub fn holding(&self) -> &[String] {
        match &self.medium {
            Medium::Profile(profiles) => profiles.found.as_ref().map_or(&[], |it| &it.holding),
            Medium::File(_) | Medium::External(_) => &[],
        }
    }

    /// Whose key would be replaced.
    #[must_use]
    pub fn whose(&self) -> Whose<'_> {
        let Phase::Agreeing(agreeing) = &self.phase else {
            return Whose::None;
        };
        let Some(holder) = &agreeing.holder else {
            return Whose::None;
        };
        if holder.key == agreeing.plan.key_id {
            return Whose::ThisKey;
        }
        match &holder.owner {
            Owner::Asking => Whose::Asking,
            Owner::Is(caller) if self.is_same_user(caller) => Whose::SameUser,
            Owner::Is(caller) => Whose::Another(caller),
            Owner::NotAccepted => Whose::NotAccepted,
            Owner::NotKnown(why) => Whose::NotKnown(why),
        }
    }

    /// Whether a caller is the user of the new key.
    fn is_same_user(&self, caller: &Caller) -> bool {
        let owner = caller.user();
        owner.is_some_and(|owner| owner.eq_ignore_ascii_case(&self.user))
            && self.account_id.as_deref() == Some(&caller.account)
    }

    /// Back to the name, where something did not work.
    pub(super) fn back(&mut self, why: Option<String>) {
        self.phase = Phase::Naming;
        self.waits = None;
        self.refused = why;
    }
}

impl Engine {
    /// Begins to choose where the secret of a key goes: one that is held, or one that is about to
    /// be created.
    pub(in crate::engine) fn choose_destination(&mut self, store: StoreIn) -> Option<()> {
        // A key that replaces none is refused where there is no room, as it is looked at.
        if store.key.is_none() && self.rotations.has_begun(store.slot, &store.user) {
            self.must_create(store.slot, &store.user)?;
        }
        let account = self.fleet.get(store.slot)?;
        let (session, label) = match &store.key {
            Some(key) => {
                let new = self.vault.key(key).filter(|new| new.is_held())?;
                (new.session, new.account.clone())
            }
            None => (account.session, AccountLabel::of(account)),
        };
        let replaces = match &store.key {
            Some(key) => self.rotations.replaced_by(key).map(str::to_owned),
            None => {
                let old = self.rotation(store.slot, &store.user).old;
                old.map(|old| old.key.id.clone())
            }
        };
        let medium = match store.kind {
            DestinationKind::Profile => {
                let holding = replaces.clone();
                Medium::Profile(Profiles {
                    asked: self.secret_job(session, SecretJob::Profiles { holding }),
                    found: None,
                })
            }
            DestinationKind::File(layout) => Medium::File(layout),
            DestinationKind::External(external) => Medium::External(external),
        };
        self.vault.choosing = Some(Choosing {
            session,
            user: store.user,
            key: store.key,
            replaces,
            account_id: label.id,
            is_demo: label.endpoint.as_deref() == Some(DEMO),
            medium,
            name: String::new(),
            phase: Phase::Naming,
            waits: None,
            refused: None,
        });
        self.look_outside()
    }

    /// Looks at a destination that is no file, which has its name already.
    fn look_outside(&mut self) -> Option<()> {
        let choosing = self.vault.choosing.as_mut()?;
        if let Medium::External(external) = &choosing.medium {
            let (session, job) = (choosing.session, SecretJob::Look(external.clone()));
            choosing.phase = Phase::Planning { again: false };
            let request = self.secret_job(session, job);
            self.vault.choosing.as_mut()?.waits = Some(request);
        }
        Some(())
    }

    /// Asks for something that reads or writes a file.
    pub(super) fn secret_job(&mut self, session: SessionId, job: SecretJob) -> RequestId {
        let request = RequestId(self.number());
        self.effects.push(Effect::Secret(session, request, job));
        request
    }

    /// Goes on with a name or path: looks at what would change, or makes the file.
    pub(in crate::engine) fn name_destination(&mut self, name: String) -> Option<()> {
        let choosing = self.vault.choosing.as_mut()?;
        if !matches!(choosing.phase, Phase::Naming) {
            return None;
        }
        if name.is_empty() {
            choosing.refused = Some(match choosing.medium {
                Medium::Profile(_) => "A profile needs a name".into(),
                Medium::File(_) | Medium::External(_) => "A file needs a name".into(),
            });
            return None;
        }
        choosing.refused = None;
        choosing.name.clone_from(&name);
        let layout = match choosing.medium {
            Medium::File(layout) => layout,
            Medium::Profile(_) => return self.look_at_profile(false),
            Medium::External(_) => return self.look_outside(),
        };
        let file = NewFile {
            path: name,
            layout,
            user: choosing.user.clone(),
        };
        choosing.phase = Phase::Writing(None);
        let (session, user) = (choosing.session, choosing.user.clone());
        let request = match choosing.key.clone() {
            None => Some(self.secret_job(session, SecretJob::ProveFile(file))),
            Some(key) => self.store(session, user, key, Chosen::File(file)),
        };
        self.vault.choosing.as_mut()?.waits = request;
        Some(())
    }

    /// Looks at what would change in the profile that was named.
    pub(super) fn look_at_profile(&mut self, again: bool) -> Option<()> {
        let choosing = self.vault.choosing.as_mut()?;
        choosing.phase = Phase::Planning { again };
        let job = SecretJob::Plan {
            profile: choosing.name.clone(),
            key: choosing.key.clone().unwrap_or_else(|| NEW_KEY.into()),
        };
        let session = choosing.session;
        let request = self.secret_job(session, job);
        self.vault.choosing.as_mut()?.waits = Some(request);
        Some(())
    }

    /// Back to the name, from what would change.
    pub(in crate::engine) fn other_name(&mut self) {
        if let Some(choosing) = &mut self.vault.choosing
            && matches!(choosing.phase, Phase::Agreeing(_) | Phase::Found(_))
        {
            choosing.back(None);
        }
    }

    /// Goes over to the other columns of a file.
    pub(in crate::engine) fn other_columns(&mut self) {
        if let Some(choosing) = &mut self.vault.choosing
            && let (Phase::Naming, Medium::File(layout)) = (&choosing.phase, &mut choosing.medium)
        {
            *layout = match layout {
                Layout::Console => Layout::Importable,
                Layout::Importable => Layout::Console,
            };
            choosing.refused = None;
        }
    }

    /// Does what was shown: writes it, or proves that it can be written.
    pub(in crate::engine) fn write(&mut self) -> Option<()> {
        let choosing = self.vault.choosing.as_mut()?;
        if choosing.whose() == Whose::Asking {
            self.complain("Whose key it is, is still being asked");
            return None;
        }
        let agreeing = match std::mem::replace(&mut choosing.phase, Phase::Writing(None)) {
            Phase::Agreeing(agreeing) => *agreeing,
            Phase::Found(found) => return self.put_outside(found),
            other => {
                choosing.phase = other;
                return None;
            }
        };
        let plan = Box::new(agreeing.plan);
        let session = choosing.session;
        let request = if let Some(key) = choosing.key.clone() {
            let user = choosing.user.clone();
            self.store(session, user, key, Chosen::Profile(plan))
        } else {
            let job = SecretJob::ProveProfile(plan.profile.clone());
            choosing.phase = Phase::Writing(Some(plan));
            Some(self.secret_job(session, job))
        };
        self.vault.choosing.as_mut()?.waits = request;
        Some(())
    }

    /// Puts a key where it was looked, or remembers that for when there is one.
    fn put_outside(&mut self, found: Found) -> Option<()> {
        let choosing = self.vault.choosing.as_mut()?;
        let Medium::External(external) = &choosing.medium else {
            return None;
        };
        let chosen = Chosen::External(external.clone(), found);
        let (session, user) = (choosing.session, choosing.user.clone());
        let Some(key) = choosing.key.clone() else {
            return self.choose(session, &user, chosen);
        };
        let request = self.store(session, user, key, chosen);
        self.vault.choosing.as_mut()?.waits = request;
        Some(())
    }

    /// The choice that waits for what came of a job.
    pub(super) fn choosing_for(&mut self, request: RequestId) -> Option<&mut Choosing> {
        let choosing = self.vault.choosing.as_mut();
        choosing.filter(|choosing| choosing.waits == Some(request))
    }

    /// Files what has become known of a destination.
    pub(in crate::engine) fn heard_of_destination(
        &mut self,
        request: RequestId,
        news: DestinationNews,
    ) -> Option<()> {
        match news {
            DestinationNews::Profiles(mut listing) => {
                if let Ok(profiles) = &mut listing.profiles {
                    // What used the old key is the first to need the new one.
                    profiles.sort_by_key(|name| !listing.holding.contains(name));
                }
                if let Medium::Profile(profiles) = &mut self.vault.choosing.as_mut()?.medium
                    && profiles.asked == request
                {
                    profiles.found = Some(listing);
                }
            }
            DestinationNews::Planned(Ok((plan, held))) => {
                let choosing = self.choosing_for(request)?;
                let owner = Owner::Asking;
                choosing.phase = Phase::Agreeing(Box::new(Agreeing {
                    plan: *plan,
                    holder: held.map(|key| Holder { key, owner }),
                    again: matches!(choosing.phase, Phase::Planning { again: true }),
                }));
            }
            DestinationNews::Owner(owner) => {
                if let Phase::Agreeing(agreeing) = &mut self.choosing_for(request)?.phase {
                    agreeing.holder.as_mut()?.owner = owner;
                }
            }
            DestinationNews::Proven(Ok(path)) => self.proven(request, path)?,
            DestinationNews::Found(Ok(found)) => {
                self.choosing_for(request)?.phase = Phase::Found(found);
            }
            DestinationNews::Planned(Err(why))
            | DestinationNews::Found(Err(why))
            | DestinationNews::Proven(Err(why)) => {
                self.choosing_for(request)?.back(Some(why));
            }
            DestinationNews::Written(result) => self.written(request, result)?,
        }
        Some(())
    }

    /// Remembers where the key will go.
    fn proven(&mut self, request: RequestId, path: String) -> Option<()> {
        let choosing = self.choosing_for(request)?;
        let user = choosing.user.clone();
        let phase = std::mem::replace(&mut choosing.phase, Phase::Naming);
        let chosen = match (&choosing.medium, phase) {
            (Medium::Profile(_), Phase::Writing(Some(plan))) => Chosen::Profile(plan),
            (Medium::File(layout), _) => Chosen::File(NewFile {
                path,
                layout: *layout,
                user: user.clone(),
            }),
            _ => return None,
        };
        let session = choosing.session;
        self.choose(session, &user, chosen)
    }

    /// The next key of a user goes there.
    fn choose(&mut self, session: SessionId, user: &str, chosen: Chosen) -> Option<()> {
        let here = AccountLabel::of(self.fleet.of(session)?);
        self.vault.choosing = None;
        self.rotations.choose(session.slot, user, here, chosen);
        Some(())
    }
}
