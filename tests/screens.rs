//! A picture of every screen: at 80×24, at 120×36, and the narrowest, 60×16.
//!
//! Look at a changed picture before accepting it: `cargo insta review`, or run the tests with
//! `INSTA_UPDATE=always` and read the difference.

mod desk;

use crossterm::event::KeyCode;
use desk::{Desk, answer, now, people, settings, someone};
use iamkeys::{
    effect::{Copied, Read, Target},
    iam::{AccessKey, Changed, Error, KeyStatus, Kind, Problem},
    message::{Answer, CopyOutcome, Message},
    secret::{SecretKey, osc52::Multiplexer},
    state::{Settings, modal::Modal},
};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (60, 16)];

/// Takes a picture at each size of what `scene` sets up.
fn pictures(name: &str, scene: impl Fn((u16, u16)) -> Desk) {
    for (width, height) in SIZES {
        let desk = scene((width, height));
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("{name}-{width}x{height}"), desk.screen());
        });
    }
}

fn main_view(size: (u16, u16)) -> Desk {
    Desk::showing(size, settings(), &people())
}

/// The main view with the keys of `deploy-bot` in focus.
fn at_deploy_bot(size: (u16, u16)) -> Desk {
    let mut desk = main_view(size);
    desk.press(KeyCode::Char('j'));
    desk.press(KeyCode::Tab);
    desk
}

fn new_key(size: (u16, u16)) -> Desk {
    let mut desk = main_view(size);
    desk.keys("cy");
    desk.serve(&people());
    let (id, _) = desk.next_change().unwrap();
    let made = Changed::Created {
        key: AccessKey {
            id: "AKIANEWKEY01EXAMPLE1".into(),
            status: KeyStatus::Active,
            created: Some(now()),
        },
        secret: SecretKey::new("DEMO/secret/EXAMPLE/01234567890123456789".into()),
    };
    desk.changed(id, Ok(made));
    desk
}

fn copied(desk: &mut Desk, what: Copied, outcome: CopyOutcome) {
    desk.send(Message::Copied {
        what,
        key: "AKIANEWKEY01EXAMPLE1".into(),
        outcome,
    });
}

#[test]
fn users() {
    pictures("users", main_view);
    pictures("users-keys-focused", at_deploy_bot);
}

#[test]
fn users_in_ascii_read_only_demo() {
    pictures("users-ascii-read-only", |size| {
        let settings = Settings {
            ascii: true,
            read_only: true,
            ..settings()
        };
        let mut desk = Desk::showing(size, settings, &people());
        desk.state.target = Target::Demo;
        desk
    });
}

#[test]
fn signing_in() {
    pictures("signing-in", |size| Desk::new(size, settings()));
}

#[test]
fn loading() {
    pictures("loading", |size| {
        let mut desk = Desk::new(size, settings());
        desk.effects.clear();
        desk.send(Message::SignedIn(Ok(Box::default())));
        let mut first = true;
        let mut late = Vec::new();
        while let Some((request, read)) = desk.next_read() {
            match read {
                // A second page is on its way; the keys of some are known, of others not.
                Read::Users(None) => {
                    let page = desk::page(&people(), Some("marker"));
                    desk.answered(request, Answer::Users(Ok(page)));
                }
                Read::Keys(ref user) if user.starts_with('n') || user.starts_with('o') => {
                    late.push(request);
                }
                Read::LastUsed(..) if first => first = false,
                Read::Users(_) | Read::LastUsed(..) => late.push(request),
                read => desk.answered(request, answer(&people(), read)),
            }
        }
        desk
    });
}

