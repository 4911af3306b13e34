//! Nothing closes a new key but the person who has its secret, or throws it away.

use crate::by_hand::{Account, ByHand, error};
use iamkeys::engine::{
    Change, Changed, Copied, CopyOutcome, Event, Intent, Kind, Leave, Need, Obstacle, PlanId,
    Problem, Resolution, Signal, Slot, StoreIn, Target, TrialNews,
    destination::{Form, Layout, Multiplexer},
    unresolved::{Cause, Question},
    vault::{DestinationKind, DestinationNews, NotWritten, Owner},
};

const NEW: &str = "AKIANEWNEWNEWNEWNEW1";
const OLD: &str = "AKIAOLDOLDOLDOLDOLD1";

/// An account that is loaded, and a key that was created in it.
struct World {
    by_hand: ByHand,
    slot: Slot,
    account: Account,
}

impl World {
    fn new() -> Self {
        let account = Account::new("111111111111", &[("alice", &[OLD]), ("bob", &[])]);
        let mut by_hand = ByHand::new();
        let slot = by_hand.open();
        by_hand.load(slot, &account);
        by_hand.create(slot, "alice", NEW);
        Self {
            by_hand,
            slot,
            account,
        }
    }

    fn check(&mut self, after: &str) {
        let hands = &mut self.by_hand;
        let expected = format!("secret/of/{NEW}");
        assert_eq!(hands.secret(NEW), Some(&*expected), "{after}");
        let need = Need::NewKey(NEW.into());
        assert!(hands.engine.needs().contains(&need), "{after}");
        assert!(
            !format!("{:?}", hands.engine).contains(&expected),
            "{after}"
        );
        hands.exits.clear();
        for leave in [Leave::Quit, Leave::Interrupt] {
            hands.intend(Intent::Leave(leave));
            assert_eq!(hands.exits, [], "{after}");
            let obstacle = hands.engine.obstacle();
            assert_eq!(obstacle, Some(Obstacle::Secret(NEW.into())), "{after}");
            // Waiting for changes is not what is asked.
            hands.intend(Intent::LeaveNow);
            assert_eq!(hands.exits, [], "{after}");
        }
    }

    fn fail(&mut self, kind: Kind) {
        self.by_hand.intend(Intent::Refresh(self.slot));
        self.by_hand.plan();
        self.by_hand.fail(self.slot, kind);
    }

    fn sign_in(&mut self, target: Target) {
        self.by_hand.intend(Intent::SignIn(self.slot, target));
        self.by_hand.sign_in(self.slot);
        let account = self.account.clone();
        self.by_hand.load(self.slot, &account);
    }

    /// A change to the new key, with what came of it.
    fn change(&mut self, change: Change, result: Result<Changed, Kind>) {
        let action = change.action();
        let sent = self.by_hand.send(self.slot, change);
        let result = result.map_err(|kind| error(action, kind));
        self.by_hand.changed(sent, result);
    }

    fn deactivate(&mut self, result: Result<Changed, Kind>) {
        let change = Change::SetActive {
            user: "alice".into(),
            key: NEW.into(),
            active: false,
        };
        self.change(change, result);
    }

    fn tried(&mut self, news: TrialNews) {
        let session = self.by_hand.session(self.slot);
        let key = NEW.into();
        self.by_hand.hear(Event::Tried { session, key, news });
    }

    fn copied(&mut self, what: Copied, outcome: CopyOutcome) {
        let key = NEW.to_owned();
        self.by_hand.intend(Intent::Copy {
            key: key.clone(),
            what,
        });
        self.by_hand.hear(Event::Copied { what, key, outcome });
    }

    /// Chooses a place for the secret, up to the first job, and answers that.
    fn choose(&mut self, profile: bool, news: DestinationNews) {
        let hands = &mut self.by_hand;
        hands.intend(Intent::ChooseDestination(StoreIn {
            slot: self.slot,
            user: "alice".into(),
            key: Some(NEW.into()),
            kind: if profile {
                DestinationKind::Profile
            } else {
                DestinationKind::File(Layout::Console)
            },
        }));
        hands.intend(Intent::NameDestination("place".into()));
        if let Some((_, request, _)) = hands.jobs.pop() {
            hands.hear(Event::Secret { request, news });
        }
    }
}

