//! Reading and writing the places that a secret can be put into. Files block, so each job is done on
//! a thread of its own.
//!
//! What a profile holds now is read here and shown to the account's endpoint, to learn whose it is.
//! It goes no further: what is sent back is a plan without it, and a name.

mod outside;

pub(super) use outside::Outside;

use crate::{
    aws::Connection,
    engine::{
        Event, Kind, SecretJob,
        destination::{CurrentKey, ProfilePlan},
        vault::{DestinationNews, Listing, NotWritten, Owner, Written},
    },
    secret::{credentials::CredentialsFile, csv_file, place::Error},
};
use std::{
    io,
    path::{Component, Path, PathBuf, absolute},
};
use tokio::{sync::mpsc, task::spawn_blocking};

/// What is said where a thread has panicked; its report is printed at the end.
const INTERNAL: &str = "internal error (please report it)";

/// Where the credentials file is; or why that is not known.
pub type Credentials = Result<CredentialsFile, String>;

/// Where secrets are put.
#[derive(Clone, Debug)]
pub(super) struct Places {
    credentials: Credentials,
    /// The directory that files are made in; `None` where a person may name any; or why there is none.
    only_in: Result<Option<PathBuf>, String>,
}

impl Places {
    /// This credentials file, and files that are made wherever a person says.
    pub(super) fn real(credentials: Credentials) -> Self {
        Self {
            credentials,
            only_in: Ok(None),
        }
    }

    /// A credentials file in this directory, and files below it.
    pub(super) fn only_in(directory: &Path) -> Self {
        Self {
            credentials: Ok(CredentialsFile::at(directory.join("credentials"))),
            only_in: Ok(Some(directory.to_owned())),
        }
    }

    /// There is no directory for them.
    pub(super) fn none(why: &io::Error) -> Self {
        let why = format!("no temporary directory: {why}");
        Self {
            credentials: Err(why.clone()),
            only_in: Err(why),
        }
    }

    /// A path as it was typed, with all that was left out.
    pub(super) fn whole(&self, typed: &str) -> Result<PathBuf, String> {
        let path = csv_file::path(typed).map_err(|error| error.to_string())?;
        let Some(directory) = self.only_in.as_ref().map_err(String::clone)? else {
            return absolute(&path).map_err(|error| format!("{}: {error}", path.display()));
        };
        let path = directory.join(path);
        let leaves = path.components().any(|part| part == Component::ParentDir);
        if leaves || !path.starts_with(directory) {
            return Err(format!(
                "the demo makes files in {} only",
                directory.display()
            ));
        }
        Ok(path)
    }
}