#[test]
fn refused() {
    pictures("refused", |size| {
        let mut desk = Desk::new(size, settings());
        desk.effects.clear();
        desk.send(Message::SignedIn(Ok(Box::default())));
        let denied = |action| Error {
            action,
            kind: Kind::Denied,
            code: Some("AccessDenied".into()),
            message: "User: arn:aws:iam::123456789012:user/alice is not authorized".into(),
            request_id: None,
        };
        while let Some((request, read)) = desk.next_read() {
            let answer = match read {
                Read::Keys(user) if &*user == "alice" => {
                    Answer::Keys(user, Err(denied("iam:ListAccessKeys")))
                }
                Read::LastUsed(user, key) => {
                    Answer::LastUsed(user, key, Err(denied("iam:GetAccessKeyLastUsed")))
                }
                read => answer(&people(), read),
            };
            desk.answered(request, answer);
        }
        desk
    });
}

#[test]
fn nobody() {
    pictures("no-users", |size| Desk::showing(size, settings(), &[]));
    pictures("no-match", |size| {
        let mut desk = main_view(size);
        desk.keys("/xyzzy");
        desk
    });
    pictures("filtering", |size| {
        let mut desk = main_view(size);
        desk.keys("/web");
        desk
    });
}

#[test]
fn no_credentials() {
    pictures("signed-out", |size| {
        let mut desk = Desk::new(size, settings());
        desk.send(Message::SignedIn(Err(Box::new(Problem {
            title: "No AWS credentials".into(),
            what: "iamkeys works with the credentials the aws command uses, and found none.".into(),
            details: vec![
                "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set".into(),
                "profile default: no credentials in ~/.aws/config and ~/.aws/credentials".into(),
                "container: AWS_CONTAINER_CREDENTIALS_… is not set".into(),
                "instance: no metadata service answered".into(),
            ],
            advice: vec!["Sign in, or start with --profile NAME.".into()],
        }))));
        desk
    });
}

#[test]
fn confirmations() {
    pictures("create", |size| {
        let mut desk = main_view(size);
        desk.keys("c");
        desk.serve(&people());
        desk
    });
    pictures("deactivate", |size| {
        let mut desk = at_deploy_bot(size);
        desk.keys("t");
        desk.serve(&people());
        desk
    });
    pictures("delete-typed", |size| {
        let mut desk = at_deploy_bot(size);
        desk.keys("dPLE");
        desk.serve(&people());
        desk
    });
    pictures("delete-own", |size| {
        let mut desk = main_view(size);
        desk.keys("d");
        desk.serve(&people());
        desk
    });
    pictures("delete-unused", |size| {
        let users = [someone(
            "old",
            &[("AKIAOLD00001EXAMPLE1", false, 700, None)],
        )];
        let mut desk = Desk::showing(size, settings(), &users);
        desk.keys("d");
        desk.serve(&users);
        desk
    });
    pictures("deactivate-looking", |size| {
        let mut desk = at_deploy_bot(size);
        desk.keys("ty");
        desk
    });
    pictures("delete-changed", |size| {
        let mut desk = at_deploy_bot(size);
        desk.keys("dPLE1");
        let mut users = people();
        users[1].keys[0].0.status = KeyStatus::Inactive;
        desk.serve(&users);
        desk
    });
    pictures("no-room", |size| {
        let mut desk = main_view(size);
        desk.keys("Gc");
        desk.serve(&people());
        desk
    });
}

#[test]
fn the_new_key() {
    pictures("new-key", new_key);
    pictures("new-key-sent", |size| {
        let mut desk = new_key(size);
        copied(
            &mut desk,
            Copied::Secret,
            CopyOutcome::SentToTerminal(Multiplexer::None),
        );
        copied(
            &mut desk,
            Copied::KeyId,
            CopyOutcome::SentToTerminal(Multiplexer::None),
        );
        desk
    });
    pictures("new-key-failed", |size| {
        let mut desk = new_key(size);
        let failed = CopyOutcome::Failed("the clipboard is busy".into());
        copied(&mut desk, Copied::Secret, failed);
        desk.keys("v");
        desk
    });
    pictures("discard", |size| {
        let mut desk = new_key(size);
        desk.press(KeyCode::Esc);
        desk
    });
}

