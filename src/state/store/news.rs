//! What becomes known of a place: shown where it was asked for, or where the secret still is.

use super::{
    super::{
        State,
        activity::{Entry, Outcome},
        modal::Modal,
    },
    Agreeing, Ahead, Holder, News, NotWritten, Owner, Phase, Place, Put, Sink, Store, Written,
};
use crate::{
    effect::{Effect, NewFile, RequestId},
    iam::{Error, Kind},
};
use chrono::TimeDelta;

impl State {
    /// The dialog that waits for what came of an errand.
    fn storing(&mut self, request: RequestId) -> Option<&mut Store> {
        self.modals.iter_mut().find_map(|modal| match modal {
            Modal::Store(store) if store.waits == Some(request) => Some(&mut **store),
            _ => None,
        })
    }

    /// Files what has become known about a place. Nobody may be waiting for it any more.
    #[must_use]
    pub(crate) fn heard(&mut self, request: RequestId, news: News) -> Vec<Effect> {
        match news {
            News::Profiles(listing) => {
                for modal in &mut self.modals {
                    if let Modal::Store(store) = modal
                        && let Sink::Profile(profiles) = &mut store.sink
                        && profiles.asked == request
                    {
                        profiles.found = Some(listing);
                        break;
                    }
                }
            }
            News::Planned(planned) => {
                let Some(store) = self.storing(request) else {
                    return Vec::new();
                };
                let again = matches!(store.phase, Phase::Planning { again: true });
                match planned {
                    Ok((plan, held)) => {
                        store.button = 0;
                        store.scroll = 0;
                        let owner = Owner::Asking;
                        store.phase = Phase::Agreeing(Box::new(Agreeing {
                            plan: *plan,
                            holder: held.map(|key| Holder { key, owner }),
                            again,
                        }));
                    }
                    Err(why) => store.back(Some(why)),
                }
            }
            News::Owner(owner) => {
                if let Some(store) = self.storing(request)
                    && let Phase::Agreeing(agreeing) = &mut store.phase
                    && let Some(holder) = &mut agreeing.holder
                {
                    holder.owner = owner;
                }
            }
            News::Proven(Ok(path)) => self.proven(request, path),
            News::Proven(Err(why)) => {
                if let Some(store) = self.storing(request) {
                    store.back(Some(why));
                }
            }
            News::Written(result) => return self.written(request, result),
        }
        Vec::new()
    }

    /// Remembers in the rotation where its key will go.
    fn proven(&mut self, request: RequestId, path: String) {
        let Some(store) = self.storing(request) else {
            return;
        };
        let user = store.user.clone();
        let ahead = match (
            &store.sink,
            std::mem::replace(&mut store.phase, Phase::Naming),
        ) {
            (Sink::Profile(_), Phase::Putting(Some(plan))) => Ahead::Profile(plan),
            (Sink::File(layout), _) => Ahead::File(NewFile {
                path,
                layout: *layout,
                user: user.clone(),
            }),
            _ => return,
        };
        self.close_store(request);
        for modal in &mut self.modals {
            if let Modal::Rotate(rotate) = modal
                && rotate.user == user
            {
                rotate.ahead = Some(ahead);
                return;
            }
        }
    }

    fn close_store(&mut self, request: RequestId) {
        let this =
            |modal: &Modal| matches!(modal, Modal::Store(store) if store.waits == Some(request));
        self.modals.retain(|modal| !this(modal));
    }

    /// Files what came of writing a secret: in the dialog that asked for it, or else where the
    /// secret still is.
    fn written(&mut self, request: RequestId, result: Result<Written, NotWritten>) -> Vec<Effect> {
        let Some(at) = self.puts.iter().position(|put| put.request == request) else {
            return Vec::new();
        };
        let mut put = self.puts.remove(at);
        if let (Place::File(path), Ok(written)) = (&mut put.place, &result) {
            path.clone_from(&written.path);
        }
        self.note_put(&put, &result);
        let asks = self.storing(request).is_some();
        match result {
            Ok(written) => {
                self.close_store(request);
                self.show_put(&put, Ok(written));
                self.note_stored(&put.key, &put.place.words())
            }
            Err(NotWritten::Changed(_)) if asks => self.look_at_profile(true),
            Err(why) => {
                let words = why.words().to_owned();
                match self.storing(request) {
                    Some(store) => store.back(Some(words)),
                    None => self.show_put(&put, Err(words)),
                }
                Vec::new()
            }
        }
    }

    /// Shows what came of it in the dialog of the key, or else as a notice.
    fn show_put(&mut self, put: &Put, result: Result<Written, String>) {
        let new = self.modals.iter_mut().find_map(|modal| match modal {
            Modal::NewKey(new) if new.id == put.key => Some(new),
            _ => None,
        });
        if let Some(new) = new {
            new.note_put(put.place.clone(), result);
            return;
        }
        let (key, place) = (&put.key, put.place.words());
        match result {
            Ok(_) => self.say(format!("{key} is in {place} now")),
            Err(why) => self.complain(format!("{key} is not in {place}: {why}")),
        }
    }

    /// Lists it under what has happened.
    fn note_put(&mut self, put: &Put, result: &Result<Written, NotWritten>) {
        let action = match &put.place {
            Place::Profile(_) => "write profile",
            Place::File(_) => "save file",
        };
        let place = put.place.words();
        let result = match result {
            Ok(_) => Outcome::Done(place),
            Err(why) => Outcome::Failed(Error {
                action,
                kind: Kind::Other,
                code: Some("not written".into()),
                message: format!("{place}: {}", why.words()),
                request_id: None,
            }),
        };
        self.activity.note(Entry {
            time: self.now,
            action,
            target: format!("{} of {}", put.key, put.user),
            result,
            took: (self.now - put.sent)
                .max(TimeDelta::zero())
                .to_std()
                .unwrap_or_default(),
            request_id: None,
            command: String::new(),
        });
    }
}