/// Does a job, and tells of it with `tell`, in one piece of news or two.
pub(super) async fn run(
    job: SecretJob,
    places: Places,
    outside: Outside,
    connection: Option<Connection>,
    outbox: mpsc::UnboundedSender<Event>,
    tell: impl Fn(DestinationNews),
) {
    let internal = || {
        // No one listens any more: then no one needs to know.
        let _ = outbox.send(Event::TaskPanicked);
        INTERNAL.to_owned()
    };
    let lost = || NotWritten::Refused(internal());
    let credentials = places.credentials.clone();
    match job {
        SecretJob::Profiles { holding } => {
            let listing = spawn_blocking(move || listing(&credentials, holding.as_deref())).await;
            let listing = listing.unwrap_or_else(|_| no_listing(internal()));
            tell(DestinationNews::Profiles(listing));
        }
        SecretJob::Plan { profile, key } => {
            let planned = spawn_blocking(move || plan(&credentials, &profile, &key)).await;
            let (plan, held) = match planned.unwrap_or_else(|_| Err(internal())) {
                Ok(planned) => planned,
                Err(why) => return tell(DestinationNews::Planned(Err(why))),
            };
            let this = plan.key_id.clone();
            let id = held.as_ref().map(|held| held.key_id.clone());
            tell(DestinationNews::Planned(Ok((Box::new(plan), id))));
            // Whose the new key is, is known; and it may not be accepted yet.
            if let Some(held) = held.filter(|held| held.key_id != this) {
                tell(DestinationNews::Owner(owner(connection, held).await));
            }
        }
        SecretJob::ProveProfile(profile) => {
            let proven = spawn_blocking(move || {
                let file = credentials?;
                let proven = file.prove_writable(&profile).map_err(|e| e.to_string());
                proven.map(|()| shown(file.path()))
            });
            let proven = proven.await.unwrap_or_else(|_| Err(internal()));
            tell(DestinationNews::Proven(proven));
        }
        SecretJob::ProveFile(file) => {
            let proven = spawn_blocking(move || {
                let path = places.whole(&file.path)?;
                let proven = csv_file::prove_writable(&path, file.layout, &file.user);
                proven.map_err(|e| e.to_string()).map(|()| shown(&path))
            });
            let proven = proven.await.unwrap_or_else(|_| Err(internal()));
            tell(DestinationNews::Proven(proven));
        }
        SecretJob::WriteProfile { plan, secret } => {
            let written = spawn_blocking(move || {
                let file = credentials.map_err(NotWritten::Refused)?;
                finished(file.write(&plan, &secret), file.path())
            });
            let written = written.await.unwrap_or_else(|_| Err(lost()));
            tell(DestinationNews::Written(written));
        }
        SecretJob::WriteFile { file, key, secret } => {
            let written = spawn_blocking(move || {
                let path = places.whole(&file.path).map_err(NotWritten::Refused)?;
                let done = csv_file::write(&path, file.layout, &file.user, &key, &secret);
                finished(done, &path)
            });
            let written = written.await.unwrap_or_else(|_| Err(lost()));
            tell(DestinationNews::Written(written));
        }
        SecretJob::Look(external) => {
            let found = outside::look(&external, connection).await;
            tell(DestinationNews::Found(found));
        }
        SecretJob::Put {
            external,
            found,
            key,
        } => {
            let written = outside::put(external, found, key, &outside, connection).await;
            tell(DestinationNews::Written(written));
        }
        SecretJob::Keep(key) => {
            let kept_in = places.only_in.as_ref().ok().cloned().flatten();
            let kept_in = kept_in.map_or(outside.kept_in, Ok);
            let written = spawn_blocking(move || outside::keep(&key, &kept_in)).await;
            tell(DestinationNews::Written(
                written.unwrap_or_else(|_| Err(lost())),
            ));
        }
    }
}

fn listing(credentials: &Credentials, key: Option<&str>) -> Listing {
    match credentials {
        Ok(file) => Listing {
            path: Some(shown(file.path())),
            profiles: file.profiles().map_err(|error| error.to_string()),
            holding: key
                .and_then(|key| file.holding(key).ok())
                .unwrap_or_default(),
        },
        Err(why) => no_listing(why.clone()),
    }
}

fn no_listing(why: String) -> Listing {
    Listing {
        path: None,
        profiles: Err(why),
        holding: Vec::new(),
    }
}

/// What would change, and apart from it what is there now.
fn plan(
    credentials: &Credentials,
    profile: &str,
    key: &str,
) -> Result<(ProfilePlan, Option<CurrentKey>), String> {
    let file = credentials.as_ref().map_err(String::clone)?;
    let mut plan = file.plan(profile, key).map_err(|error| error.to_string())?;
    let held = plan.held.take();
    Ok((plan, held))
}

/// Whose a key is. Dropping `held` wipes it.
async fn owner(connection: Option<Connection>, held: CurrentKey) -> Owner {
    let Some(connection) = connection else {
        return Owner::NotKnown("not signed in".into());
    };
    let token = held.token.as_ref();
    let answer = connection.identity_of_stored(&held.key_id, &held.secret, token);
    match answer.await {
        Ok(caller) => Owner::Is(caller),
        Err(error) if matches!(error.kind, Kind::BadCredentials | Kind::Expired) => {
            Owner::NotAccepted
        }
        Err(error) if error.kind == Kind::NotSent => Owner::NotKnown(error.message),
        Err(error) => Owner::NotKnown(error.short()),
    }
}

/// A path to be shown.
fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What came of writing.
fn finished(result: Result<(), Error>, path: &Path) -> Result<Written, NotWritten> {
    let unsure = match result {
        Ok(()) => None,
        Err(error @ Error::Unconfirmed { .. }) => Some(error.to_string()),
        Err(error @ Error::Changed { .. }) => return Err(NotWritten::Changed(error.to_string())),
        Err(error) => return Err(NotWritten::Refused(error.to_string())),
    };
    Ok(Written {
        path: shown(path),
        unsure,
    })
}
