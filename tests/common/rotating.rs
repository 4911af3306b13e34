//! A rotation, cut off after any of its steps and gone on with by another run: the same for the
//! event loop in this process, the real program, and accounts that are not ours.

use super::dialog::dialog;
use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// Whoever sits at a running program.
pub(crate) trait Hands {
    /// Presses keys as `Person::press` takes them.
    fn keys(&mut self, keys: &str);
    /// Waits until the screen is as asked, and returns it.
    fn until(&mut self, what: &str, is_so: &dyn Fn(&str) -> bool) -> String;
    /// What was copied so far.
    fn copied(&self) -> Vec<String>;
    /// Ends the program without asking it, and waits until it is over.
    fn kill(self: Box<Self>);
}

/// An account, and a program to work in it.
pub(crate) trait World {
    /// Starts another run.
    fn start(&self) -> Box<dyn Hands>;
    /// The user's keys, oldest first, and whether they are active.
    fn keys_of(&self, user: &str) -> Vec<(String, bool)>;
    /// Something else than iamkeys signs a request with a key, and the account tells of it.
    fn use_key(&self, id: &str, secret: &str);
    /// Whether the account tells of uses at all.
    fn tells_of_uses(&self) -> bool {
        true
    }
    /// Lets new keys be accepted; says whether they were not before.
    fn settle(&self) -> bool;
    /// Where the journal is, if there is one.
    fn journal(&self) -> Option<PathBuf>;
}

/// Where a rotation is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    Looked,
    Created,
    Stored,
    /// Nobody has used the new key but iamkeys itself, to try it.
    Checked,
    /// The old key is off, and still nobody has used the new one.
    TooSoon,
    /// From here on, somebody has.
    Used,
    Deactivated,
    Undone,
    Deleted,
}

/// What becomes of it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    GoOn,
    RollBack,
}

/// What takes back that the old key was deactivated: offered where the journal tells that it was.
const UNDO: &str = "Undo u";

/// Whether the account alone says that one key replaces the other: the new one is used, and the old
/// one was not used since.
fn has_taken_over(stop: Stop) -> bool {
    matches!(stop, Stop::Used | Stop::Deactivated | Stop::Undone)
}

/// What the next run says of a rotation that was cut off: the step that is next, and words that
/// say where one is.
pub(crate) const SAID: &[(Stop, &str, &[&str])] = &[
    (Stop::Looked, "Create", &["one key,", "room for a second"]),
    (
        Stop::Created,
        "Store",
        &[
            "NEW",
            "never used",
            "If not, delete the newer key and begin again.",
            "Delete the newer y",
        ],
    ),
    (
        Stop::Stored,
        "Store",
        &[
            "NEW",
            "never used",
            "If its secret was stored, wait for its first use.",
        ],
    ),
    // That iamkeys has tried it does not say that anybody else has its secret.
    (
        Stop::Checked,
        "Store",
        &[
            "NEW",
            "If its secret was stored, wait for its first use.",
            "Delete the newer y",
        ],
    ),
    (
        Stop::TooSoon,
        "Store",
        &[
            "NEW",
            "If its secret was stored, wait for its first use.",
            UNDO,
            "Roll back b",
        ],
    ),
    (
        Stop::Used,
        "Deactivate",
        &["NEW", "in use, so it was stored", "Roll back b"],
    ),
    (
        Stop::Deactivated,
        "Watch",
        &["NEW", UNDO, "Delete y", "Roll back b"],
    ),
    (
        Stop::Undone,
        "Deactivate",
        &["NEW", "in use, so it was stored", "Deactivate y"],
    ),
    (Stop::Deleted, "Create", &["one key,", "room for a second"]),
];

