//! What a person asks for: which place, what would change there, and that it be done.

use super::{
    super::{DEMO, State, changes::Pending, modal::Modal, rotation::Turn},
    Ahead, NEW_KEY, Phase, Place, Profiles, Put, Sink, Store, Whose,
};
use crate::{
    effect::{Effect, Errand, NewFile, RequestId},
    secret::{
        credentials::Plan,
        csv_file::{Layout, default_name},
    },
};
use tui_input::Input;

impl State {
    /// Asks where the secret of the new key on top is to go, or of the one that the rotation on
    /// top is about to create: into a profile, or into a file.
    #[must_use]
    pub fn ask_where(&mut self, profile: bool) -> Vec<Effect> {
        let (user, key, number) = match self.modals.last() {
            Some(Modal::NewKey(new)) => {
                (new.user.clone(), Some(new.id.clone()), new.number.clone())
            }
            Some(Modal::Rotate(rotate)) => {
                let user = rotate.user.clone();
                if !self.turns(&user).contains(&Turn::Create) {
                    self.complain("There is no key to be created now");
                    return Vec::new();
                }
                (user, None, self.session.number().map(str::to_owned))
            }
            _ => return Vec::new(),
        };
        let asked = RequestId(self.number());
        let (sink, input, effects) = if profile {
            let sink = Sink::Profile(Profiles {
                asked,
                found: None,
                cursor: None,
            });
            let effects = vec![Effect::Store(asked, Errand::Profiles)];
            (sink, Input::default(), effects)
        } else {
            let path = Input::new(default_name(&user));
            (Sink::File(Layout::Console), path, Vec::new())
        };
        self.modals.push(Modal::Store(Box::new(Store {
            user,
            key,
            number,
            sink,
            input,
            phase: Phase::Naming,
            waits: None,
            refused: None,
            button: 0,
            scroll: 0,
        })));
        effects
    }

    /// Goes on with the name or path that is typed: looks at what would change, or makes the file.
    #[must_use]
    pub fn go_on_storing(&mut self) -> Vec<Effect> {
        let request = RequestId(self.number());
        let Some(Modal::Store(store)) = self.modals.last_mut() else {
            return Vec::new();
        };
        if !matches!(store.phase, Phase::Naming) {
            return Vec::new();
        }
        let name = store.name();
        if name.is_empty() {
            store.refused = Some(match store.sink {
                Sink::Profile(_) => "A profile needs a name".into(),
                Sink::File(_) => "A file needs a name".into(),
            });
            return Vec::new();
        }
        store.refused = None;
        let Sink::File(layout) = store.sink else {
            store.input = Input::new(name);
            store.edited();
            return self.look_at_profile(false);
        };
        let file = NewFile {
            path: name,
            layout,
            user: store.user.clone(),
        };
        store.phase = Phase::Putting(None);
        store.waits = Some(request);
        match store.key.clone() {
            None => vec![Effect::Store(request, Errand::ProveFile(file))],
            Some(key) => self.put_file(request, key, file),
        }
    }

    /// Looks at what would change in the profile whose name is typed.
    pub(super) fn look_at_profile(&mut self, again: bool) -> Vec<Effect> {
        let request = RequestId(self.number());
        let Some(Modal::Store(store)) = self
            .modals
            .iter_mut()
            .rfind(|modal| matches!(modal, Modal::Store(_)))
        else {
            return Vec::new();
        };
        store.phase = Phase::Planning { again };
        store.waits = Some(request);
        let errand = Errand::Plan {
            profile: store.input.value().to_owned(),
            key: store.key.clone().unwrap_or_else(|| NEW_KEY.into()),
        };
        vec![Effect::Store(request, errand)]
    }

    /// Back to the name, from what would change.
    pub fn other_name(&mut self) {
        if let Some(Modal::Store(store)) = self.modals.last_mut()
            && matches!(store.phase, Phase::Agreeing(_))
        {
            store.back(None);
        }
    }

    /// Does what is shown: writes it, or proves that it can be written.
    #[must_use]
    pub fn agree(&mut self) -> Vec<Effect> {
        let request = RequestId(self.number());
        let Some(Modal::Store(store)) = self.modals.last_mut() else {
            return Vec::new();
        };
        if store.whose() == Whose::Asking {
            self.complain("Whose key it is, is still being asked");
            return Vec::new();
        }
        let agreeing = match std::mem::replace(&mut store.phase, Phase::Naming) {
            Phase::Agreeing(agreeing) => *agreeing,
            other => {
                store.phase = other;
                return Vec::new();
            }
        };
        let plan = Box::new(agreeing.plan);
        store.waits = Some(request);
        match store.key.clone() {
            None => {
                let profile = plan.profile.clone();
                store.phase = Phase::Putting(Some(plan));
                vec![Effect::Store(request, Errand::ProveProfile(profile))]
            }
            Some(_) => {
                store.phase = Phase::Putting(None);
                let user = store.user.clone();
                self.put_profile(request, user, plan)
            }
        }
    }

    fn put_profile(&mut self, request: RequestId, user: Box<str>, plan: Box<Plan>) -> Vec<Effect> {
        let Some(secret) = self.secret_of(&plan.key_id) else {
            return Vec::new();
        };
        self.puts.push(Put {
            request,
            key: plan.key_id.clone(),
            user,
            place: Place::Profile(plan.profile.clone()),
            sent: self.now,
        });
        let errand = Errand::WriteProfile { plan, secret };
        vec![Effect::Store(request, errand)]
    }

    fn put_file(&mut self, request: RequestId, key: String, file: NewFile) -> Vec<Effect> {
        let Some(secret) = self.secret_of(&key) else {
            return Vec::new();
        };
        self.puts.push(Put {
            request,
            key: key.clone(),
            user: file.user.clone(),
            place: Place::File(file.path.clone()),
            sent: self.now,
        });
        let errand = Errand::WriteFile { file, key, secret };
        vec![Effect::Store(request, errand)]
    }

    /// Puts a key that was just created where it was decided that it goes, in its rotation.
    pub(in crate::state) fn put_ahead(&mut self, pending: &Pending, key: &str) -> Vec<Effect> {
        if pending.session != self.session_number {
            return Vec::new();
        }
        let user: Box<str> = pending.change.user().into();
        let ahead = self.modals.iter_mut().find_map(|modal| match modal {
            Modal::Rotate(rotate) if rotate.user == user => rotate.ahead.take(),
            _ => None,
        });
        let request = RequestId(self.number());
        match ahead {
            None => Vec::new(),
            Some(Ahead::Profile(plan)) => {
                self.put_profile(request, user, Box::new(plan.with_key(key)))
            }
            Some(Ahead::File(file)) => self.put_file(request, key.to_owned(), file),
        }
    }

    /// Whether this is a key of the demo account, which works nowhere.
    #[must_use]
    pub fn stores_a_demo_key(&self) -> bool {
        self.endpoint() == Some(DEMO)
    }
}
