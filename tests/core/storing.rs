//! Where a new secret can go, and what keys are for.

use super::{
    SIZE, copied, created,
    desk::{Desk, answer, click, people, planned, settings, someone},
    exits, with_new_key, with_new_key_at,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use iamkeys::{
    engine::{
        self, Answer, Change, ChangeId, Changed, Copied, CopyOutcome, Effect, Event, Exit, Fact,
        Intent, Read, RequestId, SecretJob, Signal, SignedIn, Target as Account,
        destination::{Form, Multiplexer, Route},
        model::Caller,
        user_tags::UserTags,
        vault::{DestinationNews, NotWritten, Owner, Written},
    },
    tui::{KeyPress, Message, Settings, Target, keymap::Context},
};
use std::sync::Arc;

/// A credentials file with somebody's keys in it.
pub(super) const FILE: &str = "[ci]\naws_access_key_id = AKIACIRUN001EXAMPLE1\n\
                    aws_secret_access_key = secretEXAMPLE\n\n[other]\nregion = us-east-1\n";

/// A new key, and what would change in a profile: all is known but whose the keys there are.
fn agreeing(profile: &str) -> Desk {
    let mut desk = with_new_key();
    agree_in(&mut desk, profile);
    desk
}

/// The number of the job that looked at what would change.
fn agree_in(desk: &mut Desk, profile: &str) -> RequestId {
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys(profile);
    desk.press(KeyCode::Enter);
    let (request, job) = desk.next_job().unwrap();
    let SecretJob::Plan { profile, key } = job else {
        panic!("what would change is looked at");
    };
    desk.heard(
        request,
        DestinationNews::Planned(planned(FILE, &profile, &key)),
    );
    request
}

pub(super) fn written() -> DestinationNews {
    DestinationNews::Written(Ok(Written {
        path: "/home/alice/.aws/credentials".into(),
        unsure: None,
    }))
}

pub(super) fn refused() -> DestinationNews {
    DestinationNews::Written(Err(NotWritten::Refused("the disk is full".into())))
}

/// The jobs that would put a secret somewhere.
fn puts(desk: &mut Desk) -> Vec<RequestId> {
    std::iter::from_fn(|| desk.next_job())
        .filter(|(_, job)| {
            matches!(
                job,
                SecretJob::WriteProfile { .. } | SecretJob::WriteFile { .. }
            )
        })
        .map(|(request, _)| request)
        .collect()
}

#[test]
fn what_is_written_is_kept_whatever_the_clipboard_holds() {
    let mut desk = agreeing("deploy");
    desk.keys("y");
    let (request, _) = desk.next_job().unwrap();
    desk.heard(request, written());
    assert!(desk.screen().contains("written to profile deploy"));
    let sent = || CopyOutcome::InSystemClipboard;
    copied(&mut desk, Copied::Secret, sent());
    copied(&mut desk, Copied::KeyId, sent());
    desk.press(KeyCode::Esc);
    assert!(desk.screen.open_dialogs() == 0, "{}", desk.screen());
    let stored = desk.effects.iter().filter_map(|effect| match effect {
        Effect::Note(note) => match &note.fact {
            Fact::Stored { place, .. } => Some(place.as_str()),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(stored.collect::<Vec<_>>(), ["profile deploy", "clipboard"]);
}

#[test]
fn a_small_screen_shows_each_place_of_a_secret() {
    let mut desk = with_new_key_at((60, 16));
    copied(&mut desk, Copied::Secret, CopyOutcome::InSystemClipboard);
    agree_in(&mut desk, "deploy");
    desk.keys("y");
    let (request, _) = desk.next_job().unwrap();
    desk.heard(request, written());
    let mut save = |news| {
        desk.keys("s");
        desk.press(KeyCode::Enter);
        let (request, _) = desk.next_job().unwrap();
        desk.press(KeyCode::Esc);
        desk.heard(request, news);
        desk.screen()
    };
    let saved = DestinationNews::Written(Ok(Written {
        path: "/home/alice/keys/a-project-with-a-long-name/alice_accessKeys.csv".into(),
        unsure: None,
    }));
    let screen = save(saved);
    for place in ["✓ clipboard · ✓ profile deploy", "alice_accessKeys.csv"] {
        assert!(screen.contains(place), "{place}: {screen}");
    }
    assert!(screen.contains("✓ …"), "cut off at the left: {screen}");
    // What has failed stands out, beside what has not.
    let screen = save(refused());
    for place in [
        "✗ not written: the disk is full",
        "✗ alice_accessKeys.csv",
        "✓ clipboard · ✓ profile deploy",
    ] {
        assert!(screen.contains(place), "{place}: {screen}");
    }
}

#[test]
fn a_secret_that_is_typed_is_no_path() {
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let clear = |desk: &mut Desk| {
        let key = KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL);
        desk.send(Message::Key(KeyPress { key, read: true }));
    };
    let mut desk = with_new_key();
    desk.keys("s");
    clear(&mut desk);
    desk.keys(SECRET);
    desk.press(KeyCode::Enter);
    assert!(puts(&mut desk).is_empty(), "{}", desk.screen());
    let screen = desk.screen();
    assert!(
        screen.contains("looks like a secret, not a path"),
        "{screen}"
    );
    assert!(!screen.contains("MDENG"), "{screen}");
    // A path that begins at the root may have so many characters too.
    clear(&mut desk);
    desk.keys("/home/alice/keys/of/the/pipeline/new/key");
    desk.press(KeyCode::Enter);
    assert_eq!(puts(&mut desk).len(), 1, "{}", desk.screen());
}

#[test]
fn what_is_copied_of_another_key_replaces_the_secret_on_the_clipboard() {
    let only_copy = |desk: &Desk| {
        let only = desk.screen.engine.vault.only_copy();
        only.map(|key| key.id.clone())
    };
    let mut desk = with_new_key();
    copied(&mut desk, Copied::Secret, CopyOutcome::InSystemClipboard);
    assert_eq!(only_copy(&desk), None);
    desk.send(Event::Copied {
        what: Copied::KeyId,
        key: "AKIAALICE001EXAMPLE1".into(),
        outcome: CopyOutcome::Failed("it is busy".into()),
    });
    assert_eq!(only_copy(&desk), None, "it did not arrive");
    desk.send(Event::Copied {
        what: Copied::KeyId,
        key: "AKIAALICE001EXAMPLE1".into(),
        outcome: CopyOutcome::InSystemClipboard,
    });
    assert_eq!(only_copy(&desk).as_deref(), Some("AKIANEWKEY01EXAMPLE1"));
    copied(&mut desk, Copied::Secret, CopyOutcome::InSystemClipboard);
    assert_eq!(only_copy(&desk), None, "copied once more");
}

#[test]
fn nothing_is_written_before_it_is_known_whose_keys_are_there() {
    let mut desk = with_new_key();
    let request = agree_in(&mut desk, "ci");
    desk.keys("y");
    desk.press(KeyCode::Tab);
    desk.press(KeyCode::Enter);
    assert!(puts(&mut desk).is_empty());
    assert!(desk.screen().contains("Asking whose that is"));
    // An answer about another key is none about this one.
    desk.heard(
        RequestId(99_999),
        DestinationNews::Owner(Owner::NotAccepted),
    );
    assert!(desk.screen().contains("Asking whose that is"));
    desk.heard(request, DestinationNews::Owner(Owner::NotAccepted));
    desk.keys("y");
    assert_eq!(puts(&mut desk).len(), 1);
}

#[test]
fn who_is_called_alike_is_not_the_same() {
    for (account, resource, same) in [
        ("123456789012", "user/alice", true),
        ("123456789012", "user/team/Alice", true),
        ("210987654321", "user/alice", false),
        ("123456789012", "federated-user/alice", false),
        ("123456789012", "assumed-role/alice/alice", false),
        ("123456789012", "root", false),
    ] {
        let mut desk = with_new_key();
        let request = agree_in(&mut desk, "ci");
        let owner = Owner::Is(Caller {
            account: account.into(),
            arn: format!("arn:aws:iam::{account}:{resource}"),
        });
        desk.heard(request, DestinationNews::Owner(owner));
        let screen = desk.screen();
        assert_eq!(screen.contains("of alice as well"), same, "{screen}");
        assert_eq!(screen.contains("of another user"), !same, "{screen}");
        assert_eq!(screen.contains("Replace"), !same, "{screen}");
    }
}

#[test]
fn what_was_not_read_is_not_written() {
    let mut desk = agreeing("deploy");
    let y = KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE);
    desk.send(Message::Key(KeyPress {
        key: y,
        read: false,
    }));
    assert!(puts(&mut desk).is_empty());
    assert!(desk.screen().contains("Press y again"));
    assert!(desk.screen().contains("What will change"));
    // Cancel is highlighted.
    desk.press(KeyCode::Enter);
    assert!(puts(&mut desk).is_empty());
    assert!(!desk.screen().contains("What will change"));
    assert!(desk.screen().contains("New key for alice"));
}

#[test]
fn esc_goes_back_to_the_new_key_from_every_stage() {
    let at: [fn(&mut Desk); 6] = [
        |desk| desk.keys("w"),
        |desk| {
            desk.keys("wci");
            desk.press(KeyCode::Enter);
        },
        |desk| {
            agree_in(desk, "ci");
        },
        |desk| {
            agree_in(desk, "deploy");
            desk.keys("y");
        },
        |desk| desk.keys("s"),
        |desk| desk.keys("e"),
    ];
    for go in at {
        let mut desk = with_new_key();
        go(&mut desk);
        assert_eq!(desk.screen.open_dialogs(), 2);
        desk.press(KeyCode::Esc);
        assert_eq!(desk.screen.open_dialogs(), 1);
        assert_eq!(desk.screen.context(), Context::NewKey);
    }
}

#[test]
fn what_came_of_a_write_nobody_waited_for_is_told_with_the_key() {
    let mut desk = agreeing("deploy");
    desk.keys("y");
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("writing it to profile deploy"));
    let [request] = puts(&mut desk)[..] else {
        panic!("it goes on");
    };
    desk.heard(request, refused());
    let screen = desk.screen();
    assert!(screen.contains("profile deploy not written: the disk is full"));
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("Discard the only copy?"));
    // And once more, for a key that nobody holds any more.
    let mut desk = agreeing("deploy");
    desk.keys("y");
    desk.press(KeyCode::Esc);
    desk.press(KeyCode::Esc);
    desk.keys("d");
    let [request] = puts(&mut desk)[..] else {
        panic!("it goes on");
    };
    desk.heard(request, written());
    assert!(desk.screen().contains("is in profile deploy now"));
    desk.heard(request, written());
    assert_eq!(
        desk.screen.engine.activity.noted(),
        2,
        "created, written once"
    );
}

