//! A secret on its way to its destination, and what came of it.

use super::{Chosen, Destination, NotWritten, Written};
use crate::engine::{
    Engine,
    account::AccountLabel,
    activity::{Entry, Outcome},
    destination::NewSecret,
    effect::{RequestId, SecretJob, SessionId},
    error::Error,
};
use chrono::{DateTime, TimeDelta, Utc};

/// A secret on its way to its destination.
#[derive(Debug)]
pub(in crate::engine::vault) struct Writing {
    request: RequestId,
    pub(in crate::engine::vault) key: String,
    user: Box<str>,
    pub(in crate::engine::vault) destination: Destination,
    sent: DateTime<Utc>,
}

impl Engine {
    /// Keeps the secret of a key in a new file beside the journal, since it could go nowhere else.
    pub(in crate::engine) fn keep_secret(&mut self, id: &str) -> Option<()> {
        let key = self.new_secret(id)?;
        let new = self.vault.key(id)?;
        let (session, user) = (new.session, new.user.clone());
        let request = self.secret_job(session, SecretJob::Keep(key));
        self.vault.writing.push(Writing {
            request,
            key: id.to_owned(),
            user,
            destination: Destination::Kept(String::new()),
            sent: self.now,
        });
        Some(())
    }

    /// A key that is held, as it goes to a destination.
    fn new_secret(&self, id: &str) -> Option<NewSecret> {
        let new = self.vault.key(id)?;
        Some(NewSecret {
            key: id.to_owned(),
            secret: new.secret()?.clone(),
            user: new.user.clone(),
            account: new.account.id.clone(),
            created: new.created,
        })
    }

    /// Puts the secret of a key somewhere. No one need wait for it.
    pub(super) fn store(
        &mut self,
        session: SessionId,
        user: Box<str>,
        key: String,
        chosen: Chosen,
    ) -> Option<RequestId> {
        let secret = self.vault.secret_of(&key)?;
        let destination = chosen.destination();
        let job = match chosen {
            Chosen::Profile(plan) => SecretJob::WriteProfile { plan, secret },
            Chosen::File(file) => SecretJob::WriteFile {
                file,
                key: key.clone(),
                secret,
            },
            Chosen::External(external, found) => SecretJob::Put {
                external,
                found,
                key: self.new_secret(&key)?,
            },
        };
        let request = self.secret_job(session, job);
        self.vault.writing.push(Writing {
            request,
            key,
            user,
            destination,
            sent: self.now,
        });
        Some(request)
    }

    /// Puts a key that was just created where it was to go, if that was chosen.
    pub(in crate::engine) fn store_in_chosen(
        &mut self,
        session: SessionId,
        user: &str,
        key: &str,
    ) -> Option<()> {
        let here = AccountLabel::of(self.fleet.of(session)?);
        let rotations = &mut self.rotations;
        let mut chosen = rotations.take_destination(session.slot, user, &here)?;
        if let Chosen::Profile(plan) = chosen {
            chosen = Chosen::Profile(Box::new(plan.with_key(key)));
        }
        self.store(session, user.into(), key.to_owned(), chosen)?;
        Some(())
    }

    /// Files what came of writing a secret: where it was chosen, or else with the key.
    pub(super) fn written(
        &mut self,
        request: RequestId,
        result: Result<Written, NotWritten>,
    ) -> Option<()> {
        let writing = &mut self.vault.writing;
        let at = writing.iter().position(|it| it.request == request)?;
        let mut writing = writing.remove(at);
        if let (Destination::File(path) | Destination::Kept(path), Ok(written)) =
            (&mut writing.destination, &result)
        {
            path.clone_from(&written.path);
        }
        self.note_activity(&writing, &result);
        let asks = self.choosing_for(request).is_some();
        match result {
            Ok(written) => {
                if asks {
                    self.vault.choosing = None;
                }
                let words = match &writing.destination {
                    Destination::External(_) => written.path.clone(),
                    place => place.words(),
                };
                let key = writing.key.clone();
                self.tell_written(writing, Ok(written));
                self.note_stored(&key, &words)
            }
            Err(NotWritten::Changed(_)) if asks => self.look_at_profile(true),
            Err(NotWritten::Changed(why) | NotWritten::Refused(why)) => {
                match self.choosing_for(request) {
                    Some(choosing) => choosing.back(Some(why)),
                    None => self.tell_written(writing, Err(why)),
                }
                None
            }
        }
    }

    /// Notes what came of it with the key, or says it where the secret is not held any more.
    fn tell_written(&mut self, writing: Writing, result: Result<Written, String>) {
        let Writing {
            key, destination, ..
        } = writing;
        if let Some(new) = self.vault.key_mut(&key)
            && new.is_held()
        {
            new.note_written(destination, result);
            return;
        }
        let place = destination.words();
        match result {
            Ok(_) => self.say(format!("{key} is in {place} now")),
            Err(why) => self.complain(format!("{key} is not in {place}: {why}")),
        }
    }

    /// Lists it under what has happened.
    fn note_activity(&mut self, writing: &Writing, result: &Result<Written, NotWritten>) {
        let action = match &writing.destination {
            Destination::Profile(_) => "write profile",
            Destination::File(_) | Destination::Kept(_) => "save file",
            Destination::External(external) => external.action(),
        };
        let place = writing.destination.words();
        let result = match result {
            Ok(_) => Outcome::Done(place),
            Err(why) => Outcome::Failed(Error {
                code: Some("not written".into()),
                message: format!("{place}: {}", why.words()),
                ..Error::internal(action)
            }),
        };
        let took = (self.now - writing.sent).max(TimeDelta::zero());
        self.activity.note(Entry::of_place(
            action,
            format!("{} of {}", writing.key, writing.user),
            result,
            took.to_std().unwrap_or_default(),
            self.now,
        ));
    }
}