/// Cuts a rotation off, looks what is there, and takes it up in another run.
pub(crate) fn cut_off(world: &dyn World, user: &'static str, stop: Stop, then: Then) {
    let (old, _) = world.keys_of(user).remove(0);
    let mut rotation = Rotation {
        world,
        user,
        old,
        hands: world.start(),
        secret: None,
    };
    rotation.open();
    rotation.drive(stop);
    let Rotation {
        old, hands, secret, ..
    } = rotation;
    if let Some(journal) = world.journal() {
        is_noted(&journal, "what became of the changes", |journal| {
            let events = |name| journal.matches(&format!("\"event\":\"{name}\"")).count();
            events("sent") == events("ended") && (events("sent") > 0 || stop == Stop::Looked)
        });
    }
    hands.kill();

    // What is there does not depend on who is there to see it.
    let there = world.keys_of(user);
    let (old_is, new_is) = match stop {
        Stop::Looked => (Some(true), None),
        Stop::Created | Stop::Stored | Stop::Checked | Stop::Used | Stop::Undone => {
            (Some(true), Some(true))
        }
        Stop::TooSoon | Stop::Deactivated => (Some(false), Some(true)),
        Stop::Deleted => (None, Some(true)),
    };
    let active: Vec<bool> = there.iter().map(|(_, active)| *active).collect();
    let expected: Vec<bool> = [old_is, new_is].into_iter().flatten().collect();
    assert_eq!(active, expected, "{stop:?}: {there:?}");
    assert_eq!(there[0].0 == old, old_is.is_some(), "{stop:?}: {there:?}");
    let new = there.last().filter(|(id, _)| *id != old);
    let new = new.map(|(id, _)| id.clone()).unwrap_or_default();

    let mut again = Rotation {
        world,
        user,
        old: old.clone(),
        hands: world.start(),
        secret,
    };
    if stop == Stop::Created && world.journal().is_some() {
        again.replace(&new);
        if then == Then::GoOn {
            again.go_on("Check");
        } else {
            again.open();
            again.is_tried();
            again.roll_back();
        }
    } else {
        again.open();
        let (_, next, words) = SAID.iter().find(|(of, ..)| *of == stop).expect("a row");
        let here = format!("▶ {next} ");
        let journal = world.journal().is_some();
        if !new.is_empty() && old_is.is_some() && !journal && !has_taken_over(stop) {
            again.answer_which(&new);
        }
        let words = words.iter().filter(|word| journal || **word != UNDO);
        let words: Vec<String> = words.map(|w| w.replace("NEW", &new)).collect();
        let words: Vec<&str> = words.iter().map(|word| &**word).chain([&*here]).collect();
        let told = again.wait_dialog(&again.title(), &words);
        assert!(journal || !told.contains(UNDO), "{stop:?}: {told}");
        // Nothing is said to be used, or not, that is not known to be.
        if matches!(stop, Stop::Checked | Stop::TooSoon) {
            assert!(!told.contains("so it was stored"), "{stop:?}: {told}");
            if world.tells_of_uses() {
                assert!(!told.contains("was never used"), "{stop:?}: {told}");
            } else {
                assert!(told.contains("▶ Store never used"), "{stop:?}: {told}");
            }
        }
        match then {
            Then::GoOn if stop == Stop::Deleted => {}
            Then::GoOn => again.go_on(next),
            Then::RollBack => again.roll_back(),
        }
    }
    let left = world.keys_of(user);
    let keeps_old = then == Then::RollBack;
    assert_eq!(left.len(), 1, "{stop:?}: {left:?}");
    assert_eq!(left[0].0 == old, keeps_old, "{stop:?}: {left:?}");
    assert!(left[0].1, "{stop:?}: {left:?}");
    again.hands.kill();
}

/// Waits until the journal is so: what is written last is on its way to the disk when it is on
/// screen already, and whoever is killed before it is there is asked about it by the next run, and
/// rightly.
fn is_noted(journal: &Path, what: &str, is_so: impl Fn(&str) -> bool) {
    let until = Instant::now() + Duration::from_secs(30);
    while !is_so(&fs::read_to_string(journal).unwrap()) {
        assert!(Instant::now() < until, "not in the journal: {what}");
        thread::yield_now();
    }
}

/// Goes to a user. Nothing may be in the way.
pub(crate) fn go_to(hands: &mut dyn Hands, user: &str) {
    hands.until("the list", &|screen| screen.contains("c create"));
    hands.keys("/");
    hands.until("the filter", &|screen| screen.contains("/ ▏"));
    hands.keys(user);
    hands.until("what was typed", &|screen| {
        screen.contains(&format!("/ {user}▏"))
    });
    hands.keys("<enter>");
    hands.until("the user's keys", &|screen| {
        let selected = screen.contains(&format!("▌ {user}"));
        selected && screen.contains("c create") && screen.contains("of 2 keys")
    });
}

/// A rotation in one run.
pub(crate) struct Rotation<'a> {
    pub(crate) world: &'a dyn World,
    pub(crate) user: &'static str,
    pub(crate) old: String,
    pub(crate) hands: Box<dyn Hands>,
    /// The new secret, as it was copied.
    pub(crate) secret: Option<String>,
}