#[test]
fn a_late_answer_about_another_profile_changes_nothing() {
    let mut desk = with_new_key();
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys("ci");
    desk.press(KeyCode::Enter);
    let (old, _) = desk.next_job().unwrap();
    desk.press(KeyCode::Esc);
    agree_in(&mut desk, "deploy");
    desk.heard(
        old,
        DestinationNews::Planned(planned(FILE, "ci", "AKIANEWKEY01EXAMPLE1")),
    );
    let screen = desk.screen();
    assert!(screen.contains("[deploy], a new section"), "{screen}");
}

#[test]
fn a_row_of_the_list_is_taken_by_arrows_tab_and_clicks() {
    let ways: [fn(&mut Desk); 3] = [
        |desk| {
            desk.press(KeyCode::Down);
            desk.press(KeyCode::Down);
        },
        |desk| {
            desk.keys("oth");
            desk.press(KeyCode::Tab);
        },
        |desk| desk.send(click(Target::PaletteRow(1))),
    ];
    for way in ways {
        let mut desk = with_new_key();
        desk.keys("w");
        desk.serve_file(FILE);
        way(&mut desk);
        assert!(puts(&mut desk).is_empty());
        desk.press(KeyCode::Enter);
        let (_, job) = desk.next_job().unwrap();
        assert!(matches!(job, SecretJob::Plan { profile, .. } if profile == "other"));
    }
}