#[test]
fn changes() {
    pictures("pending", |size| {
        let mut desk = at_deploy_bot(size);
        desk.keys("ty");
        desk.serve(&people());
        desk
    });
    pictures("leaving", |size| {
        let mut desk = at_deploy_bot(size);
        desk.keys("ty");
        desk.serve(&people());
        desk.keys("q");
        desk
    });
    for (name, kind) in [("not-known", Kind::Network), ("not-done", Kind::Denied)] {
        pictures(name, |size| {
            let mut desk = main_view(size);
            desk.keys("cy");
            desk.serve(&people());
            let (id, _) = desk.next_change().unwrap();
            let error = Error {
                action: "iam:CreateAccessKey",
                kind,
                code: None,
                message: "connection reset by peer".into(),
                request_id: None,
            };
            desk.changed(id, Err(error));
            desk
        });
    }
}

/// The rotation of a user with these keys.
fn rotation(size: (u16, u16), keys: &[(&str, bool, i64, Option<i64>)]) -> Desk {
    let users = [someone("deploy-bot", keys)];
    let mut desk = Desk::showing(size, settings(), &users);
    desk.keys("r");
    desk.serve(&users);
    desk
}

const OLD: &str = "AKIADEPLOY01EXAMPLE1";
const NEW: &str = "AKIADEPLOY02EXAMPLE2";

#[test]
fn rotating() {
    let scene = |name: &str, keys: &[(&str, bool, i64, Option<i64>)]| {
        pictures(&format!("rotate-{name}"), |size| rotation(size, keys));
    };
    scene("create", &[(OLD, true, 412, Some(2))]);
    scene(
        "unknown",
        &[(OLD, true, 412, Some(2)), (NEW, true, 0, None)],
    );
    scene(
        "deactivate",
        &[(OLD, true, 412, Some(2)), (NEW, true, 3, Some(1))],
    );
    scene(
        "watch",
        &[(OLD, false, 412, Some(30)), (NEW, true, 3, Some(1))],
    );
    scene(
        "delete",
        &[(OLD, false, 412, Some(300)), (NEW, true, 30, Some(1))],
    );
    scene(
        "rolled-back",
        &[(OLD, true, 412, Some(2)), (NEW, false, 3, None)],
    );
    let third = "AKIADEPLOY03EXAMPLE3";
    scene(
        "crowded",
        &[
            (OLD, true, 412, Some(2)),
            (NEW, true, 3, Some(1)),
            (third, false, 1, None),
        ],
    );
    pictures("rotate-trying", |size| {
        let mut desk = rotation(size, &[(OLD, true, 412, Some(2))]);
        desk.keys("yy");
        let users = [someone("deploy-bot", &[(OLD, true, 412, Some(2))])];
        desk.serve(&users);
        let (id, _) = desk.next_change().unwrap();
        let made = Changed::Created {
            key: AccessKey {
                id: NEW.into(),
                status: KeyStatus::Active,
                created: Some(now()),
            },
            secret: SecretKey::new("DEMO/secret/EXAMPLE/01234567890123456789".into()),
        };
        desk.changed(id, Ok(made));
        let users = [someone(
            "deploy-bot",
            &[(OLD, true, 412, Some(2)), (NEW, true, 0, None)],
        )];
        desk.serve(&users);
        desk.send(Message::Copied {
            what: Copied::Secret,
            key: NEW.into(),
            outcome: CopyOutcome::InSystemClipboard,
        });
        desk.press(KeyCode::Esc);
        let news = iamkeys::state::rotation::TrialNews::NotYet(3);
        desk.send(Message::Tried {
            key: NEW.into(),
            news,
        });
        desk
    });
}

