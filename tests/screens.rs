//! A picture of every screen: at 80×24, at 120×36, and the narrowest, 60×16.
//!
//! Look at a changed picture before accepting it: `cargo insta review`, or run the tests with
//! `INSTA_UPDATE=always` and read the difference.

mod desk;
#[path = "screens/findings.rs"]
mod findings;
#[path = "screens/fleet.rs"]
mod fleet;
#[path = "screens/impact.rs"]
mod impact;
#[path = "screens/leak.rs"]
mod leak;
#[path = "screens/plan.rs"]
mod plan;

use chrono::TimeDelta;
use crossterm::event::KeyCode;
use desk::{Desk, answer, now, people, planned, settings, someone};
use iamkeys::{
    engine::{
        self, Answer, Background, Changed, Copied, CopyOutcome, Effect, Error, Event, Kind,
        Problem, Read, SecretJob, SecretKey, SignedIn, Target, TrialNews,
        account_rules::{AccountRule, AccountRules, AccountStyle, Colour, Which},
        destination::{Multiplexer, Route},
        impact::policy::{Digest, Grants, Patterns, Policy, Statement},
        model::{
            AccessKey, Caller, KeyStatus, LastUsed, Report, ReportedKey, Summary, UserDetailsPage,
        },
        profiles::{AccountId, Login, Profile, ProfileKind, ProfileList, SsoPortal},
        vault::{DestinationNews, NotWritten, Owner, Written},
    },
    tui::{Colours, Settings},
};
use ratatui::style::{Color, Modifier};
use std::sync::Arc;

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
    new_key_with(size, settings())
}

fn new_key_with(size: (u16, u16), settings: Settings) -> Desk {
    let mut desk = Desk::showing(size, settings, &people());
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
    desk.send(Event::Copied {
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
            engine: engine::Settings {
                read_only: true,
                ..settings().engine
            },
            ascii: true,
            ..settings()
        };
        Desk::showing_target(Target::Demo, size, settings, &people())
    });
}

#[test]
fn signing_in() {
    pictures("signing-in", |size| Desk::new(size, settings()));
}

#[test]
fn all_keys() {
    pictures("all-keys", |size| {
        let mut desk = main_view(size);
        desk.keys("2jj");
        desk
    });
    pictures("all-keys-filtered", |size| {
        let mut desk = main_view(size);
        desk.keys("2/age>90 bot");
        desk
    });
    pictures("all-keys-sorted", |size| {
        let mut desk = main_view(size);
        desk.keys("2sS");
        desk
    });
    pictures("all-keys-not-understood", |size| {
        let mut desk = main_view(size);
        desk.keys("2/age>90 status:of");
        desk
    });
    pictures("all-keys-none", |size| {
        let mut desk = main_view(size);
        desk.keys("2/unused>9999");
        desk
    });
}

/// Everything is answered but what `late` says of, and the report as `report` says. What is late is
/// still to be answered.
fn partly(size: (u16, u16), report: Option<&Report>, late: impl Fn(&Read) -> bool) -> Desk {
    let mut desk = Desk::new(size, settings());
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let mut unanswered = Vec::new();
    while let Some((request, read)) = desk.next_read() {
        match (&read, report) {
            (Read::Report, Some(report)) => {
                let report = Box::new(report.clone());
                desk.answered(request, Ok(Answer::Report(report)));
            }
            (Read::Report, None) => {
                let refused = denied("iam:GenerateCredentialReport");
                desk.answered(request, Err(refused));
            }
            (Read::Summary, Some(report)) => {
                let root_keys = report.root.as_ref().map_or(0, |keys| keys.len());
                let summary = Summary {
                    keys_per_user: Some(2),
                    root_keys: Some(root_keys.min(1)),
                };
                desk.answered(request, Ok(Answer::Summary(summary)));
            }
            (asked, _) if late(asked) => unanswered.push((request, read)),
            _ => desk.answered(request, answer(&people(), read)),
        }
    }
    let session = desk.session();
    let unanswered = unanswered.into_iter();
    desk.effects
        .extend(unanswered.map(|(request, read)| Effect::Read(session, request, read)));
    desk
}