impl Rotation<'_> {
    /// Goes to the user and opens the rotation. Nothing may be in the way.
    pub(crate) fn open(&mut self) {
        go_to(&mut *self.hands, self.user);
        self.hands.keys("r");
        self.wait_dialog(&self.title(), &[]);
    }

    /// Says that the new key replaces the old one, which nothing else tells this run.
    fn answer_which(&mut self, new: &str) {
        let question = format!("Is {new} replacing {}", self.old);
        let others = if self.world.keys_of(self.user)[0].1 {
            [", or are both in use independently?", "Both are in use i"]
        } else {
            [", which is Inactive?", "It is replacing it y"]
        };
        let words = [&*question, others[0], others[1]];
        let told = self.wait_dialog(&self.title(), &words);
        assert!(!told.contains('✓'), "no step is done: {told}");
        self.hands.keys("y");
    }

    /// Waits until this step is next; what the dialog says then.
    pub(crate) fn step(&mut self, step: &str) -> String {
        self.wait_dialog(&self.title(), &[&format!("▶ {step} ")])
    }

    /// Takes the steps up to this one.
    fn drive(&mut self, stop: Stop) {
        if stop >= Stop::Created {
            self.create();
        }
        if stop >= Stop::Stored {
            self.store();
        }
        if stop >= Stop::Checked {
            self.check();
        }
        if stop >= Stop::Used {
            self.used();
        }
        if stop == Stop::TooSoon || stop >= Stop::Deactivated {
            self.deactivate();
        }
        if stop == Stop::Undone {
            self.undo();
        }
        if stop == Stop::Deleted {
            self.delete();
        }
    }

    /// Goes on to the end from the step that is next.
    pub(crate) fn go_on(&mut self, step: &str) {
        match (step, &self.secret) {
            ("Create", _) => {
                self.create();
                self.store();
                self.check();
                self.deactivate();
            }
            // Nobody has it: it goes, and everything begins anew.
            ("Store", None) => {
                self.roll_back();
                self.hands.keys("<esc>");
                self.open();
                return self.go_on("Create");
            }
            ("Store" | "Check", Some(secret)) => {
                let (secret, new) = (secret.clone(), self.new_key());
                if step == "Check" {
                    self.open();
                    self.is_tried();
                }
                self.world.settle();
                self.world.use_key(&new, &secret);
                self.hands.keys("R");
                if self.world.keys_of(self.user)[0].1 {
                    self.step("Deactivate");
                    self.deactivate();
                } else {
                    self.step("Watch");
                }
            }
            ("Deactivate", _) => self.deactivate(),
            _ => {}
        }
        self.delete();
    }

    pub(crate) fn create(&mut self) {
        // What a confirmation says is there already, and nothing else asks for one.
        let told = self.step("Create");
        assert!(told.starts_with("in "), "{told}");
        self.hands.keys("y");
        let new_key = format!("New key for {}", self.user);
        let told = self.wait_dialog(&new_key, &["Not saved anywhere yet."]);
        assert!(told.contains(&self.new_key()), "{told}");
    }

    /// Puts the secret on the clipboard and closes its dialog.
    pub(crate) fn store(&mut self) {
        self.hands.keys("y");
        self.see("✓ secret sent to the terminal's clipboard (OSC 52)");
        self.secret = self.hands.copied().pop();
        self.hands.keys("<esc>");
        // The terminal does not say whether it took it, so a person has to.
        self.wait_dialog("Have you pasted it?", &["Paste it first.", "I have it i"]);
        self.hands.keys("i");
        let title = format!("╭─ New key for {}", self.user);
        let gone = |screen: &str| !screen.contains(&title);
        self.hands.until("the secret's dialog closed", &gone);
        if let Some(journal) = self.world.journal() {
            let key = self.new_key();
            is_noted(&journal, "where the secret is", |journal| {
                let mut lines = journal.lines();
                lines.any(|line| line.contains("\"stored\"") && line.contains(&key))
            });
        }
    }

    /// Waits until the new key is being tried, or was found to work already.
    fn is_tried(&mut self) {
        let (title, user) = (self.title(), self.user);
        self.hands.until("a key that is tried", &|screen| {
            let told = dialog(screen, &title).unwrap_or_default();
            let works = told.contains(&format!("authenticates as {user} in "));
            works || (told.contains("▶ Check ") && told.contains("tried "))
        });
    }

    /// Waits until the new key is found to work.
    pub(crate) fn check(&mut self) {
        self.wait_dialog(&self.title(), &["✓ Store by hand"]);
        if self.world.settle() {
            // It was tried in vain so far: nothing was done to the old key.
            let keys = self.world.keys_of(self.user);
            assert!(keys.iter().all(|(_, active)| *active), "{keys:?}");
        }
        let answers = format!("authenticates as {} in ", self.user);
        self.wait_dialog(&self.title(), &[&answers, "▶ Deactivate "]);
    }

    /// Whatever is to have the new key has it, and uses it.
    fn used(&mut self) {
        let (new, secret) = (self.new_key(), self.secret.clone().expect("it was copied"));
        self.world.use_key(&new, &secret);
        self.hands.keys("R");
        self.step("Deactivate");
    }

    pub(crate) fn deactivate(&mut self) {
        let old = format!("▶ Deactivate {}", self.old);
        let warns = if self.world.tells_of_uses() {
            "▲ used "
        } else {
            "▲ never used"
        };
        // What a confirmation says is there before the button is pressed.
        let told = self.wait_dialog(&self.title(), &[&old, warns]);
        assert!(told.starts_with("in "), "{told}");
        self.hands.keys("y");
        self.step("Watch");
        assert!(!self.world.keys_of(self.user)[0].1);
    }

    pub(crate) fn undo(&mut self) {
        self.hands.keys("u");
        self.step("Deactivate");
        let old = (self.old.clone(), true);
        assert_eq!(self.world.keys_of(self.user)[0], old);
    }

    /// Activates the old key that another run has deactivated: that is asked about.
    fn reactivate(&mut self) {
        let old = self.old.clone();
        self.hands.keys("u");
        self.wait_dialog("Activate key", &[&old]);
        self.hands.keys("y");
        let title = self.title();
        self.hands.until("the old key active again", &|screen| {
            // While it is under way, nothing is offered.
            let told = dialog(screen, &title).unwrap_or_default();
            told.contains("Delete the newer y") && !told.contains("Undo u")
        });
        assert!(self.world.keys_of(self.user)[0].1);
    }

    pub(crate) fn delete(&mut self) {
        let (old, new) = (self.old.clone(), self.new_key());
        self.hands.keys("y");
        if self.world.tells_of_uses() {
            self.confirm_typed("Delete key", &old);
        } else {
            // Off and, for all that is told, never used.
            self.wait_dialog("Delete key", &[&old, "never used"]);
            self.hands.keys("y");
        }
        self.see(&format!("{} has one key now: {new}", self.user));
    }

    /// Deletes the new key, whether that is called so here or has to be done by rolling back.
    pub(crate) fn roll_back(&mut self) {
        let (old, new) = (self.old.clone(), self.new_key());
        let told = self.wait_dialog(&self.title(), &[]);
        if told.contains("Delete the newer y") && !self.world.keys_of(self.user)[0].1 {
            self.reactivate();
        }
        let (key, title) = if told.contains("Delete the newer y") {
            ("y", "Delete key")
        } else {
            ("b", "Roll back the rotation")
        };
        let first = if self.world.keys_of(self.user)[0].1 {
            format!("1. {old} is active, and stays so.")
        } else {
            format!("1. Activate {old}.")
        };
        self.hands.keys(key);
        if title == "Roll back the rotation" {
            let then = format!("2. Delete {new}. This can't be undone.");
            self.wait_dialog(title, &[&first, &then]);
        }
        self.confirm_typed(title, &new);
        self.see(&format!("{} has one key now: {old}", self.user));
    }

    /// Answers what an earlier run has left open: its secret is lost, so the key is replaced.
    fn replace(&mut self, lost: &str) {
        let said = [
            lost,
            "iamkeys ended before its secret was saved anywhere.",
            "Its secret is lost, unless you copied it by hand.",
        ];
        self.wait_dialog("A key whose secret is lost", &said);
        self.hands.keys("y");
        // Pressed before the look at the account is over, it may be a question by then whose end
        // has to be typed.
        let asked = [lost, "Verified with AWS just now.", "create y"];
        self.wait_dialog("Delete the key, create another", &asked);
        self.hands.keys("y");
        self.wait_dialog(&format!("New key for {}", self.user), &[]);
        assert_ne!(self.new_key(), lost);
        self.store();
    }

    /// Types the end of the key's ID into the question before something that cannot be undone.
    pub(crate) fn confirm_typed(&mut self, title: &str, key: &str) {
        let of_user = format!("{key} of {}", self.user);
        self.wait_dialog(
            title,
            &[&of_user, "Type the last 4 characters of the key ID:"],
        );
        let end = &key[key.len() - 4..];
        self.hands.keys(end);
        // Keys that arrive together with others are taken for a paste, which presses no button.
        self.see(&format!("key ID: {end}▏"));
        self.hands.keys("<enter>");
    }

    fn new_key(&self) -> String {
        self.world.keys_of(self.user).pop().expect("a key").0
    }

    fn title(&self) -> String {
        format!("Rotate {}", self.user)
    }

    fn see(&mut self, text: &str) {
        let what = format!("{text:?}");
        self.hands.until(&what, &|screen| screen.contains(text));
    }

    /// Waits until a dialog says all of this, and returns what it says.
    pub(crate) fn wait_dialog(&mut self, title: &str, words: &[&str]) -> String {
        let says = |screen: &str| {
            dialog(screen, title).filter(|told| words.iter().all(|word| told.contains(word)))
        };
        let what = format!("{title:?} with {words:?}");
        let screen = self.hands.until(&what, &|screen| says(screen).is_some());
        says(&screen).expect("it was there")
    }
}