#[test]
fn nothing_is_chosen_where_nothing_was_typed() {
    let mut desk = with_new_key();
    desk.keys("w");
    desk.serve_file(FILE);
    desk.press(KeyCode::Enter);
    assert!(desk.next_job().is_none());
    assert!(desk.screen().contains("A profile needs a name"));
}

#[test]
fn a_place_is_chosen_ahead_only_where_a_key_is_created_next() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("jr");
    desk.serve(&people());
    assert!(desk.screen().contains("Rotate deploy-bot"));
    desk.keys("w");
    assert!(desk.next_job().is_none());
    assert_eq!(desk.screen.open_dialogs(), 1);
}

/// The rotation of alice's key, with a profile chosen for the secret of the new one.
fn chosen_ahead() -> Desk {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("r");
    desk.serve(&people());
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys("deploy");
    desk.press(KeyCode::Enter);
    desk.serve_file(FILE);
    desk.keys("y");
    let (request, _) = desk.next_job().unwrap();
    let path = "/home/alice/.aws/credentials".to_owned();
    desk.heard(request, DestinationNews::Proven(Ok(path)));
    assert!(desk.screen().contains("profile deploy: ready to write"));
    desk
}

/// Creates the new key of the rotation, up to its answer.
fn create_next(desk: &mut Desk) -> ChangeId {
    desk.keys("y");
    desk.serve(&people());
    desk.keys("y");
    desk.next_change().expect("it is created").0
}