fn denied(action: &'static str) -> Error {
    Error {
        action,
        kind: Kind::Denied,
        code: Some("AccessDenied".into()),
        message: format!("You are not authorized to perform: {action}"),
        request_id: None,
    }
}

/// The report on everybody, two hours old.
fn two_hours_old() -> Report {
    Report {
        generated: now() - TimeDelta::hours(2),
        ..desk::report(&people())
    }
}

fn of_keys(read: &Read) -> bool {
    matches!(read, Read::Keys(_) | Read::LastUsed(..))
}

#[test]
fn by_the_report() {
    pictures("by-the-report", |size| {
        partly(size, Some(&two_hours_old()), of_keys)
    });
    pictures("by-the-report-all-keys", |size| {
        let mut desk = partly(size, Some(&two_hours_old()), of_keys);
        desk.keys("2");
        desk
    });
    pictures("by-the-report-cards", |size| {
        let mut desk = partly(size, Some(&two_hours_old()), of_keys);
        desk.keys("jl");
        desk
    });
    pictures("no-report", |size| {
        partly(
            size,
            None,
            |read| matches!(read, Read::Keys(user) if **user != *"alice"),
        )
    });
}

#[test]
fn root_has_keys() {
    let root = ReportedKey {
        active: true,
        rotated: Some(now() - TimeDelta::days(1204)),
        last_used: LastUsed::Never,
    };
    pictures("root-has-keys", |size| {
        let report = Report {
            root: Some(Box::new([root.clone()])),
            ..two_hours_old()
        };
        partly(size, Some(&report), |_| false)
    });
}

#[test]
fn throttled() {
    pictures("throttled", |size| {
        let mut desk = partly(size, Some(&two_hours_old()), of_keys);
        let (request, read) = desk.next_read().unwrap();
        assert!(of_keys(&read), "{read:?}");
        let throttled = Error {
            kind: Kind::Throttled,
            ..denied("iam:ListAccessKeys")
        };
        desk.answered(request, Err(throttled));
        desk
    });
}