/// A change that was made, one that was not, one of which nobody knows, and a read that was refused.
fn with_activity(size: (u16, u16), settings: Settings) -> Desk {
    let mut desk = Desk::showing(size, settings, &people());
    desk.keys("j");
    desk.press(KeyCode::Tab);
    let denied = |action, request_id: &str| Error {
        action,
        kind: Kind::Denied,
        code: Some("AccessDenied".into()),
        message: format!(
            "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: {action} on \
             resource: user deploy-bot"
        ),
        request_id: Some(request_id.into()),
    };
    let lost = Error {
        action: "iam:UpdateAccessKey",
        kind: Kind::Network,
        code: None,
        message: "connection reset by peer".into(),
        request_id: None,
    };
    for outcome in [
        Ok(Changed::Done),
        Err(denied(
            "iam:UpdateAccessKey",
            "5ffe4e3a-0000-4abc-8def-0123456789ab",
        )),
        Err(lost),
    ] {
        desk.keys("ty");
        desk.serve(&people());
        let (id, _) = desk.next_change().unwrap();
        desk.changed(id, outcome);
        desk.serve(&people());
        // A failure opened a dialog; without one, this went back to the users.
        desk.press(KeyCode::Esc);
        desk.keys("l");
    }
    desk.serve(&people());
    desk.keys("R");
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::LastUsed(user, key) if key == "AKIADEPLOY02EXAMPLE2" => {
                let error = denied(
                    "iam:GetAccessKeyLastUsed",
                    "7c1d0a2b-0000-4123-8456-ba9876543210",
                );
                Answer::LastUsed(user, key, Err(error))
            }
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
    desk.state.notice = None;
    desk.keys("3");
    desk
}

#[test]
fn activity() {
    pictures("activity-empty", |size| {
        let mut desk = main_view(size);
        desk.keys("3");
        desk
    });
    pictures("activity", |size| with_activity(size, settings()));
    pictures("activity-ascii", |size| {
        let settings = Settings {
            ascii: true,
            monochrome: true,
            ..settings()
        };
        with_activity(size, settings)
    });
    pictures("activity-newer-above", |size| {
        let mut desk = with_activity(size, settings());
        desk.press(KeyCode::Enter);
        let Some(Modal::Entry(whole)) = desk.state.modals.pop() else {
            panic!("an entry is read");
        };
        for _ in 0..50 {
            desk.state.activity.note(whole.entry.clone());
        }
        desk.keys("g");
        desk.press(KeyCode::PageDown);
        desk.state.activity.note(whole.entry);
        desk
    });
    pictures("activity-entry", |size| {
        let mut desk = with_activity(size, settings());
        desk.keys("jj");
        desk.press(KeyCode::Enter);
        desk
    });
    pictures("activity-entry-not-known", |size| {
        let mut desk = with_activity(size, settings());
        desk.keys("j");
        desk.press(KeyCode::Enter);
        desk
    });
    pictures("activity-entry-copied", |size| {
        let mut desk = with_activity(size, settings());
        desk.keys("jj");
        desk.press(KeyCode::Enter);
        desk.keys("y");
        desk.send(Message::Copied {
            what: Copied::Command,
            key: String::new(),
            outcome: CopyOutcome::SentToTerminal(Multiplexer::None),
        });
        desk
    });
    pictures("activity-palette", |size| {
        let mut desk = with_activity(size, settings());
        desk.keys(":");
        desk
    });
}

#[test]
fn reading() {
    pictures("help", |size| {
        let mut desk = main_view(size);
        desk.keys("?");
        desk
    });
    pictures("palette", |size| {
        let mut desk = main_view(size);
        desk.keys(":dea");
        desk
    });
    pictures("details", |size| {
        let mut desk = at_deploy_bot(size);
        desk.press(KeyCode::Enter);
        desk
    });
}

#[test]
fn too_small() {
    let desk = main_view((59, 16));
    assert!(
        desk.screen()
            .contains("terminal too small: 59x16, needs 60x16")
    );
    let desk = main_view((20, 5));
    assert!(desk.screen().contains("terminal too"), "{}", desk.screen());
}
