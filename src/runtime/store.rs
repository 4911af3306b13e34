//! Errands to the places that a secret can be put into. Files block, so each is done on a thread of
//! its own.
//!
//! What a profile holds now is read here and shown to the account's endpoint, to learn whose it is.
//! It goes no further: what is sent back is a plan without it, and a name.

use crate::{
    effect::{Errand, NewFile},
    iam::{Account, Kind},
    message::Message,
    secret::{
        credentials::{CredentialsFile, Held, Plan},
        csv_file,
        place::Error,
    },
    state::store::{Listing, News, NotWritten, Owner, Written},
};
use std::path::{Path, PathBuf, absolute};
use tokio::{sync::mpsc, task::spawn_blocking};

/// What is said where a thread has panicked; its report is printed at the end.
const DEFECT: &str = "a defect of iamkeys kept it from being done";

/// Where the credentials file is; or why nobody knows.
pub type Credentials = Result<CredentialsFile, String>;

/// Does an errand, and tells of it with `tell`, in one piece of news or two.
pub(super) async fn run(
    errand: Errand,
    credentials: Credentials,
    account: Option<Account>,
    outbox: mpsc::UnboundedSender<Message>,
    tell: impl Fn(News),
) {
    let defect = || {
        // Nobody listens any more: then nobody needs to know.
        let _ = outbox.send(Message::TaskPanicked);
        DEFECT.to_owned()
    };
    match errand {
        Errand::Profiles => {
            let listing = spawn_blocking(move || listing(&credentials)).await;
            tell(News::Profiles(listing.unwrap_or_else(|_| Listing {
                path: None,
                profiles: Err(defect()),
            })));
        }
        Errand::Plan { profile, key } => {
            let planned = spawn_blocking(move || plan(&credentials, &profile, &key)).await;
            let (plan, held) = match planned.unwrap_or_else(|_| Err(defect())) {
                Ok(planned) => planned,
                Err(why) => return tell(News::Planned(Err(why))),
            };
            let this = plan.key_id.clone();
            let id = held.as_ref().map(|held| held.key_id.clone());
            tell(News::Planned(Ok((Box::new(plan), id))));
            // Whose the new key is, everybody knows; and it may not be accepted yet.
            if let Some(held) = held.filter(|held| held.key_id != this) {
                tell(News::Owner(owner(account, held).await));
            }
        }
        Errand::ProveProfile(profile) => {
            let proven = spawn_blocking(move || {
                let file = credentials?;
                let proven = file.prove_writable(&profile).map_err(|e| e.to_string());
                proven.map(|()| shown(file.path()))
            });
            tell(News::Proven(proven.await.unwrap_or_else(|_| Err(defect()))));
        }
        Errand::WriteProfile { plan, secret } => {
            let written = spawn_blocking(move || {
                let file = credentials.map_err(NotWritten::Refused)?;
                finished(file.write(&plan, &secret), file.path())
            });
            let lost = || Err(NotWritten::Refused(defect()));
            tell(News::Written(written.await.unwrap_or_else(|_| lost())));
        }
        Errand::ProveFile(file) => {
            let proven = spawn_blocking(move || {
                let path = whole(&file)?;
                let proven = csv_file::prove_writable(&path, file.layout, &file.user);
                proven.map_err(|e| e.to_string()).map(|()| shown(&path))
            });
            tell(News::Proven(proven.await.unwrap_or_else(|_| Err(defect()))));
        }
        Errand::WriteFile { file, key, secret } => {
            let written = spawn_blocking(move || {
                let path = whole(&file).map_err(NotWritten::Refused)?;
                let done = csv_file::write(&path, file.layout, &file.user, &key, &secret);
                finished(done, &path)
            });
            let lost = || Err(NotWritten::Refused(defect()));
            tell(News::Written(written.await.unwrap_or_else(|_| lost())));
        }
    }
}

fn listing(credentials: &Credentials) -> Listing {
    match credentials {
        Ok(file) => Listing {
            path: Some(shown(file.path())),
            profiles: file.profiles().map_err(|error| error.to_string()),
        },
        Err(why) => Listing {
            path: None,
            profiles: Err(why.clone()),
        },
    }
}

/// What would change, and apart from it what is there now.
fn plan(
    credentials: &Credentials,
    profile: &str,
    key: &str,
) -> Result<(Plan, Option<Held>), String> {
    let file = credentials.as_ref().map_err(String::clone)?;
    let mut plan = file.plan(profile, key).map_err(|error| error.to_string())?;
    let held = plan.held.take();
    Ok((plan, held))
}

/// Whose a key is. Dropping `held` wipes it.
async fn owner(account: Option<Account>, held: Held) -> Owner {
    let Some(account) = account else {
        return Owner::NotKnown("nobody is signed in".into());
    };
    let Held {
        key_id,
        secret,
        token,
    } = held;
    let answer = account.identity_of(&key_id, &secret, token.as_ref()).await;
    match answer {
        Ok(caller) => Owner::Is(caller),
        Err(error) if matches!(error.kind, Kind::BadCredentials | Kind::Expired) => {
            Owner::NotAccepted
        }
        Err(error) => Owner::NotKnown(error.short()),
    }
}

/// A path as it was typed, with all that was left out.
fn whole(file: &NewFile) -> Result<PathBuf, String> {
    let path = csv_file::path(&file.path).map_err(|error| error.to_string())?;
    absolute(&path).map_err(|error| format!("{}: {error}", path.display()))
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