#[test]
fn loading() {
    pictures("loading", |size| {
        let mut desk = Desk::new(size, settings());
        desk.effects.clear();
        desk.signed_in(SignedIn::default());
        let mut first = true;
        let mut late = Vec::new();
        while let Some((request, read)) = desk.next_read() {
            match read {
                // A second page is on its way; the keys of some are known, of others not.
                Read::Users(None) => {
                    let page = desk::page(&people(), Some("marker"));
                    desk.answered(request, Ok(Answer::Users(page)));
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
        desk.signed_in(SignedIn::default());
        let denied = |action| Error {
            action,
            kind: Kind::Denied,
            code: Some("AccessDenied".into()),
            message: "User: arn:aws:iam::123456789012:user/alice is not authorized".into(),
            request_id: None,
        };
        while let Some((request, read)) = desk.next_read() {
            let answer = match read {
                Read::Keys(user) if &*user == "alice" => Err(denied("iam:ListAccessKeys")),
                Read::LastUsed(..) => Err(denied("iam:GetAccessKeyLastUsed")),
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
    pictures("filter-empty", |size| {
        let mut desk = main_view(size);
        desk.keys("/");
        desk
    });
    pictures("filter-completing", |size| {
        let mut desk = main_view(size);
        desk.keys("/bot u");
        desk.press(KeyCode::Tab);
        desk
    });
    pictures("filter-no-such-field", |size| {
        let mut desk = main_view(size);
        desk.keys("/name:web");
        desk
    });
    pictures("ready-filters", |size| {
        let mut desk = main_view(size);
        desk.keys("Fj");
        desk
    });
}

/// Nobody is signed in.
fn signed_out(size: (u16, u16)) -> Desk {
    let mut desk = Desk::new(size, settings());
    let problem = Problem {
        title: "No AWS credentials".into(),
        what: "iamkeys works with the credentials the aws command uses, and found none.".into(),
        details: vec![
            "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set".into(),
            "profile default: no credentials in ~/.aws/config and ~/.aws/credentials".into(),
            "container: AWS_CONTAINER_CREDENTIALS_… is not set".into(),
            "instance: no metadata service answered".into(),
        ],
        advice: vec!["Sign in, or start with --profile NAME.".into()],
        offer: None,
    };
    let session = desk.session();
    let result = Err(Box::new(problem));
    desk.send(Event::SignedIn { session, result });
    desk
}

#[test]
fn no_credentials() {
    pictures("signed-out", signed_out);
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

/// The dialog in which a key is looked for, with this typed.
fn finding(size: (u16, u16), text: &str) -> Desk {
    let mut desk = main_view(size);
    desk.keys("f");
    desk.keys(text);
    desk
}

/// The same, and what AWS says of it.
fn found(size: (u16, u16), text: &str, kind: Kind) -> Desk {
    let mut desk = finding(size, text);
    desk.press(KeyCode::Enter);
    let (request, read) = desk.next_read().unwrap();
    assert!(matches!(read, Read::Owner(_)), "its owner is asked for");
    let error = Error {
        action: "iam:GetAccessKeyLastUsed",
        kind,
        code: Some(format!("{kind:?}")),
        message: String::new(),
        request_id: None,
    };
    desk.answered(request, Err(error));
    desk.serve(&people());
    desk
}

/// What is said of a key that is in an account which is not open, where this is what opens accounts.
fn found_away(size: (u16, u16), profile: Option<Profile>) -> Desk {
    let mut desk = finding(size, "AKIAY34FZKBOKMUTVV7A");
    desk.press(KeyCode::Enter);
    desk.serve(&people());
    let list = ProfileList {
        profiles: profile.into_iter().collect(),
        ..ProfileList::default()
    };
    desk.send(Event::Profiles(Ok(Box::new(list))));
    desk
}

#[test]
fn finding_a_key() {
    pictures("find", |size| finding(size, "AKIAIOSFOD"));
    for (name, text) in [
        ("find-looking", "AKIAIOSFODNN7EXAMPLE"),
        ("find-short", "AKIAIOSFOD"),
        ("find-temporary", "ASIAY34FZKBOKMUTVV7A"),
        ("find-role", "AROAIOSFODNN7EXAMPLES"),
        ("find-secret", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ] {
        pictures(name, |size| {
            let mut desk = finding(size, text);
            if name != "find-secret" {
                desk.press(KeyCode::Enter);
            }
            desk
        });
    }
    pictures("find-elsewhere", |size| {
        let mut desk = found_away(size, None);
        // Nor is it one of the organisation's.
        desk.press(KeyCode::Enter);
        desk.serve(&people());
        desk
    });
    pictures("find-maybe-in-organisation", |size| found_away(size, None));
    let profile = || {
        let id = || AccountId {
            id: "609629065308".into(),
            derived: false,
        };
        let kind = ProfileKind::Keys { mfa: false };
        Some(Profile {
            name: "payments-dev".into(),
            kind,
            account: Some(id()),
            sources: Vec::new(),
            login: None,
        })
    };
    pictures("find-openable", |size| found_away(size, profile()));
    pictures("find-opening", |size| {
        let mut desk = found_away(size, profile());
        desk.press(KeyCode::Enter);
        desk
    });
    pictures("find-unreachable", |size| {
        let mut desk = found_away(size, profile());
        desk.press(KeyCode::Enter);
        let opened = desk.effects.iter().find_map(|effect| match effect {
            Effect::SignIn(session, Target::Profile(_)) => Some(*session),
            _ => None,
        });
        let session = opened.expect("it is opened");
        let result = Err(Box::new(Problem {
            title: "These credentials are not accepted".into(),
            ..Problem::default()
        }));
        desk.send(Event::SignedIn { session, result });
        desk
    });
    pictures("find-unknown", |size| {
        found(size, "AKIAIOSFODNN7EXAMPLE", Kind::Denied)
    });
    pictures("find-failed", |size| {
        found(size, "AKIAIOSFODNN7EXAMPLE", Kind::Server)
    });
    pictures("find-unknown-or-refused", |size| {
        let nobody = [someone("alice", &[])];
        let mut desk = Desk::showing(size, settings(), &nobody);
        desk.keys("fAKIAIOSFODNN7EXAMPLE");
        desk.press(KeyCode::Enter);
        desk.serve(&nobody);
        desk
    });
    pictures("find-lost", |size| {
        let mut desk = finding(size, "AKIAINTERN02EXAMPLE2");
        desk.press(KeyCode::Enter);
        let (request, read) = desk.next_read().unwrap();
        assert!(matches!(read, Read::Owner(_)), "its owner is asked for");
        let told = Answer::Owner("former-intern".into(), LastUsed::Never);
        desk.answered(request, Ok(told));
        desk.serve(&people());
        desk
    });
    pictures("find-found", |size| {
        let mut desk = finding(size, "AKIADEPLOY02EXAMPLE2");
        desk.press(KeyCode::Enter);
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

/// A credentials file of several profiles.
const FILE: &str = "\
[default]
aws_access_key_id = AKIAALICE001EXAMPLE1
aws_secret_access_key = secretEXAMPLE
region = eu-north-1

[ci]
aws_access_key_id = AKIACIRUN001EXAMPLE1
aws_secret_access_key = secretEXAMPLE
aws_session_token = tokenEXAMPLE
role_arn = arn:aws:iam::123456789012:role/deploy

[staging]
region = us-east-1
";

/// The new key, with what would change in a profile of that file.
fn writing_to(size: (u16, u16), profile: &str) -> Desk {
    let mut desk = new_key(size);
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys(profile);
    desk.press(KeyCode::Enter);
    desk
}

/// The same, and whose the key there is.
fn held_by(size: (u16, u16), owner: Owner) -> Desk {
    let mut desk = writing_to(size, "ci");
    let (request, job) = desk.next_job().unwrap();
    let SecretJob::Plan { profile, key } = job else {
        panic!("a plan is asked for");
    };
    desk.heard(
        request,
        DestinationNews::Planned(planned(FILE, &profile, &key)),
    );
    desk.heard(request, DestinationNews::Owner(owner));
    desk
}

fn caller(account: &str, name: &str) -> Owner {
    Owner::Is(Caller {
        account: account.into(),
        arn: format!("arn:aws:iam::{account}:user/team/{name}"),
    })
}

#[test]
fn copying_as() {
    pictures("copy-as", |size| {
        let mut desk = new_key(size);
        desk.keys("ej");
        desk
    });
}

#[test]
fn writing_to_a_profile() {
    pictures("profile-looking", |size| {
        let mut desk = new_key(size);
        desk.keys("w");
        desk
    });
    pictures("profile-name", |size| {
        let mut desk = new_key(size);
        desk.keys("w");
        desk.serve_file(FILE);
        desk.keys("i");
        desk.press(KeyCode::Down);
        desk
    });
    pictures("profile-refused", |size| {
        let mut desk = writing_to(size, "a[b");
        desk.serve_file(FILE);
        desk
    });
    pictures("plan-new", |size| {
        let mut desk = writing_to(size, "deploy");
        desk.serve_file(FILE);
        desk
    });
    pictures("plan-asking", |size| {
        let mut desk = writing_to(size, "default");
        desk.serve_file(FILE);
        desk
    });
    pictures("plan-same-user", |size| {
        held_by(size, caller("123456789012", "alice"))
    });
    pictures("plan-another", |size| {
        held_by(size, caller("210987654321", "ci-runner"))
    });
    pictures("plan-not-accepted", |size| {
        held_by(size, Owner::NotAccepted)
    });
    pictures("plan-not-known", |size| {
        held_by(
            size,
            Owner::NotKnown("no answer: connection refused".into()),
        )
    });
    pictures("plan-scrolled", |size| {
        let mut desk = held_by(size, caller("210987654321", "ci-runner"));
        desk.keys("G");
        desk
    });
}

#[test]
fn saving_as_a_file() {
    pictures("file", |size| {
        let mut desk = new_key(size);
        desk.keys("s");
        desk
    });
    pictures("file-refused", |size| {
        let mut desk = new_key(size);
        desk.keys("s");
        desk.press(KeyCode::Tab);
        desk.press(KeyCode::Enter);
        let (request, _) = desk.next_job().unwrap();
        let why = "/home/alice/keys/a-project-with-a-long-name/alice_accessKeys.csv exists, and is \
                   not overwritten";
        let refused = NotWritten::Refused(why.into());
        desk.heard(request, DestinationNews::Written(Err(refused)));
        desk
    });
}

/// A new key that was put into a profile and a file, and could not be put into another.
fn put(size: (u16, u16)) -> Desk {
    let mut desk = new_key(size);
    let path = |path: &str| Written {
        path: path.into(),
        unsure: None,
    };
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys("deploy");
    desk.press(KeyCode::Enter);
    desk.serve_file(FILE);
    desk.keys("y");
    let (request, _) = desk.next_job().unwrap();
    let written = path("/home/alice/.aws/credentials");
    desk.heard(request, DestinationNews::Written(Ok(written)));
    desk.keys("s");
    desk.press(KeyCode::Enter);
    let (request, _) = desk.next_job().unwrap();
    let written = path("/home/alice/keys/alice_accessKeys.csv");
    desk.heard(request, DestinationNews::Written(Ok(written)));
    desk.keys("s");
    desk.press(KeyCode::Enter);
    desk.press(KeyCode::Esc);
    desk
}

#[test]
fn where_a_new_key_went() {
    pictures("new-key-put", put);
    pictures("new-key-put-and-copied", |size| {
        let mut desk = put(size);
        let (request, _) = desk.next_job().unwrap();
        let refused = NotWritten::Refused("/home/alice/work is read-only".into());
        desk.heard(request, DestinationNews::Written(Err(refused)));
        let sent = CopyOutcome::SentToTerminal(Multiplexer::None);
        copied(&mut desk, Copied::Secret, sent.clone());
        copied(&mut desk, Copied::KeyId, sent);
        desk
    });
}

/// A rotation whose new key has a place before it is there.
fn ahead(size: (u16, u16)) -> Desk {
    let mut desk = rotation(size, &[(OLD, true, 412, Some(2))]);
    desk.keys("w");
    desk.serve_file(FILE);
    desk.keys("deploy");
    desk.press(KeyCode::Enter);
    desk.serve_file(FILE);
    desk
}

#[test]
fn choosing_a_place_ahead() {
    pictures("ahead-plan", ahead);
    pictures("ahead-holds", |size| {
        let mut desk = rotation(size, &[(OLD, true, 412, Some(2))]);
        desk.keys("w");
        let held = format!(
            "{FILE}\n[production]\naws_access_key_id = {OLD}\naws_secret_access_key = secretEXAMPLE\n"
        );
        desk.serve_file(&held);
        desk
    });
    pictures("ahead-chosen", |size| {
        let mut desk = ahead(size);
        desk.keys("y");
        let (request, _) = desk.next_job().unwrap();
        let path = "/home/alice/.aws/credentials".to_owned();
        desk.heard(request, DestinationNews::Proven(Ok(path)));
        desk
    });
}

#[test]
fn describing() {
    pictures("describe", |size| {
        let mut desk = main_view(size);
        desk.keys("n");
        desk.serve(&people());
        desk.keys("nightly backups");
        desk
    });
    pictures("describe-refused", |size| {
        let mut desk = main_view(size);
        desk.keys("n");
        desk.keys("backup!");
        desk
    });
}

#[test]
fn on_the_clipboard() {
    let scene = |size| {
        let settings = Settings {
            engine: engine::Settings {
                clear_after: Some(90),
                ..settings().engine
            },
            clipboard: Route::System,
            ..settings()
        };
        let mut desk = new_key_with(size, settings);
        copied(&mut desk, Copied::Secret, CopyOutcome::InSystemClipboard);
        desk
    };
    pictures("clipboard", scene);
    pictures("clipboard-cleared", |size| {
        let mut desk = scene(size);
        let key = "AKIANEWKEY01EXAMPLE1".to_owned();
        let result = Ok(true);
        desk.send(Event::Cleared { key, result });
        desk
    });
    pictures("clipboard-leaving", |size| {
        let mut desk = scene(size);
        desk.press(KeyCode::Esc);
        desk.keys("q");
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
    let both = [(OLD, true, 412, Some(2)), (NEW, true, 3, Some(1))];
    scene("two-keys", &both);
    pictures("rotate-both-in-use", |size| {
        let mut desk = rotation(size, &both);
        desk.keys("i");
        desk
    });
    // Where it was said that one replaces the other.
    let said = |name: &str, keys: &[(&str, bool, i64, Option<i64>)]| {
        pictures(&format!("rotate-{name}"), |size| {
            let mut desk = rotation(size, keys);
            desk.keys("y");
            desk
        });
    };
    said(
        "unknown",
        &[(OLD, true, 412, Some(2)), (NEW, true, 0, None)],
    );
    said("deactivate", &both);
    pictures("rotate-looking", |size| {
        let mut desk = rotation(size, &both);
        desk.keys("yy");
        desk
    });
    pictures("rotate-back", |size| {
        let mut desk = rotation(size, &both);
        desk.keys("yb");
        desk.serve(&[someone("deploy-bot", &both)]);
        desk
    });
    said(
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
        desk.keys("y");
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
        desk.send(Event::Copied {
            what: Copied::Secret,
            key: NEW.into(),
            outcome: CopyOutcome::InSystemClipboard,
        });
        desk.press(KeyCode::Esc);
        let news = TrialNews::NotYet(3);
        let session = desk.session();
        desk.send(Event::Tried {
            session,
            key: NEW.into(),
            news,
        });
        desk
    });
}

fn denied_for_deploy_bot(action: &'static str, request_id: &str) -> Error {
    Error {
        action,
        kind: Kind::Denied,
        code: Some("AccessDenied".into()),
        message: format!(
            "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: {action} on \
             resource: user deploy-bot"
        ),
        request_id: Some(request_id.into()),
    }
}

/// Asks for everything again, and is refused one read of it.
fn refused_again(desk: &mut Desk) {
    desk.keys("R");
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::LastUsed(_, key) if key == "AKIADEPLOY02EXAMPLE2" => Err(denied_for_deploy_bot(
                "iam:GetAccessKeyLastUsed",
                "7c1d0a2b-0000-4123-8456-ba9876543210",
            )),
            read => answer(&people(), read),
        };
        desk.answered(request, answer);
    }
}

/// A change that was made, one that was not, one of which nobody knows, and a read that was refused.
fn with_activity(size: (u16, u16), settings: Settings) -> Desk {
    let mut desk = Desk::showing(size, settings, &people());
    desk.keys("j");
    desk.press(KeyCode::Tab);
    let lost = Error {
        action: "iam:UpdateAccessKey",
        kind: Kind::Network,
        code: None,
        message: "connection reset by peer".into(),
        request_id: None,
    };
    for outcome in [
        Ok(Changed::Done),
        Err(denied_for_deploy_bot(
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
    refused_again(&mut desk);
    desk.keys("4");
    desk
}

#[test]
fn activity() {
    pictures("activity-empty", |size| {
        let mut desk = main_view(size);
        desk.keys("4");
        desk
    });
    pictures("activity", |size| with_activity(size, settings()));
    pictures("activity-ascii", |size| {
        let settings = Settings {
            ascii: true,
            colours: iamkeys::tui::Colours::None,
            ..settings()
        };
        with_activity(size, settings)
    });
    pictures("activity-newer-above", |size| {
        let mut desk = with_activity(size, settings());
        let noted = desk.screen.engine.activity.noted();
        for _ in 0..50 {
            refused_again(&mut desk);
        }
        desk.keys("g");
        desk.press(KeyCode::PageDown);
        refused_again(&mut desk);
        assert_eq!(desk.screen.engine.activity.noted(), noted + 51);
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
        desk.send(Event::Copied {
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

/// The main view, of an account that rules are about.
fn ruled(size: (u16, u16), colours: Colours, style: AccountStyle) -> Desk {
    let settings = Settings {
        colours,
        ..settings()
    };
    let mut desk = Desk::showing(size, settings, &people());
    let rule = AccountRule {
        which: Which::Id("123456789012".into()),
        style,
        role: None,
        profile: None,
    };
    let rules = AccountRules::new(vec![rule]);
    desk.screen.engine.use_account_rules(rules);
    desk
}

#[test]
fn an_account_is_called_and_marked_as_the_rules_say() {
    let payments = || AccountStyle {
        label: Some("payments".into()),
        production: Some(true),
        colour: Some(Colour::Magenta),
    };
    pictures("rule-production", |size| {
        let mut desk = ruled(size, Colours::Sixteen, payments());
        desk.keys("jlt");
        desk.serve(&people());
        desk
    });
    // The profile is called prod.
    let sandbox = AccountStyle {
        label: Some("sandbox".into()),
        production: Some(false),
        colour: None,
    };
    let mut desk = ruled(SIZES[0], Colours::Sixteen, sandbox);
    desk.keys("jlt");
    desk.serve(&people());
    assert!(desk.screen().contains("─ Deactivate key ─"));
    assert!(desk.screen().contains("in sandbox 123456789012"));
    for (colours, colour) in [
        (Colours::Sixteen, Color::Magenta),
        (Colours::True, Color::Magenta),
        (Colours::None, Color::Reset),
    ] {
        let desk = ruled(SIZES[0], colours, payments());
        let cell = desk.cell_of("payments");
        assert_eq!(cell.fg, colour);
        assert!(cell.modifier.contains(Modifier::BOLD), "{colours:?}");
    }
}

/// The main view with the accounts to open before it, of these profiles.
fn switching(size: (u16, u16), list: ProfileList) -> Desk {
    let mut desk = main_view(size);
    desk.keys("@");
    desk.send(Event::Profiles(Ok(Box::new(list))));
    desk
}

/// Profiles of all sorts.
fn all_sorts() -> ProfileList {
    let of = |id: &str, derived| {
        Some(AccountId {
            id: id.into(),
            derived,
        })
    };
    let role = |role: &str, via: &str, mfa| ProfileKind::Role {
        role: role.into(),
        via: via.into(),
        mfa,
    };
    let sso = || ProfileKind::Sso {
        session: "acme-org".into(),
        role: "ReadOnly".into(),
    };
    let login = |hours| Login::Cached {
        expires: now() + TimeDelta::hours(hours),
        renewable: None,
    };
    let profile = |name: &str, kind, account| Profile {
        name: name.into(),
        kind,
        account,
        sources: Vec::new(),
        login: None,
    };
    let nothing = "aws_access_key_id without aws_secret_access_key";
    ProfileList {
        profiles: vec![
            Profile {
                login: Some(login(-1)),
                ..profile("data", sso(), of("320987654321", false))
            },
            Profile {
                login: Some(login(7)),
                ..profile("dev", sso(), of("430987654321", false))
            },
            profile("half", ProfileKind::Nothing(nothing.into()), None),
            profile("payments-of-the-company", ProfileKind::Console, None),
            profile(
                "prod",
                ProfileKind::Keys { mfa: true },
                of("123456789012", true),
            ),
            Profile {
                sources: vec!["admin".into(), "prod".into()],
                ..profile(
                    "staging",
                    role("Admin", "admin", true),
                    of("650987654321", false),
                )
            },
            profile("vendor", ProfileKind::Process, None),
        ],
        hidden: 0,
        files: vec!["~/.aws/config".into(), "~/.aws/credentials".into()],
        portals: vec![SsoPortal {
            name: "acme-org".into(),
            login: login(7),
        }],
    }
}

#[test]
fn accounts_to_open() {
    pictures("switch", |size| {
        let mut desk = switching(size, all_sorts());
        desk.press(KeyCode::Down);
        desk
    });
    pictures("switch-filtered", |size| {
        let mut desk = switching(size, all_sorts());
        desk.keys("sso");
        desk
    });
    pictures("switch-failed", |size| {
        let mut desk = switching(size, all_sorts());
        desk.keys("vend");
        desk.press(KeyCode::Enter);
        let problem = Problem {
            title: "The credential process of profile vendor failed".into(),
            details: vec!["it ended with exit status: 1".into()],
            ..Problem::default()
        };
        let session = desk.session();
        let result = Err(Box::new(problem));
        desk.send(Event::SignedIn { session, result });
        desk.keys("@");
        desk
    });
    pictures("switch-unreadable", |size| {
        let mut desk = main_view(size);
        desk.keys("@");
        let problem = Problem {
            title: "The profile files cannot be read".into(),
            details: vec!["~/.aws/config, line 3: not UTF-8".into()],
            advice: vec!["Mend the file.".into()],
            ..Problem::default()
        };
        desk.send(Event::Profiles(Err(Box::new(problem))));
        desk
    });
    pictures("switch-none", |size| {
        let list = ProfileList {
            profiles: Vec::new(),
            hidden: 1,
            ..all_sorts()
        };
        switching(size, list)
    });
}

/// The main view once the details of all users are told: an administrator by a group, one by what they
/// can do to themselves, and one whom AWS has put under quarantine.
fn with_power(size: (u16, u16)) -> Desk {
    let base = settings();
    let settings = Settings {
        engine: engine::Settings {
            background: Background::All,
            ..base.engine
        },
        ..base
    };
    let mut desk = Desk::new(size, settings);
    desk.effects.clear();
    desk.signed_in(SignedIn::default());
    let users = people();
    while let Some((request, read)) = desk.next_read() {
        let answer = match read {
            Read::Quarantined => {
                let names = ["deploy-bot", "former-intern"].map(Into::into);
                Ok(Answer::Quarantined(names.into()))
            }
            Read::UserDetails(_) => Ok(Answer::UserDetails(powerful(&users))),
            read => answer(&users, read),
        };
        desk.answered(request, answer);
    }
    desk
}

fn powerful(users: &[desk::Someone]) -> UserDetailsPage {
    let allows = |action: &str, is_conditional: bool| {
        let patterns = |one: &str| Patterns {
            any_of: vec![one.into()],
            inverted: false,
        };
        Some(Digest::of(
            &Policy {
                statements: vec![Statement {
                    allows: true,
                    actions: patterns(action),
                    resources: patterns("*"),
                    is_conditional,
                }],
            },
            None,
        ))
    };
    let mut page = desk::details(users);
    for user in &mut page.users {
        let inline = match &*user.name {
            "alice" | "former-intern" => allows("*", false),
            "web-assets" => allows("iam:createpolicyversion", true),
            _ => continue,
        };
        user.grants = Arc::new(Grants {
            inline: [inline].into(),
            ..Grants::default()
        });
    }
    page
}

#[test]
fn administrators_and_quarantined_users() {
    pictures("marks-users", |size| {
        let mut desk = with_power(size);
        desk.keys("jj");
        desk
    });
    pictures("marks-card", |size| {
        let mut desk = with_power(size);
        desk.keys("jj");
        desk.press(KeyCode::Tab);
        desk
    });
    pictures("marks-conditional", |size| {
        let mut desk = with_power(size);
        desk.keys("/web-assets");
        desk.press(KeyCode::Enter);
        desk.press(KeyCode::Tab);
        desk
    });
    pictures("marks-keys", |size| {
        let mut desk = with_power(size);
        desk.keys("2");
        desk
    });
}