#[test]
fn a_key_of_another_session_is_not_put_where_this_one_s_was_to_go() {
    let mut desk = chosen_ahead();
    let id = create_next(&mut desk);
    let session = desk.session();
    desk.intend(Intent::SignIn(desk.screen.slot(), Account::Demo));
    desk.changed_in(session, id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    assert!(desk.screen().contains("New key for alice"));
    assert!(puts(&mut desk).is_empty());
}

#[test]
fn a_place_that_was_chosen_ahead_stays_chosen_while_the_rotation_s_dialog_is_closed() {
    let mut desk = chosen_ahead();
    desk.press(KeyCode::Esc);
    assert_eq!(desk.screen.open_dialogs(), 0);
    desk.keys("r");
    desk.serve(&people());
    assert!(desk.screen().contains("profile deploy: ready to write"));
    let id = create_next(&mut desk);
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    assert_eq!(puts(&mut desk).len(), 1);
}

#[test]
fn a_place_that_was_chosen_ahead_is_none_for_a_user_of_that_name_in_another_account() {
    let mut desk = chosen_ahead();
    let target = desk.account().target.clone();
    desk.intend(Intent::SignIn(desk.screen.slot(), target));
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let elsewhere = Caller {
        account: "999999999999".into(),
        arn: "arn:aws:iam::999999999999:user/alice".into(),
    };
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Caller => Ok(Answer::Caller(elsewhere.clone())),
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    assert!(!desk.screen().contains("ready to write"));
    let id = create_next(&mut desk);
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    assert!(puts(&mut desk).is_empty());
}

/// A program whose system clipboard holds the secret of the new key.
fn on_the_clipboard() -> Desk {
    let settings = Settings {
        engine: engine::Settings {
            clear_after: Some(90),
            ..settings().engine
        },
        clipboard: Route::System,
        ..settings()
    };
    let mut desk = Desk::showing(SIZE, settings, &people());
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    desk.changed(id, Ok(created("AKIANEWKEY01EXAMPLE1")));
    copied(&mut desk, Copied::Secret, CopyOutcome::InSystemClipboard);
    desk
}

fn cleared(desk: &mut Desk, result: Result<bool, String>) {
    let key = "AKIANEWKEY01EXAMPLE1".to_owned();
    desk.send(Event::ClipboardDue(key.clone()));
    let clears = |effect: &Effect| matches!(effect, Effect::ClearClipboard(of) if *of == key);
    assert!(desk.effects.iter().any(clears));
    desk.send(Event::Cleared { key, result });
}

#[test]
fn a_secret_that_was_cleared_from_the_clipboard_is_nowhere_again() {
    let mut desk = on_the_clipboard();
    assert!(desk.screen().contains("cleared 90 s after copying"));
    cleared(&mut desk, Ok(true));
    desk.press(KeyCode::Esc);
    assert!(desk.screen().contains("Discard the only copy?"));
    desk.press(KeyCode::Esc);
    copied(&mut desk, Copied::Secret, CopyOutcome::InSystemClipboard);
    desk.press(KeyCode::Esc);
    assert!(desk.screen.open_dialogs() == 0, "it is there again");
}

#[test]
fn what_somebody_else_has_copied_since_is_no_loss_of_ours() {
    let mut desk = on_the_clipboard();
    cleared(&mut desk, Ok(false));
    desk.press(KeyCode::Esc);
    assert!(desk.screen.open_dialogs() == 0);
    desk.keys("q");
    assert_eq!(exits(&desk), [Exit::Quit(Vec::new())]);
}

#[test]
fn leaving_asks_while_only_the_clipboard_has_the_secret() {
    for open in [true, false] {
        let mut desk = on_the_clipboard();
        if !open {
            desk.press(KeyCode::Esc);
        }
        desk.send(Event::Signal(Signal::Interrupt));
        assert!(
            desk.screen().contains("Leave without pasting it?"),
            "{}",
            desk.screen()
        );
        desk.press(KeyCode::Esc);
        assert!(exits(&desk).is_empty());
        desk.send(Event::Signal(Signal::Interrupt));
        desk.keys("d");
        assert_eq!(exits(&desk), [Exit::Interrupted(Vec::new())]);
    }
    let mut desk = on_the_clipboard();
    desk.send(Event::Signal(Signal::Terminate));
    let exits = exits(&desk);
    let [Exit::Signal(15, lines)] = &exits[..] else {
        panic!("nobody is asked");
    };
    assert!(lines[0].starts_with("cleared: the secret of AKIANEWKEY01EXAMPLE1"));
}

#[test]
fn leaving_does_not_ask_for_a_secret_that_is_elsewhere_too() {
    let mut desk = on_the_clipboard();
    agree_in(&mut desk, "deploy");
    desk.keys("y");
    let (request, _) = desk.next_job().unwrap();
    desk.heard(request, written());
    desk.press(KeyCode::Esc);
    desk.keys("q");
    assert_eq!(exits(&desk), [Exit::Quit(Vec::new())]);
}

#[test]
fn the_clipboard_is_not_cleared_of_what_came_after_the_secret() {
    let mut desk = on_the_clipboard();
    copied(&mut desk, Copied::KeyId, CopyOutcome::InSystemClipboard);
    desk.send(Event::ClipboardDue("AKIANEWKEY01EXAMPLE1".into()));
    let clears = |effect: &Effect| matches!(effect, Effect::ClearClipboard(_));
    assert!(!desk.effects.iter().any(clears));
}

#[test]
fn a_description_is_saved_only_where_it_is_another_one() {
    let describes = |keys: &str| {
        let mut desk = Desk::showing(SIZE, settings(), &people());
        desk.serve(&people());
        desk.keys("n");
        desk.serve(&people());
        desk.keys(keys);
        desk.press(KeyCode::Enter);
        (desk.next_change().map(|(_, change)| change), desk)
    };
    let (change, desk) = describes("");
    assert!(change.is_none() && desk.screen.open_dialogs() == 0);
    let (change, desk) = describes(" backups ");
    assert!(desk.screen.open_dialogs() == 0);
    let Some(Change::SetDescription { text, .. }) = change else {
        panic!("it is described");
    };
    assert_eq!(text.as_deref(), Some("backups"));
    let (change, desk) = describes("a;b");
    assert!(change.is_none() && desk.screen().contains("; is not allowed"));
}

#[test]
fn a_description_is_not_saved_in_another_session_than_it_was_typed_in() {
    let mut desk = Desk::showing(SIZE, settings(), &people());
    desk.keys("n");
    desk.serve(&people());
    desk.keys("backups");
    let target = desk.account().target.clone();
    desk.intend(Intent::SignIn(desk.screen.slot(), target));
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    desk.serve(&people());
    desk.press(KeyCode::Enter);
    assert!(desk.next_change().is_none());
    let screen = desk.screen();
    assert!(screen.contains("nothing was saved"), "{screen}");
    assert!(
        screen.contains("backups"),
        "what was typed stays:\n{screen}"
    );
}

#[test]
fn a_description_that_comes_late_does_not_replace_what_is_being_typed() {
    for typed in ["", "mine"] {
        let mut desk = Desk::showing(SIZE, settings(), &people());
        desk.keys("n");
        desk.keys(typed);
        while let Some((request, read)) = desk.next_read() {
            let answer = match read {
                Read::Tags(_) => {
                    let text = ("AKIAALICE001EXAMPLE1".into(), "theirs".into());
                    Ok(Answer::Tags(UserTags::read([text], Arc::from)))
                }
                read => answer(&people(), read),
            };
            desk.answered(request, answer);
        }
        let screen = desk.screen();
        let wanted = if typed.is_empty() { "theirs" } else { typed };
        assert!(screen.contains(&format!("For {wanted}▏")), "{screen}");
        assert!(screen.contains("Now: theirs"), "{screen}");
    }
}

#[test]
fn a_secret_is_discarded_together_with_its_key() {
    const NEW_KEY: &str = "AKIANEWKEY01EXAMPLE1";
    let with_new = |used| {
        let old = ("AKIAALICE001EXAMPLE1", true, 12, Some(0));
        vec![someone("alice", &[old, (NEW_KEY, true, 0, used)])]
    };
    for used in [None, Some(0)] {
        let mut desk = with_new_key();
        desk.serve(&with_new(None));
        desk.press(KeyCode::Esc);
        assert!(desk.screen().contains("Discard and delete D"));
        // What is drawn now is the question.
        desk.keys("D");
        let screen = desk.screen();
        assert!(screen.contains("─ Delete key in acme-prod ─"), "{screen}");
        assert!(!screen.contains("Type the last 4"), "{screen}");
        assert!(desk.next_change().is_none(), "the account is looked at");
        desk.serve(&with_new(used));
        let screen = desk.screen();
        if used.is_some() {
            // Somebody has its secret after all.
            assert!(screen.contains("Type the last 4"), "{screen}");
            continue;
        }
        assert!(!screen.contains("Type the last 4"), "{screen}");
        // Not deleted after all: the secret is still there.
        desk.press(KeyCode::Esc);
        let screen = desk.screen();
        assert!(screen.contains("─ New key for alice ─"), "{screen}");
        assert!(desk.screen.engine.vault.held().next().is_some());
        desk.press(KeyCode::Esc);
        desk.draw();
        desk.keys("D");
        desk.serve(&with_new(None));
        desk.keys("y");
        let (id, change) = desk.next_change().expect("it is deleted");
        let (user, key) = ("alice".into(), NEW_KEY.into());
        assert_eq!(change, Change::Delete { user, key });
        desk.changed(id, Ok(Changed::Done));
        assert_eq!(desk.screen.open_dialogs(), 0);
        assert!(desk.screen.engine.vault.held().next().is_none());
    }
}

#[test]
fn a_key_whose_secret_may_be_somewhere_is_typed_to_be_deleted_with_it() {
    const NEW_KEY: &str = "AKIANEWKEY01EXAMPLE1";
    let old = ("AKIAALICE001EXAMPLE1", true, 12, Some(0));
    let users = vec![someone("alice", &[old, (NEW_KEY, true, 0, None)])];
    for was_sent in [false, true] {
        let mut desk = with_new_key();
        desk.serve(&users);
        if was_sent {
            let sent = CopyOutcome::SentToTerminal(Multiplexer::None);
            copied(&mut desk, Copied::Secret, sent);
        }
        desk.press(KeyCode::Esc);
        desk.keys("D");
        // Nobody says whether it was used.
        while let Some((request, read)) = desk.next_read() {
            let result = match &read {
                Read::LastUsed(..) => Err(super::error(iamkeys::engine::Kind::Denied)),
                _ => answer(&users, read),
            };
            desk.answered(request, result);
        }
        let screen = desk.screen();
        assert_eq!(screen.contains("Type the last 4"), was_sent, "{screen}");
    }
}

#[test]
fn the_dialog_of_a_new_key_has_the_same_size_whatever_was_done() {
    let sent = || CopyOutcome::SentToTerminal(Multiplexer::None);
    let frame = |desk: &Desk| {
        let screen = desk.screen();
        let rows: Vec<&str> = screen.lines().collect();
        let top = rows.iter().position(|row| row.contains("─ New key for"));
        let bottom = rows.iter().rposition(|row| {
            row.contains("╰───────────────────────────────────────────────────────")
        });
        let actions = rows.iter().position(|row| row.contains("y copy secret"));
        assert!(top.is_some() && actions.is_some(), "{screen}");
        (top, actions, bottom)
    };
    let mut desk = with_new_key();
    let before = frame(&desk);
    for what in [
        Copied::Secret,
        Copied::KeyId,
        Copied::Secret,
        Copied::As(Form::Posix),
    ] {
        copied(&mut desk, what, sent());
        assert_eq!(frame(&desk), before, "{what:?}");
        let screen = desk.screen();
        assert!(
            screen.contains(&format!("✓ {} sent", what.noun())),
            "{screen}"
        );
        assert_eq!(screen.matches('✓').count(), 1, "the last thing:\n{screen}");
    }
    agree_in(&mut desk, "other");
    desk.keys("y");
    let (request, _) = desk.next_job().unwrap();
    desk.heard(request, written());
    assert_eq!(frame(&desk), before);
    let screen = desk.screen();
    assert!(screen.contains("✓ written to profile other"), "{screen}");
    assert!(screen.contains("stored: profile other"), "{screen}");
}