type Happens = (&'static str, fn(&mut World));

/// All that may happen while a secret is held.
const ALL: &[Happens] = &[
    ("reads are refused", |it| it.fail(Kind::Denied)),
    ("there is no network", |it| it.fail(Kind::Network)),
    ("the session has expired", |it| it.fail(Kind::Expired)),
    ("the credentials are bad", |it| {
        it.fail(Kind::BadCredentials);
    }),
    ("reads are throttled", |it| it.fail(Kind::Throttled)),
    ("the users are gone", |it| it.fail(Kind::NotFound)),
    ("AWS fails", |it| it.fail(Kind::Server)),
    ("the account is loaded again", |it| {
        it.by_hand.intend(Intent::Refresh(it.slot));
        let account = it.account.clone();
        it.by_hand.load(it.slot, &account);
    }),
    ("signed in again", |it| it.sign_in(Target::Ambient)),
    ("signed in elsewhere", |it| it.sign_in(Target::Demo)),
    ("not signed in again", |it| {
        it.by_hand.intend(Intent::SignIn(it.slot, Target::Ambient));
        let session = it.by_hand.session(it.slot);
        let result = Err(Box::new(Problem::internal()));
        it.by_hand.hear(Event::SignedIn { session, result });
    }),
    ("a change is refused", |it| it.deactivate(Err(Kind::Denied))),
    ("a change has no journal", |it| {
        it.deactivate(Err(Kind::NoJournal));
    }),
    ("a change finds nothing", |it| {
        it.deactivate(Err(Kind::NotFound));
    }),
    ("the answer of a change is lost", |it| {
        it.deactivate(Err(Kind::Network));
    }),
    ("a change is done", |it| it.deactivate(Ok(Changed::Done))),
    ("a change is under way", |it| {
        let user = "bob".into();
        it.by_hand.send(it.slot, Change::Create { user });
    }),
    ("the key is deleted", |it| {
        let (user, key) = ("alice".into(), NEW.into());
        it.change(Change::Delete { user, key }, Ok(Changed::Done));
    }),
    ("another key is created", |it| {
        let other = "AKIANEWNEWNEWNEWNEW2";
        it.by_hand.create(it.slot, "bob", other);
    }),
    ("another key is thrown away", |it| {
        let other = "AKIANEWNEWNEWNEWNEW3";
        it.by_hand.create(it.slot, "bob", other);
        it.by_hand.intend(Intent::Discard(other.into()));
        assert_eq!(it.by_hand.secret(other), None);
    }),
    ("there is no journal", |it| {
        it.by_hand
            .hear(Event::Journal(Err("the disk is full".into())));
    }),
    ("the journal is not up to date", |it| {
        it.by_hand
            .hear(Event::NotWritten("the disk is full".into()));
    }),
    ("the journal has left something open", |it| {
        let user = "alice".into();
        let origin = iamkeys::engine::Origin::Earlier("run/1".into());
        let question = Question::new(origin, Change::Create { user }, Cause::Interrupted);
        it.by_hand.hear(Event::Journal(Ok(vec![question])));
    }),
    ("questions are answered", |it| {
        let questions = it.by_hand.engine.questions().iter();
        let origins: Vec<_> = questions.map(|question| question.origin.clone()).collect();
        for origin in origins {
            it.by_hand
                .intend(Intent::Resolve(origin.clone(), Resolution::LetGo));
            it.by_hand.intend(Intent::PutOff(origin));
        }
    }),
    ("a task panics", |it| it.by_hand.hear(Event::TaskPanicked)),
    ("it is not accepted yet", |it| {
        it.tried(TrialNews::NotYet(3));
    }),
    ("it is never accepted", |it| {
        let why = error("sts:GetCallerIdentity", Kind::BadCredentials);
        it.tried(TrialNews::GivenUp(why));
    }),
    ("its ID is copied", |it| {
        it.copied(Copied::KeyId, CopyOutcome::InSystemClipboard);
    }),
    ("it could not be copied", |it| {
        it.copied(Copied::Secret, CopyOutcome::Failed("no".into()));
    }),
    ("it may be on the terminal's clipboard", |it| {
        let sent = CopyOutcome::SentToTerminal(Multiplexer::None);
        it.copied(Copied::As(Form::Posix), sent);
    }),
    (
        "it is on the system's clipboard, until that is cleared",
        |it| {
            it.copied(Copied::Secret, CopyOutcome::InSystemClipboard);
            it.by_hand.hear(Event::ClipboardDue(NEW.into()));
            let (key, result) = (NEW.into(), Ok(true));
            it.by_hand.hear(Event::Cleared { key, result });
        },
    ),
    ("a profile cannot be planned", |it| {
        it.choose(true, DestinationNews::Planned(Err("no".into())));
    }),
    ("an owner is told that no one asked for", |it| {
        it.choose(true, DestinationNews::Owner(Owner::NotAccepted));
    }),
    ("a file cannot be written", |it| {
        let refused = NotWritten::Refused("no".into());
        it.choose(false, DestinationNews::Written(Err(refused)));
    }),
    ("a file has changed", |it| {
        let changed = NotWritten::Changed("it".into());
        it.choose(false, DestinationNews::Written(Err(changed)));
    }),
    ("no place is chosen after all", |it| {
        it.choose(true, DestinationNews::Planned(Err("no".into())));
        it.by_hand.intend(Intent::StopChoosing);
    }),
    ("it is let go of as if it were stored", |it| {
        let on_clipboard = it.by_hand.engine.only_on_clipboard().is_some();
        if !on_clipboard {
            it.by_hand.intend(Intent::Release(NEW.into()));
        }
    }),
    ("everything that waits is closed", |it| {
        for number in 0..200 {
            it.by_hand.intend(Intent::Withdraw(PlanId(number)));
            it.by_hand.intend(Intent::Close(PlanId(number)));
        }
    }),
    ("the person stays", |it| it.by_hand.intend(Intent::Stay)),
    ("its rotation is begun", |it| {
        it.by_hand.intend(Intent::Rotate(it.slot, "alice".into()));
        let account = it.account.clone();
        it.by_hand.load(it.slot, &account);
    }),
    ("another account is opened", |it| {
        let other = it.by_hand.open();
        let account = it.account.clone();
        it.by_hand.load(other, &account);
    }),
    ("Ctrl-C", |it| {
        it.by_hand.hear(Event::Signal(Signal::Interrupt));
    }),
    ("a signal", |it| {
        it.by_hand.hear(Event::Signal(Signal::Terminate));
    }),
    ("the terminal is gone", |it| {
        it.by_hand.hear(Event::Signal(Signal::HangUp));
    }),
    ("the input has ended", |it| {
        it.by_hand.hear(Event::InputClosed);
    }),
    ("hours pass", |it| {
        it.by_hand.now += chrono::TimeDelta::hours(9);
    }),
];

#[test]
fn nothing_closes_a_new_key() {
    World::new().check("it was created");
    for (one, happens) in ALL {
        for (other, happens_then) in ALL {
            let mut world = World::new();
            happens(&mut world);
            world.check(one);
            happens_then(&mut world);
            world.check(&format!("{one}, then {other}"));
        }
    }
}

#[test]
fn all_that_happens_in_a_row_does_not_close_a_new_key_either() {
    let mut world = World::new();
    for (_, happens) in ALL.iter().chain(ALL.iter().rev()) {
        happens(&mut world);
    }
    world.check("all of it, there and back");
}

#[test]
fn a_person_closes_it_and_then_leaves() {
    for (intent, noted) in [
        (Intent::HaveIt(NEW.into()), "by hand"),
        (Intent::Discard(NEW.into()), "Discarded"),
    ] {
        let mut world = World::new();
        world.check("it was created");
        let hands = &mut world.by_hand;
        hands.intend(Intent::Leave(Leave::Quit));
        hands.notes.clear();
        hands.intend(intent);
        assert_eq!(hands.secret(NEW), None);
        assert_eq!(hands.engine.needs(), []);
        assert_eq!(hands.exits.len(), 1, "the wish to leave is granted then");
        assert!(format!("{:?}", hands.notes).contains(noted));
    }
}

#[test]
fn a_secret_that_is_on_the_clipboard_alone_is_asked_about_too() {
    let mut world = World::new();
    world.copied(Copied::Secret, CopyOutcome::InSystemClipboard);
    // The clipboard is cleared at the end.
    world.check("it is on the clipboard");
    world.by_hand.intend(Intent::Release(NEW.into()));
    assert_eq!(world.by_hand.secret(NEW), None, "it is stored somewhere");
    world.by_hand.intend(Intent::Leave(Leave::Quit));
    assert_eq!(world.by_hand.exits, []);
    let obstacle = world.by_hand.engine.obstacle();
    assert_eq!(obstacle, Some(Obstacle::Secret(NEW.into())));
}
